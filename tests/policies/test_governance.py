"""Changing policies: who may, what waits for a second person, when it counts, and the lock."""

from uuid import uuid4

import pytest

from archive.errors import (
    ConflictError,
    CorruptError,
    ForbiddenError,
    InvalidError,
    LockedError,
    NotFoundError,
)
from archive.events.policy_events import Terms
from archive.events.types import AccessRecorded, Erased
from archive.model.roles import LOCAL_ACTOR, Actor, Role
from policies.desk import governance_of
from policies.policy import Book, Policy, evolve, lose
from policies.versions import VersionState

ANN = Actor("ann", "Ann", Role.COMPLIANCE_OFFICER)
BO = Actor("bo", "Bo", Role.COMPLIANCE_OFFICER)
WAITING, SCHEDULED, IN_FORCE, REPLACED, WITHDRAWN = VersionState


def terms(**changes):
    return Terms.model_validate({"name": "a", "scope": "*", "minimum": "3y"} | changes)


@pytest.fixture
def governance(archive):
    return governance_of(archive)


@pytest.fixture
def states(governance, clock):
    def of(name="a"):
        policy = governance.policy(ANN, name)
        return [policy.state(version, clock.now()) for version in policy.versions]

    return of


def test_what_keeps_longer_takes_effect_after_the_delay(governance, clock, states):
    policy = governance.propose(ANN, terms())
    assert policy.versions[0].shortens == ""
    assert states() == [SCHEDULED]
    clock.move(days=6, hours=23)
    assert states() == [SCHEDULED]
    clock.move(hours=1)
    assert states() == [IN_FORCE]


def test_what_shortens_waits_for_a_second_person(governance, clock, states):
    governance.propose(ANN, terms(maximum="7y"))
    clock.move(days=30)
    assert states() == [WAITING]
    with pytest.raises(ForbiddenError, match="Somebody else"):
        governance.approve(ANN, "a")
    governance.approve(BO, "a", 1)
    assert states() == [SCHEDULED]
    clock.move(days=7)
    assert states() == [IN_FORCE]
    with pytest.raises(ConflictError, match="waits"):
        governance.approve(BO, "a")


def test_a_delay_of_nothing_is_at_once(governance, states):
    governance.propose(ANN, terms(delay="0d"))
    assert states() == [IN_FORCE]


def test_no_change_shortens_its_own_delay(governance, clock, states):
    governance.propose(ANN, terms(delay="20d"))
    clock.move(days=20)
    governance.propose(ANN, terms(minimum="6y", delay="0d"))
    clock.move(days=19)
    assert states() == [IN_FORCE, SCHEDULED]
    clock.move(days=1)
    assert states() == [REPLACED, IN_FORCE]


def test_one_change_is_pending_at_a_time(governance, clock, states):
    governance.propose(ANN, terms())
    assert governance.propose(BO, terms()).versions[1:] == ()
    with pytest.raises(ConflictError, match=r"Version 1 .* pending"):
        governance.propose(BO, terms(minimum="6y"))
    with pytest.raises(ConflictError, match="Version 1"):
        governance.withdraw(BO, "a", 2)
    governance.withdraw(BO, "a", 1)
    governance.propose(BO, terms(minimum="6y"))
    assert states() == [WITHDRAWN, SCHEDULED]
    clock.move(days=7)
    with pytest.raises(ConflictError, match="No change"):
        governance.withdraw(ANN, "a")
    assert governance.propose(ANN, terms(minimum="6y")).versions[2:] == ()


def test_a_withdrawn_change_never_takes_effect(governance, clock, states):
    governance.propose(ANN, terms(maximum="7y"))
    governance.withdraw(ANN, "a")
    clock.move(days=30)
    assert states() == [WITHDRAWN]
    with pytest.raises(ConflictError):
        governance.approve(BO, "a")
    with pytest.raises(ConflictError, match="never took effect"):
        governance.disable(ANN, "a")


def test_an_approval_is_of_the_version_that_was_seen(governance):
    governance.propose(ANN, terms(maximum="7y"))
    governance.withdraw(ANN, "a")
    governance.propose(ANN, terms(maximum="4y"))
    with pytest.raises(ConflictError, match="Version 2"):
        governance.approve(BO, "a", 1)


def test_a_disabled_policy_demands_nothing(governance, clock, states):
    governance.propose(ANN, terms(delay="7d"))
    clock.move(days=7)
    governance.disable(ANN, "a")
    assert states() == [IN_FORCE, WAITING]
    governance.approve(BO, "a")
    assert states() == [IN_FORCE, SCHEDULED]
    clock.move(days=7)
    assert states() == [REPLACED, IN_FORCE]
    assert governance.book(ANN).in_force(clock.now()) == {}


def test_a_disabled_policy_can_begin_again(governance, clock, states):
    governance.propose(ANN, terms(delay="0d"))
    governance.disable(ANN, "a")
    governance.approve(BO, "a")
    assert governance.book(ANN).in_force(clock.now()) == {}
    governance.propose(ANN, terms(delay="0d"))
    assert states() == [REPLACED, REPLACED, IN_FORCE]


