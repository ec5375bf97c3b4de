"""People and their aliases: the directory, one person, and the forms that change who is who."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import Response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from api import context
from api.console.site import one_a_line, signed_in
from api.problems import of_error
from archive.access.people_desk import PeopleDesk
from archive.errors import ConflictError, InvalidError
from archive.model.person import KnownPerson

_PAGE = 50
_CANDIDATES = 20


def people() -> str:
    """Show a page of the directory, and the form for somebody new."""
    signed_in()
    return _list()


def record_person() -> BaseResponse:
    """Record a person and go on to their page."""
    signed_in()
    return _done(
        lambda: _desk().record(
            context.actor(), context.purpose(), request.form.get("name", ""), one_a_line("aliases")
        ),
        _list,
    )


def person(id: UUID) -> str:
    """Show one person; with a text that is looked for, who could be the same."""
    signed_in()
    return _page(id)


def alias_person(id: UUID) -> BaseResponse:
    """Give a person further aliases."""
    signed_in()
    return _done(
        lambda: _desk().alias(context.actor(), context.purpose(), id, one_a_line("aliases")),
        lambda **told: _page(id, **told),
    )


def merge_person(id: UUID) -> BaseResponse:
    """Say that somebody else is the same person."""
    signed_in()

    def merge() -> KnownPerson:
        return _desk().merge(context.actor(), context.purpose(), id, _other())

    return _done(merge, lambda **told: _page(id, **told))


def split_person(id: UUID) -> BaseResponse:
    """Say that the aliases that were chosen are somebody else's."""
    signed_in()
    name, chosen = request.form.get("name", ""), request.form.getlist("alias")
    return _done(
        lambda: _desk().split(context.actor(), context.purpose(), id, name, chosen),
        lambda **told: _page(id, **told),
    )


def _done(change: Callable[[], KnownPerson], page: Callable[..., str]) -> BaseResponse:
    """Make a change and show the person; or show the page again, with why it was refused."""
    try:
        done = change()
    except (InvalidError, ConflictError) as error:
        return Response(page(message=str(error)), of_error(error).status)
    return redirect(url_for("console.person", id=done.id), 303)


def _list(**told: Any) -> str:
    find = request.args.get("find", "")
    page = _desk().page(
        context.actor(),
        context.purpose(),
        find=find,
        limit=_PAGE,
        cursor=request.args.get("cursor"),
    )
    return render_template("people.html", page=page, find=find, stated=request.form, **told)


def _page(id: UUID, **told: Any) -> str:
    shown = _desk().show(context.actor(), context.purpose(), id)
    find = request.args.get("find", "").strip()
    found = None
    if find:
        found = _desk().page(context.actor(), context.purpose(), find=find, limit=_CANDIDATES)
    others = [each for each in found.people if each.id != id] if found else []
    return render_template(
        "person.html",
        shown=shown,
        find=find,
        others=others,
        more=found is not None and found.cursor is not None,
        stated=request.form,
        **told,
    )


def _other() -> UUID:
    try:
        return UUID(request.form.get("other", ""))
    except ValueError:
        raise InvalidError("Choose who is the same person.") from None


def _desk() -> PeopleDesk:
    return context.archive().people_desk
