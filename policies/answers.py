"""What is told of policies and of a record's retention: the same at every door."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal, Self
from uuid import UUID

from archive.bucket.port import LockMode
from archive.events.policy_events import PeriodText, Stage, Terms
from archive.model.interaction import Frozen
from policies.evaluation import Doubt, State
from policies.policy import Book, Policy, Version
from policies.versions import Decided, VersionState


class DecidedAnswer(Frozen):
    """One version of what people decide on; who did something is told by name.

    `shortens` says why a second person must approve it.
    """

    version: int
    state: VersionState
    shortens: str
    proposed_by: str
    proposed_at: datetime
    approved_by: str | None
    approved_at: datetime | None
    withdrawn_by: str | None
    withdrawn_at: datetime | None
    effective_at: datetime | None

    @classmethod
    def told(
        cls, version: Decided, state: VersionState, names: Mapping[str, str], **said: Any
    ) -> Self:
        """Tell of a version and what it says; `names` are those of people by id."""
        approved, withdrawn = version.approved, version.withdrawn
        return cls(
            version=version.number,
            state=state,
            shortens=version.shortens,
            proposed_by=names.get(version.proposed.by, version.proposed.by),
            proposed_at=version.proposed.at,
            approved_by=names.get(approved.by, approved.by) if approved else None,
            approved_at=approved.at if approved else None,
            withdrawn_by=names.get(withdrawn.by, withdrawn.by) if withdrawn else None,
            withdrawn_at=withdrawn.at if withdrawn else None,
            effective_at=version.effective_at,
            **said,
        )


class VersionAnswer(DecidedAnswer):
    """One version of a policy; `terms` null means that the policy ends with it."""

    terms: Terms | None

    @classmethod
    def of(cls, policy: Policy, version: Version, now: datetime, names: Mapping[str, str]) -> Self:
        """Tell of a version; `names` are those of people by id."""
        return cls.told(version, policy.state(version, now), names, terms=version.terms)


class PolicyAnswer(Frozen):
    """A policy: which version is in force, which is pending, and all of them, oldest first."""

    name: str
    in_force: int | None
    pending: int | None
    locked_by: str | None
    locked_at: datetime | None
    versions: tuple[VersionAnswer, ...]

    @classmethod
    def of(cls, policy: Policy, now: datetime, names: Mapping[str, str]) -> "PolicyAnswer":
        """Tell of a policy as of a time; `names` are those of people by id."""
        found, pending, locked = policy.in_force(now), policy.pending(now), policy.locked
        return cls(
            name=policy.name,
            in_force=found.number if found else None,
            pending=pending.number if pending else None,
            locked_by=names.get(locked.by, locked.by) if locked else None,
            locked_at=locked.at if locked else None,
            versions=tuple(VersionAnswer.of(policy, one, now, names) for one in policy.versions),
        )


class PoliciesAnswer(Frozen):
    """All policies by name, or a page; `unreadable`: an event of theirs cannot be read."""

    policies: tuple[PolicyAnswer, ...]
    unreadable: bool
    cursor: str | None = None

    @classmethod
    def of(cls, book: Book, now: datetime, names: Mapping[str, str]) -> "PoliciesAnswer":
        """Tell of all policies as of a time."""
        found = (PolicyAnswer.of(policy, now, names) for _, policy in sorted(book.policies.items()))
        return cls(policies=tuple(found), unreadable=book.unreadable)


def people(policies: list[Policy]) -> set[str]:
    """Return the ids of everybody who did something to policies."""
    acts = [
        act
        for policy in policies
        for version in policy.versions
        for act in (version.proposed, version.approved, version.withdrawn)
    ]
    acts += [policy.locked for policy in policies]
    return {act.by for act in acts if act is not None}


class DemandAnswer(Frozen):
    """What a version of a policy demands of a record.

    `event` names what its clock starts at, null for a clock of dates; until that has happened there
    is neither start nor end. `started_by` is the retention event that started it. `binding` says
    that it makes the record's date, or that there is none yet; `conflicting`, of a maximum, that a
    minimum ends after it. `due_at` is when the grace of a maximum ends, null while that is not
    known. `earlier` says that a minimum is of an earlier version of the record.
    """

    policy: str
    version: int
    kind: Literal["minimum", "maximum"]
    period: PeriodText
    starts_at: datetime | None
    ends_at: datetime | None
    event: str | None
    started_by: UUID | None
    binding: bool
    conflicting: bool
    due_at: datetime | None
    review: tuple[Stage, ...]
    earlier: bool


class LockAnswer(Frozen):
    """How policies demand that a record is locked in the bucket, and how it is.

    `mode` and `until` are demanded, null where no policy demands a lock any more. `held_mode` and
    `held_until` are what the bucket says of its keys, null where one is not locked: nobody can
    destroy all of them before then.
    """

    mode: LockMode | None
    until: datetime | None
    held_mode: LockMode | None
    held_until: datetime | None


class RetentionAnswer(Frozen):
    """When a record may go, and what is behind it, as of `evaluated_at`.

    `indefinite` says that a minimum has no end yet, because what its clock starts at has not
    happened: both dates are null then.
    `doubt` says why the date that the source claims is not counted from. `uncertain` are the
    policies of which it is not known whether the record stands in their scope. `steps` are what
    must happen before the record can go, in sentences; `holds` and `unreadable` stop it. Of the
    holds, `uncertain_holds` could not search the record, and count as holding it. `restricted_by`
    are the cases of erasure that restrict it, which does not stop it from going.
    """

    id: UUID
    evaluated_at: datetime
    state: State
    indefinite: bool
    retain_until: datetime | None
    delete_at: datetime | None
    due_at: datetime | None
    conflict: bool
    occurred_at: datetime | None
    captured_at: datetime
    doubt: Doubt | None
    demands: tuple[DemandAnswer, ...]
    uncertain: tuple[str, ...]
    holds: tuple[str, ...]
    uncertain_holds: tuple[str, ...]
    restricted_by: tuple[UUID, ...] = ()
    unreadable: bool
    lock: LockAnswer
    steps: tuple[str, ...]


class EffectGroup(Frozen):
    """So many records of a class, which is the channel, and a year; bytes of their originals."""

    channel: str
    year: int
    records: int
    bytes: int


class EffectExample(Frozen):
    """A record before and after a change; `indefinite`, that a minimum has no end."""

    id: UUID
    indefinite_before: bool
    indefinite_after: bool
    retain_until_before: datetime | None
    retain_until_after: datetime | None
    delete_at_before: datetime | None
    delete_at_after: datetime | None
    due_at_before: datetime | None
    due_at_after: datetime | None


class Effect(Frozen):
    """The records that a change has one effect on, with the first few of them."""

    records: int
    bytes: int
    groups: tuple[EffectGroup, ...]
    sample: tuple[EffectExample, ...]


class LockEffect(Frozen):
    """What a change would lock that is not locked by policies now, or not so long or so hard.

    `evidence` are segments and blobs, and `locked_keys` objects with the keys of the records; the
    first of the records' locks would end at `first_until`, the last at `last_until`. `warning` says
    what cannot be undone.
    """

    records: int
    evidence: int
    locked_keys: int
    first_until: datetime | None
    last_until: datetime | None
    warning: str


class Simulation(Frozen):
    """What a change would do, as of sequence number `as_of`; nothing has been altered.

    `shortens` says why a second person must approve it. The scope is that of a policy, or the query
    of a retention event. `sooner` could go sooner, `longer` would be kept longer, and `due` are due
    on the day the change takes effect and not without it. Of `unsettled` records words could not be
    read, so that it is not known whether they stand in the scope; `unopened` could not be opened at
    all.
    """

    shortens: str
    effective_at: datetime
    as_of: int
    records: int
    in_scope_before: int
    in_scope_after: int
    unsettled: int
    unopened: int
    sooner: Effect
    longer: Effect
    due: Effect


class SimulationAnswer(Simulation):
    """What a change of a policy would do; `lock` is what it would lock."""

    policy: str
    lock: LockEffect