def test_a_locked_policy_only_gets_longer_or_wider(governance, clock):
    governance.propose(ANN, terms(scope="channel:email", delay="0d"))
    governance.lock(ANN, "a")
    for shorter in (
        {"minimum": "2y"},
        {"scope": "channel:chat"},
        {"scope": "*", "maximum": "9y"},
        {"minimum": None, "maximum": "9y"},
    ):
        with pytest.raises(LockedError):
            governance.propose(ANN, terms(delay="0d", **({"scope": "channel:email"} | shorter)))
    with pytest.raises(LockedError, match="nobody"):
        governance.disable(ANN, "a")
    governance.propose(ANN, terms(scope="channel:email OR channel:chat", delay="0d"))
    policy = governance.propose(ANN, terms(minimum="6y", delay="0d"))
    assert policy.in_force(clock.now()).number == 3
    assert governance.lock(BO, "a").locked.by == ANN.id


def test_nothing_slips_in_behind_the_lock(governance, clock):
    governance.propose(ANN, terms())
    with pytest.raises(ConflictError, match="pending"):
        governance.lock(ANN, "a")
    clock.move(days=7)
    governance.propose(ANN, terms(minimum="1y"))
    with pytest.raises(ConflictError, match="pending"):
        governance.lock(ANN, "a")
    governance.approve(BO, "a")
    with pytest.raises(ConflictError, match="pending"):
        governance.lock(ANN, "a")


def test_only_compliance_officers_govern(archive, governance):
    others = [role for role in Role if role not in (Role.LOCAL, Role.COMPLIANCE_OFFICER)]
    for role in others:
        actor = Actor("x", "x", role)
        with pytest.raises(ForbiddenError):
            governance.propose(actor, terms())
        for act in (governance.approve, governance.withdraw, governance.lock, governance.disable):
            with pytest.raises(ForbiddenError):
                act(actor, "a")
        if role is Role.AUDITOR:
            assert governance.book(actor).policies == {}
        else:
            with pytest.raises(ForbiddenError):
                governance.book(actor)
    refused = [each.action for each in _audited(archive) if not each.allowed]
    acts = ("propose", "approve", "withdraw", "lock", "disable")
    assert refused[:5] == [f"policy.{act}" for act in acts]
    assert len(refused) == len(others) * 6 - 1


def _audited(archive):
    rows = archive.pointers.select_pointers_from(1, 1000)
    events = [archive.mapper.event(opened) for opened in archive.opener.open_each(rows)]
    return [event for event in events if isinstance(event, AccessRecorded)]


def test_whoever_is_restricted_does_not_govern(governance):
    restricted = Actor("x", "x", Role.COMPLIANCE_OFFICER, custodians=frozenset({"Ann"}))
    with pytest.raises(ForbiddenError, match="part of the records"):
        governance.propose(restricted, terms())


def test_local_is_one_person(governance):
    governance.propose(LOCAL_ACTOR, terms(maximum="7y"))
    with pytest.raises(ForbiddenError):
        governance.approve(LOCAL_ACTOR, "a")
    assert governance.approve(ANN, "a").versions[0].approved.by == ANN.id


def test_what_cannot_be_is_refused(governance):
    with pytest.raises(InvalidError) as refused:
        governance.propose(ANN, terms(scope="fee AND (rebate"))
    assert refused.value.column == 9
    with pytest.raises(InvalidError):
        governance.propose(ANN, terms(minimum=None))
    with pytest.raises(NotFoundError):
        governance.approve(ANN, "nothing")


def test_what_was_lost_stops_everything():
    lost = lose(Book(), 1)
    assert lost.unreadable and lost.newest == 1
    erased = Erased(originator_id=uuid4(), originator_version=1, erased_type="policy.proposed")
    assert evolve(Book(), erased).unreadable


def test_while_a_policy_cannot_be_read_none_is_changed(archive, governance, monkeypatch):
    governance.propose(ANN, terms(delay="0d"))
    erased = Erased(originator_id=uuid4(), originator_version=1, erased_type="policy.proposed")
    monkeypatch.setattr(archive.mapper, "event", lambda _: erased)
    assert governance.book(ANN).unreadable
    with pytest.raises(CorruptError, match="verify"):
        governance.propose(ANN, terms(minimum="6y"))


def test_two_changes_at_once_never_cross(archive, governance):
    """Whoever was second decides anew, over what the first one did."""
    other = governance_of(archive)
    committer = archive.committer
    interrupted: list[Policy] = []

    class Late:
        def commit(self, group):
            if not interrupted:
                interrupted.append(other.propose(BO, terms(minimum="6y", delay="0d")))
            return committer.commit(group)

    governance._committer = Late()
    policy = governance.propose(ANN, terms(minimum="5y", delay="0d"))
    assert [version.shortens for version in policy.versions] == [
        "",
        "the minimum becomes 5 years in place of 6 years",
    ]
