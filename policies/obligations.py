"""Keeps each record's obligation in the catalog: when it may go by the rules in force.

It is brought up to date by whoever needs it, and by a job meanwhile: a page at a time, each page
written once it is judged. So a change of a policy is taken up while the service runs, and whoever
is killed goes on from there. What a row says is never believed where something is destroyed.

Most scopes ask for what the catalog knows; a record is opened only where one asks for more.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from archive.catalog.catalog import Catalog
from archive.catalog.obligations import Obligation, ObligationTable, Outdated
from archive.errors import CorruptError
from archive.events.codebook import Codebook
from archive.events.identity import Identity
from policies.evaluation import Governing, dates
from policies.outlines import Outlines
from policies.records import GovernedRecords
from policies.rules import RuleBook, Rules

_PAGE: Final = 2_000
_OPENED: Final = 500
"""So many are opened together, since their content is in memory then."""


class Obligations:
    """Reads and writes obligations. Several processes may: of two, the later writes over.

    Methods raise UnavailableError when bucket or database do not answer.
    """

    def __init__(
        self,
        table: ObligationTable,
        catalog: Catalog,
        records: GovernedRecords,
        identity: Identity,
        codebook: Codebook,
    ) -> None:
        self._table = table
        self._catalog = catalog
        self._records = records
        self._identity = identity
        self._codebook = codebook

    def settle(
        self, book: RuleBook, now: datetime, stopped: Callable[[], bool] = lambda: False
    ) -> bytes | None:
        """Bring obligations up to the rules in force as of a time; return their digest.

        None where none of them demands deletion, so that nothing is ever due. A record that
        must be opened and cannot be read gets none, and is tried again the next time.
        """
        for _ in self.settling(book, now, stopped):
            pass
        return self.digest(book, now)

    def digest(self, book: RuleBook, now: datetime) -> bytes | None:
        """Return the digest of the rules in force as of a time, None as in `settle`."""
        rules = book.in_force(now)
        if not any(policy.terms.maximum for policy in rules.policies.values()):
            return None
        return self._identity.policies(rules.marks())

    def settling(
        self, book: RuleBook, now: datetime, stopped: Callable[[], bool] = lambda: False
    ) -> Iterator[int | None]:
        """Settle page by page; yield up to which `first_seq` all is settled, None at the end."""
        rules, digest, after = book.in_force(now), self.digest(book, now), 0
        while digest is not None and not stopped():
            as_of = self._catalog.position()
            page = self._table.outdated(digest, after, _PAGE)
            if not page:
                break
            judging = _Judging(rules, digest, as_of)
            self._table.put([*self._judged(page, judging)])
            after = page[-1].first_seq
            yield after
        yield None

    def _judged(self, page: Sequence[Outdated], judging: "_Judging") -> Iterator[Obligation]:
        outlines, unsettled = Outlines(self._codebook), list[UUID]()
        for row in page:
            outline = outlines.of(row)
            governing = judging.rules.outlined(outline) if outline is not None else None
            if outline is None or governing is None:
                unsettled.append(UUID(bytes=row.id))
            else:
                yield judging.obligation(
                    row.id, outline.occurred_at, outline.captured_at, governing
                )
        for start in range(0, len(unsettled), _OPENED):
            for found in self._records.load_each(unsettled[start : start + _OPENED]):
                if not isinstance(found, CorruptError):
                    record = found.record
                    yield judging.obligation(
                        record.id.bytes,
                        record.content.occurred_at,
                        record.captured_at,
                        judging.rules.governing(found),
                    )


class _Judging:
    """What the obligations of one page have in common."""

    def __init__(self, rules: Rules, digest: bytes, as_of: int) -> None:
        self.rules = rules
        self._digest = digest
        self._as_of = as_of

    def obligation(
        self,
        record: bytes,
        occurred_at: datetime | None,
        captured_at: datetime,
        governing: Sequence[Governing],
    ) -> Obligation:
        found = dates(occurred_at, captured_at, governing)
        return Obligation(record, self._digest, self._as_of, *found)
