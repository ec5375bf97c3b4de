"""Puts random corpora into an index, and says where its answers and the brute force's differ."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from random import Random
from uuid import UUID

from archive.index.asked import Hits
from archive.index.cursor import Cursor, Sort
from archive.index.documents import CURRENT, build_document
from archive.index.schema import create_index
from archive.index.searcher import Searcher
from archive.model.person import KnownPerson
from archive.model.record import Record
from archive.model.roles import LOCAL_ACTOR, Actor
from archive.query.aliases import widened
from archive.query.naming import Meaning, Names, Naming
from archive.query.parser import parse
from archive.query.printer import to_text
from archive.query.tree import Aliased
from tests.query.brute_corpora import Seen, corpus, counted
from tests.query.brute_queries import Holds, asked


class Fixed(Names):
    """Names that stand for the same at all times."""

    def __init__(self, meanings: Mapping[str, Meaning]) -> None:
        self._meanings = meanings

    def changed(self) -> int:
        return 0

    def known(self, actor: Actor) -> Collection[str]:
        return self._meanings.keys()

    def meanings(self, actor: Actor, as_of: int) -> Mapping[str, Meaning]:
        return self._meanings

    def told(self, actor: Actor) -> bool:
        return True


@dataclass
class Tally:
    """How many queries were asked, and what of them was worth asking."""

    queries: int = 0
    telling: int = 0
    opened: int = 0
    differences: list[str] = field(default_factory=list)


class House:
    """One random corpus in an index of its own."""

    def __init__(self, random: Random, count: int) -> None:
        self._random = random
        self._versions = corpus(random, count)
        self._newest = max(seen.record.seq for seen in self._versions)
        index = create_index()
        writer = index.writer(15_000_000, 1)
        for place, seen in enumerate(self._versions):
            until = CURRENT if seen.until is None else seen.until
            writer.add_document(build_document(seen.record, until=until))
            if place == count // 2:
                # A second segment, as every index soon has.
                writer.commit()
        writer.commit()
        writer.wait_merging_threads()
        index.reload()
        self._searcher = Searcher(index)
        self._people = [
            KnownPerson(id=UUID(int=place), name=someone.name, aliases=someone.aliases)
            for place, someone in enumerate(self._versions[0].directory)
        ]
        self._names: dict[str, Holds] = {}
        meanings: dict[str, Meaning] = {}
        for name in ("smith-v-jones", "smoke", "audit-2"):
            self._names[name], meanings[name] = self._reach()
        self._naming = Naming()
        self._naming.add("hold", lambda: Fixed(meanings))

    def _reach(self) -> tuple[Holds, Meaning]:
        """Return what a random hold reaches, said twice."""
        ids = {seen.record.id for seen in self._versions if self._random.random() < 0.1}
        queries = [asked(self._random, 1) for _ in range(self._random.randint(0, 2))]
        nodes = [parse(query.text) for query in queries]
        meant = tuple(Aliased(node, widened(node, self._people).aliases) for node in nodes)
        return (
            lambda seen: seen.record.id in ids or any(query.holds(seen) for query in queries),
            Meaning(frozenset(ids), meant),
        )

    def ask(self, tally: Tally) -> None:
        """Ask one random query, and note where the answer is not what brute force says."""
        query = asked(self._random, names=self._names)
        as_of = (
            self._newest if self._random.random() < 0.6 else self._random.randint(0, self._newest)
        )
        there = [seen for seen in self._versions if seen.holds_at(as_of)]
        expected = [seen for seen in there if query.holds(seen)]
        tally.queries += 1
        tally.telling += 0 < len(expected) < len(there)
        node = parse(query.text)
        told = f"{query.text!r} as of {as_of}"
        if parse(to_text(node)) != node:
            tally.differences.append(f"{told} is printed as {to_text(node)!r}")
        known = self._naming.known(LOCAL_ACTOR, node, as_of, lambda _: frozenset())
        opened: list[UUID] = []

        def settle(ids: Sequence[UUID]) -> Iterator[Record]:
            opened.extend(ids)
            by_id = {seen.record.id: seen.record for seen in there}
            return (by_id[id] for id in ids)

        sort = self._random.choice((Sort.NEWEST, Sort.OLDEST))
        limit = self._random.choice((7, 1_000, 1_000))
        pages: list[Hits] = []
        while not pages or pages[-1].cursor:
            after = Cursor.decode(pages[-1].cursor or "", node, sort) if pages else None
            pages.append(
                self._searcher.search(
                    known, as_of=as_of, limit=limit, settle=settle, sort=sort, after=after,
                    facets=not pages, most_hashed=None,
                    aliases=widened(node, self._people).aliases,
                )
            )  # fmt: skip
        tally.opened += len(opened) // len(pages)
        found = [hit.id for page in pages for hit in page.hits]
        wanted = [seen.record.id for seen in sorted(expected, key=lambda one: _order(one, sort))]
        facets = {name: dict(counts) for name, counts in (pages[0].facets or {}).items() if counts}
        for name, got, right in (
            ("results", [by.int % 2**80 for by in found], [by.int % 2**80 for by in wanted]),
            ("hash", {page.result_hash for page in pages}, {_hashed(expected)}),
            ("total", {page.total for page in pages}, {len(expected)}),
            ("unsearchable", pages[0].unsearchable, sum(seen.unsearchable for seen in there)),
            ("facets", facets, counted(iter(expected))),
        ):
            if got != right:
                tally.differences.append(f"{told}: {name} {got!r}, not {right!r}")


def _hashed(expected: Sequence[Seen]) -> str:
    """Return the hash of a result set, by docs/query-language.md."""
    numbers = sorted(seen.record.seq for seen in expected)
    written = b"".join(number.to_bytes(8, "big") for number in numbers)
    return sha256(b"muniment result set v1\n" + written).hexdigest()


def _order(seen: Seen, sort: Sort) -> tuple[bool, float, int]:
    occurred = seen.record.content.occurred_at
    sign = 1 if sort is Sort.OLDEST else -1
    seconds = occurred.timestamp() if occurred else 0
    return occurred is None, sign * seconds, sign * seen.record.first_seq
