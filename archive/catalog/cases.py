"""What the catalog knows of cases of people's requests: which there are, and where each stands."""

from uuid import UUID

from sqlalchemy import Engine, Table, select

from archive.catalog.answering import SqlReader
from archive.catalog.tables import access_requests, cases


class CaseCatalog(SqlReader):
    """Questions about the cases of a table. Methods raise UnavailableError when SQL is silent."""

    def __init__(self, engine: Engine, table: Table) -> None:
        super().__init__(engine)
        self._cases = table

    def page(self, limit: int, *, before: int | None = None) -> list[tuple[UUID, int]]:
        """Return cases with the sequence numbers of their opening, the newest first."""
        columns = self._cases.c
        statement = select(columns.id, columns.seq).order_by(columns.seq.desc()).limit(limit)
        if before is not None:
            statement = statement.where(columns.seq < before)
        return [(UUID(bytes=id), seq) for id, seq in self._all(statement)]

    def open(self) -> list[UUID]:
        """Return the cases that are not closed, the oldest first."""
        return self._ids("closed", 0)

    def _ids(self, column: str, value: int) -> list[UUID]:
        columns = self._cases.c
        statement = select(columns.id).where(columns[column] == value).order_by(columns.seq)
        return [UUID(bytes=row[0]) for row in self._all(statement)]


class ErasureCases(CaseCatalog):
    """Questions about cases of erasure."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine, cases)

    def ordered(self) -> list[UUID]:
        """Return the cases that are to be carried out, the oldest first."""
        return self._ids("ordered", 1)


class AccessRequestCases(CaseCatalog):
    """Questions about cases of requests for access."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine, access_requests)
