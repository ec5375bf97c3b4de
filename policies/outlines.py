"""What the catalog alone tells of a record: its dates, and whether it stands in a scope.

Scopes that ask for nothing else are settled so without opening a record. Nothing is destroyed on
that word: it says where to look (docs/retention.md, "Obligations").
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final, NamedTuple

from archive.catalog.obligations import Outdated
from archive.catalog.tables import CHANNELS, DIRECTIONS, KINDS
from archive.events.codebook import CUSTODIAN, SOURCE, Codebook
from archive.query.analysis import value
from archive.query.matcher import among, wanted_values, within
from archive.query.tree import And, Everything, Exact, Node, Not, Or, Range, Value
from archive.query.values import seconds
from policies.scopes import Standing

Values = Mapping[str, tuple[str, ...]]

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_CHANNELS: Final[Mapping[int | None, str]] = {
    code: channel.value for channel, code in CHANNELS.items()
}
_KINDS: Final[Mapping[int | None, str]] = {code: kind.value for kind, code in KINDS.items()}
_DIRECTIONS: Final = {code: direction.value for direction, code in DIRECTIONS.items()}
_MARKS: Final = {
    (False, False): (),
    (True, False): ("deleted",),
    (False, True): ("undated",),
    (True, True): ("deleted", "undated"),
}
_CACHED: Final = 4_096


class Outline(NamedTuple):
    """A record without its content: its dates to the millisecond, rounded down, and its size.

    `values` are those of the fields that are known, in the form in which queries compare them;
    `marks` are what of `is:` it is, of deleted and undated. Of one that was `edited`, or taken
    back, nothing is told of its earlier versions.
    """

    occurred_at: datetime | None
    captured_at: datetime
    size: int
    values: Values
    marks: tuple[str, ...]
    edited: bool


class Outlines:
    """Makes outlines of what stands in the catalog, with the names of codes as of now.

    Raises UnavailableError where the names cannot be read.
    """

    def __init__(self, codebook: Codebook) -> None:
        self._sources = _by_code(codebook, SOURCE)
        self._custodians = _by_code(codebook, CUSTODIAN)
        self._values = lru_cache(_CACHED)(self._named)

    def of(self, row: Outdated) -> Outline | None:
        """Return a record's outline; None where too little is known, or a review decided of it."""
        if row.damaged or row.in_review:
            return None
        if row.captured_at is None or row.size is None:
            return None
        return Outline(
            None if row.occurred_at is None else _moment(row.occurred_at),
            _moment(row.captured_at),
            row.size,
            self._values(row.channel, row.kind, row.direction, row.source, row.custodian),
            _MARKS[row.deleted != 0, row.occurred_at is None],
            row.version > 1,
        )

    def _named(
        self,
        channel: int | None,
        kind: int | None,
        direction: int | None,
        source: int | None,
        custodian: int | None,
    ) -> Values:
        named = {
            "channel": _CHANNELS.get(channel),
            "kind": _KINDS.get(kind),
            "source": self._sources.get(source),
            "custodian": self._custodians.get(custodian),
        }
        # What has no name here is left out, and so is what has no code: it may have a name that
        # could not be read when it was catalogued.
        values: dict[str, tuple[str, ...]] = {
            field: (name,) for field, name in named.items() if name is not None
        }
        if direction is None or direction in _DIRECTIONS:
            values["direction"] = () if direction is None else (_DIRECTIONS[direction],)
        return values


def outlined(scope: Node, outline: Outline) -> Standing | None:
    """Return whether a record stands in a scope, as `standing` does; None where it may be either.

    What is said is so whether the record's words could all be read or not.
    """
    match scope:
        case Everything():
            return Standing.IN
        case And(children):
            return _joined(children, outline, Standing.OUT)
        case Or(children):
            return _joined(children, outline, Standing.IN)
        case Not(child):
            found = outlined(child, outline)
            return None if found is None else Standing(Standing.IN - found)
        case Exact(child):
            return outlined(child, outline)
        case Value("deleted" | "undated" as mark, "is"):
            return _known(mark in outline.marks)
        case Value(text, field) if field in outline.values:
            there = outline.values[field]
            return _known(any(among(wanted, there) for wanted in wanted_values(text, field)))
        case Range("size", low, high):
            return _known(within(outline.size, low, high))
        case Range("captured", low, high):
            return _known(within(seconds(outline.captured_at), low, high))
        case Range("sent", low, high):
            return _sent(outline.occurred_at, low, high)
        case _:
            return None


def _joined(children: tuple[Node, ...], outline: Outline, settles: Standing) -> Standing | None:
    """Return the answer of several, of which one that `settles` is enough."""
    known = [outlined(child, outline) for child in children]
    if settles in known:
        return settles
    return None if None in known else Standing(Standing.IN - settles)


def _sent(occurred_at: datetime | None, low: int | None, high: int | None) -> Standing | None:
    if occurred_at is None:
        return Standing.OUT
    if occurred_at <= _EPOCH:
        # Before 1970 the milliseconds are rounded up, perhaps into the next second.
        return None
    return _known(within(seconds(occurred_at), low, high))


def _known(found: bool) -> Standing:
    return Standing.IN if found else Standing.OUT


def _by_code(codebook: Codebook, vocabulary: str) -> Mapping[int | None, str]:
    """Return names, in the form in which they are compared, by code."""
    return {code: value(name) for name, code in codebook.names(vocabulary).items()}


def _moment(milliseconds: int) -> datetime:
    return _EPOCH + timedelta(milliseconds=milliseconds)
