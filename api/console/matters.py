"""Matters: all of them, one with what it has, and the forms that create and change one."""

from collections.abc import Callable

from flask import Response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from api import context
from api.console.site import one_a_line, signed_in
from api.problems import of_error
from archive.errors import ConflictError, InvalidError, NotFoundError
from archive.matters.answers import (
    ContentsRequest,
    MatterDescription,
    MatterReason,
    MatterRequest,
    MattersAnswer,
    MatterSummary,
)
from archive.matters.desk import MatterDesk
from archive.matters.matter import Matter
from policies.holds.naming import matter_told

STATES = ("open", "closed")
_CONTENTS = tuple(ContentsRequest.model_fields)


def matters() -> str:
    """Show the matters that one sees, and the form for a new one."""
    signed_in()
    return _list()


def create_matter() -> BaseResponse:
    """Create a matter and go on to its page."""
    signed_in()
    try:
        wanted = MatterRequest.read({**_said("code", "name", "description"), **_written()})
        return _to(_desk().create(context.actor(), wanted).code)
    except (InvalidError, ConflictError, NotFoundError) as error:
        return Response(_list(message=str(error)), of_error(error).status)


def matter(id: str) -> str:
    """Show one matter."""
    signed_in()
    return _page(_desk().matter(context.actor(), id))


def describe_matter(id: str) -> BaseResponse:
    """Give a matter another name and description."""

    def act() -> Matter:
        wanted = MatterDescription.read(_said("name", "description"))
        return _desk().describe(context.actor(), id, wanted)

    return _done(id, act)


def add_to_matter(id: str) -> BaseResponse:
    """Let what is written, one a line, belong to a matter."""
    return _done(id, lambda: _desk().add(context.actor(), id, ContentsRequest.read(_written())))


def remove_from_matter(id: str) -> BaseResponse:
    """Take what is ticked out of a matter."""

    def act() -> Matter:
        ticked = {field: request.form.getlist(field) for field in _CONTENTS}
        return _desk().remove(context.actor(), id, ContentsRequest.read(ticked))

    return _done(id, act)


def close_matter(id: str) -> BaseResponse:
    """Close a matter."""

    def act() -> Matter:
        wanted = MatterReason.read(_said("reason"))
        return _desk().close(context.actor(), id, wanted.reason)

    return _done(id, act)


def reopen_matter(id: str) -> BaseResponse:
    """Open a closed matter again."""

    def act() -> Matter:
        wanted = MatterReason.read(_said("reason"))
        return _desk().reopen(context.actor(), id, wanted.reason)

    return _done(id, act)


def _done(id: str, act: Callable[[], Matter]) -> BaseResponse:
    """Act and show the matter, with the reason where it was refused."""
    signed_in()
    shown = _desk().matter(context.actor(), id)
    try:
        act()
    except (InvalidError, ConflictError, NotFoundError) as error:
        return Response(_page(shown, message=str(error)), of_error(error).status)
    return _to(id)


def _to(code: str) -> BaseResponse:
    return redirect(url_for("console.matter", id=code), 303)


def _said(*fields: str) -> dict[str, str]:
    return {name: request.form.get(name, "").strip() for name in fields}


def _written() -> dict[str, list[str]]:
    return {field: one_a_line(field) for field in _CONTENTS}


def _desk() -> MatterDesk:
    return context.archive().matter_desk


def _list(*, message: str | None = None) -> str:
    state = request.args.get("state", "")
    words = request.args.get("words", "").strip()
    told = MattersAnswer.of(*_desk().seen(context.actor()))
    return render_template(
        "matters.html",
        matters=[each for each in told.matters if _meant(each, state, words)],
        unreadable=told.unreadable,
        states=STATES,
        state=state if state in STATES else "",
        words=words,
        stated=request.form,
        message=message,
    )


def _meant(told: MatterSummary, state: str, words: str) -> bool:
    """Say whether a matter is one of those that are asked for: in a state, by words of its name."""
    called = f"{told.code} {told.name}".casefold()
    return state in (told.state, "") and all(word in called for word in words.casefold().split())


def _page(shown: Matter, *, message: str | None = None) -> str:
    return render_template(
        "matter.html",
        shown=matter_told(context.archive(), context.actor(), shown),
        stated=request.form,
        message=message,
    )
