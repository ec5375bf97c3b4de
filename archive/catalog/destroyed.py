"""What the catalog knows of purges, and of the certificates of what they destroyed."""

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import select

from archive.catalog.answering import SqlReader
from archive.catalog.tables import certificates, destructions, purges, redactions

_IDS_PER_QUERY = 10_000


class DestroyedCatalog(SqlReader):
    """Questions about purges. Methods raise UnavailableError when SQL does not answer."""

    def unfinished_purges(self) -> list[UUID]:
        """Return the ids of the purges that are planned and not known to be completed."""
        statement = select(purges.c.id).where(purges.c.completed == 0).order_by(purges.c.seq)
        return [UUID(bytes=row[0]) for row in self._all(statement)]

    def purges(self, limit: int, *, before: int | None = None) -> list[tuple[UUID, int]]:
        """Return purges with the sequence numbers of their plans, the newest first."""
        statement = select(purges.c.id, purges.c.seq).order_by(purges.c.seq.desc()).limit(limit)
        if before is not None:
            statement = statement.where(purges.c.seq < before)
        return [(UUID(bytes=id), seq) for id, seq in self._all(statement)]

    def certificates(self, limit: int, *, before: int | None = None) -> list[tuple[UUID, int]]:
        """Return certificates of destruction with their sequence numbers, the newest first."""
        columns = certificates.c.id, certificates.c.seq
        statement = select(*columns).distinct().order_by(certificates.c.seq.desc()).limit(limit)
        if before is not None:
            statement = statement.where(certificates.c.seq < before)
        return [(UUID(bytes=id), seq) for id, seq in self._all(statement)]

    def certificates_of(self, ids: Iterable[UUID]) -> dict[UUID, UUID]:
        """Return the certificate under which each of the records has gone, or was redacted."""
        wanted = [each.bytes for each in ids]
        found: dict[UUID, UUID] = {}
        for start in range(0, len(wanted), _IDS_PER_QUERY):
            page = wanted[start : start + _IDS_PER_QUERY]
            # What was redacted first, and erased later, has gone under the later one.
            for table in (redactions, destructions):
                statement = (
                    select(table.c.record, certificates.c.id)
                    .join(certificates, certificates.c.erasure == table.c.erasure)
                    .where(table.c.record.in_(page))
                )
                found |= {UUID(bytes=record): UUID(bytes=id) for record, id in self._all(statement)}
        return found
