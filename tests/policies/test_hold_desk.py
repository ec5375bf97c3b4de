"""Placing, changing and releasing holds: who may, what is written, and what a crash leaves."""

from uuid import uuid4

import pytest

from archive.errors import (
    ConflictError,
    CorruptError,
    ForbiddenError,
    InvalidError,
    NotFoundError,
    UnavailableError,
)
from archive.events.hold_events import HoldPlaced
from archive.events.policy_events import Terms
from archive.events.types import AccessRecorded
from archive.model.roles import LOCAL_ACTOR, Actor, Role
from archive.query.parser import parse
from archive.query.tree import to_json
from archive.trail.entry import entry, is_act
from policies.desk import governance_of, retention_desk
from policies.holds.answers import HoldRequest, ScopeRequest
from policies.holds.book import hold_reader
from policies.holds.desk import hold_desk
from tests.archive.house import OPERATIONS, capture, line
from tests.policies.holding import HoldGate

LEA = Actor("lea", "Lea", Role.LEGAL)
CARL = Actor("carl", "Carl", Role.COMPLIANCE_OFFICER)
WHO = {"actor": "local", "ground": "policy a, version 1"}


def request(name="a", **scope):
    fields = {"name": name, "matter": "Smith", "reason": "a letter of 3 May"}
    return HoldRequest.model_validate(fields | (scope or {"query": "fee"}))


def scope(**fields):
    return ScopeRequest.model_validate(fields)


@pytest.fixture
def desk(archive):
    return hold_desk(archive)


def newest(archive, type):
    (row,) = archive.pointers.select_pointers_from(None, 10_000, topics=[type])[-1:]
    (opened,) = archive.opener.open_each([row])
    return row, archive.mapper.event(opened)


def test_a_hold_keeps_the_query_and_its_tree_as_evidence(archive, desk, clock):
    hold = desk.place(LEA, request(query='fee  sent:2001 "side letter"'))
    assert hold.placed.by == "lea" and hold.placed.at == clock.now()
    assert hold.scope.ast == to_json(parse(hold.scope.query))
    assert "2001-01-01" in hold.scope.query
    row, event = newest(archive, "hold.placed")
    assert isinstance(event, HoldPlaced) and event.matter == "Smith" and is_act(row.type)
    told = entry(row, event)
    assert (told.actor, told.change["hold"], told.change["query"]) == ("lea", "a", hold.scope.query)
    assert "ast" not in str(told.change)


def test_only_legal_users_who_see_everything_hold(archive, desk):
    some = Actor("sue", "Sue", Role.LEGAL, custodians=frozenset({"ann"}))
    others = [Actor(role, role, role) for role in Role if role not in (Role.LEGAL, Role.LOCAL)]
    for actor in (some, *others):
        for act in (
            lambda actor=actor: desk.place(actor, request()),
            lambda actor=actor: desk.change(actor, "a", scope(query="*"), "because"),
            lambda actor=actor: desk.release(actor, "a", "because"),
            lambda actor=actor: desk.reach(actor, OPERATIONS, scope(query="*"), 1),
        ):
            with pytest.raises(ForbiddenError):
                act()
            _, refused = newest(archive, AccessRecorded.type)
            assert refused.actor == actor.id and refused.allowed is False
    assert desk.book(CARL).holds == desk.book(Actor("x", "X", Role.AUDITOR)).holds == {}
    with pytest.raises(ForbiddenError):
        desk.book(Actor("t", "T", Role.TRAINER))
    assert desk.place(LOCAL_ACTOR, request()).name == "a"


def test_a_scope_is_one_of_three_and_can_be(archive, desk):
    (known,) = capture(archive, line("1"))
    for wrong in (
        {},
        {"query": "a", "custodians": ["b"]},
        {"query": " "},
        {"query": "(a"},
        {"query": "hold:a"},
        {"custodians": [" "]},
        {"records": [known, uuid4()]},
    ):
        with pytest.raises(InvalidError):
            desk.place(LEA, HoldRequest(name="a", reason="r", **scope(**wrong).model_dump()))
    with pytest.raises(InvalidError) as told:
        desk.place(LEA, request(query="x AND (b"))
    assert told.value.column is not None
    twice = desk.place(LEA, request(records=[known, known]))
    assert twice.scope.records == (known,)


def test_a_name_is_given_once(desk):
    desk.place(LEA, request())
    with pytest.raises(ConflictError, match="given once"):
        desk.place(LEA, request())
    desk.release(LEA, "a", "it is over")
    for act in (
        lambda: desk.place(LEA, request()),
        lambda: desk.release(LEA, "a", "again"),
        lambda: desk.change(LEA, "a", scope(query="*"), "because"),
    ):
        with pytest.raises(ConflictError):
            act()
    with pytest.raises(NotFoundError):
        desk.release(LEA, "b", "it is over")


def test_a_change_ends_the_scope_before_it(desk, clock):
    desk.place(LEA, request())
    clock.move(days=1)
    hold = desk.change(LEA, "a", scope(query="letter"), "a wider view")
    first, second = hold.reached
    assert first.ended == second.began and first.ended.at == clock.now()
    assert (second.reason, second.ended, second.scope.query) == ("a wider view", None, "letter")
    assert desk.change(LEA, "a", scope(query="letter"), "again") == hold


