"""Disposition reviews: opened, decided stage by stage, and what the purge makes of it."""

from datetime import timedelta

import pytest

from archive.errors import ConflictError, ForbiddenError, InvalidError, NotFoundError
from archive.events.hold_events import HoldScope
from archive.model.roles import LOCAL_ACTOR, Actor, Role
from policies.desk import governance_of
from tests.archive.house import OPERATIONS, capture, line
from tests.policies.purging_house import (
    SECOND,
    dated,
    desk,
    in_force,
    place_hold,
    release_hold,
    states,
)
from tests.policies.reviewing_house import (
    ANN,
    LAWYER,
    OFFICER,
    ONE,
    approve,
    extend,
    opened,
    relabel,
    reviewed,
    reviews,
    shown,
    standing,
    steps,
)


def certified(archive, done):
    assert done.certificate is not None
    found = desk(archive).certificate(LOCAL_ACTOR, done.certificate).certificate.reviews
    return [(each.stage, each.approved_by, each.automatic, each.records) for each in found]


def test_two_stages_approve_and_the_purge_takes_it(archive):
    ids = dated(archive, [2001, 2002, 2003])
    reviewed(archive)
    assert desk(archive).run(LOCAL_ACTOR).kept == {"review": 3}
    assert (opened(archive).opened, opened(archive).opened) == ((1,), ())
    assert "disposition 1" in steps(archive, ids[0]) and "records manager" in steps(archive, ids[0])
    assert approve(archive, OFFICER, "records manager", ids[:2]).records == 2
    assert "counsel" in steps(archive, ids[0])
    assert approve(archive, LAWYER, "counsel").records == 2
    done = desk(archive).run(LOCAL_ACTOR)
    assert (done.destroyed, done.kept) == (2, {"review": 1})
    assert states(archive, ids) == ["GoneError", "GoneError", "Loaded"]
    assert standing(archive) == ["condemned", "condemned", "waiting"]
    assert certified(archive, done) == [
        ("records manager", OFFICER.id, False, 2),
        ("counsel", LAWYER.id, False, 2),
    ]
    archive.follow()
    (listed,) = reviews(archive).everything(OFFICER, 10).dispositions
    assert (listed.state, listed.records, listed.waiting, listed.destroyed) == ("waiting", 3, 1, 2)


def test_the_stages_roles_and_whoever_may_not(archive):
    dated(archive, [2001])
    reviewed(archive)
    opened(archive)
    auditor = Actor(id="a", name="a", role=Role.AUDITOR)
    partly = Actor(id="p", name="p", role=Role.LEGAL, custodians=frozenset({"x"}))
    for actor, stage in ((LAWYER, "records manager"), (auditor, "counsel"), (partly, "counsel")):
        with pytest.raises(ForbiddenError):
            approve(archive, actor, stage)
    with pytest.raises(ForbiddenError):
        reviews(archive).open(LAWYER)
    with pytest.raises(ConflictError, match="No record waits"):
        approve(archive, LAWYER, "counsel")
    with pytest.raises(InvalidError, match="records manager, counsel"):
        approve(archive, OFFICER, "nobody")
    with pytest.raises(NotFoundError):
        approve(archive, OFFICER, "records manager", number=2)
    other = dated(archive, [2020])
    with pytest.raises(NotFoundError):
        approve(archive, OFFICER, "records manager", other)
    approve(archive, OFFICER, "records manager")
    with pytest.raises(ConflictError):
        approve(archive, OFFICER, "records manager")
    assert shown(archive, actor=auditor).records == 1


def test_nobody_approves_alone_what_they_own(archive):
    theirs, other = (
        dated(archive, [2001])[0],
        capture(
            archive,
            line(
                "bob",
                occurred_at="2001-03-01T00:00:00Z",
                participants=[{"role": "author", "address": "bob@example.com"}],
            ),
        )[0],
    )
    reviewed(archive, ONE)
    opened(archive)
    done = approve(archive, ANN, "records manager")
    assert (done.records, done.left_out) == (1, 1)
    with pytest.raises(ForbiddenError, match="own"):
        approve(archive, ANN, "records manager", [theirs])
    assert [each.own for each in shown(archive, actor=ANN).items] == [True, False]
    assert desk(archive).run(LOCAL_ACTOR).destroyed == 1
    approve(archive, OFFICER, "records manager")
    assert desk(archive).run(LOCAL_ACTOR).destroyed == 1
    assert states(archive, [theirs, other]) == ["GoneError", "GoneError"]


