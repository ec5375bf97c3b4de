"""Saved searches: queries with a name, kept as events, and asked as of now whenever they are run.

The first to save a search owns it: nobody else changes or removes it. One that is shared is seen by
all who search for a purpose that shows everything; queries name people, so others see their own.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID

from archive.access.search_answers import SearchAnswer, SearchRequest
from archive.access.searching import Searching
from archive.clock import Clock
from archive.errors import ForbiddenError, InvalidError, NotFoundError
from archive.events.audit import Audit
from archive.events.deciding import commit_decided
from archive.events.group import Committer
from archive.events.identity import Identity
from archive.events.mapper import EventMapper
from archive.events.opener import Opener
from archive.events.pointers import PointerRecorder
from archive.events.reading import read_each
from archive.events.search_events import SearchEvent, SearchRemoved, SearchSaved
from archive.model.interaction import Frozen
from archive.model.roles import Actor, Permission, Purpose, View
from archive.query.printer import to_text

_LONGEST_NAME: Final = 200


class SavedSearch(Frozen):
    """A query with a name. `owner` is a user's id or `local`; `saved_at` is of its newest form."""

    id: UUID
    name: str
    query: str
    shared: bool
    owner: str
    saved_at: datetime


class SavedSearchesAnswer(Frozen):
    """The saved searches that somebody sees, as first saved one after the other, or a page."""

    searches: tuple[SavedSearch, ...]
    cursor: str | None = None


class NewSearch(Frozen):
    """A search to be saved; others see it if it is `shared`."""

    name: str
    query: str = ""
    shared: bool = False


@dataclass(slots=True)
class _Shelf:
    """All saved searches, and the version of the stream's last event."""

    searches: dict[UUID, SavedSearch] = field(default_factory=dict)
    version: int = 0


