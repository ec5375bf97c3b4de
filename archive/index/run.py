"""Running one search on one snapshot of an index: what it finds, in order, and how much."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Final, NamedTuple
from uuid import UUID

import tantivy
from tantivy import Query

from archive.errors import InvalidError
from archive.index.asked import Asked, Earlier, Facets, Hit, Hits, Matched
from archive.index.bounds import Bounds, all_bounds, all_of, between, without
from archive.index.cursor import Cursor, Sort
from archive.index.documents import join_id
from archive.index.engine import FEW, Engine, Ordered, guarded
from archive.index.resultset import result_hash
from archive.index.schema import facet_field
from archive.index.threads import asks_for_conversation
from archive.index.translate import translate
from archive.model.record import Record
from archive.query.facets import FACETS
from archive.query.facets import facets as facets_of
from archive.query.matcher import matches
from archive.query.tree import EVERYTHING, NO_ALIASES, Aliases, Named, Node, Value, listing, walk

RANKED: Final = 10_000
"""How many results an order by relevance holds; a longer one is of use to nobody."""
MOST_OPENED: Final = 5_000
"""How many records a search over rewritten texts opens; each takes some milliseconds."""
LONG: Final = 1_000
"""A list of more records that are to be seen, or not, is looked through before it is looked up."""
_BATCH: Final = 256
_FACET_VALUES: Final = 100
_WORDLESS: Final = Value("unsearchable", "is")


class _Placed(NamedTuple):
    """A hit and the cursor's key that leads to what comes after it."""

    key: int
    hit: Hit


class _Sure(NamedTuple):
    """What the index alone finds.

    `every` is None where it is too many. `first` are the first of them beyond the cursor, at least
    as many as the page shows; None where no order by date is asked for.
    """

    total: int
    every: list[tantivy.DocAddress] | None
    first: list[Ordered] | None


@dataclass(slots=True)
class _Settled:
    """What the matcher decided of the records between the bounds."""

    ids: set[UUID] = field(default_factory=set)
    attachments: dict[int, int] = field(default_factory=dict)
    unopened: int = 0
    page: list[Hit] = field(default_factory=list)
    facets: defaultdict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))

    def count(self, record: Record) -> None:
        for facet, counted in facets_of(record).items():
            self.facets[facet].update(counted)


