"""Hit reports: for each of several terms, how much it finds, and how much it alone finds."""

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from typing import Final

from archive.access.search_answers import ParsedQuery
from archive.access.search_reports import HitReport, HitRequest, TermHits
from archive.access.searching import Searching
from archive.access.views.viewer import Viewer
from archive.errors import InvalidError
from archive.events.audit import Audit
from archive.index.asked import Matched
from archive.model.roles import Actor, Permission, Purpose
from archive.query.people import bare_address
from archive.query.printer import to_text
from archive.query.terms import terms as words_of
from archive.query.tree import (
    EVERYTHING,
    And,
    Everything,
    Node,
    Not,
    Or,
    Phrase,
    Range,
    Value,
    Word,
    conjunction,
    disjunction,
    to_json,
)

MOST_TERMS: Final = 500


class HitReports:
    """Counts what terms find, for somebody and for a purpose."""

    def __init__(self, searching: Searching, audit: Audit) -> None:
        self._searching = searching
        self._audit = audit

    def report(self, actor: Actor, purpose: Purpose, request: HitRequest) -> HitReport:
        """Count what each term finds among what the query finds.

        Raises:
            InvalidError: the query or a term is wrong, or there is none, or too many; or it takes
                too long to decide.
            ForbiddenError, UnavailableError: as a search does.
        """
        searching = self._searching
        searching.allow(actor, purpose, Permission.SEARCH, "hits", query=request.query)
        viewer = searching.viewer(purpose)
        query = searching.parsed(actor, request.query, viewer)
        terms = self._terms(actor, request.terms, query, viewer)
        everything = conjunction([query, *terms])
        searcher, position = searching.searcher_of(everything)
        as_of = position if request.as_of is None else min(request.as_of, position)
        until = searching.until(actor)
        aliases = searching.widened(everything, as_of).aliases

        def matched(node: Node) -> Matched:
            sought = node if query == EVERYTHING else conjunction([query, node])
            return searcher.matched(
                searching.known(actor, sought, searcher, as_of),
                as_of=as_of,
                settle=lambda ids: searching.settle(ids, as_of, until),
                within=searching.within(actor, purpose),
                rewritten=viewer.searched if viewer.rewritten else None,
                aliases=aliases,
            )

        searched = searcher.search(
            searching.known(actor, query, searcher, as_of),
            as_of=as_of,
            limit=0,
            settle=lambda ids: searching.settle(ids, as_of, until),
            within=searching.within(actor, purpose),
            rewritten=viewer.searched if viewer.rewritten else None,
            aliases=aliases,
        )
        found = [matched(term) for term in terms]
        finders = Counter(seq for each in found for seq in each.attachments)
        attachments = {seq: count for each in found for seq, count in each.attachments.items()}
        asked = disjunction(terms)
        self._audit.record(
            actor,
            purpose,
            "hits",
            query=to_text(asked if query == EVERYTHING else conjunction([query, asked])),
            as_of=as_of,
            total=len(attachments),
        )
        return HitReport(
            query=ParsedQuery(parsed=to_text(query), ast=to_json(query)),
            as_of=as_of,
            searched=searched.total,
            not_searched=searching.not_searched(actor, as_of, searched),
            terms=tuple(_hits(*each, finders) for each in zip(terms, found, strict=True)),
            records=len(attachments),
            with_family=_with_family(attachments.values()),
            view=viewer.view,
        )

    def _terms(
        self, actor: Actor, written: Sequence[str], query: Node, viewer: Viewer
    ) -> list[Node]:
        if len(written) > MOST_TERMS:
            raise InvalidError(f"A hit report takes at most {MOST_TERMS} terms.")
        terms: list[Node] = []
        for number, text in enumerate(written, 1):
            try:
                terms.append(self._searching.parsed(actor, text, viewer))
            except InvalidError as error:
                raise InvalidError(
                    f"Term {number}: {error}", column=error.column, query=error.query
                ) from None
            if terms[-1] == EVERYTHING:
                raise InvalidError(f"Term {number} asks for nothing.")
        terms = terms or list(sought(query))
        if not terms:
            raise InvalidError("A hit report needs terms, or a query that looks for some.")
        # The same term twice would leave neither anything that it alone finds.
        different: dict[object, Node] = {}
        for term in terms:
            different.setdefault(_compared(term), term)
        return list(different.values())


def _compared(term: Node) -> object:
    """Return the same for words and phrases that ask the same, in capitals or quotes or not."""
    if isinstance(term, Word | Phrase) and not bare_address(term.text):
        return term.field, words_of(term)
    return term


def sought(node: Node) -> Iterator[Node]:
    """Yield what a query looks for: its words, phrases, proximities and people."""
    match node:
        case And(below) | Or(below):
            for child in below:
                yield from sought(child)
        case Not() | Everything() | Value() | Range():
            return
        case _:
            yield node


def _hits(term: Node, matched: Matched, finders: Counter[int]) -> TermHits:
    return TermHits(
        term=to_text(term),
        records=len(matched.attachments),
        with_family=_with_family(matched.attachments.values()),
        unique=sum(finders[seq] == 1 for seq in matched.attachments),
        unopened=matched.unopened,
    )


def _with_family(attachments: Collection[int]) -> int:
    """Return how many documents records are with their attachments."""
    return len(attachments) + sum(attachments)