class SavedSearches:
    """Saves searches and runs them, for those who may search.

    Raises, in every method, ForbiddenError (audited) where the actor may not, and in those that
    name a search NotFoundError where there is none that they see; in those that change one also
    UnavailableError where the change cannot be committed.
    """

    def __init__(
        self,
        searching: Searching,
        *,
        pointers: PointerRecorder,
        opener: Opener,
        mapper: EventMapper,
        identity: Identity,
        committer: Committer,
        audit: Audit,
        clock: Clock,
    ) -> None:
        self._searching = searching
        self._pointers = pointers
        self._opener = opener
        self._mapper = mapper
        self._stream = identity.stream("searches")
        self._committer = committer
        self._audit = audit
        self._clock = clock

    def all(self, actor: Actor, purpose: Purpose) -> SavedSearchesAnswer:
        """Return the saved searches that the actor sees."""
        self._allow(actor, purpose, "searches")
        there = self._read().searches.values()
        seen = tuple(each for each in there if _sees(actor, purpose, each))
        self._audit.record(actor, purpose, "searches", total=len(seen))
        return SavedSearchesAnswer(searches=seen)

    def show(self, actor: Actor, purpose: Purpose, id: UUID) -> SavedSearch:
        """Return one saved search."""
        self._allow(actor, purpose, "searches")
        found = _seen(self._read(), actor, purpose, id)
        self._audit.record(actor, purpose, "searches", query=found.query, total=1)
        return found

    def run(self, actor: Actor, purpose: Purpose, id: UUID, request: SearchRequest) -> SearchAnswer:
        """Answer a page of what a saved search finds now; its query takes the request's place.

        Raises what a search does.
        """
        self._allow(actor, purpose, "search")
        found = _seen(self._read(), actor, purpose, id)
        return self._searching.search(
            actor, purpose, request.model_copy(update={"query": found.query})
        )

    def save(self, actor: Actor, purpose: Purpose, new: NewSearch) -> SavedSearch:
        """Save a search, whose owner the actor is.

        Raises InvalidError where the query is wrong, or asks for more than the purpose shows, or
        the name cannot be one.
        """
        self._allow(actor, purpose, SearchSaved.type)
        wanted = self._settled(actor, purpose, new)
        id = self._clock.uuid7()
        return self._changed(lambda shelf: self._saved(actor, shelf, id, wanted)).searches[id]

    def change(self, actor: Actor, purpose: Purpose, id: UUID, new: NewSearch) -> SavedSearch:
        """Save one's own search anew, with another name, query or reach; raises as `save`."""
        self._allow(actor, purpose, SearchSaved.type)
        wanted = self._settled(actor, purpose, new)

        def decide(shelf: _Shelf) -> SearchEvent:
            self._owned(shelf, actor, purpose, id, SearchSaved.type)
            return self._saved(actor, shelf, id, wanted)

        return self._changed(decide).searches[id]

    def remove(self, actor: Actor, purpose: Purpose, id: UUID) -> SavedSearch:
        """Remove one's own search, and return what it was."""
        self._allow(actor, purpose, SearchRemoved.type)
        was: list[SavedSearch] = []

        def decide(shelf: _Shelf) -> SearchEvent:
            was[:] = [self._owned(shelf, actor, purpose, id, SearchRemoved.type)]
            return SearchRemoved(
                originator_id=self._stream,
                originator_version=shelf.version + 1,
                recorded_at=self._clock.now(),
                search=id,
                by=actor.id,
                address=actor.address,
            )

        self._changed(decide)
        return was[0]

    def _allow(self, actor: Actor, purpose: Purpose, action: str) -> None:
        self._searching.allow(actor, purpose, Permission.SEARCH, action)

    def _settled(self, actor: Actor, purpose: Purpose, new: NewSearch) -> NewSearch:
        name = " ".join(new.name.split())
        if not name or len(name) > _LONGEST_NAME or not name.isprintable():
            raise InvalidError(f"A name has 1 to {_LONGEST_NAME} characters, on one line.")
        node = self._searching.parsed(actor, new.query, self._searching.viewer(purpose))
        return new.model_copy(update={"name": name, "query": to_text(node)})

    def _owned(
        self, shelf: _Shelf, actor: Actor, purpose: Purpose, id: UUID, action: str
    ) -> SavedSearch:
        found = _seen(shelf, actor, purpose, id)
        if found.owner != actor.id:
            self._audit.record(actor, purpose, action, allowed=False, query=found.query)
            raise ForbiddenError("Only whoever saved a search changes or removes it.")
        return found

    def _saved(self, actor: Actor, shelf: _Shelf, id: UUID, wanted: NewSearch) -> SearchEvent:
        return SearchSaved(
            originator_id=self._stream,
            originator_version=shelf.version + 1,
            recorded_at=self._clock.now(),
            search=id,
            by=actor.id,
            address=actor.address,
            name=wanted.name,
            query=wanted.query,
            shared=wanted.shared,
        )

    def _changed(self, decide: Callable[[_Shelf], SearchEvent]) -> _Shelf:
        """Commit what is decided over the newest state; ConflictError after several tries."""
        commit_decided(self._committer, lambda: [decide(self._read())])
        return self._read()

    def _read(self) -> _Shelf:
        """Read all anew: there are few. What cannot be read says nothing; verify names it."""
        rows = self._pointers.select_pointers(
            self._stream, gt=None, lte=None, desc=False, limit=None
        )
        shelf = _Shelf()
        for row, event in read_each(rows, self._opener, self._mapper):
            shelf.version = row.originator_version
            match event:
                case SearchSaved():
                    before = shelf.searches.get(event.search)
                    shelf.searches[event.search] = SavedSearch(
                        id=event.search,
                        name=event.name,
                        query=event.query,
                        shared=event.shared,
                        owner=before.owner if before else event.by,
                        saved_at=event.recorded_at,
                    )
                case SearchRemoved():
                    shelf.searches.pop(event.search, None)
        return shelf


def _sees(actor: Actor, purpose: Purpose, search: SavedSearch) -> bool:
    return search.owner == actor.id or (search.shared and purpose.view is View.FULL)


def _seen(shelf: _Shelf, actor: Actor, purpose: Purpose, id: UUID) -> SavedSearch:
    found = shelf.searches.get(id)
    if found is None or not _sees(actor, purpose, found):
        raise NotFoundError("There is no such saved search.")
    return found
