"""Whether a record may go now: judged from the record, the rules and the holds. Pure.

Everything that is not known for certain keeps the record.
"""

from collections.abc import Callable
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from policies.evaluation import Demand, Evaluation, State, evaluate
from policies.holds.reach import Held
from policies.purging.counting import Counted
from policies.records import Found
from policies.reviewing.lacking import unreviewed
from policies.rules import Rules


class Verdict(StrEnum):
    """What is to become of a record that is due by its dates; all but the first keep it.

    `minimum` is one that was asked to be erased before it may go; `not-due` one that is not due any
    more, when it is judged anew; `absent` one that was to be redacted, and in which the person
    takes no part any more; `review` one of which a policy asks for a review that has not approved
    it; `unreadable` one that cannot be opened, or of which it is not known what a review decided;
    `locked` one whose keys are locked in the bucket.
    """

    DUE = "due"
    HELD = "held"
    MINIMUM = "minimum"
    NOT_DUE = "not-due"
    ABSENT = "absent"
    REVIEW = "review"
    UNREADABLE = "unreadable"
    LOCKED = "locked"


class Judgement(NamedTuple):
    """A verdict; of a record that is due also what it is counted as.

    Of one that waits for reviews, `lacking` are the demands whose policies ask for them, and
    `due_at` is since when it is due. A named tuple, since it may travel to another process.
    """

    verdict: Verdict
    counted: Counted | None = None
    lacking: tuple[Demand, ...] = ()
    due_at: datetime | None = None


Judge = Callable[[Found, Rules, Held, datetime], Judgement]
"""Says whether a record that could be opened may go, by the rules in force as of a time."""


def judge(found: Found, rules: Rules, held: Held, now: datetime) -> Judgement:
    """Judge a record that could be opened, by the rules in force as of a time."""
    record = found.record
    evaluation = evaluate(
        record.content.occurred_at,
        record.captured_at,
        rules.governing(found),
        now=now,
        # The grace begins with the release of the last hold, not of one while another holds it.
        released_at=held.released_at if held.free else None,
    )
    if found.reviewed.unreadable:
        return Judgement(Verdict.UNREADABLE)
    if evaluation.state is not State.DUE or evaluation.due_at is None:
        return Judgement(Verdict.NOT_DUE)
    if not held.free:
        return Judgement(Verdict.HELD)
    if lacking := unreviewed(evaluation, found.reviewed):
        return Judgement(Verdict.REVIEW, lacking=lacking, due_at=evaluation.due_at)
    return Judgement(Verdict.DUE, _counted(found, _first_due(evaluation)))


def _first_due(evaluation: Evaluation) -> Demand:
    """Return the demand that the record goes by: the first whose grace has passed."""
    due = [
        each
        for each in evaluation.demands
        if each.due_at is not None and each.due_at == evaluation.due_at
    ]
    return min(due, key=lambda each: each.policy)


def _counted(found: Found, demand: Demand) -> Counted:
    assert demand.starts_at is not None  # What has not begun is never due.
    return Counted(
        found.record.content.channel.value,
        demand.policy,
        demand.version,
        demand.started_by,
        found.size,
        demand.starts_at,
    )
