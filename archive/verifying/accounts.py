"""Which keys are missing, and which of them an erasure accounts for: a bit or two an event."""

from collections.abc import Iterable, Iterator
from uuid import UUID


class Bits:
    """A set of sequence numbers, a bit each; none may be negative."""

    def __init__(self, held: bytes = b"") -> None:
        self._bytes = bytearray(held)

    def update(self, numbers: Iterable[int]) -> None:
        """Add numbers; if they follow one another, at once."""
        new = list(numbers)
        run = range(new[0], new[0] + len(new)) if new else range(0)
        if new == list(run):
            self._add_run(run)
        else:
            for number in new:
                self.add(number)

    def add(self, number: int) -> None:
        """Add a number."""
        self._reach(number)
        self._bytes[number >> 3] |= 1 << (number & 7)

    def __contains__(self, number: int) -> bool:
        place = number >> 3
        return place < len(self._bytes) and bool(self._bytes[place] >> (number & 7) & 1)

    def __iter__(self) -> Iterator[int]:
        for place, held in enumerate(self._bytes):
            if held:
                yield from (place * 8 + bit for bit in range(8) if held >> bit & 1)

    def __and__(self, other: "Bits") -> "Bits":
        return _bits(_number(self._bytes) & _number(other._bytes))

    def __xor__(self, other: "Bits") -> "Bits":
        return _bits(_number(self._bytes) ^ _number(other._bytes))

    def _add_run(self, run: range) -> None:
        if not run:
            return
        self._reach(run[-1])
        start, end = run[0] >> 3, (run[-1] >> 3) + 1
        new = (1 << len(run)) - 1 << (run[0] & 7)
        both = _number(self._bytes[start:end]) | new
        self._bytes[start:end] = both.to_bytes(end - start, "little")

    def _reach(self, number: int) -> None:
        place = number >> 3
        if place >= len(self._bytes):
            self._bytes.extend(bytes(place + 1024 - len(self._bytes)))


def _number(held: bytearray) -> int:
    return int.from_bytes(held, "little")


def _bits(number: int) -> Bits:
    return Bits(number.to_bytes(number.bit_length() + 7 >> 3, "little"))


class Accounts:
    """The events whose keys are there, are not, were condemned, and are said to be destroyed."""

    def __init__(self) -> None:
        self._keyed = Bits()
        self._keyless = Bits()
        self.condemned = Bits()
        """The events for whose key an erasure accounts."""
        self.newest = 0
        """The sequence number of the newest event that accounts for keys."""
        self._destroyed = Bits()
        self._unfinished: dict[UUID, tuple[int, ...]] = {}
        # Packs are read when they are complete, and so one may tell of the end before the other.
        self._ended: set[UUID] = set()

    def note_keys(self, keyed: Iterable[int], keyless: Iterable[int]) -> None:
        """Note of events whether their key is there."""
        self._keyed.update(keyed)
        self._keyless.update(keyless)

    def condemn(self, erasure: UUID, seq: int, seqs: tuple[int, ...]) -> None:
        """Note that an erasure, condemned by the event `seq`, accounts for the keys of events."""
        self.newest = max(self.newest, seq)
        self.condemned.update(seqs)
        if erasure in self._ended:
            self._destroyed.update(seqs)
        else:
            self._unfinished[erasure] = seqs

    def note_destroyed(self, erasure: UUID) -> None:
        """Note that what an erasure condemned is said to be destroyed."""
        self._destroyed.update(self._unfinished.pop(erasure, ()))
        self._ended.add(erasure)

    def unaccounted(self) -> list[tuple[int, int]]:
        """Return the events that lack a key for no known reason, as first and last of each run."""
        runs: list[tuple[int, int]] = []
        for seq in self._keyless:
            if seq in self.condemned:
                continue
            if runs and runs[-1][1] == seq - 1:
                runs[-1] = runs[-1][0], seq
            else:
                runs.append((seq, seq))
        return runs

    def returned(self) -> Iterator[int]:
        """Give the events whose destroyed key is there all the same."""
        return (seq for seq in self._destroyed if seq in self._keyed)

    @property
    def unfinished(self) -> int:
        """How many erasures are not known to be finished."""
        return len(self._unfinished)
