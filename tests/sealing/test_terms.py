"""Periods of the calendar, the archive-wide term, and the settings that name them."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.errors import ConfigurationError, InvalidError
from archive.model.period import Period
from archive.sealing.lock_term import LockTerm
from archive.settings import Settings

MOMENTS = st.datetimes(datetime(1970, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))
PERIODS = st.builds(Period, st.integers(1, 1_200), st.sampled_from("md"))


def at(*date: int) -> datetime:
    return datetime(*date, tzinfo=UTC)  # type: ignore[misc,arg-type]  # A date is all that it gets.


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("1y", at(2024, 2, 29), at(2025, 2, 28)),
        ("4y", at(2024, 2, 29), at(2028, 2, 29)),
        ("1m", at(2026, 1, 31, 12), at(2026, 2, 28, 12)),
        ("13m", at(2026, 12, 1), at(2028, 1, 1)),
        ("90d", at(2026, 1, 1), at(2026, 4, 1)),
    ],
)
def test_periods_follow_the_calendar(text: str, start: datetime, end: datetime) -> None:
    assert Period.parse(text).after(start) == end


@pytest.mark.parametrize("text", ["", "7", "0y", "7 y", "-1d", "7w", "101y", "1201m", "99999d"])
def test_what_is_no_period_is_refused(text: str) -> None:
    with pytest.raises(InvalidError):
        Period.parse(text)


@given(PERIODS, PERIODS, MOMENTS)
def test_what_is_longer_by_two_months_is_longer(one: Period, other: Period, start: datetime):
    apart = (one.after(start) - other.after(start)).days
    if abs(apart) > 4:
        assert one.exceeds(other) == (apart > 0)


@given(st.integers(1, 100), MOMENTS)
def test_a_lock_lasts_the_whole_term_and_a_month_at_most_beyond(years: int, captured: datetime):
    term = LockTerm("compliance", Period(years, "y"))
    until = term.lock_class(captured).until
    assert until is not None
    end = term.period.after(captured)
    assert end <= until and (until - end).days <= 31


def test_terms_are_read_from_the_settings(tmp_path: Path) -> None:
    def load(**environ: str) -> Settings:
        return Settings.load(environ, tmp_path)

    assert load().worm is None
    settings = load(MUNIMENT_WORM="compliance:7y")
    assert settings.worm == LockTerm("compliance", Period(7, "y"))
    shown = {line.name: line.value for line in settings.shown()}
    assert shown["MUNIMENT_WORM"] == "compliance:7y" and shown["MUNIMENT_LOCK_MAXIMUM"] == "12y"
    assert load(MUNIMENT_WORM="governance:20y", MUNIMENT_LOCK_MAXIMUM="20y").worm


@pytest.mark.parametrize(
    ("worm", "maximum", "said"),
    [
        ("7y", "12y", "MUNIMENT_WORM"),
        ("strict:7y", "12y", "MUNIMENT_WORM"),
        ("compliance:7", "12y", "MUNIMENT_WORM: '7' is not a period"),
        ("compliance:13y", "12y", "longer than MUNIMENT_LOCK_MAXIMUM"),
        ("governance:145m", "12y", "longer than MUNIMENT_LOCK_MAXIMUM"),
        ("governance:4384d", "12y", "longer than MUNIMENT_LOCK_MAXIMUM"),
        ("none", "forever", "MUNIMENT_LOCK_MAXIMUM"),
    ],
)
def test_a_wrong_or_too_long_term_is_refused(
    tmp_path: Path, worm: str, maximum: str, said: str
) -> None:
    with pytest.raises(ConfigurationError, match=said):
        Settings.load({"MUNIMENT_WORM": worm, "MUNIMENT_LOCK_MAXIMUM": maximum}, tmp_path)
