"""`muniment verify`: the bucket with its key alone, then SQL and the index against it.

Nothing is written, in the bucket or elsewhere, and no content is given to anybody; so a bucket that
is mounted read-only can be verified, and one whose database is lost.
"""

import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from uuid import UUID

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from archive.catalog.catalog import Catalog
from archive.clock import Clock, SystemClock
from archive.database import Database, open_database
from archive.errors import CorruptError, MunimentError, SettingError, UnavailableError
from archive.events.feed import Feed
from archive.events.identity import Identity
from archive.events.mapper import EventMapper
from archive.events.opener import Opener
from archive.events.pointers import PointerRecorder
from archive.index.shared import SharedIndexReader
from archive.index.source import index_directory
from archive.keyrings import unlock
from archive.log.head import LogHead
from archive.sealing.commit import CommitRecord
from archive.sealing.keyring import Keyring
from archive.settings import Settings
from archive.trail.follower import TrailDigests
from archive.trail.index import TrailIndex
from archive.verifying.bucket import Advance, BucketCheck
from archive.verifying.database import DatabaseCheck
from archive.verifying.examiner import Examiner
from archive.verifying.findings import Fault, Findings, Patience, twice
from archive.verifying.index import index_faults
from archive.verifying.stored import Stored
from archive.verifying.told import ToldCheck
from archive.verifying.trail import TrailCheck
from archive.verifying.workers import Children, Workers


def verify(
    settings: Settings,
    *,
    full: bool = False,
    against: str | None = None,
    environ: Mapping[str, str] = os.environ,
    clock: Clock | None = None,
    advance: Advance = lambda _done, _total: None,
) -> Findings:
    """Check the archive that the settings name, and return everything that is found.

    `full` reads the bytes of every segment and blob. `against` is the note of a checkpoint that was
    kept elsewhere.

    Raises:
        ConfigurationError: there is no archive, or its key does not open it, or a setting is wrong.
        InvalidError: `against` is no checkpoint of this archive's log.
        UnavailableError: the bucket does not answer.
    """
    clock = Patience(clock or SystemClock())
    findings = Findings()
    try:
        bucket, keyring = unlock(settings, environ, clock)
    except CorruptError as error:
        findings.add([Fault("keyring", f"{error} Restore it from a copy: nothing else opens.")])
        return findings
    examiner = Examiner(bucket, keyring, clock, full=full)
    # What a quick check takes of local files is too little to share.
    start = partial(Children, settings, keyring, full=full) if full else None
    with (
        Workers(examiner, bucket.at_once, start) as workers,
        _opened(settings, keyring, findings) as sql,
    ):
        check = BucketCheck(
            bucket, keyring, clock, findings, examiner, workers, full=full, advance=advance
        )
        if sql is None:
            check.run(lambda _record, _stored: (), against)
            return findings
        compared = DatabaseCheck(
            keyring.archive_id,
            sql.pointers,
            sql.catalog,
            TrailCheck(sql.trail),
            examiner.segments,
            clock,
            lambda entries: check.packs.now(entries),
        )
        feed = Feed(sql.pointers, Opener(sql.pointers, bucket, keyring), EventMapper())
        told = ToldCheck(sql.engine, sql.pointers, feed)
        beside = _Beside(compared, told, findings)
        beside.begin()
        check.run(beside.compare, against)
        beside.finish(check, sql.head)
        findings.add(_index_faults(settings, sql.catalog, findings, clock))
    return findings


@contextmanager
def _opened(settings: Settings, keyring: Keyring, findings: Findings) -> "Iterator[_Sql | None]":
    """Open the database if it is there; what is not compared, and why, is noted."""
    files = (settings.home / "events.db", settings.home / "catalog.db")
    if settings.on_one_host and not all(file.exists() for file in files):
        findings.notes.append("There is no database here: SQL and the index are not compared.")
        yield None
        return
    with ExitStack() as stack:
        sql: _Sql | None = None
        try:
            database = open_database(settings)
            stack.callback(database.close)
            if _is_own(database, keyring, findings):
                engine = database.catalog()
                stack.callback(engine.dispose)
                trail = TrailIndex(engine, TrailDigests(Identity(keyring)))
                catalog, head = Catalog(engine), _log_head(engine)
                sql = _Sql(engine, database.pointers, catalog, trail, head)
        except CorruptError as error:
            findings.add([Fault("database", str(error))])
        except SettingError:
            raise
        except (MunimentError, SQLAlchemyError) as error:
            told = error if isinstance(error, MunimentError) else type(error).__name__
            findings.notes.append(f"SQL and the index are not compared: {told}")
        yield sql


def _is_own(database: Database, keyring: Keyring, findings: Findings) -> bool:
    known = database.pointers.archive()
    if known is None:
        findings.notes.append("The database is empty: SQL and the index are not compared.")
    elif known != keyring.archive_id:
        message = f"The {database.describe()} belongs to archive {known}, not to this one."
        findings.add([Fault("database", message)])
    return known == keyring.archive_id


def _log_head(engine: Engine) -> LogHead:
    return LogHead(engine, lambda _connection: None)


@dataclass(frozen=True, slots=True)
class _Sql:
    """What is compared of SQL."""

    engine: Engine
    pointers: PointerRecorder
    catalog: Catalog
    trail: TrailIndex
    head: LogHead


class _Beside:
    """The comparison with SQL, which ends where SQL does not answer; the bucket's check goes on."""

    def __init__(self, check: DatabaseCheck, told: ToldCheck, findings: Findings) -> None:
        self._check = check
        self._told = told
        self._findings = findings
        self._ended = False

    def begin(self) -> None:
        with self._noting([]):
            self._check.begin()

    def compare(self, record: CommitRecord, stored: Mapping[UUID, Stored]) -> list[Fault]:
        found: list[Fault] = []
        if not self._ended:
            with self._noting(found):
                self._told.note(record.entries)
                found.extend(self._check.compare(record, stored))
        return found

    def finish(self, check: BucketCheck, head: LogHead) -> None:
        found: list[Fault] = []
        if not self._ended:
            with self._noting(found):
                found.extend(self._check.finish(check, head.read()))
                found.extend(self._told.faults())
        self._findings.add(found)

    @contextmanager
    def _noting(self, found: list[Fault]) -> Iterator[None]:
        try:
            yield
        except UnavailableError as error:
            self._ended = True
            self._findings.notes.append(f"SQL could not be compared to its end: {error}")
        except CorruptError as error:
            self._ended = True
            found.append(Fault("database", f"{error} Run muniment rebuild."))


def _index_faults(
    settings: Settings, catalog: Catalog, findings: Findings, clock: Clock
) -> list[Fault]:
    """Compare the index that this host's worker keeps, if there is one."""
    try:
        directory = index_directory(settings)
        if directory is None or not directory.path.exists():
            raise UnavailableError("no worker keeps one on this host.")
        reader = SharedIndexReader(directory)

        def look() -> list[Fault]:
            searcher, position = reader.searcher()
            return index_faults(searcher, catalog, min(position, catalog.position()))

        faults = twice(clock, look)
    except MunimentError as error:
        findings.notes.append(f"The index was not compared: {error}")
        return []
    findings.checked["indexes"] += 1
    return faults
