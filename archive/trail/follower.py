"""The trail's follower: indexes every act under what it can be found by, and under nothing else.

Rows hold numbers, times, codes and keyed digests. What an entry says is read from its event when
somebody asks for it.
"""

import unicodedata
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

from sqlalchemy import Connection, Engine, delete, select, update
from sqlalchemy.exc import SQLAlchemyError

from archive.catalog.catalog import TRAIL, Catalog
from archive.catalog.inserting import WholeRows, insert_for
from archive.catalog.tables import PURPOSE_KINDS, positions, trail, trail_subjects
from archive.errors import InvalidError, UnavailableError
from archive.events.feed import FedEvent, Follower
from archive.events.identity import Identity
from archive.events.types import KeysCondemned
from archive.model.roles import Purpose
from archive.trail.entry import TrailEntry, entry, is_act

_NOTHING: Final = (None,) * (len(trail.columns) - 1)
_SEQS_PER_STATEMENT: Final = 10_000
_NEAR: Final = 8


def plain_detail(text: str) -> str:
    """Return a purpose's detail without regard to case and spacing."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


class TrailDigests:
    """The keyed digests under which the trail is searched."""

    def __init__(self, identity: Identity) -> None:
        self._identity = identity

    def actor(self, id: str) -> bytes:
        """Return the digest of a user's id, or of `local`."""
        return self._identity.trail("actor", id)

    def action(self, name: str) -> bytes:
        """Return the digest of an action."""
        return self._identity.trail("action", name)

    def detail(self, text: str) -> bytes:
        """Return the digest of a purpose's detail, without regard to case and spacing."""
        return self._identity.trail("detail", plain_detail(text))

    def address(self, text: str) -> bytes:
        """Return the digest of an IP address."""
        return self._identity.trail("address", text)

    def token(self, id: str) -> bytes:
        """Return the digest of a token's id."""
        return self._identity.trail("token", id)

    def row(self, told: TrailEntry) -> tuple[Any, ...]:
        """Return an entry's row, in the order of the table's columns."""
        if told.state != "readable" or told.at is None:
            return (told.seq, *_NOTHING)
        kind, detail = _purpose(told.purpose)
        return (
            told.seq,
            int(told.at.timestamp() * 1000),
            self.actor(told.actor) if told.actor else None,
            self.action(told.action) if told.action else None,
            PURPOSE_KINDS.get(kind) if kind else None,
            self.detail(detail) if detail else None,
            self.address(told.address) if told.address else None,
            self.token(told.token) if told.token else None,
            int(told.allowed is not False),
        )


class TrailFollower(Follower):
    """Keeps the trail's index. Only the leader can: `fence` is asked in every transaction."""

    name = "trail"

    def __init__(
        self, engine: Engine, identity: Identity, fence: Callable[[Connection], None]
    ) -> None:
        self._engine = engine
        self._fence = fence
        self._catalog = Catalog(engine)
        self._digests = TrailDigests(identity)
        self._insert = insert_for(engine.dialect)
        self._insert_entries = WholeRows(engine.dialect, trail)
        self._insert_subjects = WholeRows(engine.dialect, trail_subjects)

    def position(self) -> int:
        return self._catalog.position(TRAIL)

    def apply(self, events: Sequence[FedEvent], up_to: int) -> None:
        acts = [entry(fed.row, fed.event) for fed in events if is_act(fed.row.type)]
        try:
            with self._engine.begin() as connection:
                self._fence(connection)
                if acts:
                    rows = [self._digests.row(told) for told in acts]
                    self._insert_entries.insert(connection, rows)
                    if subjects := list(_subjects(acts)):
                        self._insert_subjects.insert(connection, subjects)
                for fed in events:
                    if isinstance(fed.event, KeysCondemned):
                        _forget(connection, fed.event.events)
                connection.execute(
                    self._insert(positions)
                    .values(follower=TRAIL, seq=up_to)
                    .on_conflict_do_update(index_elements=["follower"], set_={"seq": up_to})
                )
        except SQLAlchemyError as error:
            # Nothing of the batch was kept; it is fed again.
            raise UnavailableError(
                f"The trail's index does not take a batch: {type(error).__name__}."
            ) from error

    def show(self) -> None:
        """Nothing is left to do: what is applied shows at once."""


def _subjects(acts: Sequence[TrailEntry]) -> Iterator[tuple[bytes, int]]:
    for told in acts:
        subjects = {each.bytes for each in told.records}
        if told.user is not None:
            subjects.add(told.user.bytes)
        yield from ((each, told.seq) for each in sorted(subjects))


def _forget(connection: Connection, seqs: Sequence[int]) -> None:
    """Leave of condemned entries what a rebuild would find: that they are there."""
    blank = {column.name: None for column in trail.columns if not column.primary_key}
    for start in range(0, len(seqs), _SEQS_PER_STATEMENT):
        # Most of what is erased are records, not acts.
        acts = _acts(connection, seqs[start : start + _SEQS_PER_STATEMENT])
        if not acts:
            continue
        connection.execute(update(trail).where(trail.c.seq.in_(acts)).values(blank))
        connection.execute(delete(trail_subjects).where(trail_subjects.c.seq.in_(acts)))


def _acts(connection: Connection, seqs: Sequence[int]) -> list[int]:
    """Return those of sequence numbers, which rise, that are acts."""
    wanted, first, last = set(seqs), seqs[0], seqs[-1]
    # Naming each takes longer than a look through what is between them, unless that is much.
    near = last - first < _NEAR * len(seqs)
    page = trail.c.seq.between(first, last) if near else trail.c.seq.in_(seqs)
    return [
        seq
        for seq in connection.execute(select(trail.c.seq).where(page)).scalars()
        if seq in wanted
    ]


def _purpose(text: str | None) -> tuple[str | None, str | None]:
    try:
        parsed = Purpose.parse(text)
    except InvalidError:
        return None, None
    return parsed.kind, parsed.detail
