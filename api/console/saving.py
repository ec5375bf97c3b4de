"""The saved searches, and the forms that save and remove one."""

from uuid import UUID

from flask import Response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from api import context
from api.console.site import signed_in
from api.problems import of_error
from archive.access.saved import NewSearch
from archive.errors import ConflictError, InvalidError


def searches() -> str:
    """Show the saved searches that one may run."""
    signed_in()
    return _list()


def save_search() -> BaseResponse:
    """Save the search of a form; or show the form again with why that is refused."""
    signed_in()
    form = request.form
    new = NewSearch(name=form.get("name", ""), query=form.get("q", ""), shared="shared" in form)
    try:
        context.archive().saved_searches.save(context.actor(), context.purpose(), new)
    except (InvalidError, ConflictError) as error:
        return Response(_list(message=str(error)), of_error(error).status)
    return redirect(url_for("console.searches"), 303)


def remove_search(id: UUID) -> BaseResponse:
    """Remove one's own saved search."""
    context.archive().saved_searches.remove(context.actor(), context.purpose(), id)
    return redirect(url_for("console.searches"), 303)


def _list(message: str | None = None) -> str:
    actor, archive = context.actor(), context.archive()
    told = archive.saved_searches.all(actor, context.purpose())
    owners = archive.administration.names(each.owner for each in told.searches)
    return render_template(
        "searches.html",
        searches=told.searches,
        me=actor.id,
        owners=owners,
        stated=request.form,
        message=message,
    )
