"""A conversation as the doors give it: whole, in order, page by page, and audited."""

import json
from uuid import UUID, uuid4

import pytest

from archive.catalog.tables import records
from archive.creating import create_archive
from archive.errors import ForbiddenError, InvalidError, NotFoundError, UnavailableError
from archive.events.types import AccessRecorded
from archive.model.roles import LOCAL_ACTOR, Actor, Purpose, Role
from archive.opening import open_archive
from archive.settings import Settings
from tests.archive.house import OPERATIONS, capture, line

DAY = "2024-05-{:02}T09:00:00Z"


@pytest.fixture
def archive(tmp_path, each_database):
    database = {"MUNIMENT_DATABASE_URL": each_database} if each_database else {}
    settings = Settings.load({"MUNIMENT_HOME": str(tmp_path / "home")} | database, tmp_path)
    create_archive(settings)
    with open_archive(settings) as archive:
        yield archive


def talk(archive):
    """A conversation over three channels and two custodians, captured out of order."""
    ticket = {"conversation": "T-1", "source": "helpdesk"}
    captured = capture(
        archive,
        line("c", "By chat", occurred_at=DAY.format(3), custodian="ann", **ticket),
        line("a", "The ticket", occurred_at=DAY.format(1), channel="ticket", **ticket),
        line("other", "Elsewhere", occurred_at=DAY.format(2), source="helpdesk"),
        line("call", "By phone", occurred_at=DAY.format(2), channel="voice", source="helpdesk",
             in_reply_to="a", custodian="bob"),
    )  # fmt: skip
    archive.follow()
    return [captured[1], captured[3], captured[0]], captured[2]


def read(archive, id, **asked):
    return archive.access.conversation(LOCAL_ACTOR, OPERATIONS, id, **asked)


def trail(archive):
    rows = archive.pointers.select_pointers_from(0, 1000)
    events = [archive.mapper.event(opened) for opened in archive.opener.open_each(rows)]
    return [event for event in events if isinstance(event, AccessRecorded)]


def test_it_is_whole_and_in_order_whatever_the_channel_and_custodian(archive):
    inside, outside = talk(archive)
    for id in inside:
        page = read(archive, id)
        assert [item.id for item in page.items] == inside
        assert [item.record.channel for item in page.items] == ["ticket", "voice", "chat"]
        assert [item.position for item in page.items] == [1, 2, 3]
        assert (page.total, page.cursor) == (3, None)
    assert [item.id for item in read(archive, outside).items] == [outside]


def test_pages_join_to_the_whole(archive):
    inside, _ = talk(archive)
    found, cursor = [], None
    for position in (1, 2, 3):
        page = read(archive, inside[0], limit=1, cursor=cursor)
        assert [item.position for item in page.items] == [position]
        found += [item.id for item in page.items]
        cursor = page.cursor
    assert (found, cursor) == (inside, None)


@pytest.mark.parametrize("cursor", ["", "x", "AAAA", "é", "A" * 23])
def test_a_wrong_cursor_is_refused(archive, cursor):
    inside, _ = talk(archive)
    with pytest.raises(InvalidError):
        read(archive, inside[0], cursor=cursor)


def test_a_record_says_where_it_stands(archive):
    inside, outside = talk(archive)
    places = [archive.access.show(LOCAL_ACTOR, OPERATIONS, id).place for id in inside]
    assert [place.position for place in places] == [1, 2, 3]
    assert {place.total for place in places} == {3}
    assert [place.previous for place in places] == [None, *inside[:2]]
    assert [place.next for place in places] == [*inside[1:], None]
    alone = archive.access.show(LOCAL_ACTOR, OPERATIONS, outside).place
    assert (alone.position, alone.total, alone.previous, alone.next) == (1, 1, None, None)


def test_what_was_captured_just_now_is_waited_for(archive):
    (shown,) = capture(archive, line("m1", conversation="T-1"))
    assert archive.access.show(LOCAL_ACTOR, OPERATIONS, shown).place.total == 1
    (read_at_once,) = capture(archive, line("m2", conversation="T-1"))
    assert read(archive, read_at_once).total == 2


