"""What shortens: never missed, by evaluation before and after; and not said without a record."""

from datetime import UTC, datetime, time
from itertools import product
from random import Random
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archive.events.policy_events import Stage, Terms
from archive.model.period import Period
from policies.evaluation import Governing, Start, evaluate
from policies.shortening import earlier_start, why_it_shortens

TEXTS = ["1d", "28d", "29d", "30d", "31d", "59d", "365d", "366d", "1461d", "1m", "2m", "12m", "1y"]
TEXTS += ["48m", "4y", "3y", "1095d", "1096d"]


def terms(**changes):
    given = {"name": "p", "scope": "*", "minimum": "3y"}
    return Terms.model_validate(given | changes)


def dates(occurred, captured, governing):
    found = evaluate(occurred, captured, governing, now=captured)
    never = datetime.max.replace(tzinfo=UTC)
    return (
        never if found.indefinite else found.retain_until or datetime.min.replace(tzinfo=UTC),
        found.delete_at or never,
        found.due_at or never,
    )


def let_go_earlier(old, new, occurred, captured, other=None, happened=None):
    """Whether a record in the scope of both, and of another policy, may go earlier afterwards.

    `happened` says when the events were that clocks start at, by their names.
    """

    def governs(each):
        when = (happened or {}).get(each.event)
        return Governing(1, each, start=when and Start(when, UUID(int=1)))

    before, after = (
        dates(occurred, captured, [governs(each) for each in (other, said) if each is not None])
        for said in (old, new)
    )
    return any(later < earlier for earlier, later in zip(before, after, strict=True))


periods = st.sampled_from(TEXTS)
some_terms = st.one_of(
    st.none(),
    st.builds(
        lambda clock, minimum, maximum, grace: terms(
            clock=clock, minimum=minimum, maximum=maximum, grace=grace
        ),
        st.sampled_from(["occurred", "captured", "event:left", "event:closed"]),
        st.none() | periods,
        st.none() | periods,
        st.sampled_from(["0d", "1d", "30d", "1m"]),
    ),
)
moments = st.datetimes(datetime(1971, 1, 1), datetime(2105, 1, 1), timezones=st.just(UTC))


@settings(max_examples=150)
@given(some_terms, some_terms, some_terms, moments, moments, st.none() | moments)
def test_no_record_goes_earlier_unless_the_change_shortens(old, new, other, one, another, left):
    occurred, captured = sorted((one, another))
    if not why_it_shortens(old, new):
        happened = {"left": left}
        assert not let_go_earlier(old, new, occurred, captured, other, happened)


def test_a_period_is_shorter_only_from_a_date_that_shows_it():
    for old, new in product(TEXTS, TEXTS):
        start = earlier_start(Period.parse(old), Period.parse(new))
        shortens = why_it_shortens(terms(minimum=old), terms(minimum=new))
        assert bool(shortens) == (start is not None), (old, new)
        if start is not None:
            moment = datetime.combine(start, time(), UTC)
            kept = terms(minimum=old), terms(minimum=new)
            deleted = [terms(minimum=None, maximum=each) for each in (old, new)]
            assert let_go_earlier(kept[0], kept[1], moment, moment), (old, new)
            assert let_go_earlier(deleted[0], deleted[1], moment, moment), (old, new)


def test_no_start_in_the_calendar_was_missed():
    random = Random(3)
    for _ in range(3_000):
        old, new = (Period.parse(random.choice(TEXTS)) for _ in range(2))
        moment = datetime(2000, 1, 1, tzinfo=UTC)
        moment = Period(random.randrange(1, 400 * 365), "d").after(moment)
        if new.after(moment) < old.after(moment):
            assert earlier_start(old, new) is not None, (old, new, moment)


@pytest.mark.parametrize(
    ("old", "new", "shortens"),
    [
        (None, {}, False),
        (None, {"maximum": "7y"}, True),
        ({}, None, True),
        ({"minimum": None, "maximum": "7y"}, None, False),
        ({"minimum": "1y"}, {"minimum": "365d"}, True),
        ({"minimum": "365d"}, {"minimum": "1y"}, False),
        ({"minimum": "1y"}, {"minimum": "12m"}, False),
        ({}, {"minimum": "6y"}, False),
        ({}, {"minimum": "2y"}, True),
        ({}, {"maximum": "9y"}, True),
        ({"maximum": "9y"}, {}, False),
        ({"maximum": "9y"}, {"maximum": "8y"}, True),
        ({"maximum": "9y"}, {"maximum": "10y"}, False),
        ({}, {"clock": "captured"}, False),
        ({"clock": "captured"}, {}, True),
        ({"clock": "event:left"}, {"clock": "event:left", "minimum": "6y"}, False),
        ({"clock": "event:left"}, {"clock": "event:closed"}, True),
        ({"clock": "event:left"}, {"clock": "captured"}, True),
        ({}, {"clock": "event:left"}, True),
        ({"maximum": "9y"}, {"maximum": "9y", "grace": "0d"}, True),
        ({"maximum": "9y"}, {"maximum": "9y", "grace": "60d"}, False),
        ({}, {"grace": "0d"}, False),
        ({}, {"delay": "0d"}, False),
        ({}, {"title": "Other"}, False),
        # Scopes.
        ({"scope": "channel:email"}, {"scope": "*"}, False),
        ({"scope": "*"}, {"scope": "channel:email"}, True),
        ({"scope": "a"}, {"scope": "a OR b"}, False),
        ({"scope": "a OR b"}, {"scope": "b OR c OR a"}, False),
        ({"scope": "a OR b"}, {"scope": "a"}, True),
        ({"scope": "a AND b"}, {"scope": "a"}, False),
        ({"scope": "a"}, {"scope": "a AND b"}, True),
        ({"scope": "a"}, {"scope": "b"}, True),
        (
            {"scope": "a", "minimum": None, "maximum": "7y"},
            {"scope": "a AND b", "minimum": None, "maximum": "7y"},
            False,
        ),
        (
            {"scope": "a", "minimum": None, "maximum": "7y"},
            {"scope": "*", "minimum": None, "maximum": "7y"},
            True,
        ),
        ({"scope": "a", "maximum": "7y"}, {"scope": "a OR b", "maximum": "7y"}, True),
        ({"scope": "a", "maximum": "7y"}, {"scope": "b OR a"}, False),
    ],
)
def test_each_kind_of_change(old, new, shortens):
    before, after = (None if each is None else terms(**each) for each in (old, new))
    assert bool(why_it_shortens(before, after)) == shortens


@pytest.mark.parametrize(
    ("old", "new", "shortens"),
    [
        ([], ["a"], False),
        (["a"], [], True),
        (["a"], ["b"], True),
        (["a"], ["b", "a"], False),
        (["a", "b"], ["b", "a"], True),
        (["a"], ["a 30d"], True),
        (["a 30d"], ["a"], False),
        (["a 30d"], ["a 20d"], True),
        (["a 30d"], ["a 40d"], False),
    ],
)
def test_stages_of_review(old, new, shortens):
    def read(stages):
        pairs = (each.partition(" ") for each in stages)
        review = [Stage(stage=name, approve_after=after or None) for name, _, after in pairs]
        return terms(maximum="7y", review=review)

    assert bool(why_it_shortens(read(old), read(new))) == shortens
