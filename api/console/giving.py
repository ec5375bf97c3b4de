"""Requests for access: all of them, one with its records and packages, and the forms."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import render_template, request
from werkzeug.wrappers import Response as BaseResponse

from api import context
from api.console import casework
from api.console.casework import field
from api.console.site import one_a_line, signed_in
from api.v1.interactions import download
from api.v1.policies import FOR_COMPLIANCE
from archive.errors import ConflictError, InvalidError
from policies.access_requests.answers import (
    AccessDecision,
    AccessOthers,
    AccessRequestAnswer,
    AccessStatement,
)
from policies.access_requests.desk import PURPOSE, AccessRequestDesk
from policies.access_requests.opening import access_request_desk
from policies.requests.desk import SEES_RECORDS

_DECISIONS = ("include", "withhold")


def access_requests() -> str:
    """Show all requests, and the form for a new one."""
    signed_in()
    return _list()


def open_access_request() -> BaseResponse:
    """Open a request and go on to its page."""
    signed_in()
    return _done(lambda: _desk().open(context.actor(), casework.wanted()), _list)


def access_request(id: UUID) -> str:
    """Show one request."""
    signed_in()
    return _page(id)


def find_access_request(id: UUID) -> BaseResponse:
    """Look for what came in since."""
    return _acted(id, lambda: _desk().find(context.actor(), id))


def extend_access_request(id: UUID) -> BaseResponse:
    """Give the answer two months more."""
    return _acted(id, lambda: _desk().extend(context.actor(), id, casework.extension()))


def decide_access_request(id: UUID) -> BaseResponse:
    """Decide whether the records that are ticked are given, or take all that is proposed."""

    def act() -> AccessRequestAnswer:
        ruled = casework.ruled(_DECISIONS)
        more = {
            "ground": (field("ground") or None) if ruled["decision"] == "withhold" else None,
            "files": _files(ruled["records"]) if ruled["decision"] == "include" else [],
            "reason": field("reason"),
        }
        wanted = AccessDecision.read(ruled | more)
        return _desk().decide(context.actor(), id, wanted)

    return _acted(id, act)


def state_access_request(id: UUID) -> BaseResponse:
    """Say what the organisation tells of itself."""

    def act() -> AccessRequestAnswer:
        stated = AccessStatement.read({"statement": field("statement")})
        return _desk().state(context.actor(), id, stated.statement)

    return _acted(id, act)


def name_others(id: UUID) -> BaseResponse:
    """Say who else has a pseudonym."""

    def act() -> AccessRequestAnswer:
        named = AccessOthers.read({"others": one_a_line("others")})
        return _desk().name_others(context.actor(), id, named.others)

    return _acted(id, act)


def fetch_package(id: UUID) -> BaseResponse:
    """Give a package: a new one, or one that was made as of a number."""
    signed_in()
    try:
        as_of = casework.number("as_of")
        made = _desk().package(context.actor(), context.purpose(), id, as_of=as_of)
    except (InvalidError, ConflictError) as error:
        return casework.refused(error, lambda **told: _page(id, **told))
    return download(made.file)


def close_access_request(id: UUID) -> BaseResponse:
    """Close the request."""
    return _acted(id, lambda: _desk().close(context.actor(), id, casework.closing()))


def _files(records: list[str]) -> list[str]:
    """Return the names of the files that are ticked, which belong to the one record that is."""
    ticked = [each.partition("/") for each in request.form.getlist("file")]
    if ticked and (len(records) != 1 or any(record != records[0] for record, _, _ in ticked)):
        raise InvalidError("Tick one record alone together with those of its files that go in.")
    return [name for _, _, name in ticked]


def _acted(id: UUID, act: Callable[[], AccessRequestAnswer]) -> BaseResponse:
    signed_in()
    return _done(act, lambda **told: _page(id, **told))


def _done(act: Callable[[], AccessRequestAnswer], page: Callable[..., str]) -> BaseResponse:
    return casework.done(act, "console.access_request", page)


def _list(**told: Any) -> str:
    return casework.list_of(_desk(), "access", **told)


def _page(id: UUID, **told: Any) -> str:
    actor, desk, start = context.actor(), _desk(), casework.start()
    shown = desk.case(actor, id)
    page = None
    if not SEES_RECORDS.isdisjoint(actor.permissions):
        page = desk.records(actor, FOR_COMPLIANCE, id, casework.PAGE, start)
    return render_template(
        "access_request.html",
        shown=shown,
        page=page,
        start=start,
        size=casework.PAGE,
        stated=request.form,
        ticked=set(request.form.getlist("record")),
        ticked_files=set(request.form.getlist("file")),
        may_fetch=PURPOSE in actor.kinds,
        fetching=context.purpose().kind == PURPOSE,
        **told,
    )


def _desk() -> AccessRequestDesk:
    return access_request_desk(context.archive())
