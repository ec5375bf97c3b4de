"""From what a purge destroyed to its certificate: everything is read from events, nothing counted.

So the numbers are right however often the purge was cut off.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from archive.errors import CorruptError, NotFoundError
from archive.events.purge_events import AUDIT_TRAIL, CertificateIssued, PurgedGroup
from archive.log.checkpoint import encode_hash
from archive.log.note import Signer
from archive.log.reader import LogReader
from policies.evaluation import EVALUATOR
from policies.policy import Book
from policies.purging.certificate import (
    LIMITS,
    METHOD,
    TRAIL_METHOD,
    Certificate,
    CertifiedCase,
    CertifiedPolicy,
    CertifiedReview,
    HoldCheck,
    Keys,
    canonical,
    sign,
    stores,
)
from policies.purging.kept import Kept
from policies.purging.purge import Account
from policies.purging.reading import Destruction, Traces
from policies.purging.reviews import certified
from policies.reviewing.reader import DispositionReader

_LOOK = (
    "In the commit that condemned each batch, each record having been opened and held against "
    "every hold in force; one that could not be searched counts as held."
)
_TRAIL_LOOK = (
    "In the commit that condemned each batch, each entry having been opened, and the records, the "
    "matter and the user that it names held against every hold in force; what could not be "
    "searched counts as held."
)

Names = Callable[[Iterable[str]], Mapping[str, str]]
"""Gives the names of people by their ids."""


class Issuing:
    """Makes certificates of purges."""

    def __init__(
        self,
        *,
        archive_id: UUID,
        organisation: str,
        sandbox: bool,
        log: LogReader,
        signer: Signer,
        names: Names,
        dispositions: DispositionReader,
    ) -> None:
        self._archive_id = archive_id
        self._organisation = organisation
        self._sandbox = sandbox
        self._log = log
        self._signer = signer
        self._names = names
        self._dispositions = dispositions

    def issue(
        self,
        certificate_id: UUID,
        account: Account,
        destructions: Sequence[Destruction],
        traces: Traces,
        book: Book,
        kept: Kept,
        now: datetime,
    ) -> CertificateIssued:
        """Return the certificate of a purge, or another account, all of whose keys are destroyed.

        Raises CorruptError where an event that it tells of cannot be read, and UnavailableError.
        """
        certificate = self._certificate(
            certificate_id, account, destructions, traces, book, kept, now
        )
        document = canonical(certificate)
        return CertificateIssued(
            originator_id=certificate_id,
            originator_version=1,
            recorded_at=now,
            erasures=tuple(each.condemned.originator_id for each in destructions),
            document=document,
            note=sign(document, certificate_id, self._signer),
        )

    def _certificate(
        self,
        certificate_id: UUID,
        account: Account,
        destructions: Sequence[Destruction],
        traces: Traces,
        book: Book,
        kept: Kept,
        now: datetime,
    ) -> Certificate:
        groups = account.groups
        done = [each.destroyed for each in destructions if each.destroyed is not None]
        by, trail = account.by, account.of == AUDIT_TRAIL
        return Certificate(
            id=certificate_id,
            of=account.of,
            organisation=self._organisation or None,
            archive=self._archive_id,
            sandbox=self._sandbox,
            purge=account.purge,
            case=self._case(account.case),
            by=self._names([by]).get(by, by),
            planned_at=account.planned_at,
            due_as_of=account.at,
            completed_at=now,
            evaluator=EVALUATOR,
            records=account.condemned,
            events=len(traces.leaves),
            bytes=sum(group.bytes for group in groups),
            first_at=min(group.first_at for group in (*groups, *account.redacted)),
            last_at=max(group.last_at for group in (*groups, *account.redacted)),
            groups=groups,
            redacted=account.redacted,
            policies=tuple(self._policies(groups, book)),
            reviews=self._reviews(account, destructions),
            method=TRAIL_METHOD if trail else METHOD,
            keys=Keys(
                destroyed=len(traces.leaves),
                key_objects=sum(each.segments for each in done),
                epochs=tuple(sorted({epoch for each in done for epoch in each.epochs})),
            ),
            hold_check=HoldCheck(
                times=len(destructions),
                held=kept.get("held", 0),
                method=_TRAIL_LOOK if trail else _LOOK,
            ),
            kept={reason: count for reason, count in kept.items() if reason != "held"},
            locked_until=kept.locked_until,
            stores=stores(
                blobs=sum(each.blobs for each in done),
                blobs_left=done[-1].blobs_left if done else 0,
                of=account.of,
            ),
            exceptions=tuple(_exceptions(traces)),
            limits=LIMITS,
            leaves=tuple(map(encode_hash, traces.leaves)),
            checkpoint=self._checkpoint(),
        )

    def _case(self, case: CertifiedCase | None) -> CertifiedCase | None:
        """Return a case with the names of those who decided."""
        if case is None:
            return None
        names = self._names(case.decided_by)
        decided = tuple(sorted(names.get(each, each) for each in case.decided_by))
        return case.model_copy(update={"decided_by": decided})

    def _reviews(
        self, account: Account, destructions: Sequence[Destruction]
    ) -> tuple[CertifiedReview, ...]:
        """Return who approved what went by policies; by a case, no review is asked for."""
        if account.purge is None:
            return ()
        return certified(self._dispositions, destructions, self._names)

    def _policies(self, groups: Sequence[PurgedGroup], book: Book) -> Iterable[CertifiedPolicy]:
        named = {(group.policy, group.version) for group in groups if group.policy}
        for name, number in sorted(named):
            policy = book.policies.get(name)
            version = policy.versions[number - 1] if policy else None
            if version is None or version.terms is None:
                raise CorruptError(f"Version {number} of the policy {name} cannot be read.")
            proposed, approved = version.proposed, version.approved
            names = self._names([act.by for act in (proposed, approved) if act])
            yield CertifiedPolicy(
                policy=name,
                version=number,
                terms=version.terms,
                proposed_by=names.get(proposed.by, proposed.by),
                proposed_at=proposed.at,
                approved_by=names.get(approved.by, approved.by) if approved else None,
                approved_at=approved.at if approved else None,
            )

    def _checkpoint(self) -> str | None:
        try:
            return self._log.newest().note
        except NotFoundError:
            return None


def _exceptions(traces: Traces) -> Iterable[str]:
    late = len(traces.latecomers)
    if late:
        yield (
            "Events that came in while their records were condemned, which were destroyed "
            f"afterwards and are not counted here: {late:,}."
        )
