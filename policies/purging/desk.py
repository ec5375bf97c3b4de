"""Where purges are asked for, and what they did is asked about."""

from datetime import datetime
from uuid import UUID

from archive.catalog.destroyed import DestroyedCatalog
from archive.events.audit import Audit
from archive.events.purge_events import CertificateIssued, CertificateSupplemented
from archive.model.roles import Actor, Permission, Purpose
from policies.governance import Governance
from policies.purging.answers import (
    CertificateAnswer,
    CertificatesAnswer,
    IssuedCertificate,
    PurgeAnswer,
    PurgeRunAnswer,
    PurgesAnswer,
    SupplementAnswer,
    told,
)
from policies.purging.certificate import Certificate
from policies.purging.kept import Kept
from policies.purging.purge import Purge
from policies.purging.purgeable import Stopped
from policies.purging.purger import Purger
from policies.purging.reading import PurgeReader
from policies.purging.supplement import Supplement


class PurgeDesk:
    """Purges for those who govern, and tells those who govern or audit what was destroyed.

    A purge of the audit trail follows each purge of records.

    Raises, in every method, ForbiddenError (audited) where the actor may not, and CorruptError and
    UnavailableError as `Purger` does.
    """

    def __init__(
        self,
        governance: Governance,
        purger: Purger[UUID],
        trail_purger: Purger[int],
        reader: PurgeReader,
        destroyed: DestroyedCatalog,
        audit: Audit,
    ) -> None:
        self._governance = governance
        self._purger = purger
        self._trail_purger = trail_purger
        self._reader = reader
        self._destroyed = destroyed
        self._audit = audit

    def dry_run(self, actor: Actor, purpose: Purpose, at: datetime | None = None) -> PurgeRunAnswer:
        """Say what a purge would do, as `Purger.dry_run`; nothing is altered but the trail."""
        self._governance.require(actor, "purge.dry-run", purpose)
        records, trail = self._purger.dry_run(at), self._trail_purger.dry_run(at)
        answer = PurgeRunAnswer.of_both(records, trail)
        self._audit.record(actor, purpose, "purge.dry-run", total=answer.planned)
        return answer

    def run(
        self, actor: Actor, at: datetime | None = None, stopped: Stopped = lambda: False
    ) -> PurgeRunAnswer:
        """Purge records and then the trail, as `Purger.run`."""
        self._governance.require(actor, "purge.run")
        records = self._purger.run(actor.id, actor.address, at, stopped)
        trail = self._trail_purger.run(actor.id, actor.address, at, stopped)
        return PurgeRunAnswer.of_both(records, trail)

    def request(self, actor: Actor, at: datetime | None = None) -> PurgeRunAnswer:
        """Plan both purges for the leader to carry out, as `Purger.request`."""
        self._governance.require(actor, "purge.run")
        # Neither is planned while one of them is under way.
        self._trail_purger.require_none()
        records = self._purger.request(actor.id, actor.address, at)
        return PurgeRunAnswer.of_both(
            records, self._trail_purger.request(actor.id, actor.address, at)
        )

    def purge(self, actor: Actor, purge_id: UUID) -> PurgeAnswer:
        """Return what a purge did; NotFoundError if there is none of this id."""
        self._require_reader(actor, "purge.show")
        return self._told(self._reader.purge(purge_id))

    def purges(self, actor: Actor, limit: int, before: int | None = None) -> PurgesAnswer:
        """Return a page of purges, the newest first; `before` is a sequence number."""
        self._require_reader(actor, "purge.list")
        found = self._destroyed.purges(limit + 1, before=before)
        page = found[:limit]
        return PurgesAnswer(
            purges=tuple(self._told(self._reader.purge(purge_id)) for purge_id, _ in page),
            cursor=str(page[-1][1]) if len(found) > limit else None,
        )

    def certificate(self, actor: Actor, certificate_id: UUID) -> CertificateAnswer:
        """Return a certificate; NotFoundError if there is none of this id."""
        self._require_reader(actor, "certificate.show")
        issued = self._reader.certificate(certificate_id)
        added = self._reader.supplement(certificate_id)
        return CertificateAnswer(
            certificate=_certificate(issued),
            document=issued.document,
            note=issued.note,
            supplement=_supplement(added) if added else None,
        )

    def certificates(
        self, actor: Actor, limit: int, before: int | None = None
    ) -> CertificatesAnswer:
        """Return a page of certificates, the newest first; `before` is a sequence number."""
        self._require_reader(actor, "certificate.list")
        found = self._destroyed.certificates(limit + 1, before=before)
        page = found[:limit]
        return CertificatesAnswer(
            certificates=tuple(
                _listed(self._reader.certificate(certificate_id)) for certificate_id, _ in page
            ),
            cursor=str(page[-1][1]) if len(found) > limit else None,
        )

    def _require_reader(self, actor: Actor, action: str) -> None:
        if Permission.GOVERN not in actor.permissions:
            self._audit.require(actor, Permission.AUDIT, action)

    def _told(self, purge: Purge) -> PurgeAnswer:
        if purge.completed is not None:
            return told(purge, purge.completed.destroyed, Kept())
        destructions = self._reader.destructions(purge.erasures)
        return told(purge, self._reader.gone(destructions, purge.plan.of), Kept())


def _supplement(added: CertificateSupplemented) -> SupplementAnswer:
    return SupplementAnswer(
        supplement=Supplement.model_validate_json(added.document),
        document=added.document,
        note=added.note,
    )


def _certificate(issued: CertificateIssued) -> Certificate:
    return Certificate.model_validate_json(issued.document)


def _listed(issued: CertificateIssued) -> IssuedCertificate:
    certificate = _certificate(issued)
    return IssuedCertificate(
        id=certificate.id,
        of=certificate.of,
        purge=certificate.purge,
        case=certificate.case.id if certificate.case else None,
        completed_at=certificate.completed_at,
        records=certificate.records,
    )