def test_what_the_catalog_does_not_come_to_is_to_be_asked_for_again(archive, monkeypatch):
    monkeypatch.setattr("archive.access.reading.CATCH_UP_SECONDS", 0.1)
    (old,) = capture(archive, line("m1", conversation="T-1"))
    archive.follow()
    with open_archive(archive.settings) as other:
        assert other.leadership.acquire()
        (new,) = capture(archive, line("m2", conversation="T-1"))
        assert archive.access.show(LOCAL_ACTOR, OPERATIONS, old).place.total == 1
        for ask in (archive.access.show, archive.access.conversation):
            with pytest.raises(UnavailableError):
                ask(LOCAL_ACTOR, OPERATIONS, new)
            with pytest.raises(NotFoundError):
                ask(LOCAL_ACTOR, OPERATIONS, uuid4())


def test_what_is_erased_keeps_its_place_and_is_passed_over(archive):
    inside, _ = talk(archive)
    with archive.catalog._engine.begin() as connection:
        erased = records.update().where(records.c.id == inside[1].bytes).values(erased=1)
        connection.execute(erased)
    page = read(archive, inside[1])
    assert [item.state for item in page.items] == ["shown", "erased", "shown"]
    assert page.items[1].record is None
    assert "erased" in (page.items[1].problem or "")
    assert archive.access.show(LOCAL_ACTOR, OPERATIONS, inside[0]).place.next == inside[2]
    assert inside[1] not in trail(archive)[-2].records


def test_edits_are_marked_and_earlier_versions_can_be_read(archive):
    (id,) = capture(archive, line("m", "First words"))
    capture(archive, line("m", "Second thoughts"))
    archive.follow()
    (item,) = read(archive, id).items
    assert (item.record.text, item.record.edited) == ("Second thoughts", True)
    events = archive.access.history(LOCAL_ACTOR, OPERATIONS, id).events
    versions = [
        archive.access.show(LOCAL_ACTOR, OPERATIONS, id, as_of=event.seq) for event in events
    ]
    assert [version.text for version in versions] == ["First words", "Second thoughts"]
    assert [version.version for version in versions] == [1, 2]
    first = archive.access.original(LOCAL_ACTOR, OPERATIONS, id, as_of=events[0].seq)
    assert b"First words" in b"".join(first.chunks)
    with pytest.raises(NotFoundError):
        archive.access.show(LOCAL_ACTOR, OPERATIONS, id, as_of=events[0].seq - 1)


def test_every_page_is_audited_and_so_is_a_refusal(archive):
    inside, _ = talk(archive)
    read(archive, inside[0], limit=2)
    event = trail(archive)[-1]
    assert (event.action, event.allowed, event.total) == ("conversation", True, 3)
    assert list(event.records) == inside[:2]
    stranger = Actor("x", "x", Role.ADMINISTRATOR)
    with pytest.raises(ForbiddenError):
        archive.access.conversation(stranger, OPERATIONS, inside[0])
    with pytest.raises(ForbiddenError):
        archive.access.conversation(Actor("y", "y", Role.LEGAL), Purpose("training"), inside[0])
    assert [event.allowed for event in trail(archive)[-2:]] == [False, False]


def test_there_is_none_of_an_unknown_id(archive):
    with pytest.raises(NotFoundError):
        read(archive, uuid4())


def test_http_gives_the_same(client, legal, capture, stand_in):
    id = capture()
    answer = client.get(f"/v1/conversations/{id}", headers=legal)
    assert answer.status_code == 200, answer.text
    assert json.loads(answer.text)["items"][0]["record"]["subject"] == "Side letter"
    assert stand_in.noted[-1] == ("conversation", "u2", "compliance")
    assert client.get(f"/v1/conversations/{id}").status_code == 401
    assert client.get(f"/v1/conversations/{UUID(int=1)}", headers=legal).status_code == 404
    assert client.get(f"/v1/conversations/{id}?limit=0", headers=legal).status_code == 400
    assert client.get(f"/v1/interactions/{id}?as_of=-1", headers=legal).status_code == 400
