"""Retention events: all of them, one with its versions, and the forms by which they change."""

from collections.abc import Callable
from uuid import UUID

from flask import Response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from api import context
from api.console.site import signed_in
from api.problems import of_error
from api.v1.policies import FOR_COMPLIANCE
from archive.errors import ConflictError, InvalidError
from policies.retention_events.answers import (
    NewRetentionEvent,
    RetentionEventAnswer,
    RetentionEventCancellation,
    RetentionEventCorrection,
    RetentionEventsAnswer,
    RetentionEventSimulation,
    people,
)
from policies.retention_events.desk import RetentionEventDesk, retention_event_desk
from policies.retention_events.event import RetentionEvent

_SAID = ("date", "query", "title", "reason")


def retention_events() -> str:
    """Show all retention events, and the form for a new one."""
    signed_in()
    return _list()


def record_retention_event() -> BaseResponse:
    """Say what a new event would do; record it once that is asked for."""
    signed_in()
    try:
        wanted = NewRetentionEvent.read({"name": _said("name"), **_statement()})
        if request.form.get("simulate"):
            simulated = _desk().simulate(context.actor(), FOR_COMPLIANCE, wanted)
            return Response(_list(simulated=simulated))
        return _to(_desk().record(context.actor(), wanted).id)
    except InvalidError as error:
        return Response(_list(message=str(error)), of_error(error).status)


def retention_event(id: UUID) -> str:
    """Show one retention event."""
    signed_in()
    return _page(_desk().event(context.actor(), id))


def correct_retention_event(id: UUID) -> BaseResponse:
    """Say anew when it happened, or for which records."""

    def act() -> None:
        said = _statement()
        found = _desk().event(context.actor(), id).in_force(context.clock().now())
        known = found.statement if found is not None else None
        if known is not None and known.date.date().isoformat() == _said("date"):
            # The form shows a day alone: one that was left as it is keeps its time.
            del said["date"]
        _desk().correct(context.actor(), id, RetentionEventCorrection.read(said))

    return _done(id, act)


def cancel_retention_event(id: UUID) -> BaseResponse:
    """Say that it did not happen."""

    def act() -> None:
        wanted = RetentionEventCancellation.read({"reason": _said("reason")})
        _desk().cancel(context.actor(), id, wanted.reason)

    return _done(id, act)


def approve_retention_event(id: UUID) -> BaseResponse:
    """Approve the version that was shown."""
    return _done(id, lambda: _desk().approve(context.actor(), id, _version()))


def withdraw_retention_event(id: UUID) -> BaseResponse:
    """Withdraw the version that was shown."""
    return _done(id, lambda: _desk().withdraw(context.actor(), id, _version()))


def _done(id: UUID, act: Callable[[], object]) -> BaseResponse:
    """Act and show the event, with the reason where it was refused."""
    signed_in()
    try:
        act()
    except (InvalidError, ConflictError) as error:
        shown = _desk().event(context.actor(), id)
        return Response(_page(shown, message=str(error)), of_error(error).status)
    return _to(id)


def _to(id: UUID) -> BaseResponse:
    return redirect(url_for("console.retention_event", id=id), 303)


def _said(field: str) -> str:
    return request.form.get(field, "").strip()


def _statement() -> dict[str, object]:
    """Read what is said of an event; a day without a time begins at midnight in UTC."""
    day = _said("date")
    said: dict[str, object] = {name: _said(name) for name in _SAID}
    return said | {"date": f"{day}T00:00:00Z" if day and "T" not in day else day}


def _version() -> int | None:
    """Read which version the form was about, so that no other is decided on."""
    stated = request.form.get("version", "")
    return int(stated) if stated.isascii() and stated.isdigit() and len(stated) < 10 else None


def _desk() -> RetentionEventDesk:
    return retention_event_desk(context.archive())


def _list(*, message: str | None = None, simulated: RetentionEventSimulation | None = None) -> str:
    book = _desk().book(context.actor())
    names = context.archive().administration.names(people(book.events.values()))
    return render_template(
        "retention_events.html",
        told=RetentionEventsAnswer.of(book, context.clock().now(), names),
        stated={name: _said(name) for name in ("name", *_SAID)},
        message=message,
        simulated=simulated,
    )


def _page(shown: RetentionEvent, *, message: str | None = None) -> str:
    now = context.clock().now()
    names = context.archive().administration.names(people([shown]))
    pending = shown.pending(now)
    return render_template(
        "retention_event.html",
        shown=RetentionEventAnswer.of(shown, now, names),
        own=pending is not None and pending.proposed.by == context.actor().id,
        message=message,
    )