def test_an_owner_by_alias_or_custody_is_known(archive):
    archive.people_desk.record(LOCAL_ACTOR, OPERATIONS, "Olga", ["olga", "bob@example.com"])
    (first,) = capture(
        archive,
        line(
            "bob",
            occurred_at="2001-03-01T00:00:00Z",
            participants=[{"role": "from", "address": "Bob@Example.com"}],
        ),
    )
    (second,) = capture(archive, line("held", occurred_at="2001-03-02T00:00:00Z", custodian="OLGA"))
    reviewed(archive, ONE)
    opened(archive)
    for record_id in (first, second):
        with pytest.raises(ForbiddenError):
            approve(archive, OFFICER, "records manager", [record_id])


def test_an_owner_approves_beside_another_but_not_with_time_alone(archive, clock):
    dated(archive, [2001, 2002])
    stages = ({"stage": "a"}, {"stage": "b", "approve_after": "10d"})
    reviewed(archive, stages)
    opened(archive)
    first, second = (each.id for each in shown(archive).items)
    approve(archive, ANN, "a", [first])
    approve(archive, OFFICER, "a", [second])
    clock.move(days=10)
    assert opened(archive).approved == 1
    assert standing(archive) == ["waiting", "approved"]
    with pytest.raises(ForbiddenError):
        approve(archive, ANN, "b", [first])
    approve(archive, OFFICER, "b", [first])
    assert standing(archive) == ["approved", "approved"]


def test_time_approves_from_the_beginning_of_its_stage(archive, clock):
    dated(archive, [2001])
    reviewed(archive)
    opened(archive)
    clock.move(days=29)
    approve(archive, OFFICER, "records manager")
    clock.move(days=29)
    assert opened(archive).approved == 0
    clock.move(days=1)
    assert opened(archive).approved == 1
    done = desk(archive).run(LOCAL_ACTOR)
    assert done.destroyed == 1
    assert certified(archive, done) == [
        ("records manager", OFFICER.id, False, 1),
        ("counsel", "schedule", True, 1),
    ]


def test_an_extension_keeps_until_its_time_and_is_reviewed_anew(archive, clock):
    (record,) = dated(archive, [2001])
    reviewed(archive, ONE)
    opened(archive)
    until = clock.now() + timedelta(days=100)
    extend(archive, OFFICER, stage="records manager", until=until)
    assert standing(archive) == ["extended"]
    assert opened(archive).opened == () and desk(archive).run(LOCAL_ACTOR).kept == {}
    assert f"{until:%Y-%m-%d}" in steps(archive, record)
    clock.move(days=99)
    assert opened(archive).opened == ()
    clock.move(days=1)
    assert opened(archive).opened == (2,)
    assert desk(archive).run(LOCAL_ACTOR).kept == {"review": 1}
    approve(archive, OFFICER, "records manager", number=2)
    assert desk(archive).run(LOCAL_ACTOR).destroyed == 1


def test_an_extension_is_shortened_by_a_second_person_alone(archive, clock):
    (record,) = dated(archive, [2001])
    reviewed(archive, ONE)
    opened(archive)
    now = clock.now()
    extend(archive, OFFICER, stage="records manager", until=now + timedelta(days=100))
    shorter = {"records": [record], "until": now + timedelta(days=1)}
    with pytest.raises(ForbiddenError, match="Somebody else"):
        extend(archive, OFFICER, **shorter)
    extend(archive, OFFICER, records=[record], until=now + timedelta(days=200))
    extend(archive, LAWYER, **shorter)
    clock.move(days=1)
    assert opened(archive).opened == (2,)
    for wrong in ({"until": now}, {"until": now + timedelta(days=40_000)}, {"records": None}):
        with pytest.raises(InvalidError):
            extend(archive, OFFICER, **{**shorter, "until": now + timedelta(days=9), **wrong})


def test_an_extension_outlives_the_policy_that_asked(archive, clock):
    dated(archive, [2001])
    reviewed(archive, ONE)
    opened(archive)
    extend(archive, OFFICER, stage="records manager", until=clock.now() + timedelta(days=100))
    in_force(archive, maximum="4y")
    assert desk(archive).run(LOCAL_ACTOR).planned == 0
    clock.move(days=100)
    assert desk(archive).run(LOCAL_ACTOR).destroyed == 1


def test_what_is_held_leaves_and_is_reviewed_anew(archive, clock):
    ids = dated(archive, [2001, 2002])
    reviewed(archive, ONE)
    opened(archive)
    approve(archive, OFFICER, "records manager")
    place_hold(archive, "smith", HoldScope(records=(ids[0],)))
    assert desk(archive).dry_run(LOCAL_ACTOR, OPERATIONS).held == 1
    assert opened(archive).left == 1
    assert standing(archive) == ["left", "approved"]
    clock.move(days=1)
    release_hold(archive, "smith")
    clock.move(days=1)
    done = desk(archive).run(LOCAL_ACTOR)
    assert (done.destroyed, done.kept) == (1, {"review": 1})
    assert opened(archive).opened == (2,)


