"""What is told of purges and certificates: the same at every door."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from archive.events.purge_events import PurgedGroup, PurgedKind
from archive.model.interaction import Frozen
from policies.purging.certificate import Certificate
from policies.purging.counting import merged
from policies.purging.judging import Verdict
from policies.purging.kept import Kept
from policies.purging.purge import Purge
from policies.purging.supplement import Supplement

_HELD: Final = Verdict.HELD.value


class PurgeAnswer(Frozen):
    """What a purge of records, or of entries of the audit trail, did, or with `dry_run` would do.

    `planned` records were found due and free of holds, and of these `destroyed` are gone; of
    `failed` the keys are condemned and could not be destroyed yet, which is tried again. `held` and
    `kept`, by reason, are due by their dates and stay; `locked_until` is when the lock of the first
    of them ends. `certificate` is null until everything that was condemned is destroyed, and where
    there was nothing.
    """

    id: UUID | None
    of: PurgedKind = "records"
    dry_run: bool
    at: datetime
    by: str | None
    planned_at: datetime | None
    completed_at: datetime | None
    planned: int
    destroyed: int
    held: int
    failed: int
    kept: dict[str, int]
    locked_until: datetime | None
    groups: tuple[PurgedGroup, ...]
    certificate: UUID | None
    problems: tuple[str, ...] = ()


class PurgeRunAnswer(PurgeAnswer):
    """What a purge of records did or would do, and the one of the audit trail that follows it."""

    trail: PurgeAnswer

    @classmethod
    def of_both(cls, records: PurgeAnswer, trail: PurgeAnswer) -> "PurgeRunAnswer":
        """Tell of both."""
        return cls(**dict(records), trail=trail)


class PurgesAnswer(Frozen):
    """A page of purges, the newest first."""

    purges: tuple[PurgeAnswer, ...]
    cursor: str | None


class SupplementAnswer(Frozen):
    """A supplement with the note over its canonical JSON, which is `document` to the byte."""

    supplement: Supplement
    document: str
    note: str


class CertificateAnswer(Frozen):
    """A certificate with the note over its canonical JSON, which is `document` to the byte.

    `supplement` says that its epochs were shredded since, null while they are not known to be.
    """

    certificate: Certificate
    document: str
    note: str
    supplement: SupplementAnswer | None = None


class IssuedCertificate(Frozen):
    """A certificate by its id, of a purge or of a case of erasure, and how much it is about."""

    id: UUID
    of: PurgedKind = "records"
    purge: UUID | None
    case: UUID | None
    completed_at: datetime
    records: int


class CertificatesAnswer(Frozen):
    """A page of certificates, the newest first."""

    certificates: tuple[IssuedCertificate, ...]
    cursor: str | None


def told(purge: Purge, destroyed: int, kept: Kept, problems: Sequence[str] = ()) -> PurgeAnswer:
    """Tell of a purge that began.

    `destroyed` are known to be gone, and `kept` counts what stays; what a completed purge says
    itself goes before both.
    """
    completed = purge.completed
    if completed is not None:
        destroyed, kept = completed.destroyed, Kept({**completed.kept, _HELD: completed.held})
        kept.locked_until = completed.locked_until
    return PurgeAnswer(
        id=purge.id,
        of=purge.plan.of,
        dry_run=False,
        at=purge.plan.at,
        by=purge.plan.by,
        planned_at=purge.plan.recorded_at,
        completed_at=completed.recorded_at if completed else None,
        planned=purge.condemned,
        destroyed=destroyed,
        held=kept.get(_HELD, 0),
        failed=purge.condemned - destroyed,
        kept=_others(kept),
        locked_until=kept.locked_until,
        groups=purge.groups,
        certificate=completed.certificate if completed else None,
        problems=tuple(problems),
    )


def looked_at(
    of: PurgedKind,
    at: datetime,
    planned: int,
    kept: Kept,
    groups: Sequence[PurgedGroup],
    *,
    dry: bool,
) -> PurgeAnswer:
    """Tell of a purge that did not begin: of a dry run, or where nothing may go."""
    return PurgeAnswer(
        id=None,
        of=of,
        dry_run=dry,
        at=at,
        by=None,
        planned_at=None,
        completed_at=None,
        planned=planned,
        destroyed=0,
        held=kept.get(_HELD, 0),
        failed=0,
        kept=_others(kept),
        locked_until=kept.locked_until,
        groups=merged(groups),
        certificate=None,
    )


def _others(kept: Mapping[str, int]) -> dict[str, int]:
    return {reason: count for reason, count in sorted(kept.items()) if reason != _HELD}
