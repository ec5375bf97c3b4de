"""Cases of erasure: all of them, one with its records, and the forms by which they go on."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import render_template, request
from werkzeug.wrappers import Response as BaseResponse

from api import context
from api.console import casework
from api.console.casework import field
from api.console.site import require_meant, signed_in
from api.v1.policies import FOR_COMPLIANCE
from policies.erasures.answers import CaseAnswer, CaseDecision, CaseLifting
from policies.erasures.desk import ErasureDesk
from policies.erasures.opening import erasure_desk
from policies.erasures.proposing import in_words
from policies.requests.desk import SEES_RECORDS

_DECISIONS = ("erase", "redact", "restrict", "refuse")


def cases() -> str:
    """Show all cases, and the form for a new one."""
    signed_in()
    return _list()


def open_case() -> BaseResponse:
    """Open a case and go on to its page."""
    signed_in()
    return _done(lambda: _desk().open(context.actor(), casework.wanted()), _list)


def case(id: UUID) -> str:
    """Show one case."""
    signed_in()
    return _page(id)


def find_case(id: UUID) -> BaseResponse:
    """Look for what came in since."""
    return _acted(id, lambda: _desk().find(context.actor(), id))


def extend_case(id: UUID) -> BaseResponse:
    """Give the answer two months more."""
    return _acted(id, lambda: _desk().extend(context.actor(), id, casework.extension()))


def decide_case(id: UUID) -> BaseResponse:
    """Decide what becomes of the records that are ticked, or take all that is proposed."""

    def act() -> CaseAnswer:
        more = {"ground": field("ground") or None, "reason": field("reason")}
        wanted = CaseDecision.read(casework.ruled(_DECISIONS) | more)
        return _desk().decide(context.actor(), id, wanted)

    return _acted(id, act)


def lift_case(id: UUID) -> BaseResponse:
    """Let the records that are ticked be open to all again."""

    def act() -> CaseAnswer:
        fields = {"records": request.form.getlist("record"), "reason": field("reason")}
        return _desk().lift(context.actor(), id, CaseLifting.read(fields))

    return _acted(id, act)


def order_case(id: UUID) -> BaseResponse:
    """Order that what is decided to be erased or redacted is, once somebody says it is meant."""

    def act() -> CaseAnswer:
        require_meant()
        return _desk().order(context.actor(), id)

    return _acted(id, act)


def close_case(id: UUID) -> BaseResponse:
    """Close the case."""
    return _acted(id, lambda: _desk().close(context.actor(), id, casework.closing()))


def _acted(id: UUID, act: Callable[[], CaseAnswer]) -> BaseResponse:
    signed_in()
    return _done(act, lambda **told: _page(id, **told))


def _done(act: Callable[[], CaseAnswer], page: Callable[..., str]) -> BaseResponse:
    return casework.done(act, "console.case", page)


def _list(**told: Any) -> str:
    return casework.list_of(_desk(), "erasure", **told)


def _page(id: UUID, **told: Any) -> str:
    actor, desk, start = context.actor(), _desk(), casework.start()
    shown = desk.case(actor, id)
    page = recipients = None
    if not SEES_RECORDS.isdisjoint(actor.permissions):
        page = desk.records(actor, FOR_COMPLIANCE, id, casework.PAGE, start)
        recipients = desk.recipients(actor, id) if _destroys(shown) else None
    return render_template(
        "erasure.html",
        shown=shown,
        page=page,
        start=start,
        size=casework.PAGE,
        recipients=recipients,
        in_words=in_words,
        stated=request.form,
        ticked=set(request.form.getlist("record")),
        **told,
    )


def _destroys(case: CaseAnswer) -> bool:
    return bool(case.to_erase or case.erased or case.to_redact or case.redacted)


def _desk() -> ErasureDesk:
    return erasure_desk(context.archive())
