"""Retention events: who records them, what shortens, when they count, and for which records."""

from datetime import timedelta
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.app import create_app
from archive.creating import register_user
from archive.errors import ConflictError, CorruptError, ForbiddenError, InvalidError, NotFoundError
from archive.events.retention_events import Statement
from archive.events.types import AccessRecorded, Erased
from archive.model.roles import LOCAL_ACTOR, Actor, Role
from policies.desk import retention_desk
from policies.retention_events.answers import NewRetentionEvent, RetentionEventCorrection
from policies.retention_events.desk import retention_event_desk
from policies.retention_events.event import EventBook, evolve, lose
from policies.retention_events.shortening import why_it_starts_sooner
from policies.versions import VersionState
from tests.archive.house import OPERATIONS, capture, line
from tests.policies.purging_house import dated, desk, in_force, moment, sandbox, states

ANN = Actor("ann", "Ann", Role.COMPLIANCE_OFFICER)
NOBODY = UUID(int=5)
BO = Actor("bo", "Bo", Role.COMPLIANCE_OFFICER)
WAITING, SCHEDULED, IN_FORCE, REPLACED, WITHDRAWN = VersionState


def left(**changes):
    given = {"name": "left", "date": "2020-01-01T00:00:00Z", "query": "custodian:ann"}
    return NewRetentionEvent.model_validate(given | {"reason": "a letter"} | changes)


def correction(**changes):
    return RetentionEventCorrection.model_validate({"reason": "another letter"} | changes)


@pytest.fixture
def events(archive):
    return retention_event_desk(archive)


@pytest.fixture
def stands(events, clock):
    def of(event):
        event = events.event(ANN, event.id)
        return [event.state(version, clock.now()) for version in event.versions]

    return of


def recorded(events, clock, **changes):
    """An event that is in force."""
    event = events.record(ANN, left(delay="0d", **changes))
    return event if event.in_force(clock.now()) else events.approve(BO, event.id)


def test_what_starts_a_clock_waits_for_a_second_person_and_the_delay(events, clock, stands):
    event = events.record(ANN, left())
    assert "clocks may start" in event.versions[0].shortens
    assert stands(event) == [WAITING]
    with pytest.raises(ForbiddenError, match="Somebody else"):
        events.approve(ANN, event.id)
    events.approve(BO, event.id, 1)
    clock.move(days=6, hours=23)
    assert stands(event) == [SCHEDULED]
    clock.move(hours=1)
    assert stands(event) == [IN_FORCE]
    with pytest.raises(ConflictError, match="waits"):
        events.approve(BO, event.id)


def test_a_later_date_counts_at_once_and_an_earlier_one_waits(events, clock, stands):
    event = recorded(events, clock)
    events.correct(ANN, event.id, correction(date="2021-01-01T00:00:00Z"))
    assert stands(event) == [REPLACED, IN_FORCE]
    events.correct(ANN, event.id, correction(date="2020-06-01T00:00:00Z"))
    assert stands(event) == [REPLACED, IN_FORCE, WAITING]
    with pytest.raises(ConflictError, match="Version 3"):
        events.correct(ANN, event.id, correction(date="2022-01-01T00:00:00Z"))
    with pytest.raises(ConflictError, match="Version 3"):
        events.withdraw(BO, event.id, 2)
    events.withdraw(BO, event.id, 3)
    assert stands(event) == [REPLACED, IN_FORCE, WITHDRAWN]


def test_what_is_said_already_is_not_said_again(events, clock):
    event = recorded(events, clock)
    assert len(events.correct(ANN, event.id, correction(title="")).versions) == 1
    for _ in range(2):
        event = events.correct(ANN, event.id, correction(date="2019-01-01T00:00:00Z"))
    assert len(event.versions) == 2
    events.withdraw(ANN, event.id)
    for _ in range(2):
        event = events.cancel(ANN, event.id, "it did not happen")
    assert len(event.versions) == 3


def test_what_is_cancelled_stays_so(events, clock):
    event = recorded(events, clock)
    cancelled = events.cancel(ANN, event.id, "it did not happen")
    assert cancelled.versions[1].shortens == ""
    found = cancelled.in_force(clock.now())
    assert found is not None and found.statement is None
    with pytest.raises(ConflictError, match="record another"):
        events.correct(ANN, event.id, correction(date="2030-01-01T00:00:00Z"))


def test_what_never_counted_is_withdrawn_not_cancelled(events):
    event = events.record(ANN, left())
    with pytest.raises(ConflictError, match="withdraw"):
        events.cancel(ANN, event.id, "a mistake")
    with pytest.raises(ConflictError, match="withdraw"):
        events.correct(ANN, event.id, correction(title="x"))
    events.withdraw(ANN, event.id)
    with pytest.raises(ConflictError, match="pending"):
        events.withdraw(ANN, event.id)


