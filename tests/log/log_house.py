"""An archive's events and its log over a fake bucket, to be restarted at will."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from sqlalchemy import Connection, text

from archive.bucket.fake import FakeBucket
from archive.bucket.port import Bucket
from archive.catalog.engines import make_tables, sqlite_engine
from archive.clock import SystemClock
from archive.errors import MunimentError
from archive.events.commit import CommitEngine
from archive.events.groups import Group
from archive.events.opener import Opener
from archive.events.sealer import PlainEvent
from archive.leadership import DeposedError
from archive.log.head import LogHead
from archive.log.publisher import LogPublisher, log_signer
from archive.log.reader import LogReader
from archive.postgres import Server
from archive.sealing.held import HeldKeyring
from archive.sealing.keyring import Keyring
from tests.events.parts import open_pointers
from tests.log.checking import check_log


class LaterClock(SystemClock):
    """The machine's clock, on which any time can pass at once."""

    def __init__(self) -> None:
        self.later = 0.0

    def monotonic(self) -> float:
        return super().monotonic() + self.later


class House:
    """One archive. `leads` is what the fence says; `fake` is the bucket, unless one is given."""

    def __init__(
        self, folder: Path, database_url: str | None = None, bucket: Bucket | None = None
    ) -> None:
        self.clock = LaterClock()
        self.fake = FakeBucket(self.clock)
        self.bucket = bucket or self.fake
        self.keyring = Keyring.generate(uuid4(), self.clock)
        self.leads = True
        self.pointers = open_pointers(folder, database_url)
        self.pointers.create(self.keyring.archive_id)
        if database_url is None:
            self.database = sqlite_engine(folder / "catalog.db")
        else:
            self.database = Server(database_url).engine()
            make_tables(self.database)
        self.head = LogHead(self.database, self._fence)
        self.engine = CommitEngine(
            self.pointers, self.bucket, HeldKeyring(self.keyring), self.clock
        )
        self.reader = LogReader(self.bucket, log_signer(self.keyring).verifier)

    def _fence(self, connection: Connection) -> None:
        if not self.leads:
            raise DeposedError

    def publisher(self) -> LogPublisher:
        """The log's writer, as a process that begins to lead makes it."""
        opener = Opener(self.pointers, self.bucket, self.keyring)
        return LogPublisher(
            self.keyring, self.pointers, self.bucket, self.head, opener.frames, self.clock
        )

    def commit(self, count: int) -> None:
        """Commit so many events at once."""
        events = [
            PlainEvent(uuid4().bytes, 1, "interaction.captured", b"said", b"whose")
            for _ in range(count)
        ]
        group = Group(events)
        self.engine.commit([group])
        if group.error is not None:
            raise group.error

    def objects(self) -> dict[str, bytes]:
        """All that stands in the bucket."""
        return {name: self.bucket.get(name) for name in self.bucket.names("")}

    def check(self, size: int) -> None:
        """Check that the published log is right, and covers so many events."""
        entries = check_log(self.objects())
        digests = [row.pointer.digest for row in self.pointers.select_pointers_from(1, 100_000)]
        assert [entry[17:] for entry in entries] == digests[:size]
        assert len(entries) == size and self.head.position() == size

    def puts(self) -> list[str]:
        """The names of what was put since the last call, in order."""
        names = self.fake.requested("put")
        self.fake.requests.clear()
        return names

    def forget_head(self) -> None:
        """Lose what SQL knows of the log, as a rebuild does."""
        with self.database.begin() as connection:
            connection.execute(text("DELETE FROM log_head"))

    def close(self) -> None:
        """Close files and threads."""
        self.engine.close()
        self.pointers.close()
        self.database.dispose()


def persist(step: Callable[[], int], tries: int = 5) -> None:
    """Publish as the keeper does: what fails is tried again."""
    for _ in range(tries):
        try:
            while step():
                pass
        except MunimentError:
            continue
        return
    raise AssertionError("the log does not go on")


@contextmanager
def house_in(
    folder: Path, database_url: str | None = None, bucket: Bucket | None = None
) -> Iterator[House]:
    """Open a house and close it."""
    house = House(folder, database_url, bucket)
    try:
        yield house
    finally:
        house.close()
