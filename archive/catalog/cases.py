"""What the catalog knows of cases of erasure: which there are, and where each stands."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Engine, select

from archive.catalog.answering import answering
from archive.catalog.tables import cases


class CaseCatalog:
    """Questions about cases. Methods raise UnavailableError when SQL does not answer."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def page(self, limit: int, *, before: int | None = None) -> list[tuple[UUID, int]]:
        """Return cases with the sequence numbers of their opening, the newest first."""
        statement = select(cases.c.id, cases.c.seq).order_by(cases.c.seq.desc()).limit(limit)
        if before is not None:
            statement = statement.where(cases.c.seq < before)
        return [(UUID(bytes=id), seq) for id, seq in self._all(statement)]

    def open(self) -> list[UUID]:
        """Return the cases that are not closed, the oldest first."""
        return self._ids(select(cases.c.id).where(cases.c.closed == 0).order_by(cases.c.seq))

    def ordered(self) -> list[UUID]:
        """Return the cases that are to be carried out, the oldest first."""
        return self._ids(select(cases.c.id).where(cases.c.ordered == 1).order_by(cases.c.seq))

    def _ids(self, statement: Any) -> list[UUID]:
        return [UUID(bytes=row[0]) for row in self._all(statement)]

    def _all(self, statement: Any) -> Sequence[Any]:
        with answering("the catalog"), self._engine.connect() as connection:
            return connection.execute(statement).all()
