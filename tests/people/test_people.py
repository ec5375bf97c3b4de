"""People with aliases: what a query finds by them, merging and splitting, and the doors."""

import json
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from click.testing import CliRunner

from api.app import create_app
from api.cli import muniment
from archive.access.search_answers import Filter
from archive.creating import NewArchive
from archive.errors import ConflictError, ForbiddenError, InvalidError, NotFoundError
from archive.model.person import KnownPerson
from archive.model.roles import LOCAL_ACTOR, Actor, Purpose, Role
from archive.opening import Archive
from archive.trail.asked import TrailRequest
from tests.archive.house import OPERATIONS, capture, create, found, line, opened, search

HOME, WORK, ROOM = "jeff@home.example", "jskilling@firm.example", "Jeff in the room"


def by(native_id: str, role: str = "from", **who: str) -> bytes:
    return line(native_id, f"Number {native_id}", participants=[{"role": role, **who}])


LINES = (
    by("1", address=HOME),
    by("2", address=WORK.upper(), name="Skilling, Jeff"),
    by("3", role="author", name=ROOM),
    by("4", role="to", address=HOME),
    by("5", address="ann@firm.example", name=ROOM),
    by("6", address="other@home.example", name="Jeff Skilling"),
)


@pytest.fixture
def made(tmp_path: Path) -> NewArchive:
    return create(tmp_path)


@pytest.fixture
def archive(tmp_path: Path, made: NewArchive) -> Iterator[Archive]:
    with opened(tmp_path) as archive:
        archive.ids = capture(archive, *LINES)  # type: ignore[attr-defined]
        yield archive


def numbers(archive: Archive, query: str, **changes: object) -> str:
    """Return which of the lines a query finds, as digits."""
    ids: list[UUID] = archive.ids  # type: ignore[attr-defined]
    return "".join(sorted(str(ids.index(id) + 1) for id in found(archive, query, **changes)))


def record(archive: Archive, name: str, *aliases: str) -> KnownPerson:
    return archive.people_desk.record(LOCAL_ACTOR, OPERATIONS, name, aliases)


@pytest.mark.parametrize(
    ("query", "alone", "widened"),
    [
        (f"from:{HOME}", "1", "123"),
        (f"from:{HOME.upper()}", "1", "123"),
        (f"to:{WORK}", "", "4"),
        (f"participants:{WORK}", "2", "1234"),
        ("from:j*@firm.example", "2", "123"),
        ("from:@firm.example", "25", "1235"),
        ("from:home.example", "16", "1236"),
        ('from:"Jeff Skilling"', "6", "1236"),
        ("from:(jeff w/3 room)", "35", "1235"),
        (f'from:"{ROOM}"', "35", "1235"),
        ("from:skilling~1", "26", "1236"),
        (HOME, "14", "1234"),
        (f"exact:{HOME}", "14", "14"),
        (f"exact:(from:{HOME})", "1", "1"),
        (f"NOT from:{HOME}", "23456", "456"),
        (f"exact:(from:{HOME}) OR from:ann@firm.example", "15", "15"),
        ("from:*", "12356", "12356"),
        ("from:ann@firm.example", "5", "5"),
        ("number", "123456", "123456"),
    ],
)
def test_whoever_is_named_is_found_by_all_aliases(
    archive: Archive, query: str, alone: str, widened: str
) -> None:
    assert numbers(archive, query) == alone
    record(archive, "Jeff Skilling", HOME, WORK, ROOM)
    assert numbers(archive, query) == widened


def test_an_answer_says_whom_it_named(archive: Archive) -> None:
    jeff = record(archive, "Jeff Skilling", HOME, WORK)
    record(archive, "Ann", "ann@firm.example")
    named = search(archive, f"from:{HOME} NOT sent:2030").people
    assert [(one.id, one.name) for one in named] == [(jeff.id, "Jeff Skilling")]
    assert search(archive, f"exact:{HOME}").people == ()


def test_a_facet_narrows_to_what_is_written(archive: Archive) -> None:
    record(archive, "Jeff Skilling", HOME, WORK)
    assert numbers(archive, "", filters=(Filter(facet="sender", value=HOME),)) == "1"


def test_merging_and_splitting_change_what_is_found(archive: Archive) -> None:
    jeff, room = record(archive, "Jeff", HOME, WORK), record(archive, "Somebody", ROOM)
    assert numbers(archive, f"from:{HOME}") == "12"
    merged = archive.people_desk.merge(LOCAL_ACTOR, OPERATIONS, jeff.id, room.id)
    assert merged == KnownPerson(id=jeff.id, name="Jeff", aliases=(HOME, WORK, ROOM))
    assert numbers(archive, f"from:{HOME}") == "123"
    new = archive.people_desk.split(LOCAL_ACTOR, OPERATIONS, jeff.id, "Jim", [WORK.upper(), ROOM])
    assert (new.name, new.aliases) == ("Jim", (WORK, ROOM))
    assert numbers(archive, f"from:{HOME}") == "1"
    assert numbers(archive, f"from:{WORK}") == "23"
    with pytest.raises(NotFoundError):
        archive.people_desk.show(LOCAL_ACTOR, OPERATIONS, room.id)


