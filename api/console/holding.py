"""Legal holds: all of them, one with its scopes, and the forms that place, change and release."""

from collections.abc import Callable
from typing import Any

from flask import Response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from api import context
from api.console.site import one_a_line, signed_in
from api.problems import of_error
from archive.errors import ConflictError, InvalidError
from archive.model.roles import Purpose
from policies.holds.answers import (
    HoldAnswer,
    HoldChange,
    HoldRelease,
    HoldRequest,
    HoldsAnswer,
    ReachAnswer,
    ScopeRequest,
    people,
)
from policies.holds.desk import HoldDesk, hold_desk
from policies.holds.hold import Hold


def everything() -> str:
    """Show all holds, and the form for a new one; `matter` is what it is to be for."""
    signed_in()
    return _list()


def place() -> BaseResponse:
    """Place a hold and go on to its page; or count what it would reach."""
    signed_in()

    def act() -> Hold:
        wanted = HoldRequest.read({**_named("name", "matter", "reason"), **_scope()})
        return _desk().place(context.actor(), wanted)

    return _done(act, _list)


def hold(id: str) -> str:
    """Show one hold."""
    signed_in()
    return _page(_desk().hold(context.actor(), id))


def change(id: str) -> BaseResponse:
    """Give a hold another scope; or count what that would reach."""
    signed_in()
    shown = _desk().hold(context.actor(), id)

    def act() -> Hold:
        wanted = HoldChange.read({**_named("reason"), **_scope()})
        return _desk().change(context.actor(), id, wanted, wanted.reason)

    return _done(act, lambda **told: _page(shown, **told))


def release(id: str) -> BaseResponse:
    """Release a hold."""
    signed_in()
    shown = _desk().hold(context.actor(), id)

    def act() -> Hold:
        wanted = HoldRelease.read(_named("reason"))
        return _desk().release(context.actor(), id, wanted.reason)

    return _done(act, lambda **told: _page(shown, **told))


def _done(act: Callable[[], Hold], page: Callable[..., str]) -> BaseResponse:
    """Act and show the hold; or show the page again, with a count or why it was refused."""
    try:
        if request.form.get("count"):
            return Response(page(reach=_reach()))
        done = act()
    except (InvalidError, ConflictError) as error:
        column = error.column if isinstance(error, InvalidError) else None
        return Response(page(message=str(error), column=column), of_error(error).status)
    return redirect(url_for("console.hold", id=done.name), 303)


def _reach() -> ReachAnswer:
    session = signed_in()
    as_of = context.archive().catalog.position()
    wanted = ScopeRequest.read(_scope())
    return _desk().reach(context.actor(), Purpose.parse(session.purpose), wanted, as_of)


def _named(*fields: str) -> dict[str, str]:
    return {name: request.form.get(name, "").strip() for name in fields}


def _scope() -> dict[str, object]:
    """Read what a hold is to reach: a query, or custodians or ids of records, one a line."""
    return {
        "query": request.form.get("query", "").strip() or None,
        "custodians": one_a_line("custodians"),
        "records": one_a_line("records"),
    }


def _desk() -> HoldDesk:
    return hold_desk(context.archive())


def _list(**told: Any) -> str:
    book = _desk().book(context.actor())
    names = context.archive().administration.names(people(book.holds.values()))
    return render_template(
        "holds.html", told=HoldsAnswer.of(book, names), stated=request.values, **told
    )


def _page(shown: Hold, **told: Any) -> str:
    names = context.archive().administration.names(people([shown]))
    answer = HoldAnswer.of(shown, names)
    newest = answer.scopes[-1]
    kept = {
        "query": newest.query or "",
        "custodians": "\n".join(newest.custodians),
        "records": "\n".join(map(str, newest.records)),
    }
    changing = "query" in request.form
    return render_template(
        "hold.html",
        shown=answer,
        stated=request.form if changing else kept,
        releasing="" if changing else request.form.get("reason", ""),
        **told,
    )
