"""Who decides how long the trail is kept: two for what shortens, nobody under six years."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from archive.errors import ConflictError, ForbiddenError, InvalidError
from archive.model.period import Period
from archive.model.roles import LOCAL_ACTOR, Actor, Role
from archive.opening import Archive
from policies.trail.desk import told, trail_governance
from policies.trail.governance import TrailGovernance
from policies.versions import VersionState
from tests.policies.purging_house import SECOND
from tests.policies.trail_house import SIX_YEARS, OldClock, day, entries, old_sandbox

FIRST = replace(SECOND, id=LOCAL_ACTOR.id, name="first")
AUDITOR = Actor("auditor", "auditor", Role.AUDITOR)


@pytest.fixture
def made(tmp_path: Path) -> Iterator[tuple[Archive, OldClock]]:
    with old_sandbox(tmp_path, day(2020)) as (archive, clock):
        yield archive, clock


@pytest.fixture
def governance(made: tuple[Archive, OldClock]) -> TrailGovernance:
    return trail_governance(made[0])


def test_it_is_kept_for_ever_until_two_decide_otherwise(
    made: tuple[Archive, OldClock], governance: TrailGovernance
) -> None:
    archive, clock = made
    assert told(archive, governance.book(FIRST)).keep is None
    waiting = governance.propose(FIRST, SIX_YEARS)
    assert waiting.in_force(clock.now()) is None
    assert waiting.versions[0].shortens == "entries go after 6 years, and were kept for ever"
    with pytest.raises(ForbiddenError):
        governance.approve(FIRST)
    with pytest.raises(ConflictError):
        governance.approve(SECOND, 2)
    approved = governance.approve(SECOND, 1)
    assert approved.versions[0].effective_at == day(2020, 1, 8)
    assert approved.in_force(day(2020, 1, 7)) is None
    clock.move_to(day(2020, 1, 8))
    answer = told(archive, governance.book(AUDITOR))
    assert (answer.keep, answer.in_force, answer.pending) == (SIX_YEARS, 1, None)
    assert [each.state for each in answer.versions] == [VersionState.IN_FORCE]
    acts = [(each.action, each.allowed) for each in entries(archive)]
    assert ("audit-retention.proposed", True) in acts
    assert ("audit-retention.approve", False) in acts
    assert ("audit-retention.approved", True) in acts


def test_what_lengthens_takes_effect_at_once_and_needs_nobody_else(
    made: tuple[Archive, OldClock], governance: TrailGovernance
) -> None:
    archive, clock = made
    governance.propose(FIRST, SIX_YEARS)
    governance.approve(SECOND)
    clock.move_to(day(2020, 2, 1))
    for keep in (Period(7, "y"), None):
        assert told(archive, governance.propose(FIRST, keep)).keep == keep
    # The same again changes nothing.
    assert len(governance.propose(SECOND, None).versions) == 3


def test_a_shorter_period_waits_again(
    made: tuple[Archive, OldClock], governance: TrailGovernance
) -> None:
    archive, clock = made
    governance.propose(FIRST, Period(10, "y"))
    governance.approve(SECOND)
    clock.move_to(day(2020, 2, 1))
    waiting = governance.propose(SECOND, Period(7, "y"))
    assert waiting.versions[-1].shortens == "entries go after 7 years in place of 10 years"
    with pytest.raises(ConflictError):
        governance.propose(FIRST, Period(8, "y"))
    # The one that is pending is no conflict with itself.
    assert governance.propose(FIRST, Period(7, "y")) == waiting
    with pytest.raises(ForbiddenError):
        governance.approve(SECOND)
    withdrawn = governance.withdraw(FIRST)
    assert withdrawn.pending(clock.now()) is None
    assert told(archive, withdrawn).keep == Period(10, "y")
    for act in (governance.approve, governance.withdraw):
        with pytest.raises(ConflictError):
            act(SECOND)


def test_less_than_six_years_is_refused(governance: TrailGovernance) -> None:
    for text in ("5y", "71m", "2190d", "1d"):
        with pytest.raises(InvalidError):
            governance.propose(FIRST, Period.parse(text))
    assert governance.book(FIRST).versions == ()
    for text in ("6y", "72m", "2192d", "100y"):
        assert governance.propose(FIRST, Period.parse(text)).versions[-1].keep == Period.parse(text)
        governance.withdraw(FIRST)


def test_who_does_not_govern_decides_nothing(
    made: tuple[Archive, OldClock], governance: TrailGovernance
) -> None:
    governance.propose(FIRST, SIX_YEARS)
    restricted = replace(SECOND, custodians=frozenset({"ann"}))
    others = [
        Actor(str(role), str(role), role)
        for role in (Role.ADMINISTRATOR, Role.LEGAL, Role.AUDITOR, Role.TRAINER)
    ]
    for actor in (restricted, *others):
        with pytest.raises(ForbiddenError):
            governance.propose(actor, None)
        for act in (governance.approve, governance.withdraw):
            with pytest.raises(ForbiddenError):
                act(actor)
    for actor in others:
        if actor.role is not Role.AUDITOR:
            with pytest.raises(ForbiddenError):
                governance.book(actor)
    assert governance.book(AUDITOR).newest == 1
    refused = [each for each in entries(made[0]) if each.allowed is False]
    assert len(refused) == 5 * 3 + 3
