"""How far the bucket's legal holds show the holds that there are: one row, which can be lost."""

from dataclasses import dataclass

from sqlalchemy import Engine, select

from archive.catalog.answering import answering
from archive.catalog.inserting import insert_for
from archive.catalog.tables import hold_mirror

_ONLY = 1


@dataclass(frozen=True, slots=True)
class Mirrored:
    """The bucket shows the holds as of the event `changed`, for records up to event `seq`."""

    changed: int
    seq: int


class MirrorBook:
    """Reads and writes it. Methods raise UnavailableError when the database does not answer."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._insert = insert_for(engine.dialect)

    def read(self) -> Mirrored | None:
        """Return how far the bucket is; None where that is not known."""
        statement = select(hold_mirror.c.changed, hold_mirror.c.seq)
        with answering("holds"), self._engine.connect() as connection:
            row = connection.execute(statement).first()
        return None if row is None else Mirrored(row.changed, row.seq)

    def note(self, mirrored: Mirrored) -> None:
        """Note how far the bucket is now."""
        values = {"changed": mirrored.changed, "seq": mirrored.seq}
        with answering("holds"), self._engine.begin() as connection:
            connection.execute(
                self._insert(hold_mirror)
                .values(id=_ONLY, **values)
                .on_conflict_do_update(index_elements=["id"], set_=values)
            )
