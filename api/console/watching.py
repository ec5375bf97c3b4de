"""The state of the service, for everybody who is signed in: counts alone, no content."""

from flask import render_template

from api import context
from api.console.site import signed_in


def status() -> str:
    """Show how far the followers are, and what is wrong."""
    signed_in()
    return render_template("status.html", health=context.archive().health())