@dataclass(frozen=True, slots=True)
class Run:
    """One search, on one snapshot of the index; `placed` as in `translate`.

    Patterns that reach more words than are placed come out as a ValueError.
    """

    engine: Engine
    asked: Asked
    placed: bool = True
    bounds: Bounds = field(init=False)

    def __post_init__(self) -> None:
        asked = self.asked
        rewritten = asked.rewritten is not None
        bounds = self._bounds(asked.node, rewritten=rewritten, aliases=asked.aliases)
        if asked.within != EVERYTHING:
            bounds = all_bounds([self._bounds(self._narrowed(bounds.upper)), bounds])
        object.__setattr__(self, "bounds", bounds)

    def _narrowed(self, sought: Query | None) -> Node:
        """Return what there is to be seen, listing only records that are sought, if these are few.

        Each record that is listed is looked up in the index: of some that are sought, it takes
        less time to say which are listed.
        """
        within = self.asked.within
        listed = max((len(n.records) for n in walk(within) if isinstance(n, Named)), default=0)
        if listed > LONG and self.engine.count(sought) <= listed:
            return listing(within, self._ids(sought))
        return within

    def _bounds(
        self, node: Node, *, rewritten: bool = False, aliases: Aliases = NO_ALIASES
    ) -> Bounds:
        return guarded(
            translate,
            node,
            self.engine.schema,
            placed=self.placed,
            rewritten=rewritten,
            aliases=aliases,
        )

    @property
    def sure(self) -> Query | None:
        return all_of([self.bounds.lower, *self._valid()])

    @property
    def possible(self) -> Query | None:
        return all_of([self.bounds.upper, *self._valid()])

    @property
    def _order(self) -> str:
        return "order_ascending" if self.asked.sort is Sort.OLDEST else "order_descending"

    def _valid(self) -> list[Query]:
        """Return what is to be asked of validity: begun by then, and not yet superseded."""
        schema, begun_by = self.engine.schema, self.engine.begun_by
        asked: list[Query] = []
        if begun_by is None or self.asked.as_of < begun_by:
            asked.append(between(schema, "since", None, self.asked.as_of))
        if self.engine.superseded:
            asked.append(between(schema, "until", self.asked.as_of + 1, None))
        return asked

    def answer(self, facets: bool, most_hashed: int | None) -> Hits:
        """Return the page."""
        settled = _Settled() if self.bounds.exact else self.settle_all(facets)
        sure = self.found_for_sure()
        placed = self.ranked() if sure.first is None else self.dated(settled, sure.first)
        page = placed[: self.asked.limit]
        more = 0 < self.asked.limit < len(placed)
        cursor = Cursor(page[-1].key, self.asked.as_of) if more else None
        total = sure.total + len(settled.attachments)
        hashed = most_hashed is None or total <= most_hashed
        if asks_for_conversation(self.asked.node) or asks_for_conversation(self.asked.within):
            # A later message may join others to it, and the hash as of now be found no more.
            hashed = False
        return Hits(
            total=total,
            hits=tuple(place.hit for place in page),
            unread=self.unread(),
            unopened=settled.unopened,
            facets=self.facets(settled) if facets else None,
            cursor=cursor.encode(self.asked.node, self.asked.sort) if cursor else None,
            result_hash=self.result_hash(settled, sure) if hashed else None,
        )

    def found_for_sure(self) -> _Sure:
        """Count what the index alone finds, and keep it where that takes no second search."""
        asked, query = self.asked, self.sure
        if asked.limit == 0 or asked.sort is Sort.RELEVANCE:
            return _Sure(*self.engine.counted(query, FEW), None)
        rising = asked.sort is Sort.OLDEST
        count, first = self.engine.counted_in_order(query, self._order, FEW, rising=rising)
        every = [address for _, address in first] if count == len(first) else None
        if asked.after is not None:
            if every is None:
                first = self._ordered(query, asked.after.key, asked.limit + 1)
            else:
                first = [each for each in first if self._beyond(each[0])]
        return _Sure(count, every, first)

    def result_hash(self, settled: _Settled, sure: _Sure) -> str:
        """Return the hash of all that matched."""
        every = sure.every
        if every is None:
            every = self.engine.listed(self.sure, sure.total)
        return result_hash([*self.engine.numbers("since", every), *settled.attachments])

    def matched(self) -> Matched:
        """Return all that matched."""
        settled = _Settled() if self.bounds.exact else self.settle_all(facets=False)
        every = self.engine.every(self.sure)
        columns = (self.engine.numbers(name, every) for name in ("since", "attachments"))
        sure = dict(zip(*columns, strict=True))
        return Matched(sure | settled.attachments, settled.unopened)

    def dated(self, settled: _Settled, first: list[Ordered]) -> list[_Placed]:
        """Return up to one hit more than the page holds, in order of date."""
        hits = [*self._hits(first[: self.asked.limit + 1]), *settled.page]
        hits.sort(key=lambda hit: hit.order, reverse=self.asked.sort is not Sort.OLDEST)
        return [_Placed(hit.order, hit) for hit in hits[: self.asked.limit + 1]]

    def _ordered(self, query: Query | None, key: int | None, limit: int) -> list[Ordered]:
        """Return the first documents of a query beyond an order."""
        rising = self.asked.sort is Sort.OLDEST
        if key is not None:
            low, high = (key + 1, None) if rising else (None, key - 1)
            query = all_of([query, between(self.engine.schema, self._order, low, high)])
        return self.engine.ordered(query, self._order, limit, rising=rising)

    def _hits(self, ordered: list[Ordered], *, versions: bool = False) -> list[Hit]:
        """Return some documents as hits; `versions` as of a search, and for the matcher."""
        addresses = [address for _, address in ordered]
        names = ["id_high", "id_low"]
        if versions or self.asked.versions:
            names += ["version", "since"]
        columns = [self.engine.numbers(name, addresses) for name in names]
        return [
            Hit(join_id(high, low), order, *versioned)
            for (order, _), high, low, *versioned in zip(ordered, *columns, strict=True)
        ]

    def settle_all(self, facets: bool) -> _Settled:
        """Decide all records between the bounds, in order, a batch at a time."""
        settled = _Settled()
        doubt = all_of([self.bounds.doubt, *self._valid()])
        doubtful = without(doubt, self.bounds.lower)
        if self.asked.rewritten is not None and self.engine.count(doubtful) > MOST_OPENED:
            raise InvalidError(
                f"More than {MOST_OPENED:,} records would have to be opened to answer this; narrow "
                "it by sent:, channel: or rarer words."
            )
        key: int | None = None
        while ordered := self._ordered(doubtful, key, _BATCH):
            batch = self._hits(ordered, versions=True)
            key = batch[-1].order
            records = self._open(batch)
            settled.unopened += len(batch) - len(records)
            for hit in self._confirmed(batch, records):
                settled.ids.add(hit.id)
                settled.attachments[hit.seq] = len(records[hit.id].content.attachments)
                if self._beyond(hit.order) and len(settled.page) <= self.asked.limit:
                    settled.page.append(hit)
                if facets:
                    settled.count(records[hit.id])
        return settled

    def _beyond(self, order: int) -> bool:
        if self.asked.after is None:
            return True
        if self.asked.sort is Sort.OLDEST:
            return order > self.asked.after.key
        return order < self.asked.after.key

    def _open(self, batch: Sequence[Hit]) -> dict[UUID, Record]:
        return {record.id: record for record in self.asked.settle([hit.id for hit in batch])}

    def _confirmed(self, batch: Sequence[Hit], records: Mapping[UUID, Record]) -> Iterator[Hit]:
        """Yield those of a batch that were opened and that the matcher finds to match."""
        asked = self.asked
        threaded = any(
            isinstance(n, Value) and n.field == "conversation"
            for node in (asked.node, asked.within)
            for n in walk(node)
        )
        for hit in batch:
            record = records.get(hit.id)
            if record is None:
                continue
            thread = self.engine.thread(hit.id, hit.version) if threaded else None
            known = (thread,) if thread else ()
            if not matches(asked.within, record, conversation=known):
                continue
            met = asked.rewritten(record) if asked.rewritten else record
            if matches(asked.node, met, conversation=known, aliases=asked.aliases):
                yield hit

    def ranked(self) -> list[_Placed]:
        """Return up to one hit more than the page holds, by relevance, the newer first if equal."""
        if self.asked.limit == 0:
            return []
        ranking = self._ranking(self.possible)
        found: list[_Placed] = []
        rank = self.asked.after.key if self.asked.after else 0
        # What the index is sure of needs no more than the page, else it goes on until that is full.
        step = self.asked.limit + 1 if self.bounds.exact else _BATCH
        while rank < len(ranking) and len(found) <= self.asked.limit:
            batch = self._hits(ranking[rank : rank + step], versions=not self.bounds.exact)
            if self.bounds.exact:
                confirmed = set(batch)
            else:
                confirmed = set(self._confirmed(batch, self._open(batch)))
            found.extend(
                _Placed(place, hit) for place, hit in enumerate(batch, rank + 1) if hit in confirmed
            )
            rank += step
        return found[: self.asked.limit + 1]

    def _ranking(self, query: Query | None) -> list[Ordered]:
        """Return the first documents of a query by relevance, the newer first if equal."""
        scored = self.engine.scored(query, RANKED)
        orders = self.engine.numbers(self._order, [address for _, address in scored])
        ranking = sorted(zip(scored, orders, strict=True), key=lambda pair: (-pair[0][0], -pair[1]))
        return [(order, address) for (_, address), order in ranking]

    def alike(self, likeness: Query, left_out: UUID) -> tuple[Hit, ...]:
        """Return the first records by likeness, without one."""
        there = self.possible and Query.const_score_query(self.possible, 1.0)
        ranking = self._ranking(all_of([likeness, there]))
        hits = (hit for hit in self._likest(ranking) if hit.id != left_out)
        return tuple(islice(hits, self.asked.limit))

    def _likest(self, ranking: list[Ordered]) -> Iterator[Hit]:
        step = self.asked.limit + 1 if self.bounds.exact else _BATCH
        for start in range(0, len(ranking), step):
            batch = self._hits(ranking[start : start + step], versions=not self.bounds.exact)
            yield from batch if self.bounds.exact else self._confirmed(batch, self._open(batch))

    def found(self) -> frozenset[UUID]:
        """Return the records that match."""
        sure = self._ids(self.sure)
        return sure if self.bounds.exact else sure | self.settle_all(facets=False).ids

    def unread(self) -> int:
        """Return how many records there are to be seen that were not wholly read, of any query."""
        everywhere = self.engine.unread
        seen = self.asked.within
        if everywhere is not None and not self._valid() and (not everywhere or seen == EVERYTHING):
            return everywhere
        asked = replace(self.asked, node=_WORDLESS, limit=0, rewritten=None, aliases=NO_ALIASES)
        run = Run(self.engine, asked, self.placed)
        settled = _Settled() if run.bounds.exact else run.settle_all(facets=False)
        count = self.engine.count(run.sure) + len(settled.attachments)
        if seen == EVERYTHING and not self._valid():
            self.engine.unread = count
        return count

    def earlier(self, opened: Callable[[Sequence[UUID]], Iterable[Earlier]]) -> frozenset[UUID]:
        """Return the records of which a superseded version matches."""
        past = between(self.engine.schema, "until", None, self.asked.as_of)
        sure = self._ids(all_of([self.bounds.lower, past]))
        if self.bounds.exact:
            return sure
        doubtful = sorted(self._ids(all_of([self.bounds.doubt, past])) - sure)
        return sure | {
            versions[0].id
            for start in range(0, len(doubtful), _BATCH)
            for versions, thread in opened(doubtful[start : start + _BATCH])
            if any(matches(self.asked.node, each, conversation=thread) for each in versions)
        }

    def _ids(self, query: Query | None) -> frozenset[UUID]:
        every = self.engine.every(query)
        halves = (self.engine.numbers(name, every) for name in ("id_high", "id_low"))
        return frozenset(join_id(high, low) for high, low in zip(*halves, strict=True))

    def facets(self, settled: _Settled) -> Facets:
        """Return the most frequent values of each facet among all that matched."""
        extra: dict[str, Mapping[str, int]] = {
            facet_field(facet): settled.facets.get(facet, {}) for facet in FACETS
        }
        top = self.engine.top(self.sure, extra, _FACET_VALUES)
        return {facet: top[facet_field(facet)] for facet in FACETS}
