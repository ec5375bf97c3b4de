"""What needs the attention of whoever governs or audits, as of now."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any, NamedTuple

from flask import url_for

from api import context
from api.console.text import number
from archive.events.purge_events import AUDIT_TRAIL
from policies.access_requests.opening import access_request_desk
from policies.conflicts import conflicts
from policies.desk import governance_of
from policies.erasures.opening import erasure_desk
from policies.holds.desk import hold_desk
from policies.policy import Book
from policies.purging.opening import purge_desk
from policies.requests.desk import RequestDesk
from policies.retention_events.desk import retention_event_desk
from policies.reviewing.desk import disposition_desk
from policies.trail.desk import trail_governance
from policies.versions import VersionState

_PURGES = 10
"""So many of the newest purges are looked at; one that is under way is among them."""

_CASES = 50
"""So many of the oldest requests that are not answered are looked at."""
_SOON = timedelta(days=7)
"""A request that is to be answered within this time is told of."""

_DISPOSITIONS = 20
"""Of so many of the newest dispositions in which something waits, the records are counted."""


class Point(NamedTuple):
    """Something to be looked at: what, and where; `urgent` if it does not go by itself."""

    text: str
    address: str
    link: str
    urgent: bool = False


def points() -> list[Point]:
    """Return what needs attention, the urgent first; for actors who govern or audit."""
    book = governance_of(context.archive()).book(context.actor())
    found = [
        *_of_policies(book),
        *_of_retention_events(),
        *_of_trail(),
        *_of_dispositions(),
        *_of_requests("to be erased", erasure_desk(context.archive()), "console.cases"),
        *_of_requests(
            "for access", access_request_desk(context.archive()), "console.access_requests"
        ),
        *_of_purges(),
        *_of_holds(),
    ]
    return sorted(found, key=lambda point: not point.urgent)


def _of_policies(book: Book) -> Iterator[Point]:
    now = context.clock().now()
    if book.unreadable:
        yield Point(
            "An event of the policies cannot be read: nothing is destroyed until it can.",
            url_for("console.policies"),
            "Policies",
            urgent=True,
        )
    for name, policy in sorted(book.policies.items()):
        pending = policy.pending(now)
        if pending is None:
            continue
        address = url_for("console.policy", id=name)
        if policy.state(pending, now) is VersionState.WAITING:
            text = f"A change of the policy {name} waits for approval, because {pending.shortens}."
        else:
            text = f"A change of the policy {name} is to take effect, and can be withdrawn."
        yield Point(text, address, f"Version {pending.number} of {name}")
    terms = {name: each.terms for name, each in book.in_force(now).items() if each.terms}
    for each in conflicts(terms):
        keeps, deletes = terms[each.keeps], terms[each.deletes]
        yield Point(
            f"The policies {each.keeps} and {each.deletes} can be in conflict: the one keeps for "
            f"{keeps.minimum} at least what the other deletes after {deletes.maximum}. A record in "
            "the scopes of both is kept.",
            url_for("console.policy", id=each.keeps),
            each.keeps,
        )


def _of_retention_events() -> Iterator[Point]:
    book = retention_event_desk(context.archive()).book(context.actor())
    if book.unreadable:
        yield Point(
            "A retention event cannot be read: nothing is destroyed until it can.",
            url_for("console.retention_events"),
            "Retention events",
            urgent=True,
        )
    now = context.clock().now()
    for event in book.events.values():
        pending = event.pending(now)
        if pending is not None and event.state(pending, now) is VersionState.WAITING:
            yield Point(
                f"A change of a retention event {event.name} waits for approval.",
                url_for("console.retention_event", id=event.id),
                f"Version {pending.number} of it",
            )


def _of_trail() -> Iterator[Point]:
    book = trail_governance(context.archive()).book(context.actor())
    address, link = url_for("console.audit_retention"), "How long it is kept"
    if book.unreadable:
        text = "It cannot be read how long the audit trail is kept: no entry goes until it can."
        yield Point(text, address, link, urgent=True)
    pending = book.pending(context.clock().now())
    if pending is not None and pending.effective_at is None:
        text = f"A change of the audit trail waits for approval, because {pending.shortens}."
        yield Point(text, address, link)


def _of_purges() -> Iterator[Point]:
    desk = purge_desk(context.archive())
    for each in desk.purges(context.actor(), _PURGES).purges:
        if each.completed_at is not None:
            continue
        what = "entries of the audit trail" if each.of == AUDIT_TRAIL else "records"
        text = (
            f"A purge is under way: {number(each.destroyed)} of {number(each.planned)} {what} are "
            "destroyed so far."
            if each.planned
            else f"A purge of {what} is asked for, and has destroyed nothing yet."
        )
        yield Point(text, url_for("console.purge", id=each.id), "The purge")
    pending = context.archive().health().erasures_pending
    if pending:
        yield Point(
            "Records are condemned, and their keys not known to be destroyed. It is tried again "
            f"each minute; {number(pending)} of these destructions are pending.",
            url_for("console.status"),
            "Status",
            urgent=True,
        )


def _of_dispositions() -> Iterator[Point]:
    if context.actor().restricted:
        # Whoever sees a part of the records alone does not review.
        return
    desk = disposition_desk(context.archive())
    page = desk.everything(context.actor(), _DISPOSITIONS, waiting=True)
    waiting = sum(each.waiting for each in page.dispositions)
    if waiting:
        more = " and more" if page.cursor else ""
        yield Point(
            f"{number(waiting)}{more} records wait for a disposition review."
            if waiting > 1
            else "One record waits for a disposition review.",
            url_for("console.dispositions", waiting="true"),
            "Dispositions",
        )


def _of_requests(what: str, desk: RequestDesk[Any, Any], endpoint: str) -> Iterator[Point]:
    if context.actor().restricted:
        # Whoever sees a part of the records alone sees no case.
        return
    found = desk.unanswered(context.actor(), _CASES)
    soon = context.clock().now().date() + _SOON
    overdue = sum(bool(each.overdue) for each in found)
    near = sum(each.due_on is not None and each.due_on <= soon for each in found) - overdue
    unreadable = sum(each.state == "unreadable" for each in found)
    for count, told, urgent in (
        (overdue, "overdue", True),
        (near, "to be answered within a week", False),
        (unreadable, "unreadable: muniment verify names the events", True),
    ):
        if count:
            requests = f"One request {what} is" if count == 1 else f"{count} requests {what} are"
            yield Point(f"{requests} {told}.", url_for(endpoint), "Requests", urgent)


def _of_holds() -> Iterator[Point]:
    if context.actor().restricted:
        # Whoever sees a part of the records alone sees no hold.
        return
    book = hold_desk(context.archive()).book(context.actor())
    if book.unreadable:
        yield Point(
            "An event of the holds cannot be read: nothing is destroyed until it can.",
            url_for("console.everything"),
            "Holds",
            urgent=True,
        )
    count = len(book.in_force())
    if count:
        yield Point(
            "One legal hold is in force." if count == 1 else f"{count:,} legal holds are in force.",
            url_for("console.everything"),
            "Holds",
        )