def test_the_delay_is_the_longer_of_two(events, clock, stands):
    event = events.record(ANN, left(delay="20d"))
    events.approve(BO, event.id)
    clock.move(days=20)
    events.correct(ANN, event.id, correction(date="2019-01-01T00:00:00Z", delay="0d"))
    events.approve(BO, event.id)
    clock.move(days=19)
    assert stands(event) == [IN_FORCE, SCHEDULED]
    clock.move(days=1)
    assert stands(event) == [REPLACED, IN_FORCE]


OFFICERS = {
    "administrator": Actor("ad", "Ad", Role.ADMINISTRATOR),
    "legal": Actor("lea", "Lea", Role.LEGAL),
    "restricted": Actor("cy", "Cy", Role.COMPLIANCE_OFFICER, custodians=frozenset({"ann"})),
}


@pytest.mark.parametrize("actor", OFFICERS.values(), ids=OFFICERS)
def test_who_does_not_govern_records_none(events, archive, actor):
    for act in (
        lambda: events.record(actor, left()),
        lambda: events.cancel(actor, archive.clock.uuid7(), "x"),
        lambda: events.approve(actor, archive.clock.uuid7()),
    ):
        with pytest.raises(ForbiddenError):
            act()
    rows = archive.pointers.select_pointers_from(archive.pointers.last_seq() - 2, 3)
    told = [archive.mapper.event(opened) for opened in archive.opener.open_each(rows)]
    assert all(isinstance(each, AccessRecorded) and not each.allowed for each in told)


def test_what_cannot_be_is_refused(events):
    with pytest.raises(InvalidError) as caught:
        events.record(ANN, left(query="a AND (b"))
    assert caught.value.column is not None
    for wrong in ({"query": "has:hold"}, {"query": "  "}):
        with pytest.raises(InvalidError):
            events.record(ANN, left(**wrong))
    with pytest.raises(NotFoundError):
        events.event(ANN, NOBODY)


@pytest.mark.usefixtures("all_erasable")
def test_an_event_that_cannot_be_read_keeps_everything(archive, events, clock):
    event = recorded(events, clock)
    rows = archive.pointers.select_pointers_of([archive.identity.stream("retention-events")])
    archive.eraser.erase(rows[:1], actor="local", ground="a test")
    assert events.book(ANN).unreadable
    with pytest.raises(CorruptError, match="cannot be read"):
        events.cancel(ANN, event.id, "x")
    (record,) = capture(archive, line("1"))
    archive.follow()
    assert retention_desk(archive).why(LOCAL_ACTOR, OPERATIONS, record).unreadable
    with pytest.raises(CorruptError, match="retention events"):
        desk(archive).run(LOCAL_ACTOR)


def test_what_another_stream_says_is_not_believed():
    erased = Erased(originator_id=NOBODY, originator_version=1, erased_type="x")
    assert evolve(EventBook(), erased).unreadable
    assert lose(EventBook(), 3) == EventBook(newest=3, unreadable=True)


# What shortens.

QUERIES = ["*", "a", "b", "a OR b", "a AND b"]
REACHED = {"*": {0, 1, 2, 3}, "a": {1, 3}, "b": {2, 3}, "a OR b": {1, 2, 3}, "a AND b": {3}}
statements = st.builds(
    lambda query, days: Statement(
        date=moment("2020-01-01T00:00:00+00:00") + timedelta(days=days), query=query
    ),
    st.sampled_from(QUERIES),
    st.integers(0, 3),
)


def starts(said, record):
    """When a record's clock starts, as the rule says it."""
    return max(
        (each.date for each in said if record in REACHED[each.query]),
        default=moment("9999-01-01T00:00:00+00:00"),
    )


@settings(max_examples=300)
@given(st.none() | statements, st.none() | statements, st.lists(statements, max_size=3))
def test_no_clock_starts_sooner_unless_the_change_shortens(old, new, others):
    before, after = ([*others, *([each] if each else [])] for each in (old, new))
    sooner = any(starts(after, record) < starts(before, record) for record in range(4))
    if not why_it_starts_sooner(old, new, others):
        assert not sooner


