"""Reading the catalog, and opening its database."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import URL, Engine, create_engine, event, func, select
from sqlalchemy.exc import SQLAlchemyError

from archive.access.roles import Role
from archive.catalog.tables import METADATA, ROLES, positions, records, tokens, users
from archive.errors import UnavailableError

CATALOG = 1
_IDS_PER_QUERY = 10_000
_ROLE_OF = {number: role for role, number in ROLES.items()}


@dataclass(frozen=True, slots=True)
class CatalogRow:
    """What the catalog says of one record."""

    id: UUID
    conversation: UUID | None
    first_seq: int
    erased: bool
    damaged: bool


def open_engine(path: Path) -> Engine:
    """Open the catalog's SQLite file, making its tables where they are missing."""
    engine = create_engine(URL.create("sqlite", database=str(path)), connect_args={"timeout": 30.0})

    @event.listens_for(engine, "connect")
    def _configure(connection: Any, _: object) -> None:
        # The catalog is derived: after a power cut a few events are applied again.
        for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "cache_size=-65536"):
            connection.execute(f"PRAGMA {pragma}")

    METADATA.create_all(engine)
    return engine


class Catalog:
    """Questions about records and tokens."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def position(self) -> int:
        """Return the sequence number up to which the catalog is complete."""
        rows = self._all(select(positions.c.seq).where(positions.c.follower == CATALOG))
        return int(rows[0][0]) if rows else 0

    def rows(self, ids: Iterable[UUID]) -> dict[UUID, CatalogRow]:
        """Return what is known of those of the ids that are catalogued."""
        wanted = [each.bytes for each in ids]
        columns = (
            records.c.id,
            records.c.conversation,
            records.c.first_seq,
            records.c.erased,
            records.c.damaged,
        )
        found: dict[UUID, CatalogRow] = {}
        for start in range(0, len(wanted), _IDS_PER_QUERY):
            page = wanted[start : start + _IDS_PER_QUERY]
            for identifier, conversation, first_seq, erased, damaged in self._all(
                select(*columns).where(records.c.id.in_(page))
            ):
                key = UUID(bytes=identifier)
                found[key] = CatalogRow(
                    key,
                    None if conversation is None else UUID(bytes=conversation),
                    first_seq,
                    bool(erased),
                    bool(damaged),
                )
        return found

    def duplicates(self, ids: Sequence[UUID]) -> set[UUID]:
        """Return those of the ids that an earlier capture has the same message as."""
        other = records.alias("other")
        found: set[UUID] = set()
        for start in range(0, len(ids), _IDS_PER_QUERY):
            page = [each.bytes for each in ids[start : start + _IDS_PER_QUERY]]
            statement = (
                select(records.c.id)
                .join(other, other.c.duplicate == records.c.duplicate)
                .where(records.c.id.in_(page), other.c.first_seq < records.c.first_seq)
                .distinct()
            )
            found.update(UUID(bytes=row[0]) for row in self._all(statement))
        return found

    def damaged(self, as_of: int) -> int:
        """Return how many records up to a sequence number cannot be opened."""
        statement = select(func.count()).where(records.c.damaged == 1, records.c.first_seq <= as_of)
        return int(self._all(statement)[0][0])

    def token(self, digest: bytes) -> tuple[UUID, Role] | None:
        """Return the user and role behind a token's keyed digest."""
        statement = (
            select(tokens.c.user_id, users.c.role)
            .join(users, users.c.id == tokens.c.user_id)
            .where(tokens.c.digest == digest)
        )
        rows = self._all(statement)
        return (UUID(bytes=rows[0][0]), _ROLE_OF[rows[0][1]]) if rows else None

    def _all(self, statement: Any) -> Sequence[Any]:
        try:
            with self._engine.connect() as connection:
                return connection.execute(statement).all()
        except SQLAlchemyError as error:
            raise UnavailableError(
                f"The catalog does not answer: {type(error).__name__}."
            ) from error

    def close(self) -> None:
        """Close the database."""
        self._engine.dispose()
