"""How long the trail is kept, and what a hold keeps of it, against naive looks at both."""

from calendar import monthrange
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from archive.events.hold_events import HoldPlaced, HoldReleased, HoldScope
from archive.model.period import Period
from archive.model.person import KnownPerson
from archive.model.roles import Purpose
from archive.trail.entry import TrailEntry
from policies.holds.hold import Hold, HoldBook, evolve
from policies.holds.reach import Held
from policies.trail.holding import EntryHolds
from policies.trail.keeping import due_at, newest_due, too_short, why_it_shortens

MOMENTS = st.datetimes(
    datetime(1990, 1, 1),
    datetime(2200, 1, 1),
    timezones=st.just(UTC),
)
PERIODS = st.one_of(
    st.builds(Period, st.integers(1, 100), st.just("y")),
    st.builds(Period, st.integers(1, 1200), st.just("m")),
    st.builds(Period, st.integers(1, 36_000), st.just("d")),
)
BEGAN = datetime(2015, 1, 1, tzinfo=UTC)
RECORDS = [UUID(int=number) for number in range(3)]
USERS = {str(UUID(int=number)): name for number, name in ((7, "Ann"), (8, "Bo"))}
DIRECTORIES = (
    (),
    (KnownPerson(id=UUID(int=20), name="Anna", aliases=("ann@example.com", "ANN")),),
    (
        KnownPerson(id=UUID(int=21), name="bo", aliases=("Anna@example.com",)),
        KnownPerson(id=UUID(int=22), name="Anna", aliases=("anna",)),
    ),
)
"""Who is who at different times."""
MATTERS = ("Smith", "Jones", "")


def naive_end(moment: datetime, keep: Period) -> datetime:
    """Count on in the calendar, a month or a day at a time."""
    if keep.unit == "d":
        return moment + timedelta(days=keep.count)
    months = moment.year * 12 + moment.month - 1 + keep.count * (12 if keep.unit == "y" else 1)
    year, month = divmod(months, 12)
    last = monthrange(year, month + 1)[1]
    return moment.replace(year=year, month=month + 1, day=min(moment.day, last))


@given(MOMENTS, PERIODS, st.none() | MOMENTS)
def test_an_entry_is_due_a_grace_after_its_period_or_its_last_hold(
    recorded_at: datetime, keep: Period, released_at: datetime | None
) -> None:
    ended = max(filter(None, (naive_end(recorded_at, keep), released_at)))
    assert due_at(recorded_at, keep, released_at) == ended + timedelta(days=30)


@given(MOMENTS, PERIODS, st.integers(-3, 3))
def test_the_index_is_asked_for_all_that_are_due(
    recorded_at: datetime, keep: Period, days: int
) -> None:
    now = due_at(recorded_at, keep) + timedelta(days=days)
    if days >= 0:
        assert recorded_at <= newest_due(keep, now)


@given(PERIODS)
def test_nothing_under_six_years_is_taken(keep: Period) -> None:
    starts = [datetime(2000 + year, month, 1, tzinfo=UTC) for year in range(8) for month in (1, 3)]
    shorter = any(naive_end(one, keep) < naive_end(one, Period(6, "y")) for one in starts)
    assert too_short(keep) is shorter
    assert bool(why_it_shortens(Period(6, "y"), keep)) is shorter
    assert why_it_shortens(keep, None) == "" and why_it_shortens(None, keep)


def at(days: int) -> datetime:
    return BEGAN + timedelta(days=days)


@st.composite
def books(draw: st.DrawFn) -> HoldBook:
    """Holds by events: of matters, by custodians, by lists; some released."""
    book, version = HoldBook(), 0
    for number in range(draw(st.integers(0, 4))):
        fields = {"originator_id": UUID(int=1), "hold": f"hold-{number}", "by": "local"}
        scope = draw(
            st.sampled_from(
                [
                    HoldScope(records=(RECORDS[0],)),
                    HoldScope(records=(RECORDS[1],)),
                    HoldScope(custodians=("ANN",)),
                    HoldScope(custodians=("anna",)),
                    HoldScope(custodians=("Bob", "anna@example.COM")),
                ]
            )
        )
        version += 1
        placed = HoldPlaced(
            **fields,  # type: ignore[arg-type]
            originator_version=version,
            recorded_at=at(number),
            matter=draw(st.sampled_from(MATTERS)),
            reason="a case",
            scope=scope,
        )
        book = evolve(book, placed)
        if draw(st.booleans()):
            version += 1
            released = HoldReleased(
                **fields,  # type: ignore[arg-type]
                originator_version=version,
                recorded_at=at(100 + number),
                reason="over",
            )
            book = evolve(book, released)
    known = st.lists(st.sampled_from(DIRECTORIES), max_size=2).map(tuple)
    acquainted = {
        name: replace(hold, reached=tuple(replace(one, known=draw(known)) for one in hold.reached))
        for name, hold in book.holds.items()
    }
    return replace(book, holds=acquainted, people_unreadable=draw(st.booleans()))


ENTRIES = st.builds(
    TrailEntry,
    seq=st.integers(1, 100),
    at=st.just(BEGAN),
    actor=st.sampled_from([*USERS, "local", None]),
    matter=st.sampled_from([None, "smith", " SMITH ", "Brown"]),
    records=st.lists(st.sampled_from(RECORDS), unique=True).map(tuple),
)


def by_lists(book: HoldBook, records: list[UUID]) -> dict[UUID, Held]:
    """Say what holds records, by the lists alone."""
    return {
        record: Held(
            certain=tuple(
                hold.name
                for hold in book.holds.values()
                if record in hold.scope.records and hold.released is None
            ),
            released_at=max(
                (
                    hold.released.at
                    for hold in book.holds.values()
                    if record in hold.scope.records and hold.released is not None
                ),
                default=None,
            ),
        )
        for record in records
    }


@given(books(), st.lists(ENTRIES, max_size=5))
def test_a_hold_keeps_what_it_reaches_by_record_matter_or_user(
    book: HoldBook, told: list[TrailEntry]
) -> None:
    holds = EntryHolds(
        book,
        lambda records: by_lists(book, list(records)),
        lambda ids: {each: USERS[each] for each in ids if each in USERS},
    )
    assert [(one.held, one.released_at) for one in holds.keeping(told)] == [
        naive(book, each) for each in told
    ]


def naive(book: HoldBook, told: TrailEntry) -> tuple[bool, datetime | None]:
    """Look at every hold, one by one."""
    user = USERS.get(told.actor or "", "").lower()
    reaching = [
        hold
        for hold in book.holds.values()
        if set(hold.scope.records) & set(told.records)
        or any(naively_called(hold, user, each.lower()) for each in hold.scope.custodians)
        or (user and book.people_unreadable and hold.scope.custodians)
        or (hold.matter and (told.matter or "").strip().lower() == hold.matter.lower())
    ]
    ends = [hold.released.at for hold in reaching if hold.released]
    return any(hold.released is None for hold in reaching), max(ends, default=None)


def naively_called(hold: Hold, user: str, custodian: str) -> bool:
    """Say whether a user is a custodian, as they are written or by one person of a directory."""
    return user == custodian or any(
        {user, custodian} <= {each.lower() for each in (person.name, *person.aliases)}
        for reached in hold.reached
        for people in reached.known
        for person in people
    )


def test_while_a_hold_cannot_be_read_every_entry_stays() -> None:
    told = TrailEntry(seq=1, at=BEGAN, purpose=str(Purpose("operations")))
    holds = EntryHolds(HoldBook(unreadable=True), lambda _: {}, lambda _: {})
    assert [one.held for one in holds.keeping([told])] == [True]
