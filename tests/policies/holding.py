"""An archive on either database, with holds as their events alone place them."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

from archive.events import hold_events as happened
from archive.events.groups import Group
from archive.events.hold_events import HoldEvent, HoldScope
from archive.events.plain import plain
from archive.opening import Archive, open_archive
from archive.query.parser import parse
from archive.query.tree import to_json
from archive.settings import Settings
from policies.holds.book import hold_reader
from policies.holds.gate import HoldCheck
from policies.holds.reach import Holds
from policies.records import Found, governed_records


def settings(folder: Path, url: str | None) -> Settings:
    environ = {"MUNIMENT_HOME": str(folder / "home")}
    if url is not None:
        environ["MUNIMENT_DATABASE_URL"] = url
    return Settings.load(environ, folder)


@contextmanager
def opened(folder: Path, url: str | None) -> Iterator[Archive]:
    with open_archive(settings(folder, url)) as archive:
        archive.follow()
        yield archive


def query_scope(query: str) -> HoldScope:
    return HoldScope(query=query, ast=to_json(parse(query)))


def list_scope(*ids: UUID) -> HoldScope:
    return HoldScope(records=ids)


class HoldGate:
    """Looks at the holds for records, and opens these, in the order in which a purge does."""

    def __init__(self, archive: Archive) -> None:
        self._reader = hold_reader(archive)
        self._records = governed_records(archive)

    def check(self, ids: Sequence[UUID]) -> HoldCheck:
        book = self._reader.read()
        found = [each for each in self._records.load_each(ids) if isinstance(each, Found)]
        events = frozenset(row.seq for each in found for row in each.rows)
        held = Holds(book).held_each(ids, found)
        return HoldCheck(self._reader.stream, book.newest, held, events)


class Script:
    """Writes events of holds in turn, as nobody's desk would check them."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self._reader = hold_reader(archive)

    def place(self, name: str, scope: HoldScope) -> int:
        return self._write(happened.HoldPlaced, hold=name, reason="a case", scope=scope)

    def change(self, name: str, scope: HoldScope) -> int:
        return self._write(happened.HoldScopeChanged, hold=name, reason="another view", scope=scope)

    def release(self, name: str) -> int:
        return self._write(happened.HoldReleased, hold=name, reason="it is over")

    def _write(self, kind: type[HoldEvent], **fields: object) -> int:
        """Commit the next event and return its sequence number; ConflictError as it comes."""
        event = kind.model_validate(
            {
                "originator_id": self._reader.stream,
                "originator_version": self._reader.read().newest + 1,
                "recorded_at": self._archive.clock.now(),
                "by": "local",
                **fields,
            }
        )
        group = Group([plain(event)])
        self._archive.committer.commit(group)
        self._archive.follow()
        return group.seqs[event.key]
