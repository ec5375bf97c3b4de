"""Whether a record may be erased on request, and what is proposed to be done with it. Pure.

Everything that is not known for certain keeps the record (docs/erasure.md).
"""

from dataclasses import dataclass
from datetime import datetime

from archive.events.erasure_events import Cause, Decision, Ground
from policies.evaluation import Evaluation, counted_from, evaluate
from policies.holds.reach import Held
from policies.purging.counting import Counted
from policies.purging.judging import Judgement, Verdict
from policies.records import Found
from policies.rules import Rules

REQUESTED = Cause(ground=Ground.REQUEST)
UNREADABLE = Cause(ground=Ground.UNREADABLE, certain=False)


@dataclass(frozen=True, slots=True)
class Proposal:
    """What is proposed for a record, on which grounds; None leaves it to somebody who looks.

    `barred` says that one of the grounds forbids to erase it, whoever decides.
    """

    decision: Decision | None
    causes: tuple[Cause, ...]

    @property
    def barred(self) -> bool:
        """Whether something forbids to erase it."""
        return self.decision is Decision.REFUSE


def against(
    found: Found | None,
    rules: Rules,
    held: Held,
    now: datetime,
    *,
    unreadable: bool = False,
) -> tuple[Cause, ...]:
    """Return what forbids to erase a record; None stands for one that cannot be opened.

    `unreadable` says that there may be a policy, or what starts its clock, of which nothing is
    known. A review of which that is so may have put the record under a policy.
    """
    causes = [Cause(ground=Ground.HOLD, name=name) for name in held.certain]
    causes += [Cause(ground=Ground.HOLD, name=name, certain=False) for name in held.uncertain]
    if unreadable or held.unreadable or found is None or found.reviewed.unreadable:
        causes.append(UNREADABLE)
    if found is not None:
        causes += _minimums(_evaluated(found, rules, now), now)
    return tuple(causes)


def proposed(barriers: tuple[Cause, ...], *, takes_part: bool) -> Proposal:
    """Return the proposal for a record, from what forbids to erase it."""
    if barriers:
        return Proposal(Decision.REFUSE, barriers)
    return Proposal(Decision.ERASE, (REQUESTED,)) if takes_part else Proposal(None, ())


def judge(found: Found, rules: Rules, held: Held, now: datetime) -> Judgement:
    """Judge a record that was decided to be erased, in the step that destroys it."""
    causes = against(found, rules, held, now)
    if any(each.ground is not Ground.MINIMUM for each in causes):
        return Judgement(Verdict.HELD)
    if causes:
        return Judgement(Verdict.MINIMUM)
    record = found.record
    started, _ = counted_from(record.content.occurred_at, record.captured_at)
    counted = Counted(record.content.channel.value, "", 0, None, found.size, started)
    return Judgement(Verdict.DUE, counted)


def _evaluated(found: Found, rules: Rules, now: datetime) -> Evaluation:
    record = found.record
    return evaluate(record.content.occurred_at, record.captured_at, rules.governing(found), now=now)


def _minimums(evaluation: Evaluation, now: datetime) -> list[Cause]:
    return [
        Cause(
            ground=Ground.MINIMUM,
            name=each.policy,
            version=each.version,
            until=each.ends_at,
            certain=each.policy not in evaluation.uncertain,
        )
        for each in evaluation.demands
        if each.kind == "minimum" and (each.ends_at is None or now < each.ends_at)
    ]