def test_a_search_asks_with_the_aliases_of_its_number(archive: Archive) -> None:
    before = search(archive, f"from:{HOME}")
    jeff = record(archive, "Jeff", HOME, WORK)
    between = search(archive, f"from:{HOME}")
    archive.people_desk.alias(LOCAL_ACTOR, OPERATIONS, jeff.id, [ROOM])
    for _ in range(2):
        assert numbers(archive, f"from:{HOME}") == "123"
        assert numbers(archive, f"from:{HOME}", as_of=between.as_of) == "12"
        again = search(archive, f"from:{HOME}", as_of=before.as_of)
        assert (again.result_hash, again.people) == (before.result_hash, ())


def test_pages_go_on_as_they_began(archive: Archive) -> None:
    jeff = record(archive, "Jeff", HOME, WORK)
    first = search(archive, f"from:{HOME}", limit=1)
    archive.people_desk.alias(LOCAL_ACTOR, OPERATIONS, jeff.id, [ROOM])
    second = search(archive, f"from:{HOME}", limit=1, cursor=first.cursor)
    assert (second.total, second.cursor, second.result_hash) == (2, None, first.result_hash)


def test_the_directory_outlives_the_process_and_the_database(tmp_path: Path) -> None:
    create(tmp_path)
    with opened(tmp_path) as archive:
        capture(archive, *LINES)
        jeff = record(archive, "Jeff", HOME)
    with opened(tmp_path) as archive:
        archive.people_desk.alias(LOCAL_ACTOR, OPERATIONS, jeff.id, [WORK])
        shown = archive.people_desk.show(LOCAL_ACTOR, OPERATIONS, jeff.id)
        assert shown.aliases == (HOME, WORK)
        assert len(found(archive, f"from:{HOME}")) == 2


def test_an_alias_is_one_persons_at_most(archive: Archive) -> None:
    desk = archive.people_desk
    jeff, ann = record(archive, "Jeff", HOME, HOME.upper()), record(archive, "Ann", WORK)
    assert jeff.aliases == (HOME,)
    for refused in (
        lambda: record(archive, "Jim", HOME.upper()),
        lambda: desk.alias(LOCAL_ACTOR, OPERATIONS, ann.id, [ROOM, HOME]),
    ):
        with pytest.raises(ConflictError):
            refused()
    last = archive.pointers.last_seq()
    assert desk.alias(LOCAL_ACTOR, OPERATIONS, jeff.id, [HOME]) == jeff
    assert archive.pointers.last_seq() == last


def test_what_cannot_be_is_refused(archive: Archive) -> None:
    desk = archive.people_desk
    jeff = record(archive, "Jeff", HOME)
    for name, aliases in ((" ", [WORK]), ("J\0S", [WORK]), ("x" * 201, []), ("Jim", [" "])):
        with pytest.raises(InvalidError):
            record(archive, name, *aliases)
    for aliases in ([], [WORK], [HOME, WORK]):
        with pytest.raises(InvalidError):
            desk.split(LOCAL_ACTOR, OPERATIONS, jeff.id, "Jim", aliases)
    with pytest.raises(InvalidError):
        desk.merge(LOCAL_ACTOR, OPERATIONS, jeff.id, jeff.id)
    with pytest.raises(NotFoundError):
        desk.merge(LOCAL_ACTOR, OPERATIONS, jeff.id, uuid4())
    with pytest.raises(InvalidError):
        desk.page(LOCAL_ACTOR, OPERATIONS, cursor="x")


def test_pages_of_the_directory(archive: Archive) -> None:
    desk = archive.people_desk
    people = [record(archive, f"Person {n}", f"p{n}@firm.example") for n in range(5)]
    pages = [desk.page(LOCAL_ACTOR, OPERATIONS, limit=2)]
    while pages[-1].cursor is not None:
        pages.append(desk.page(LOCAL_ACTOR, OPERATIONS, limit=2, cursor=pages[-1].cursor))
    assert [one for page in pages for one in page.people] == people
    assert desk.page(LOCAL_ACTOR, OPERATIONS, find="P3@FIRM").people == (people[3],)


def test_only_who_may_know_who_people_are_sees_and_changes(archive: Archive) -> None:
    restricted = Actor("r", "R", Role.LEGAL, custodians=frozenset({"ann"}))
    trainer, collector = Actor("t", "T", Role.TRAINER), Actor("c", "C", Role.COLLECTOR)
    for actor, purpose in (
        (restricted, OPERATIONS),
        (trainer, Purpose("training")),
        (collector, OPERATIONS),
    ):
        with pytest.raises(ForbiddenError):
            archive.people_desk.page(actor, purpose)
        with pytest.raises(ForbiddenError):
            archive.people_desk.record(actor, purpose, "Jeff", [HOME])
    officer = Actor("o", "O", Role.COMPLIANCE_OFFICER)
    archive.people_desk.record(officer, Purpose("compensation"), "Jeff", [HOME])


