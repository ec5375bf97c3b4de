"""How far the bucket's locks are what policies demand: one row, which can be lost."""

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Engine, delete, select

from archive.catalog.answering import answering
from archive.catalog.inserting import insert_for
from archive.catalog.tables import record_locks

_ONLY = 1


@dataclass(frozen=True, slots=True)
class LockProgress:
    """Records with events up to `seq` are locked as is demanded, of which `demands` is a digest.

    `records` were found to need a lock on the way, and `failed` of them could not be locked. All
    are looked at anew at `again_at`, because a lock is then to be prolonged, or tried again.
    """

    demands: bytes
    seq: int = 0
    records: int = 0
    failed: int = 0
    again_at: datetime | None = None


class LockBook:
    """Reads and writes it. Methods raise UnavailableError when the database does not answer."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._insert = insert_for(engine.dialect)

    def read(self) -> LockProgress | None:
        """Return how far it is; None where no policy demands a lock, or that is not known."""
        with answering("locks"), self._engine.connect() as connection:
            row = connection.execute(select(record_locks)).first()
        if row is None:
            return None
        again = None if row.again_at is None else datetime.fromtimestamp(row.again_at / 1000, UTC)
        return LockProgress(row.demands, row.seq, row.records, row.failed, again)

    def note(self, progress: LockProgress) -> None:
        """Note how far it is now."""
        again = progress.again_at
        values = {
            "demands": progress.demands,
            "seq": progress.seq,
            "records": progress.records,
            "failed": progress.failed,
            "again_at": None if again is None else int(again.timestamp() * 1000),
        }
        with answering("locks"), self._engine.begin() as connection:
            connection.execute(
                self._insert(record_locks)
                .values(id=_ONLY, **values)
                .on_conflict_do_update(index_elements=["id"], set_=values)
            )

    def forget(self) -> None:
        """Forget it: no policy demands a lock, or all is to be looked at anew."""
        with answering("locks"), self._engine.begin() as connection:
            connection.execute(delete(record_locks))

    def notes(self) -> tuple[str, ...]:
        """Return a sentence if records could not be locked."""
        progress = self.read()
        if progress is None or not progress.failed:
            return ()
        return (
            f"{progress.failed} records could not be locked as policies demand, because they "
            "cannot be read; it is tried again each day. Run muniment verify.",
        )
