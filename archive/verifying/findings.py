"""What a verification finds: faults, each in one sentence, notes, and how much was looked at."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from archive.clock import Clock

RECHECK_SECONDS: Final = 1.0
"""What is being written while it is looked at stands by then."""
MOST_WAITS: Final = 30
"""So often one waits for a second look; an archive with thousands of faults is told of in time."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong: what kind, where, which event, and what it means.

    `object` is a name in the bucket, or a table; `record` and `seq` are those of the event
    concerned, where it is one.
    """

    kind: str
    message: str
    object: str | None = None
    record: UUID | None = None
    seq: int | None = None

    def as_json(self) -> dict[str, Any]:
        """Return it as the command line writes it."""
        fields = asdict(self)
        return fields | {"record": None if self.record is None else str(self.record)}


@dataclass(slots=True)
class Findings:
    """What one run has found so far. One thread adds to it."""

    faults: list[Fault] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    checked: Counter[str] = field(default_factory=Counter)

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong."""
        return not self.faults

    def add(self, faults: Iterable[Fault]) -> None:
        """Add faults, each once."""
        self.faults.extend(fault for fault in faults if fault not in self.faults[-50:])

    def as_json(self) -> dict[str, Any]:
        """Return everything as the command line writes it."""
        return {
            "ok": self.ok,
            "checked": dict(self.checked),
            "faults": [fault.as_json() for fault in self.faults],
            "notes": self.notes,
        }


def twice(clock: Clock, check: Callable[[], list[Fault]]) -> list[Fault]:
    """Return what a check finds, after a second look where the first finds something.

    An archive that is in use changes between two reads: an object is replaced, then named.
    """
    if not check():
        return []
    clock.sleep(RECHECK_SECONDS)
    return check()


class Patience(Clock):
    """Another clock, which soon waits no more: where much is wrong, it is so a second time too."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._left = MOST_WAITS

    def now(self) -> datetime:
        return self._clock.now()

    def monotonic(self) -> float:
        return self._clock.monotonic()

    def random_bytes(self, count: int) -> bytes:
        return self._clock.random_bytes(count)

    def sleep(self, seconds: float) -> None:
        if self._left > 0:
            self._left -= 1
            self._clock.sleep(seconds)