def test_the_reach_counts_what_matches_and_what_cannot_be_known(archive, desk):
    attached = {"filename": "a.pdf", "media_type": "application/pdf", "data": "JVBERi0="}
    capture(
        archive,
        line("1", "the fee"),
        line("2", "a letter", attachments=[attached]),
        line("3", "a letter"),
    )
    archive.follow()
    told = desk.reach(LEA, OPERATIONS, scope(query="fee"), archive.catalog.position())
    assert (told.records, told.reached, told.uncertain, told.unopened) == (3, 1, 1, 0)
    _, asked = newest(archive, AccessRecorded.type)
    assert (asked.action, asked.query, asked.total) == ("hold.reach", "fee", 1)


def test_the_last_release_starts_the_grace_afresh(archive, desk, clock):
    (record,) = capture(archive, line("1", "the fee", occurred_at="2001-01-01T00:00:00Z"))
    archive.follow()
    terms = {"name": "p", "scope": "*", "maximum": "1y", "grace": "30d", "delay": "0d"}
    governance = governance_of(archive)
    governance.propose(LOCAL_ACTOR, Terms.model_validate(terms))
    governance.approve(CARL, "p")

    def why():
        return retention_desk(archive).why(CARL, OPERATIONS, record)

    assert why().state == "due"
    desk.place(LEA, request("a"))
    desk.place(LEA, request("b", records=[record]))
    assert (why().state, why().holds, why().due_at) == ("held", ("a", "b"), None)
    assert "The hold a must be released." in why().steps
    desk.release(LEA, "a", "it is over")
    clock.move(days=3)
    assert why().state == "held"
    desk.change(LEA, "b", scope(query="letter"), "a narrower view")
    changed = clock.now()
    assert (why().state, (why().due_at - changed).days) == ("grace", 30)
    clock.move(days=29)
    assert why().state == "grace"
    desk.release(LEA, "b", "it is over")
    clock.move(days=1)
    assert why().state == "due"


def test_a_simulation_takes_the_holds_in(archive, desk):
    fields = {"occurred_at": "2001-01-01T00:00:00Z"}
    capture(archive, line("1", "the fee", **fields), line("2", "a letter", **fields))
    archive.follow()
    desk.place(LEA, request())
    terms = Terms.model_validate({"name": "p", "scope": "*", "maximum": "1y", "delay": "0d"})
    told = retention_desk(archive).simulate(CARL, OPERATIONS, terms)
    assert (told.in_scope_after, told.due.records) == (2, 1)


def test_a_hold_tells_what_it_came_too_late_for(archive, desk, monkeypatch):
    ids = capture(archive, line("1", "the fee"), line("2", "a letter"), line("3", "the fee"))
    archive.follow()
    # Condemned, and the process dies before a key is destroyed.
    with monkeypatch.context() as patched:
        patched.setattr(archive.key_objects, "rewrite", _fail)
        with pytest.raises(UnavailableError):
            archive.eraser.erase_records(ids[:2], **WHO)
    assert desk.place(LEA, request("before")).reached[0].condemned == (ids[0],)
    archive.follow()
    assert desk.place(LEA, request("after")).reached[0].condemned == (ids[0],)
    listed = desk.place(LEA, request("listed", records=ids[1:])).reached[0]
    assert listed.condemned == (ids[1],)
    archive.eraser.resume()
    archive.follow()
    assert desk.place(LEA, request("done")).reached[0].condemned == ()
    assert desk.place(LEA, request("erased", records=ids)).reached[0].condemned == tuple(
        sorted(ids[:2])
    )


def _fail(*_, **__):
    raise UnavailableError("The bucket was told to fail.")


def test_a_hold_that_is_not_committed_was_never_placed(archive, desk, monkeypatch):
    with monkeypatch.context() as patched:
        patched.setattr(archive.committer, "commit", _fail)
        with pytest.raises(UnavailableError):
            desk.place(LEA, request())
    assert desk.book(LEA).holds == {}
    assert desk.place(LEA, request()).name == "a"


def test_a_hold_whose_answer_was_lost_is_in_force(archive, desk, monkeypatch):
    (record,) = capture(archive, line("1", "the fee"))
    commit = archive.committer.commit

    def lost(group):
        commit(group)
        raise UnavailableError("The committer went away.")

    with monkeypatch.context() as patched:
        patched.setattr(archive.committer, "commit", lost)
        with pytest.raises(UnavailableError):
            desk.place(LEA, request())
    archive.follow()
    assert HoldGate(archive).check([record]).held[record].certain == ("a",)
    with pytest.raises(ConflictError):
        desk.place(LEA, request())


@pytest.mark.usefixtures("all_erasable")
def test_nothing_changes_while_a_hold_cannot_be_read(archive, desk):
    desk.place(LEA, request())
    rows = archive.pointers.select_pointers(
        hold_reader(archive).stream, gt=None, lte=None, desc=False, limit=None
    )
    archive.eraser.erase(rows, **WHO)
    (record,) = capture(archive, line("1"))
    archive.follow()
    assert desk.book(LEA).unreadable
    with pytest.raises(CorruptError):
        desk.place(LEA, request("b"))
    told = retention_desk(archive).why(CARL, OPERATIONS, record)
    assert told.unreadable and told.due_at is None


def test_a_hold_reads_again_until_it_is_placed(archive, desk, monkeypatch):
    """Somebody else writes the next version in between, several times."""
    read, others = hold_reader(archive).read, iter("bcd")
    other = hold_desk(archive)

    def slow():
        book = read()
        name = next(others, None)
        if name is not None:
            other.place(LEA, request(name))
        return book

    monkeypatch.setattr(desk._holds, "read", slow)
    desk.place(LEA, request())
    assert set(other.book(LEA).holds) == {"a", "b", "c", "d"}
