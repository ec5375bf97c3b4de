"""The saved searches, and the forms that save and remove one."""

from uuid import UUID

from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from api import context
from api.console.site import signed_in
from archive.access.saved import NewSearch


def searches() -> str:
    """Show the saved searches that one may run."""
    signed_in()
    actor, archive = context.actor(), context.archive()
    told = archive.saved_searches.all(actor, context.purpose())
    owners = archive.administration.names(each.owner for each in told.searches)
    return render_template("searches.html", searches=told.searches, me=actor.id, owners=owners)


def save_search() -> BaseResponse:
    """Save the search of a form."""
    form = request.form
    new = NewSearch(name=form.get("name", ""), query=form.get("q", ""), shared="shared" in form)
    context.archive().saved_searches.save(context.actor(), context.purpose(), new)
    return redirect(url_for("console.searches"), 303)


def remove_search(id: UUID) -> BaseResponse:
    """Remove one's own saved search."""
    context.archive().saved_searches.remove(context.actor(), context.purpose(), id)
    return redirect(url_for("console.searches"), 303)
