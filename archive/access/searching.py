"""Searching for somebody and for a purpose: the half of access that finds records.

Each call takes who asks and why, decides, and appends the audit event before the answer leaves.
Refusals are audited too.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import tzinfo
from functools import partial
from typing import Final
from uuid import UUID

from archive.access import sight
from archive.access.restricted import Restricted, Restrictions
from archive.access.search_answers import (
    NamedPerson,
    NotSearched,
    ParsedQuery,
    SearchAnswer,
    SearchRequest,
    SearchResult,
)
from archive.access.views.choosing import Viewers
from archive.access.views.viewer import Viewer
from archive.catalog.catalog import Catalog
from archive.clock import Clock
from archive.errors import ForbiddenError, InvalidError, UnavailableError
from archive.events.audit import Audit
from archive.events.identity import Identity
from archive.events.records import Loaded, Records
from archive.index.asked import Earlier, Hit, Hits
from archive.index.cursor import Cursor, Sort
from archive.index.searcher import Searcher
from archive.matters.book import Matters
from archive.matters.naming import MatterNames, standing_in
from archive.model.record import Record
from archive.model.roles import (
    Actor,
    Permission,
    Purpose,
    Role,
    require,
    require_full_view,
    require_purpose,
)
from archive.people.directory import People
from archive.query.aliases import Widened, widened
from archive.query.facets import FACETS, narrowing
from archive.query.fields import RESTRICTED
from archive.query.naming import Naming
from archive.query.parser import parse
from archive.query.printer import to_text
from archive.query.tree import EVERYTHING, Named, Node, Not, Value, conjunction, to_json

FOR_LEGAL_CLAIMS: Final = "matter"
"""The kind of purpose for which records are open that a case of erasure restricts."""
SEARCH_SECONDS = 60
"""How long records are opened to decide a search; on the command line, as long as it takes."""
MOST_HASHED: Final = 20_000
"""How many results are hashed in every answer; of more, only where it is asked for."""
_FEW_OPENED: Final = 50
CATCH_UP_SECONDS: Final = 5
POLL_SECONDS: Final = 0.02


class Searching:
    """Searches, for somebody and for a purpose; `naming` knows what queries name."""

    def __init__(
        self,
        *,
        clock: Clock,
        records: Records,
        catalog: Catalog,
        audit: Audit,
        identity: Identity,
        people: People,
        matters: Matters,
        searcher: Callable[[], tuple[Searcher, int]],
        timezone: tzinfo,
    ) -> None:
        self._clock = clock
        self._records = records
        self._catalog = catalog
        self._audit = audit
        self._identity = identity
        self._people = people
        self._matters = matters
        self.searcher = searcher
        self._timezone = timezone
        self._viewers = Viewers(identity)
        self.naming = Naming()
        self.naming.add("matter", lambda: MatterNames(matters, people))
        self._restrictions = Restrictions(catalog)
        self.naming.add(RESTRICTED, lambda: Restricted(catalog, self._restrictions))

    def search(self, actor: Actor, purpose: Purpose, request: SearchRequest) -> SearchAnswer:
        """Answer one page of a search.

        Raises:
            InvalidError: the query or the cursor is wrong, `column` says where in the query; or
                it takes too long to decide.
            ForbiddenError: the role or purpose does not allow it.
            UnavailableError: the index is not ready, or the audit could not be written.
        """
        self.allow(actor, purpose, Permission.SEARCH, "search", query=request.query)
        viewer = self.viewer(purpose)
        node = self._asked(actor, request, viewer)
        searcher, position = self.searcher_of(node)
        sort = Sort(request.sort)
        cursor = Cursor.decode(request.cursor, node, sort) if request.cursor else None
        wanted = cursor.as_of if cursor and request.as_of is None else request.as_of
        as_of = position if wanted is None else min(wanted, position)
        until = self.until(actor)
        wider = self.widened(node, as_of)
        hits = searcher.search(
            self.known(actor, node, searcher, as_of),
            as_of=as_of,
            limit=0 if request.count else request.limit,
            sort=sort,
            after=cursor,
            facets=request.facets,
            settle=lambda ids: self.settle(ids, as_of, until),
            within=self.within(actor, purpose),
            rewritten=viewer.searched if viewer.rewritten else None,
            aliases=wider.aliases,
            most_hashed=None if request.hash else MOST_HASHED,
        )
        # A large page is shown record by record, for all of them at once might not fit in memory.
        few = len(hits.hits) <= _FEW_OPENED
        opened = [*self.opened(hits.hits, as_of)] if few else []
        results = [] if few else self.results(node, hits.hits, as_of, viewer)
        parsed = ParsedQuery(parsed=to_text(node), ast=to_json(node))
        # It is committed while what is left of the answer is made, which leaves after that.
        audited = self._audit.begin(
            actor,
            purpose,
            "search",
            # What was typed, unless filters asked for more than that.
            query=parsed.parsed if request.filters else request.query,
            as_of=as_of,
            total=hits.total,
            records=[each.interaction.id for each in opened] or [each.id for each in results],
        )
        results += (viewer.result(each.record(), node) for each in opened)
        not_searched = self.not_searched(actor, as_of, hits)
        answer = SearchAnswer(
            query=parsed,
            total=hits.total,
            as_of=as_of,
            result_hash=hits.result_hash,
            unsearchable=not_searched.total,
            not_searched=not_searched,
            results=tuple(results),
            facets=None
            if hits.facets is None
            else {
                name: dict(counts) for name, counts in hits.facets.items() if name in viewer.facets
            },
            cursor=hits.cursor,
            people=tuple(NamedPerson(id=one.id, name=one.name) for one in wider.people),
            view=viewer.view,
        )
        audited()
        return answer

    def allow(
        self,
        actor: Actor,
        purpose: Purpose,
        permission: Permission,
        action: str,
        *,
        query: str | None = None,
        records: Sequence[UUID] = (),
        whole: bool = False,
    ) -> None:
        """Raise ForbiddenError, once that is recorded, unless the actor may, for this purpose.

        `whole` says that the answer holds what was captured, whatever view the purpose has.
        """
        try:
            require(actor, permission)
            require_purpose(actor, purpose)
            self._require_matter(actor, purpose)
            if whole:
                require_full_view(purpose)
        except ForbiddenError:
            self._audit.record(actor, purpose, action, allowed=False, query=query, records=records)
            raise

    def viewer(self, purpose: Purpose) -> Viewer:
        """Return what shows records for a purpose."""
        return self._viewers.of(purpose)

    def widened(self, node: Node, as_of: int) -> Widened:
        """Return whom a query names, and their aliases, as recorded by a sequence number."""
        return widened(node, self._people.directory(as_of).people.values())

    def known(self, actor: Actor, node: Node, searcher: Searcher, as_of: int) -> Node:
        """Return somebody's query with what it names put in place, as of a sequence number."""
        opened = partial(self._superseded, as_of=as_of)
        return self.naming.known(
            actor, node, as_of, lambda named: searcher.earlier(named, as_of=as_of, opened=opened)
        )

    def within(self, actor: Actor, purpose: Purpose) -> Node:
        """Return the query that finds what somebody sees for a purpose, as of now."""
        seen = sight.within(actor, self.matters_of(actor))
        hidden = self.hidden(purpose)
        if not hidden:
            return seen
        shown = Not(Named(Value(RESTRICTED, "is"), records=hidden))
        return shown if seen == EVERYTHING else conjunction([seen, shown])

    def hidden(self, purpose: Purpose) -> frozenset[UUID]:
        """Return the records that are restricted, unless it is for legal claims, as of now."""
        if purpose.kind == FOR_LEGAL_CLAIMS:
            return frozenset()
        return self._restrictions.read()[1]

    def matters_of(self, actor: Actor) -> tuple[Named, ...]:
        """Return what stands in the matters by which a restricted user sees records, as of now."""
        if actor.matters is None:
            return ()
        theirs = self._matters.read().open_to(actor)
        return standing_in(theirs, self._people.directory().people.values())

    def _require_matter(self, actor: Actor, purpose: Purpose) -> None:
        """Raise ForbiddenError where who is restricted to matters reads for none of theirs."""
        if actor.matters is None or purpose.kind != "matter":
            return
        theirs = [matter.code for matter in self._matters.read().open_to(actor)]
        if (purpose.detail or "").strip().lower() not in theirs:
            told = f"one of yours: {', '.join(theirs)}." if theirs else "yours, and you have none."
            raise ForbiddenError(f"State the purpose as matter:CODE, of a matter that is {told}")

    def _superseded(self, ids: Sequence[UUID], *, as_of: int) -> Iterator[Earlier]:
        """Yield the versions before the newest of records that can be opened."""
        rows, duplicates = self._catalog.rows(ids), self._catalog.duplicates(ids)
        known = self._catalog.known_as(rows.values())
        for found in self._records.versions_each(ids, as_of=as_of):
            if isinstance(found, tuple) and len(found) > 1:
                id = found[0].interaction.id
                yield Earlier(
                    [each.record(duplicate=id in duplicates) for each in found[:-1]],
                    known.get(id, ()),
                )

    def until(self, actor: Actor) -> float | None:
        """Return when a search that begins now is ended, by the clock's monotonic time."""
        return None if actor.role is Role.LOCAL else self._clock.monotonic() + SEARCH_SECONDS

    def not_searched(self, actor: Actor, as_of: int, hits: Hits) -> NotSearched:
        """Return how many records a search could not look into."""
        # Nothing says whose a record is that cannot be opened.
        lost = None if actor.restricted else self._catalog.lost(as_of)
        return NotSearched(
            unread=hits.unread,
            unopened=hits.unopened,
            damaged=lost.damaged if lost else 0,
            erased=lost.erased if lost else 0,
        )

    def searcher_of(self, node: Node) -> tuple[Searcher, int]:
        """Return what searches, and up to where; it has come to all changes of what is named.

        Raises UnavailableError where it is not there, or not there yet.
        """
        changed, since = self.naming.changed(node), self._clock.monotonic()
        while True:
            searcher, position = self.searcher()
            if position >= changed:
                return searcher, position
            if self._clock.monotonic() - since > CATCH_UP_SECONDS:
                raise UnavailableError(
                    "What the query names was changed just now, and the index has not come to it; "
                    "ask again in a moment."
                )
            self._clock.sleep(POLL_SECONDS)

    def _asked(self, actor: Actor, request: SearchRequest, viewer: Viewer) -> Node:
        node = self.parsed(actor, request.query, viewer)
        if viewer.rewritten and request.sort == "relevance":
            raise InvalidError(
                "Relevance counts words that this purpose does not show; sort by date or -date."
            )
        for each in request.filters:
            if each.facet in FACETS and each.facet not in viewer.facets:
                raise InvalidError(f"This purpose does not show {each.facet}, nor narrow to it.")
        if not request.filters:
            return node
        narrowed = [narrowing(each.facet, each.value) for each in request.filters]
        return conjunction(narrowed if node == EVERYTHING else [node, *narrowed])

    def parsed(self, actor: Actor, query: str, viewer: Viewer) -> Node:
        """Return the tree of a query.

        Raises InvalidError where it is wrong, asks for more than is shown, or names what is not.
        """
        return parse(query, self._timezone, viewer.askable, partial(self.naming.check, actor))

    def settle(self, ids: Sequence[UUID], as_of: int, until: float | None) -> Iterator[Record]:
        """Give the matcher the records it must look into, without erased or damaged ones.

        Raises InvalidError when it is later than `until`, by the clock's monotonic time.
        """
        duplicates = self._catalog.duplicates(ids)
        for loaded in self._records.load_each(ids, as_of=as_of):
            if until is not None and self._clock.monotonic() > until:
                raise InvalidError(
                    f"The search was ended after {SEARCH_SECONDS} s: too many records must be "
                    "opened to decide it. Narrow it, by a date or a person."
                )
            if isinstance(loaded, Loaded):
                yield loaded.record(duplicate=loaded.interaction.id in duplicates)

    def results(
        self, node: Node, hits: Sequence[Hit], as_of: int, viewer: Viewer
    ) -> list[SearchResult]:
        """Return the lines of a page, without records that have been erased meanwhile."""
        return [viewer.result(each.record(), node) for each in self.opened(hits, as_of)]

    def opened(self, hits: Sequence[Hit], as_of: int) -> Iterator[Loaded]:
        """Yield the records of a page, without those that have been erased meanwhile."""
        ids = [hit.id for hit in hits]
        erased = self._catalog.erased(ids)
        for each in self._records.load_each(ids, as_of=as_of):
            if isinstance(each, Loaded) and each.interaction.id not in erased:
                yield each
