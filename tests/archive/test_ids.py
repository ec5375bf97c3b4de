"""Ids of the clock: what they are by RFC 9562, and that they sort as they were made."""

from datetime import UTC, datetime, timedelta
from uuid import RFC_4122

from hypothesis import example, given
from hypothesis import strategies as st

from archive.clock import uuid7_time
from tests.bucket.doubles import ManualClock

MOMENTS = st.datetimes(datetime(1970, 1, 1), datetime(9999, 12, 31), timezones=st.just(UTC))


@given(MOMENTS, st.integers(1, 10**9))
@example(datetime(2026, 5, 1, 12, tzinfo=UTC), 1)
@example(datetime(2026, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC), 1)
def test_what_is_made_a_microsecond_later_sorts_behind(moment: datetime, later: int) -> None:
    clock = ManualClock(moment)
    first = clock.uuid7()
    clock.move(microseconds=later)
    second = clock.uuid7()
    assert first < second and str(first) < str(second)
    for each in (first, second):
        assert (each.version, each.variant) == (7, RFC_4122)
    assert timedelta() <= moment - uuid7_time(first) < timedelta(milliseconds=1)


def test_what_is_made_at_the_same_moment_differs() -> None:
    clock = ManualClock()
    assert len({clock.uuid7() for _ in range(100)}) == 100
