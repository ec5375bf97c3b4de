"""Keeps each record's obligation in the catalog: when it may go by the rules in force.

It is brought up to date by whoever needs it, and by a job meanwhile: a page at a time, each page
written once it is judged. So a change of a policy is taken up while the service runs, and whoever
is killed goes on from there. What a row says is never believed where something is destroyed.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Final

from archive.catalog.catalog import Catalog
from archive.catalog.obligations import Obligation, ObligationTable
from archive.errors import CorruptError
from archive.events.identity import Identity
from policies.evaluation import evaluate
from policies.records import Found, GovernedRecords
from policies.rules import RuleBook, Rules

_PAGE: Final = 500


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
    ) -> None:
        self._table = table
        self._catalog = catalog
        self._records = records
        self._identity = identity

    def settle(
        self, book: RuleBook, now: datetime, stopped: Callable[[], bool] = lambda: False
    ) -> bytes | None:
        """Bring obligations up to the rules in force as of a time; return their digest.

        None where none of them demands deletion, so that nothing is ever due. A record that
        cannot be read gets none, and is tried again the next time.
        """
        rules = book.in_force(now)
        if not any(policy.terms.maximum for policy in rules.policies.values()):
            return None
        digest, after = self._identity.policies(rules.marks()), 0
        while not stopped():
            as_of = self._catalog.position()
            page = self._table.outdated(digest, after, _PAGE)
            if not page:
                break
            found = self._records.load_each([each.id for each in page])
            self._table.put(
                [
                    _obligation(each, rules, digest, as_of, now)
                    for each in found
                    if not isinstance(each, CorruptError)
                ]
            )
            after = page[-1].first_seq
        return digest


def _obligation(found: Found, rules: Rules, digest: bytes, as_of: int, now: datetime) -> Obligation:
    record = found.record
    evaluation = evaluate(
        record.content.occurred_at, record.captured_at, rules.governing(found), now=now
    )
    return Obligation(
        record=record.id,
        policies=digest,
        as_of=as_of,
        retain_until=evaluation.retain_until,
        delete_at=evaluation.delete_at,
        due_at=evaluation.due_at,
    )