def test_every_act_is_recorded_once(archive: Archive) -> None:
    jeff, other = record(archive, "Jeff", HOME), record(archive, "Jim", WORK)
    desk = archive.people_desk
    desk.alias(LOCAL_ACTOR, OPERATIONS, jeff.id, [ROOM])
    desk.merge(LOCAL_ACTOR, OPERATIONS, jeff.id, other.id)
    desk.split(LOCAL_ACTOR, OPERATIONS, jeff.id, "Room", [ROOM])
    desk.page(LOCAL_ACTOR, OPERATIONS, find="jeff")
    archive.follow()
    asked = TrailRequest(order="oldest", actor="local")
    entries = archive.trail.page(LOCAL_ACTOR, OPERATIONS, asked).entries
    acts = [each for each in entries if (each.action or "").startswith(("person", "people"))]
    kinds = ("recorded", "recorded", "aliased", "merged", "split")
    assert [each.action for each in acts] == [*(f"person.{kind}" for kind in kinds), "people"]
    assert acts[2].change == {"person": str(jeff.id), "aliases": [ROOM]}


def test_the_http_door(archive: Archive, made: NewArchive) -> None:
    client = create_app(lambda: archive).test_client()
    headers = {"Authorization": f"Bearer {made.legal_token}", "Muniment-Purpose": "compliance"}

    def post(path: str, **body: object) -> tuple[int, dict[str, object]]:
        answered = client.post(f"/v1/people{path}", json=body, headers=headers)
        return answered.status_code, answered.get_json()

    status, jeff = post("", name="Jeff", aliases=[HOME])
    assert (status, jeff["aliases"]) == (201, [HOME])
    place = f"/{jeff['id']}"
    assert post(f"{place}/aliases", aliases=[WORK])[1]["aliases"] == [HOME, WORK]
    assert post("", name="Jim", aliases=[WORK])[0] == 409
    status, jim = post("", name="Jim", aliases=[ROOM])
    assert post(f"{place}/merge", other=jim["id"])[1]["aliases"] == [HOME, WORK, ROOM]
    status, room = post(f"{place}/split", name="Room", aliases=[ROOM])
    assert (status, room["name"]) == (201, "Room")
    shown = client.get(f"/v1/people{place}", headers=headers).get_json()
    assert shown == {"id": jeff["id"], "name": "Jeff", "aliases": [HOME, WORK]}
    listed = client.get("/v1/people", query_string={"find": "ROOM"}, headers=headers).get_json()
    assert (listed["total"], listed["people"]) == (1, [room])
    found = client.get("/v1/search", query_string={"q": f"from:{HOME}"}, headers=headers)
    assert found.get_json()["people"] == [{"id": jeff["id"], "name": "Jeff"}]


def test_the_command_takes_a_file(tmp_path: Path, made: NewArchive) -> None:
    environ = {"MUNIMENT_HOME": str(tmp_path / "home")}

    def run(*command: str) -> tuple[int, dict[str, object]]:
        done = CliRunner().invoke(muniment, ["people", *command, "--json"], env=environ)
        return done.exit_code, json.loads(done.stdout)

    file = tmp_path / "people.csv"
    file.write_text(f'Jeff,{HOME},{WORK}\n"Skilling, Jeff",{WORK},{ROOM}\n', encoding="utf-8")
    told = {"recorded": 1, "extended": 1, "unchanged": 0, "refused": []}
    assert run("import", str(file)) == (0, told)
    assert run("import", str(file))[1] == told | {"recorded": 0, "extended": 0, "unchanged": 2}
    _, ann = run("add", "Ann", "ann@firm.example")
    file.write_text(f",x@x.example\nBoth,{HOME},ann@firm.example\nJim,jim@x.example\n", "utf-8")
    status, told = run("import", str(file))
    assert (status, told["recorded"]) == (1, 1)
    refused = told["refused"]
    assert isinstance(refused, list) and [each["row"] for each in refused] == [1, 2]
    _, listed = run("list", "--find", "jeff")
    people = listed["people"]
    assert isinstance(people, list) and people[0]["aliases"] == [HOME, WORK, ROOM]
    merged = run("merge", people[0]["id"], str(ann["id"]))[1]
    assert merged["aliases"] == [HOME, WORK, ROOM, "ann@firm.example"]
    assert run("split", people[0]["id"], "Ann", "ann@firm.example")[1]["name"] == "Ann"
    assert run("alias", people[0]["id"], "jeff@y.example")[0] == 0