@pytest.mark.parametrize(
    ("old", "new", "others", "shortens"),
    [
        (None, "a 1", [], True),
        (None, "a 1", ["b 1"], True),
        (None, "a 1", ["a 2"], False),
        (None, "a AND b 1", ["a 2"], False),
        (None, "a 1", ["*  9"], False),
        ("a 1", "a 2", [], False),
        ("a 2", "a 1", [], True),
        ("a 1", "a OR b 1", [], True),
        ("a OR b 1", "a 1", [], False),
        ("a OR b 2", "a 2", ["b 1"], True),
        ("a OR b 2", "a 2", ["b 3"], False),
        ("a 1", None, [], False),
        ("a 2", None, ["a 1"], True),
        ("a 2", None, ["a 2"], False),
    ],
)
def test_each_kind_of_change(old, new, others, shortens):
    def read(text):
        if text is None:
            return None
        query, _, day = text.rpartition(" ")
        return Statement(date=moment(f"2020-01-0{day}T00:00:00+00:00"), query=query)

    told = why_it_starts_sooner(read(old), read(new), [read(each) for each in others])
    assert bool(told) == shortens, told


# Through a purge.


def test_a_purge_goes_by_events_and_names_them(tmp_path, clock):
    with sandbox(tmp_path, clock) as archive:
        events = retention_event_desk(archive)
        ids = capture(
            archive,
            line("1", custodian="Ann", occurred_at="2001-01-01T00:00:00Z"),
            line("2", custodian="Bob", occurred_at="2001-01-01T00:00:00Z"),
        )
        in_force(archive, clock="event:left", minimum="1y", maximum="1y")
        assert desk(archive).run(LOCAL_ACTOR).planned == 0
        event = recorded(events, clock)
        # What joins later counts too; and what is corrected is judged anew.
        ids += capture(archive, line("3", custodian="Ann"))
        assert desk(archive).dry_run(LOCAL_ACTOR, OPERATIONS).planned == 2
        events.correct(ANN, event.id, correction(date="2999-01-01T00:00:00Z"))
        assert desk(archive).run(LOCAL_ACTOR).planned == 0
        events.cancel(ANN, event.id, "she stays")
        assert desk(archive).run(LOCAL_ACTOR).planned == 0
        other = recorded(events, clock)
        done = desk(archive).run(LOCAL_ACTOR)
        assert states(archive, ids) == ["GoneError", "Loaded", "GoneError"]
        assert done.certificate is not None
        told = desk(archive).certificate(LOCAL_ACTOR, done.certificate).certificate
        assert [(each.started_by, each.records) for each in told.groups] == [(other.id, 2)]
        started = other.versions[-1].statement.date
        assert (told.first_at, told.last_at) == (started, started)


def test_a_correction_that_comes_in_between_keeps_what_it_is_about(tmp_path, clock, monkeypatch):
    with sandbox(tmp_path, clock) as archive:
        events = retention_event_desk(archive)
        ids = dated(archive, [2001, 2002])
        in_force(archive, clock="event:left", maximum="1y")
        event = recorded(events, clock, query="*")
        later, erase = correction(date="2999-01-01T00:00:00Z"), archive.eraser.erase
        acts = [lambda: events.correct(ANN, event.id, later)]

        def meanwhile(*arguments, **named):
            while acts:
                acts.pop()()
            return erase(*arguments, **named)

        monkeypatch.setattr(archive.eraser, "erase", meanwhile)
        done = desk(archive).run(LOCAL_ACTOR)
        assert not acts and (done.planned, done.destroyed, done.kept) == (0, 0, {"not-due": 2})
        assert states(archive, ids) == ["Loaded", "Loaded"]


def test_a_query_that_cannot_search_a_record_starts_no_clock(tmp_path, clock):
    unread = {"filename": "scan.pdf", "media_type": "application/pdf", "data": "JVBERi0="}
    with sandbox(tmp_path, clock) as archive:
        ids = capture(archive, line("1", attachments=[unread]), line("2", "the guarantee"))
        in_force(archive, clock="event:left", maximum="1y")
        recorded(retention_event_desk(archive), clock, query="guarantee")
        assert desk(archive).run(LOCAL_ACTOR).destroyed == 1
        assert states(archive, ids) == ["Loaded", "GoneError"]
        why = retention_desk(archive).why(LOCAL_ACTOR, OPERATIONS, ids[0])
        assert why.delete_at is None and why.demands[0].started_by is None
        assert any("none is known that reaches it" in step for step in why.steps)
        # It may be the one that counts, so where another starts the clock its later date does.
        recorded(retention_event_desk(archive), clock, query="*", date="2010-01-01T00:00:00Z")
        (demand,) = retention_desk(archive).why(LOCAL_ACTOR, OPERATIONS, ids[0]).demands
        assert demand.starts_at == moment("2020-01-01T00:00:00+00:00")


