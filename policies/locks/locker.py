"""Locks records in the bucket as policies demand, a page at a time, in the order of the events.

How far it has come is noted after each page, so that whoever is killed goes on from there; doing a
page twice does no harm. When what is demanded has changed, it begins with the first event.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from archive.catalog.catalog import Catalog
from archive.catalog.dispositions import DispositionTable
from archive.catalog.locked import LockBook, LockProgress
from archive.clock import Clock
from archive.errors import CorruptError
from archive.events.identity import Identity
from archive.events.pointers import PointerRecorder
from archive.events.types import (
    InteractionCaptured,
    InteractionRedacted,
    InteractionRevised,
    InteractionWithdrawn,
)
from archive.locking.needs import LockNeed
from archive.locking.securing import Securing
from archive.model.period import Period
from archive.opening import Archive
from archive.sealing.held import HeldKeyring
from policies.evaluation import evaluate
from policies.locks.needs import PROLONGED_AFTER, demanded
from policies.records import GovernedRecords, governed_records
from policies.rules import RuleReader, Rules, rule_reader

_PAGE: Final = 500
_RETRY: Final = timedelta(days=1)
_INTERACTION: Final = tuple(
    each.type
    for each in (
        InteractionCaptured,
        InteractionRevised,
        InteractionWithdrawn,
        InteractionRedacted,
    )
)

Stopped = Callable[[], bool]


@dataclass(frozen=True, slots=True)
class Locked:
    """What a run did: records that need a lock, objects of locked keys that were put, failures.

    `demanded` is False where no policy in force demands a lock.
    """

    demanded: bool
    records: int = 0
    objects: int = 0
    failed: int = 0


class Locker:
    """Brings the bucket's locks up to the policies. Several may run at once; one suffices."""

    def __init__(
        self,
        *,
        rules: RuleReader,
        records: GovernedRecords,
        catalog: Catalog,
        dispositions: DispositionTable,
        pointers: PointerRecorder,
        securing: Securing,
        book: LockBook,
        identity: Identity,
        keyring: HeldKeyring,
        clock: Clock,
        longest: Period,
    ) -> None:
        self._rules = rules
        self._records = records
        self._catalog = catalog
        self._dispositions = dispositions
        self._pointers = pointers
        self._securing = securing
        self._book = book
        self._identity = identity
        self._keyring = keyring
        self._clock = clock
        self._longest = longest

    def run(self, stopped: Stopped = lambda: False, *, anew: bool = False) -> Locked:
        """Lock what came in since the last run, or everything where the demands have changed.

        With `anew` everything is looked at in any case. `stopped` is asked between pages.

        Raises:
            CorruptError: a policy or a retention event cannot be read; nothing is locked then.
            UnavailableError, ConflictError: bucket or database do not answer, or frames kept
                moving; the next run goes on.
        """
        if anew:
            self._book.forget()
        done = Locked(demanded=True)
        while True:
            now, up_to = self._clock.now(), self._catalog.position()
            rules = self._rules.readable().in_force(now)
            if all(policy.terms.lock == "none" for policy in rules.policies.values()):
                self._book.forget()
                return replace(done, demanded=False)
            progress = self._begun(rules, now)
            if stopped() or progress.seq >= up_to:
                return done
            page = self._page(progress.seq, up_to)
            counted = self._lock(page.ids, rules, now)
            self._book.note(
                replace(
                    progress,
                    seq=page.seq,
                    records=progress.records + counted.records,
                    failed=progress.failed + counted.failed,
                    again_at=min(filter(None, (progress.again_at, counted.again_at)), default=None),
                )
            )
            done = replace(
                done,
                records=done.records + counted.records,
                objects=done.objects + counted.objects,
                failed=done.failed + counted.failed,
            )

    def _begun(self, rules: Rules, now: datetime) -> LockProgress:
        """Return how far it is by what is demanded now, from the start where that is new."""
        demands = self._identity.policies(
            [
                *rules.marks(),
                # Locked keys under an epoch that was shredded are unreadable; others replace them.
                *(f"epoch {each}" for each in sorted(self._keyring.current.epochs)),
                f"longest {self._longest.text}",
            ]
        )
        known = self._book.read()
        if known is None or known.demands != demands:
            return LockProgress(demands)
        if known.again_at is not None and known.again_at <= now:
            return LockProgress(demands)
        return known

    def _page(self, after: int, up_to: int) -> "_Page":
        rows = self._pointers.select_pointers_from(
            after, _PAGE, up_to, _INTERACTION, inclusive_of_start=False
        )
        end = rows[-1].seq if len(rows) == _PAGE else up_to
        # Their scopes may be others since they moved to another conversation.
        moved = self._catalog.rethreaded(after, end)
        # A review put these under another policy, whatever its scope.
        labelled = self._dispositions.relabelled(after, end)
        ids = [*(row.originator_id for row in rows), *moved, *labelled]
        return _Page(list(dict.fromkeys(ids)), end)

    def _lock(self, ids: Sequence[UUID], rules: Rules, now: datetime) -> "_Counted":
        gone = self._records.erased(ids)
        needs, failed, prolonged = dict[UUID, LockNeed](), 0, False
        for found in self._records.load_each([each for each in ids if each not in gone]):
            if isinstance(found, CorruptError):
                failed += 1
                continue
            evaluation = evaluate(
                found.record.content.occurred_at,
                found.record.captured_at,
                rules.governing(found),
                now=now,
            )
            wanted = demanded(evaluation, rules.policies, now, self._longest)
            if wanted is not None:
                needs[found.record.id] = wanted.need
                prolonged = prolonged or wanted.prolonged
        secured = self._securing.secure(needs)
        failed += len(secured.failed)
        again = [now + _RETRY] if failed else []
        again += [PROLONGED_AFTER.after(now)] if prolonged else []
        return _Counted(len(needs), secured.put, failed, min(again, default=None))


@dataclass(frozen=True, slots=True)
class _Page:
    """Records to be looked at, and up to which event these are all."""

    ids: Sequence[UUID]
    seq: int


@dataclass(frozen=True, slots=True)
class _Counted:
    records: int
    objects: int
    failed: int
    again_at: datetime | None


def locker_of(archive: Archive) -> Locker:
    """Return what locks the records of an archive as its policies demand."""
    return Locker(
        rules=rule_reader(archive),
        records=governed_records(archive),
        catalog=archive.catalog,
        dispositions=archive.dispositions,
        pointers=archive.pointers,
        securing=archive.securing,
        book=archive.lock_book,
        identity=archive.identity,
        keyring=archive.held_keyring,
        clock=archive.clock,
        longest=archive.settings.lock_maximum,
    )
