"""Adds to certificates that the epochs which they name have been shredded since."""

from collections.abc import Iterator
from uuid import UUID

from archive.errors import ConflictError
from archive.events.groups import Group
from archive.events.plain import plain
from archive.events.pointers import PointerRow
from archive.events.purge_events import CertificateIssued, CertificateSupplemented
from archive.events.types import KeyringWritten
from archive.log.publisher import log_signer
from archive.opening import Archive
from policies.purging.certificate import Certificate
from policies.purging.reading import PurgeReader
from policies.purging.supplement import Supplement, digest, shredded, sign

_PAGE = 100


class Supplementing:
    """Issues supplements. Two processes that try at once do no harm: each is issued once.

    Raises CorruptError where an event cannot be read, and UnavailableError where bucket or database
    do not answer; what was issued until then stays, and the same call later goes on.
    """

    def __init__(self, archive: Archive, reader: PurgeReader) -> None:
        self._archive = archive
        self._reader = reader

    def issue(self) -> list[UUID]:
        """Supplement the certificates whose epochs are gone for good; return their ids."""
        found = self._newest_shredding()
        # Until the older keyrings are destroyed, which the leader goes on doing, nothing is said.
        if found is None or not self._archive.keyring_writer.is_alone():
            return []
        row, written = found
        done = []
        for certificate_id in self._issued_before(row.seq):
            if self._supplement(certificate_id, written):
                done.append(certificate_id)
        return done

    def _newest_shredding(self) -> tuple[PointerRow, KeyringWritten] | None:
        """Return the event by which epochs were last dropped from the keyring."""
        pointers, found, start = self._archive.pointers, None, 1
        topics = [KeyringWritten.type]
        while rows := pointers.select_pointers_from(start, _PAGE, topics=topics):
            for row, opened in zip(rows, self._archive.opener.open(rows), strict=True):
                event = self._archive.mapper.event(opened)
                if isinstance(event, KeyringWritten) and event.dropped:
                    found = row, event
            start = rows[-1].seq + 1
        return found

    def _issued_before(self, seq: int) -> Iterator[UUID]:
        """Yield the certificates that were issued before an event and have no supplement yet."""
        before = seq
        while page := self._archive.destroyed.certificates(_PAGE, before=before):
            before = page[-1][1]
            for certificate_id, _ in page:
                rows = self._archive.pointers.select_pointers(
                    certificate_id, gt=None, lte=None, desc=False, limit=None
                )
                if len(rows) == 1:
                    yield certificate_id

    def _supplement(self, certificate_id: UUID, written: KeyringWritten) -> bool:
        issued = self._reader.certificate(certificate_id)
        certificate = Certificate.model_validate_json(issued.document)
        keyring = self._archive.keyring
        if not shredded(certificate.keys.epochs, keyring.epochs):
            return False
        event = self._event(issued, certificate, written)
        try:
            self._archive.committer.commit(Group([plain(event)]))
        except ConflictError:
            # Somebody else issued it.
            return False
        return True

    def _event(
        self, issued: CertificateIssued, certificate: Certificate, written: KeyringWritten
    ) -> CertificateSupplemented:
        keyring, now = self._archive.keyring, self._archive.clock.now()
        supplement = Supplement(
            certificate=certificate.id,
            certificate_sha256=digest(issued.document),
            archive=keyring.archive_id,
            epochs=certificate.keys.epochs,
            keyring=written.number,
            shredded_at=written.recorded_at,
            issued_at=now,
        )
        document, note = sign(supplement, log_signer(keyring))
        return CertificateSupplemented(
            originator_id=issued.originator_id,
            originator_version=issued.originator_version + 1,
            recorded_at=now,
            document=document,
            note=note,
        )