def test_an_approval_before_a_hold_does_not_count_even_if_nobody_looked(archive, clock):
    (record,) = dated(archive, [2001])
    reviewed(archive, ONE)
    opened(archive)
    approve(archive, OFFICER, "records manager")
    place_hold(archive, "smith", HoldScope(records=(record,)))
    clock.move(days=1)
    release_hold(archive, "smith")
    assert desk(archive).run(LOCAL_ACTOR).kept == {"review": 1}


@pytest.mark.parametrize("passed", [0, 1, 2])
def test_what_is_edited_meanwhile_is_reviewed_anew(archive, passed):
    edited, other = dated(archive, [2001, 2001])
    reviewed(archive)
    opened(archive)
    decide = [(OFFICER, "records manager"), (LAWYER, "counsel")]
    for who, stage in decide[:passed]:
        approve(archive, who, stage)
    capture(archive, line("2001-0", "What nobody saw", occurred_at="2001-03-01T00:00:00Z"))
    for who, stage in decide[passed:]:
        approve(archive, who, stage)
    assert "must approve it" in steps(archive, edited)
    assert desk(archive).dry_run(LOCAL_ACTOR, OPERATIONS).kept == {"review": 1}
    anew = opened(archive)
    assert (anew.left, anew.opened, standing(archive)) == (1, (2,), ["left", "approved"])
    assert shown(archive).items[0].departure == "not-due"
    done = desk(archive).run(LOCAL_ACTOR)
    assert (done.destroyed, done.kept) == (1, {"review": 1})
    assert states(archive, [edited, other]) == ["Loaded", "GoneError"]
    for who, stage in decide:
        approve(archive, who, stage, number=2)
    done = desk(archive).run(LOCAL_ACTOR)
    assert (done.destroyed, [each[3] for each in certified(archive, done)]) == (1, [1, 1])


def test_another_version_of_the_policy_asks_anew(archive):
    dated(archive, [2001])
    reviewed(archive, ONE)
    opened(archive)
    approve(archive, OFFICER, "records manager")
    reviewed(archive, ONE, maximum="4y")
    assert desk(archive).run(LOCAL_ACTOR).kept == {"review": 1}
    with pytest.raises(ConflictError, match="not in force"):
        extend(archive, OFFICER, stage="records manager", until="2100-01-01T00:00:00Z")
    done = opened(archive)
    assert (done.left, done.opened) == (1, (2,))
    assert shown(archive).in_force is False and shown(archive, 2).in_force is True
    approve(archive, OFFICER, "records manager", number=2)
    assert desk(archive).run(LOCAL_ACTOR).destroyed == 1


def test_two_policies_ask_and_both_must_approve(archive):
    dated(archive, [2001])
    reviewed(archive, ONE, name="one")
    reviewed(archive, ONE, name="two", maximum="90y")
    assert opened(archive).opened == (1, 2)
    approve(archive, OFFICER, "records manager")
    assert desk(archive).run(LOCAL_ACTOR).kept == {"review": 1}
    approve(archive, OFFICER, "records manager", number=2)
    assert desk(archive).run(LOCAL_ACTOR).destroyed == 1


def test_a_label_puts_a_record_under_another_policy(archive, clock):
    kept, other = dated(archive, [2001, 2002])
    reviewed(archive, ONE)
    in_force(archive, "longer", scope="channel:email", minimum="90y")
    in_force(archive, "at-once", scope="channel:email", maximum="1y")
    opened(archive)
    for name in ("at-once", "plain", "nowhere"):
        with pytest.raises(ConflictError):
            relabel(archive, OFFICER, stage="records manager", policy=name)
    relabel(archive, OFFICER, stage="records manager", records=[kept], policy="longer")
    assert standing(archive) == ["relabelled", "waiting"]
    told = steps(archive, kept)
    assert "longer" in told and "No policy in force demands its deletion" in told
    approve(archive, OFFICER, "records manager")
    assert desk(archive).run(LOCAL_ACTOR).destroyed == 1
    assert states(archive, [kept, other]) == ["Loaded", "GoneError"]
    assert opened(archive).opened == ()


def test_a_label_to_a_policy_that_ends_is_none(archive):
    dated(archive, [2001])
    reviewed(archive, ONE)
    in_force(archive, "longer", scope="channel:email", minimum="90y")
    opened(archive)
    relabel(archive, OFFICER, stage="records manager", policy="longer")
    governance_of(archive).disable(LOCAL_ACTOR, "longer")
    governance_of(archive).approve(SECOND, "longer")
    assert desk(archive).run(LOCAL_ACTOR).kept == {"review": 1}
    assert opened(archive).opened == (2,)
