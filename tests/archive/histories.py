"""Random histories of an archive, and its tables column by column, to compare what is rebuilt."""

import base64
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path
from random import Random
from typing import Any

import psycopg

from archive.bucket.fake import FakeBucket
from archive.bucket.names import KEYRINGS, keyring_name
from archive.capture.station import Station
from archive.clock import SystemClock
from archive.errors import UnavailableError
from archive.model.roles import LOCAL_ACTOR
from archive.sealing.kek import EnvironmentKek, key_text
from archive.sealing.keyring import Keyring, seal_keyring
from archive.settings import Settings
from tests.archive.house import line

TABLES = {
    "archive": "id",
    "stored_events": "seq, originator_id, originator_version, topic, state",
    "segments": "segment_id, keys_id",
    "commits": "first_seq, last_seq, record_id, durable",
    "blobs": "blob_id, digest, sealed_size, condemned",
    "blob_references": "blob_id, originator_id, originator_version",
    "unopened": "seq",
}
Rows = dict[str, list[tuple[Any, ...]]]


def settings(folder: Path, name: str, url: str | None) -> Settings:
    environ = {"MUNIMENT_HOME": str(folder / name)}
    if url is not None:
        environ["MUNIMENT_DATABASE_URL"] = url
    (folder / name).mkdir(exist_ok=True)
    return Settings.load(environ, folder)


KEK = EnvironmentKek("THE_KEY", {"THE_KEY": key_text(bytes(32))})


class QuickClock(SystemClock):
    """The machine's clock, for programs that wait before they try again: here they do not."""

    def sleep(self, seconds: float) -> None:
        pass


def put_keyring(bucket: FakeBucket, keyring: Keyring) -> None:
    """Let the keyring stand in the bucket, where a station looks for its number alone."""
    if next(iter(bucket.names(KEYRINGS)), None) is None:
        sealed = seal_keyring(keyring, [KEK], QuickClock())
        bucket.put(keyring_name(keyring.number), sealed)


@contextmanager
def station(of: Settings, bucket: FakeBucket, keyring: Keyring) -> Iterator[Station]:
    put_keyring(bucket, keyring)
    opened = Station(of, keyring, bucket, QuickClock(), commits=True)
    try:
        yield opened
    finally:
        opened.close()


def rows(of: Settings) -> Rows:
    """Every table that can be rebuilt, in a fixed order."""
    found: Rows = {}
    if of.on_one_host:
        with closing(sqlite3.connect(of.home / "events.db")) as connection:
            for table, columns in TABLES.items():
                found[table] = sorted(connection.execute(f"SELECT {columns} FROM {table}"))
        return found
    with psycopg.connect(of.database_url, options="-c search_path=muniment") as other:
        for table, columns in TABLES.items():
            query = f"SELECT {columns} FROM {table}".encode()
            found[table] = sorted(other.execute(query).fetchall())
    return found


def live(random: Random, hosts: list[Settings], bucket: FakeBucket, keyring: Keyring) -> None:
    """Let hosts capture, revise and fail for a while, and put in order what is owed."""
    with ExitStack() as stack:
        stations = [stack.enter_context(station(each, bucket, keyring)) for each in hosts]
        for _ in range(random.randint(5, 15)):
            _fault(random, bucket)
            own = random.choice(stations)
            lines = [_line(random) for _ in range(random.randint(1, 6))]
            with suppress(UnavailableError):
                own.intake.capture(LOCAL_ACTOR, lines)
            bucket.heal()
        for each in stations:
            each.commit_records.complete_all()


def _fault(random: Random, bucket: FakeBucket) -> None:
    """Fail some request: what it leaves is an orphan, or a commit whose record is owed."""
    if random.random() < 0.4:
        prefix = random.choice(("segments/", "keys/", "blobs/", "commits/"))
        bucket.fail("put", prefix, times=random.choice((1, 3, 9)), kept=random.random() < 0.5)


def _line(random: Random) -> bytes:
    number = str(random.randint(1, 25))
    changes: dict[str, Any] = {"text": random.choice(("good morning", "good evening", "so long"))}
    if random.random() < 0.3:
        data = bytes([random.randint(1, 3)]) * random.choice((70_000, 90_000))
        changes["attachments"] = [
            {
                "filename": "enclosed.bin",
                "media_type": "application/octet-stream",
                "data": base64.b64encode(data).decode(),
            }
        ]
    if random.random() < 0.3:
        changes["custodian"] = random.choice(("ann@example.com", "ben@example.com"))
        changes["labels"] = {"desk": "rates and currencies, second floor, by the window"}
    return line(number, **changes)
