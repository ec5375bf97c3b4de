"""How keys are put together under locks: no key is locked past what it can bear."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from archive.bucket.port import LockMode, Retention
from archive.locking.needs import LockNeed, end_of_month, grouped, whole_second

BEGIN = datetime(2030, 1, 1, tzinfo=UTC)
DAYS = st.integers(0, 400).map(lambda days: timedelta(days=days))
SECONDS = st.integers(0, 90_000).map(lambda seconds: timedelta(seconds=seconds))


@st.composite
def needs(draw: st.DrawFn) -> LockNeed:
    until = BEGIN + draw(DAYS) + draw(SECONDS)
    spare = draw(st.none() | st.just(timedelta(0)) | DAYS)
    mode = draw(st.sampled_from(LockMode))
    return LockNeed(mode, until, None if spare is None else until + spare)


@given(st.dictionaries(st.integers(0, 50), needs(), max_size=30))
def test_no_key_is_locked_past_the_earliest_deletion_in_its_object(
    wanted: dict[int, LockNeed],
) -> None:
    groups = grouped(wanted)
    assert sorted(slot for _, group in groups for slot in group) == sorted(wanted)
    for lock, group in groups:
        for slot in group:
            need = wanted[slot]
            assert need.met_by(lock)
            assert lock.mode is need.mode
            assert need.limit is None or lock.until <= need.limit
            assert lock.until <= need.evidence.until
            assert lock.until - need.until < timedelta(days=31)


@given(st.lists(needs(), min_size=1, max_size=8))
def test_there_are_as_few_objects_as_can_be(wanted: list[LockNeed]) -> None:
    slots = {slot: each for slot, each in enumerate(wanted) if each.mode is LockMode.COMPLIANCE}
    # As many as there are spans of which no two meet: each of them needs one of its own.
    apart, end = 0, datetime.min.replace(tzinfo=UTC)
    for need in sorted(slots.values(), key=lambda each: each.latest):
        if need.until > end:
            apart, end = apart + 1, need.latest
    assert len(grouped(slots)) == apart


def test_a_lock_meets_a_need_if_it_is_as_long_and_as_hard() -> None:
    need = LockNeed(LockMode.GOVERNANCE, BEGIN)
    hard = LockNeed(LockMode.COMPLIANCE, BEGIN)
    short = Retention(LockMode.COMPLIANCE, BEGIN - timedelta(seconds=1))
    assert need.met_by(Retention(LockMode.COMPLIANCE, BEGIN))
    assert not hard.met_by(Retention(LockMode.GOVERNANCE, BEGIN + timedelta(days=1)))
    assert not need.met_by(short) and not need.met_by(None)


def test_a_month_ends_with_the_first_of_the_next() -> None:
    assert end_of_month(BEGIN + timedelta(seconds=1)) == datetime(2030, 2, 1, tzinfo=UTC)
    assert end_of_month(BEGIN) == BEGIN


def test_moments_are_rounded_up_to_a_second() -> None:
    assert whole_second(BEGIN) == BEGIN
    assert whole_second(BEGIN + timedelta(microseconds=1)) == BEGIN + timedelta(seconds=1)
