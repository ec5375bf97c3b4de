"""Searching one index: exact totals, stable pages, facets, and the matcher's word where needed."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Final, TypeVar
from uuid import UUID

import tantivy

from archive.errors import InvalidError
from archive.index.asked import Asked, Earlier, Hit, Hits, Matched, Rewrite, Settle
from archive.index.cursor import Cursor, Sort
from archive.index.engine import Engine
from archive.index.likeness import likeness
from archive.index.run import Run
from archive.index.threads import JoinedTo, nothing_joined, with_present_ids
from archive.model.record import Record
from archive.query.tree import EVERYTHING, NO_ALIASES, Aliases, Node

MOST_HITS: Final = 1_000
Answer = TypeVar("Answer")


class Searcher:
    """Searches an index as it was last reloaded. Safe for threads: each search has a snapshot.

    With an `engine` all searches are of the snapshot that this is. `joined_to` tells what became of
    conversations that were joined to others: those are found by their former ids too.
    """

    def __init__(
        self,
        index: tantivy.Index,
        engine: Engine | None = None,
        joined_to: JoinedTo = nothing_joined,
    ) -> None:
        self._index = index
        self._engine = engine
        self._joined_to = joined_to

    def search(
        self,
        node: Node,
        *,
        as_of: int,
        limit: int,
        settle: Settle,
        sort: Sort = Sort.NEWEST,
        after: Cursor | None = None,
        facets: bool = False,
        within: Node = EVERYTHING,
        rewritten: Rewrite | None = None,
        aliases: Aliases = NO_ALIASES,
        most_hashed: int | None = 0,
        versions: bool = False,
    ) -> Hits:
        """Return a page of what matched as of a sequence number.

        `aliases` are those of whom `node` names (archive.query.aliases). Up to `most_hashed`
        results are hashed, however many there are if it is None. With `versions` each hit says
        which version of the record it is, and by which event.

        `within` is what there is to be seen: nothing else is counted, searchable or not. Where
        words are taken out of the texts, `rewritten` does so, and the query meets what is left:
        every candidate is opened, so InvalidError asks for a narrower query where there are more
        than `MOST_OPENED`.

        Where the index alone cannot tell, `settle` opens the candidates in batches and the
        matcher decides. Raises InvalidError for a bad limit, pattern or cursor.
        """
        if not 0 <= limit <= MOST_HITS:
            raise InvalidError(f"A page holds 0 to {MOST_HITS:,} results.")
        if after is not None and after.as_of != as_of:
            raise InvalidError(f"The cursor is as of {after.as_of}, the search as of {as_of}.")
        asked = Asked(node, within, as_of, limit, sort, after, settle, rewritten, aliases, versions)
        return self._run(asked, lambda run: run.answer(facets, most_hashed))

    def matched(
        self,
        node: Node,
        *,
        as_of: int,
        settle: Settle,
        within: Node = EVERYTHING,
        rewritten: Rewrite | None = None,
        aliases: Aliases = NO_ALIASES,
    ) -> Matched:
        """Return all that matched; what is given and raised is as in `search`."""
        asked = Asked(node, within, as_of, 0, Sort.NEWEST, None, settle, rewritten, aliases)
        return self._run(asked, Run.matched)

    def similar(
        self,
        record: Record,
        text: str,
        *,
        as_of: int,
        limit: int,
        settle: Settle,
        within: Node = EVERYTHING,
    ) -> tuple[Hit, ...]:
        """Return the records that share most of a record's rarer words, the likest first.

        `text` is what of the record's body is compared, beside its subject. Words count by how
        often they stand in it and how rare they are elsewhere; only the record itself is left out.
        """
        asked = Asked(
            EVERYTHING, within, as_of, limit, Sort.RELEVANCE, None, settle, None, NO_ALIASES
        )

        def alike(run: Run) -> tuple[Hit, ...]:
            likest = likeness(run.engine.schema, record.content.subject or "", text)
            return run.alike(likest, record.id)

        return self._run(asked, alike)

    def found(
        self, node: Node, *, as_of: int, settle: Settle, within: Node = EVERYTHING
    ) -> frozenset[UUID]:
        """Return the records that match; what is given and raised is as in `search`."""
        asked = Asked(node, within, as_of, 0, Sort.NEWEST, None, settle, None, NO_ALIASES)
        return self._run(asked, Run.found)

    def earlier(
        self, node: Node, *, as_of: int, opened: Callable[[Sequence[UUID]], Iterable[Earlier]]
    ) -> frozenset[UUID]:
        """Return the records of which a version matches that was superseded as of a sequence.

        Where the index alone cannot tell, `opened` gives those versions of each record that can be
        opened, and the matcher decides. Raises InvalidError for a bad pattern.
        """
        asked = Asked(
            node, EVERYTHING, as_of, 0, Sort.NEWEST, None, lambda _: iter(()), None, NO_ALIASES
        )
        return self._run(asked, lambda run: run.earlier(opened))

    def _run(self, asked: Asked, answered: Callable[[Run], Answer]) -> Answer:
        node, within = (
            with_present_ids(each, self._joined_to) for each in (asked.node, asked.within)
        )
        asked = replace(asked, node=node, within=within)
        engine = self._engine or Engine(self._index)
        try:
            return answered(Run(engine, asked))
        except ValueError:
            # A pattern within a phrase reaches more words than the index follows from place to
            # place; it must not be cut short, so the matcher settles it.
            return answered(Run(engine, asked, placed=False))
