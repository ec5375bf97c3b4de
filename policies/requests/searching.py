"""Opens cases, and looks for their records (docs/erasure.md, "Finding")."""

from collections.abc import Callable
from datetime import UTC, tzinfo
from functools import partial
from typing import Generic
from uuid import UUID

from archive.clock import Clock
from archive.errors import InvalidError
from archive.events.case_events import CaseEvent, CaseOpened, CaseSearched
from archive.events.deciding import commit_decided
from archive.events.group import Committer
from archive.events.pointers import PointerRecorder
from archive.model.roles import Actor
from archive.opening import Archive
from archive.people.directory import People
from archive.query.printer import to_text
from archive.query.scopes import parse_scope
from archive.query.tree import to_json
from policies.policy import SCHEDULE
from policies.records import governed_records
from policies.requests.answers import CaseRequest
from policies.requests.case import CaseT
from policies.requests.finding import Finder
from policies.requests.reading import CaseReader


class CaseSearching(Generic[CaseT]):
    """Says what a case looks for, and takes down what was found, as an event of kind `searched`.

    `catch_up` returns when the catalog has come to a sequence number.
    """

    def __init__(
        self,
        *,
        reader: CaseReader[CaseT],
        searched: type[CaseSearched],
        finder: Finder,
        people: People,
        pointers: PointerRecorder,
        catch_up: Callable[[int], None],
        committer: Committer,
        clock: Clock,
        zone: tzinfo,
    ) -> None:
        self._reader = reader
        self._searched = searched
        self._finder = finder
        self._people = people
        self._pointers = pointers
        self._catch_up = catch_up
        self._committer = committer
        self._clock = clock
        self._zone = zone

    def find_all(self) -> int:
        """Look for every case that is not closed, as the worker; return how many tell more."""
        count = 0
        for case in self._reader.open():
            self.look(SCHEDULE, None, case.id)
            count += self._reader.case(case.id).newest > case.newest
        return count

    def look(self, by: str, address: str | None, case_id: UUID) -> None:
        """Look for records of a case, and take down what is new; of two at once both count."""
        # What was acknowledged before this is looked at, however far the catalog is.
        self._catch_up(self._pointers.last_seq())

        def decide() -> list[CaseEvent]:
            case = self._reader.case(case_id)
            if case.closed is not None:
                return []
            search = self._finder.search(case)
            if not search.new_to(case) and case.as_of:
                return []
            return [
                self._searched(
                    originator_id=case_id,
                    originator_version=case.newest + 1,
                    recorded_at=self._clock.now(),
                    by=by,
                    address=address,
                    as_of=search.as_of,
                    aliases=tuple(sorted(search.aliases)),
                    participant=tuple(search.participant),
                    mention=tuple(search.mention),
                    unsearched=search.unsearched,
                    unopened=search.unopened,
                    damaged=search.told,
                )
            ]

        commit_decided(self._committer, decide)

    def opened(self, actor: Actor, case_id: UUID, request: CaseRequest) -> CaseOpened:
        """Return the event that begins a case; InvalidError where the request cannot be."""
        now = self._clock.now()
        if request.received_on > now.astimezone(UTC).date():
            raise InvalidError("A request is received today or earlier, in UTC.")
        if request.person is not None and request.person not in self._people.directory().people:
            raise InvalidError("There is no such person.")
        tree = None
        if request.query is not None:
            tree = parse_scope(request.query, "query", self._zone, if_empty="leave it out")
        return self._reader.opened(
            originator_id=case_id,
            originator_version=1,
            recorded_at=now,
            by=actor.id,
            address=actor.address,
            received_on=request.received_on,
            name=request.name,
            person=request.person,
            aliases=tuple(dict.fromkeys(request.aliases)),
            query=to_text(tree) if tree is not None else None,
            ast=to_json(tree) if tree is not None else None,
            reference=request.reference,
        )


def searching_for(
    archive: Archive, reader: CaseReader[CaseT], searched: type[CaseSearched], *, follows: bool
) -> CaseSearching[CaseT]:
    """Return what looks for the records of cases.

    Without `follows` another thread keeps the catalog.
    """
    return CaseSearching(
        reader=reader,
        searched=searched,
        finder=finder_of(archive),
        people=archive.people,
        pointers=archive.pointers,
        catch_up=partial(archive.wait_until_catalogued, follows=follows),
        committer=archive.committer,
        clock=archive.clock,
        zone=archive.settings.timezone,
    )


def finder_of(archive: Archive) -> Finder:
    """Return what finds the records of people."""
    return Finder(archive.people, archive.catalog, governed_records(archive))