@pytest.mark.parametrize("after", [False, True])
def test_what_a_process_leaves_that_dies_at_its_commit(archive, events, clock, monkeypatch, after):
    event = recorded(events, clock)
    commit = archive.committer.commit

    def dies(group):
        if after:
            commit(group)
        raise KeyboardInterrupt

    for act in (
        lambda: events.record(ANN, left(query="other")),
        lambda: events.correct(ANN, event.id, correction(date="2019-01-01T00:00:00Z")),
        lambda: events.approve(BO, event.id),
        lambda: events.cancel(ANN, event.id, "she stays"),
    ):
        before = events.book(ANN).newest
        with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
            patch.setattr(archive.committer, "commit", dies)
            act()
        assert events.book(ANN).newest == before + after
        if not after:
            act()
        clock.move(days=7)
    assert events.event(ANN, event.id).in_force(clock.now()).statement is None


def test_the_command_line_from_the_record_to_the_explanation(call, tmp_path):
    (tmp_path / "chat.ndjson").write_bytes(line("1", custodian="Ann"))
    call("init")
    call("import", "chat.ndjson", "--source", "desk")
    (tmp_path / "left.yaml").write_text(
        "name: leavers\nscope: '*'\nclock: event:left\nminimum: 6y\ndelay: 0d\n"
    )
    call("policy", "apply", "left.yaml")
    (record,) = call("search", "*")["results"]
    told = call("why", record["id"], as_json=False)
    assert "no left yet" in told and "no end yet" in told
    given = ("--date", "2020-02-29", "--query", "custodian:ann", "--reason", "a letter")
    told = call("retention-event", "simulate", "left", *given, as_json=False)
    assert "left: of 1 records, 0 are in its scope now and 1 would be" in told
    event = call("retention-event", "record", "left", *given, "--delay", "0d")
    call("user", "add", "Bo", "--role", "compliance-officer")
    token = call("token", "create", "Bo")["token"]
    assert "Somebody else" in call("retention-event", "approve", event["id"], status=1)
    call("retention-event", "approve", event["id"], "--by-token", typed=token)
    why = call("why", record["id"])
    assert (why["retain_until"], why["indefinite"]) == ("2026-02-28T00:00:00Z", False)
    assert why["demands"][0]["started_by"] == event["id"]
    later = ("--date", "2021-02-28", "--reason", "another letter")
    shown = call("retention-event", "correct", event["id"], *later, as_json=False)
    assert "Version 2, on 2021-02-28 00:00 for custodian:ann, is in force" in shown
    assert "2021-02-28" in call("retention-event", "list", as_json=False)
    call("retention-event", "cancel", event["id"], "--reason", "she stays")
    assert call("why", record["id"])["indefinite"] is True
    listed = call("retention-event", "list")
    assert "cancelled" in call("retention-event", "list", as_json=False)
    call("rebuild")
    assert call("retention-event", "list") == listed
    wrong = ("retention-event", "record", "left", "--query", "x", "--reason", "r", "--date")
    assert "date cannot be so" in call(*wrong, "1800-01-01", status=2)


def test_http_from_the_record_to_the_cancelling(archive, clock):
    client = create_app(lambda: archive, clock=clock).test_client()
    officer = {"Authorization": f"Bearer {register_user(archive, Role.COMPLIANCE_OFFICER)}"}
    given = {"name": "left", "date": "2020-01-01T00:00:00Z", "query": "*", "reason": "a letter"}
    made = client.post("/v1/retention-events", json=given | {"delay": "0d"}, headers=officer)
    path = made.headers["Location"]
    assert made.status_code == 201 and made.get_json()["pending"] == 1
    assert client.post(f"{path}/approve", headers=officer).status_code == 403
    events = retention_event_desk(archive)
    events.approve(LOCAL_ACTOR, UUID(made.get_json()["id"]))
    changed = client.post(
        f"{path}/correct",
        json={"date": "2020-06-01T02:00:00+02:00", "reason": "r"},
        headers=officer,
    ).get_json()
    assert changed["versions"][1]["statement"]["date"] == "2020-06-01T00:00:00Z"
    assert changed["in_force"] == 2
    over = client.post(f"{path}/cancel", json={"reason": "r"}, headers=officer).get_json()
    assert over["in_force"] == 3 and over["versions"][2]["statement"] is None
    assert client.get(path, headers=officer).get_json() == over
    told = client.get("/v1/retention-events", headers=officer).get_json()
    assert told == {"retention_events": [over], "unreadable": False, "cursor": None}
    for wrong in ({"name": "A"}, {"date": 5}, {"query": "(x"}, {"date": None}, {"extra": 1}):
        refused = client.post("/v1/retention-events", json=given | wrong, headers=officer)
        assert refused.status_code == 400, wrong
    told = client.post("/v1/retention-events/simulate", json=given, headers=officer).get_json()
    assert (told["name"], told["records"], told["due"]["records"]) == ("left", 0, 0)
    nobody = f"/v1/retention-events/{NOBODY}"
    assert client.get(nobody, headers=officer).status_code == 404
