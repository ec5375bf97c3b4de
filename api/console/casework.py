"""What the pages of people's requests have in common: their list, and the forms of a case."""

from collections.abc import Callable, Collection
from typing import Any

from flask import Response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from api import context
from api.console.site import one_a_line
from api.problems import of_error
from archive.errors import ConflictError, InvalidError
from policies.requests.answers import CaseClosing, CaseExtension, CaseRequest, PersonCaseAnswer
from policies.requests.desk import RequestDesk

PAGE = 50
"""So many cases, or records of one, are on a page."""


def list_of(desk: RequestDesk[Any, Any], kind: str, **told: Any) -> str:
    """Show the cases of one kind, and the form for a new one."""
    return render_template(
        "cases.html",
        kind=kind,
        page=desk.cases(context.actor(), PAGE, _number(request.args.get("cursor", ""))),
        stated=request.form,
        today=context.clock().now().date(),
        **told,
    )


def wanted() -> CaseRequest:
    """Read the form of a new case."""
    return CaseRequest.read(
        {
            **{name: field(name) for name in ("received_on", "name", "reference")},
            "aliases": one_a_line("aliases"),
            "query": field("query") or None,
            "person": field("person") or None,
        }
    )


def ruled(decisions: Collection[str]) -> dict[str, Any]:
    """Read what is decided of the records that are ticked; of all it is what is proposed.

    InvalidError for one of the `decisions` without a record.
    """
    decision, records = field("decision"), request.form.getlist("record")
    if decision not in decisions:
        return {"decision": None, "records": []}
    if not records:
        raise InvalidError("Tick the records of which this is decided.")
    return {"decision": decision, "records": records}


def extension() -> str:
    """Read why the answer takes two months more."""
    return CaseExtension.read({"reason": field("reason")}).reason


def closing() -> CaseClosing:
    """Read how a case ends."""
    return CaseClosing.read({"outcome": field("outcome"), "reason": field("reason")})


def done(act: Callable[[], PersonCaseAnswer], shown: str, page: Callable[..., str]) -> BaseResponse:
    """Act and go on to the case at the endpoint `shown`; or show a page again with the refusal."""
    try:
        case = act()
    except (InvalidError, ConflictError) as error:
        return refused(error, page)
    return redirect(url_for(shown, id=case.id, start=start() or None), 303)


def refused(error: InvalidError | ConflictError, page: Callable[..., str]) -> Response:
    """Show a page again with why what was asked is refused."""
    return Response(page(message=str(error)), of_error(error).status)


def field(name: str) -> str:
    """Return what stands in a field of a form."""
    return request.form.get(name, "").strip()


def start() -> int:
    """Return at which of the case's records the page begins."""
    return _number(request.values.get("start", "")) or 0


def number(name: str) -> int | None:
    """Return the number in a field of a form, None if it is empty; InvalidError if it is none."""
    written = field(name)
    if written and _number(written) is None:
        raise InvalidError(f"{written} is no number of an event.")
    return _number(written)


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None
