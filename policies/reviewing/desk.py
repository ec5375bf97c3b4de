"""Where dispositions are asked about, opened, and decided on (docs/disposition.md)."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from archive.catalog.dispositions import DispositionTable
from archive.events.audit import FOR_OPERATIONS
from archive.model.roles import Actor, Permission, Purpose
from archive.opening import Archive
from policies.book import policy_book
from policies.desk import governance_of
from policies.governance import Governance
from policies.holds.book import hold_reader
from policies.policy import SCHEDULE
from policies.purging.opening import obligations_of
from policies.records import governed_records
from policies.reviewing.answers import (
    DispositionAnswer,
    DispositionsAnswer,
    DispositionSummary,
    ItemAnswer,
    OpenedAnswer,
    people,
)
from policies.reviewing.deciding import Deciding
from policies.reviewing.disposition import Disposition, ItemState
from policies.reviewing.keeper import DispositionKeeper
from policies.reviewing.owning import names_of, owns
from policies.reviewing.reader import disposition_reader
from policies.rules import rule_reader

SEES_REVIEWS: Final = frozenset({Permission.REVIEW, Permission.AUDIT})
"""Whoever has one of these sees which dispositions there are."""

Names = Callable[[Iterable[str]], Mapping[str, str]]
"""Gives the names of people by their ids."""


class DispositionDesk(Deciding):
    """Dispositions, for those who review, and to look at for those who audit.

    Raises as `Deciding` does, in every method.
    """

    def __init__(
        self,
        *,
        governance: Governance,
        table: DispositionTable,
        keeper: DispositionKeeper,
        names: Names,
        **deciding: Any,
    ) -> None:
        super().__init__(**deciding)
        self._governance = governance
        self._table = table
        self._keeper = keeper
        self._names = names

    def everything(
        self, actor: Actor, limit: int, before: int | None = None, *, waiting: bool = False
    ) -> DispositionsAnswer:
        """Return a page of dispositions, the newest first; with `waiting` the undecided alone."""
        self._require_reader(actor, "disposition.list")
        found = self._table.page(limit + 1, before=before, waiting=waiting)
        page = found[:limit]
        return DispositionsAnswer(
            dispositions=tuple(
                DispositionSummary.of(self._reader.read(number), counts) for number, counts in page
            ),
            cursor=str(page[-1][0]) if len(found) > limit else None,
        )

    def show(
        self,
        actor: Actor,
        purpose: Purpose,
        number: int,
        limit: int,
        after: int = 0,
        state: ItemState | None = None,
    ) -> DispositionAnswer:
        """Return a disposition with a page of its records, or of those in one state.

        `after` is how many of them the pages before had. That their kinds were shown is recorded.
        """
        self._require_reader(actor, "disposition.show", purpose)
        disposition = self._reader.read(number)
        listed = [
            record_id
            for record_id, item in disposition.items.items()
            if state in (None, item.state)
        ]
        page = listed[after : after + limit]
        found = self._opened(page)
        known = names_of(actor, self._people.directory().people.values())
        names = self._named(disposition, page)
        items = [
            ItemAnswer.of(
                record_id,
                disposition,
                names,
                found.get(record_id),
                own=(one := found.get(record_id)) is not None and owns(known, one),
            )
            for record_id in page
        ]
        more = len(listed) > after + limit
        self._audit.record(actor, purpose, "disposition.show", total=len(listed), records=page)
        return DispositionAnswer.of(
            disposition,
            items,
            str(after + limit) if more else None,
            names,
            in_force=self._in_force(disposition, self._book.read()) is not None,
        )

    def open(self, actor: Actor) -> OpenedAnswer:
        """Open dispositions for what has become due, for those who govern."""
        self._governance.require(actor, "disposition.open")
        kept = self._keeper.keep(actor.id, actor.address)
        return OpenedAnswer(
            opened=tuple(kept.opened), records=kept.records, approved=kept.approved, left=kept.left
        )

    def _named(self, disposition: Disposition, ids: Sequence[UUID]) -> Mapping[str, str]:
        acted = people(disposition, [disposition.items[each] for each in ids])
        return self._names(acted - {SCHEDULE})

    def _require_reader(self, actor: Actor, action: str, purpose: Purpose = FOR_OPERATIONS) -> None:
        if SEES_REVIEWS.isdisjoint(actor.permissions):
            self._audit.require(actor, Permission.REVIEW, action, purpose)
        self._require_whole(actor, action)


def disposition_desk(archive: Archive) -> DispositionDesk:
    """Return where dispositions of an archive are asked about and decided on."""
    return DispositionDesk(
        governance=governance_of(archive),
        table=archive.dispositions,
        keeper=disposition_keeper(archive),
        names=archive.administration.names,
        book=policy_book(archive),
        reader=disposition_reader(archive),
        records=governed_records(archive),
        people=archive.people,
        committer=archive.committer,
        audit=archive.audit,
        clock=archive.clock,
    )


def disposition_keeper(archive: Archive, *, follows: bool = True) -> DispositionKeeper:
    """Return what keeps dispositions; without `follows` another thread here keeps the catalog."""

    def catch_up(seq: int) -> None:
        archive.wait_until_catalogued(seq, follows=follows)

    return DispositionKeeper(
        rules=rule_reader(archive),
        holds=hold_reader(archive),
        records=governed_records(archive),
        obligations=obligations_of(archive),
        due=archive.obligations,
        table=archive.dispositions,
        reader=disposition_reader(archive),
        pointers=archive.pointers,
        committer=archive.committer,
        clock=archive.clock,
        catch_up=catch_up,
    )
