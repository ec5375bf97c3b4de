"""The state of service and log, for everybody who is signed in: counts alone, no content."""

from flask import render_template

from api import context
from api.console.site import signed_in
from archive.errors import NotFoundError


def status() -> str:
    """Show how far the followers are, and what is wrong."""
    signed_in()
    return render_template("status.html", health=context.archive().health())


def log() -> str:
    """Show the newest checkpoint, and the key that it is verified with."""
    signed_in()
    reader = context.archive().log
    try:
        published = reader.newest()
    except NotFoundError:
        published = None
    return render_template("log.html", published=published, vkey=str(reader.verifier))
