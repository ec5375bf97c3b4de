"""What is told of a record's lock, and what a change would lock."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from archive.bucket.port import LockMode, Retention
from archive.events.policy_events import Terms
from archive.locking.needs import LockNeed
from archive.locking.securing import KeyLocks, Securing
from archive.model.period import Period
from policies.answers import LockAnswer, LockEffect
from policies.locks.needs import Demanded

_PAGE: Final = 500


def told(wanted: Demanded | None, locks: KeyLocks) -> LockAnswer:
    """Tell of a record's lock: what is demanded, and what there is."""
    held = locks.held
    return LockAnswer(
        mode=wanted.need.mode if wanted else None,
        until=wanted.need.until if wanted else None,
        held_mode=held.mode if held else None,
        held_until=held.until if held else None,
    )


def lock_steps(wanted: Demanded | None, locks: KeyLocks) -> tuple[str, ...]:
    """Return what must happen to the lock before a record can go, in sentences."""
    steps, held = [], locks.held
    if held is not None:
        steps.append(
            f"Its keys are locked in the bucket ({held.mode}) until {_moment(held.until)}, and "
            "cannot be destroyed before."
        )
    if wanted is not None and not locks.meet(wanted.need):
        steps.append(
            f"Its keys are to be locked in the bucket ({wanted.need.mode}) until "
            f"{_moment(wanted.need.until)}: the worker that leads does it within minutes."
        )
    return tuple(steps)


class LockSurvey:
    """Counts what a change would lock, as its records are gone through.

    `longest` is MUNIMENT_LOCK_MAXIMUM.
    """

    def __init__(self, securing: Securing, longest: Period) -> None:
        self._securing = securing
        self.longest = longest
        self._waiting: dict[UUID, LockNeed] = {}
        self._evidence: set[str] = set()
        self._locked_keys = self._records = 0
        self._first: datetime | None = None
        self._last: datetime | None = None

    def add(self, record_id: UUID, was: Demanded | None, will_be: Demanded | None) -> None:
        """Count a record, if it would be locked for longer or harder."""
        if will_be is None:
            return
        need = will_be.need
        if was is not None and need.met_by(Retention(was.need.mode, was.need.until)):
            return
        self._records += 1
        self._first = min(filter(None, (self._first, need.until)))
        self._last = max(filter(None, (self._last, need.until)))
        self._waiting[record_id] = need
        if len(self._waiting) >= _PAGE:
            self._survey()

    def told(self, terms: Terms) -> LockEffect:
        """Return what was counted, for a change to these terms."""
        self._survey()
        return LockEffect(
            records=self._records,
            evidence=len(self._evidence),
            locked_keys=self._locked_keys,
            first_until=self._first,
            last_until=self._last,
            warning=_WARNINGS.get(terms.lock, "") if self._records else "",
        )

    def _survey(self) -> None:
        found = self._securing.survey(self._waiting)
        self._evidence |= found.evidence
        self._locked_keys += found.locked_keys
        self._waiting.clear()


_WARNINGS: Mapping[str, str] = {
    LockMode.COMPLIANCE: "A compliance lock cannot be undone, shortened or softened by anybody, "
    "whatever becomes of the policy: keys that are locked by mistake stay until it ends.",
    LockMode.GOVERNANCE: "Muniment lifts no lock, whatever becomes of the policy: only whoever has "
    "the store's permission to bypass governance can.",
}


def _moment(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
