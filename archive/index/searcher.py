"""Searching one index: exact totals, stable pages, facets, and the matcher's word where needed."""

from collections.abc import Callable
from typing import Final, TypeVar

import tantivy

from archive.errors import InvalidError
from archive.index.cursor import Cursor, Sort
from archive.index.engine import Engine
from archive.index.likeness import likeness
from archive.index.run import Asked, Hit, Hits, Matched, Run, Settle
from archive.index.translate import translate
from archive.model.record import Record
from archive.query.tree import EVERYTHING, NO_ALIASES, Aliases, Node, conjunction

MOST_HITS: Final = 1_000
Answer = TypeVar("Answer")


class Searcher:
    """Searches an index as it was last reloaded. Safe for threads: each search has a snapshot."""

    def __init__(self, index: tantivy.Index) -> None:
        self._index = index

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
        rewritten: bool = False,
        aliases: Aliases = NO_ALIASES,
        most_hashed: int | None = 0,
    ) -> Hits:
        """Return a page of what matched as of a sequence number.

        `aliases` are those of whom `node` names (archive.query.aliases). Up to `most_hashed`
        results are hashed, however many there are if it is None.

        `within` is what there is to be seen: nothing else is counted, searchable or not. If
        `rewritten`, `settle` gives records with words taken out of their texts, and those are met:
        every candidate is opened, so InvalidError asks for a narrower query where there are more
        than `MOST_OPENED`.

        Where the index alone cannot tell, `settle` opens the candidates in batches and the
        matcher decides. Raises InvalidError for a bad limit, pattern or cursor.
        """
        if not 0 <= limit <= MOST_HITS:
            raise InvalidError(f"A page holds 0 to {MOST_HITS:,} results.")
        if after is not None and after.as_of != as_of:
            raise InvalidError(f"The cursor is as of {after.as_of}, the search as of {as_of}.")
        asked = Asked(node, within, as_of, limit, sort, after, settle, rewritten, aliases)
        return self._run(asked, lambda run: run.answer(facets, most_hashed))

    def matched(
        self,
        node: Node,
        *,
        as_of: int,
        settle: Settle,
        within: Node = EVERYTHING,
        rewritten: bool = False,
        aliases: Aliases = NO_ALIASES,
    ) -> Matched:
        """Return all that matched; what is given and raised is as in `search`."""
        asked = Asked(node, within, as_of, 0, Sort.NEWEST, None, settle, rewritten, aliases)
        return self._run(asked, Run.matched)

    def similar(
        self, record: Record, text: str, *, as_of: int, limit: int, within: Node = EVERYTHING
    ) -> tuple[Hit, ...]:
        """Return the records that share most of a record's rarer words, the likest first.

        `text` is what of the record's body is compared, beside its subject. Words count by how
        often they stand in it and how rare they are elsewhere; only the record itself is left out.
        """
        # What there is to be seen the index always knows: nothing has to be opened.
        asked = Asked(
            node=EVERYTHING,
            within=within,
            as_of=as_of,
            limit=limit,
            sort=Sort.RELEVANCE,
            after=None,
            settle=lambda _: iter(()),
            rewritten=False,
            aliases=NO_ALIASES,
        )
        engine = Engine(self._index)
        alike = likeness(engine.schema, record.content.subject or "", text)
        run = Run(engine, translate(within, engine.schema), asked)
        return run.alike(alike, record.id)

    def _run(self, asked: Asked, answered: Callable[[Run], Answer]) -> Answer:
        engine = Engine(self._index)
        sought = (
            asked.node if asked.within == EVERYTHING else conjunction([asked.within, asked.node])
        )
        try:
            bounds = translate(
                sought, engine.schema, rewritten=asked.rewritten, aliases=asked.aliases
            )
            return answered(Run(engine, bounds, asked))
        except ValueError:
            # A pattern within a phrase reaches more words than the index follows from place to
            # place; it must not be cut short, so the matcher settles it.
            bounds = translate(
                sought,
                engine.schema,
                placed=False,
                rewritten=asked.rewritten,
                aliases=asked.aliases,
            )
            return answered(Run(engine, bounds, asked))
