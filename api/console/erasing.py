"""Cases of erasure: all of them, one with its records, and the forms by which they go on."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import Response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from api import context
from api.console.site import signed_in
from api.problems import of_error
from api.v1.policies import FOR_COMPLIANCE
from archive.errors import ConflictError, InvalidError
from policies.erasures.answers import CaseAnswer, CaseDecision, CaseLifting
from policies.erasures.desk import ErasureDesk
from policies.erasures.opening import erasure_desk
from policies.erasures.proposing import in_words
from policies.requests.answers import CaseClosing, CaseExtension, CaseRequest
from policies.requests.desk import SEES_RECORDS

_PAGE = 50
_DECISIONS = ("erase", "redact", "restrict", "refuse")


def cases() -> str:
    """Show all cases, and the form for a new one."""
    signed_in()
    return _list()


def open_case() -> BaseResponse:
    """Open a case and go on to its page."""
    signed_in()
    written = [line.strip() for line in request.form.get("aliases", "").splitlines()]

    def act() -> CaseAnswer:
        wanted = CaseRequest.read(
            {
                **{name: _field(name) for name in ("received_on", "name", "reference")},
                "aliases": [alias for alias in written if alias],
                "query": _field("query") or None,
                "person": _field("person") or None,
            }
        )
        return _desk().open(context.actor(), wanted)

    return _done(act, _list)


def case(id: UUID) -> str:
    """Show one case."""
    signed_in()
    return _page(id)


def find_case(id: UUID) -> BaseResponse:
    """Look for what came in since."""
    return _acted(id, lambda: _desk().find(context.actor(), id))


def extend_case(id: UUID) -> BaseResponse:
    """Give the answer two months more."""

    def act() -> CaseAnswer:
        wanted = CaseExtension.read({"reason": _field("reason")})
        return _desk().extend(context.actor(), id, wanted.reason)

    return _acted(id, act)


def decide_case(id: UUID) -> BaseResponse:
    """Decide what becomes of the records that are ticked, or take all that is proposed."""

    def act() -> CaseAnswer:
        decision = _field("decision")
        records = request.form.getlist("record")
        if decision in _DECISIONS and not records:
            raise InvalidError("Tick the records of which this is decided.")
        wanted = CaseDecision.read(
            {
                "decision": decision if decision in _DECISIONS else None,
                "records": records if decision in _DECISIONS else [],
                "ground": _field("ground") or None,
                "reason": _field("reason"),
            }
        )
        return _desk().decide(context.actor(), id, wanted)

    return _acted(id, act)


def lift_case(id: UUID) -> BaseResponse:
    """Let the records that are ticked be open to all again."""

    def act() -> CaseAnswer:
        fields = {"records": request.form.getlist("record"), "reason": _field("reason")}
        return _desk().lift(context.actor(), id, CaseLifting.read(fields))

    return _acted(id, act)


def order_case(id: UUID) -> BaseResponse:
    """Order that what is decided to be erased or redacted is."""
    return _acted(id, lambda: _desk().order(context.actor(), id))


def close_case(id: UUID) -> BaseResponse:
    """Close the case."""

    def act() -> CaseAnswer:
        fields = {"outcome": _field("outcome"), "reason": _field("reason")}
        return _desk().close(context.actor(), id, CaseClosing.read(fields))

    return _acted(id, act)


def _acted(id: UUID, act: Callable[[], CaseAnswer]) -> BaseResponse:
    signed_in()
    return _done(act, lambda **told: _page(id, **told))


def _done(act: Callable[[], CaseAnswer], page: Callable[..., str]) -> BaseResponse:
    """Act and show the case; or show the page again with why it was refused."""
    try:
        done = act()
    except (InvalidError, ConflictError) as error:
        return Response(page(message=str(error)), of_error(error).status)
    return redirect(url_for("console.case", id=done.id, start=_start() or None), 303)


def _list(**told: Any) -> str:
    before = request.args.get("cursor", "")
    page = _desk().cases(context.actor(), _PAGE, int(before) if _counts(before) else None)
    today = context.clock().now().date()
    return render_template("erasures.html", page=page, stated=request.form, today=today, **told)


def _page(id: UUID, **told: Any) -> str:
    actor, desk, start = context.actor(), _desk(), _start()
    shown = desk.case(actor, id)
    page = recipients = None
    if not SEES_RECORDS.isdisjoint(actor.permissions):
        page = desk.records(actor, FOR_COMPLIANCE, id, _PAGE, start)
        recipients = desk.recipients(actor, id) if _destroys(shown) else None
    return render_template(
        "erasure.html",
        shown=shown,
        page=page,
        start=start,
        size=_PAGE,
        recipients=recipients,
        in_words=in_words,
        ticked=set(request.form.getlist("record")),
        **told,
    )


def _destroys(case: CaseAnswer) -> bool:
    return bool(case.to_erase or case.erased or case.to_redact or case.redacted)


def _field(name: str) -> str:
    return request.form.get(name, "").strip()


def _start() -> int:
    stated = request.values.get("start", "")
    return int(stated) if _counts(stated) else 0


def _counts(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 10


def _desk() -> ErasureDesk:
    return erasure_desk(context.archive())
