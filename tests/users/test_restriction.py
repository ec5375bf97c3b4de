"""A user who is restricted: what they search, count and read, and what is hidden."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archive.access import sight
from archive.access.search_answers import SearchRequest
from archive.errors import NotFoundError
from archive.model.interaction import Participant, ParticipantRole
from archive.model.roles import Actor, Role
from archive.opening import Archive
from archive.query.analysis import value
from archive.query.matcher import matches
from tests.archive.house import OPERATIONS, capture, create, line, opened
from tests.query.samples import record

THREAD, VALLEY = {"conversation": "T"}, {"conversation": "V"}


def author(department: str | None) -> dict[str, str | None]:
    return {"role": "author", "name": "Ann", "department": department}


LINES = (
    line("1", "The guarantee of Bo", custodian="Bo", **THREAD),
    line("2", "The guarantee of Cy", custodian="Cy", **THREAD),
    line("3", "Cy again", custodian="Cy", **THREAD),
    line("4", "The guarantee of Bo, later", custodian="Bo", **THREAD),
    line("5", "The guarantee of nobody"),
    line("6", "…", custodian="Cy"),
    line("7", "Another thread", custodian="Cy", conversation="U"),
    line("8", "Of the desk", participants=[author("Desk"), author(None)], conversation="V"),
    line("9", "Of the desk and Bo", participants=[author("Floor")], custodian="Bo", **VALLEY),
    line("10", "Of the floor", participants=[author("FLOOR")], conversation="V"),
)


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    folder: Path = tmp_path_factory.mktemp("restricted")
    create(folder)
    with opened(folder) as archive:
        archive.ids = capture(archive, *LINES)  # type: ignore[attr-defined]
        archive.follow()
        yield archive


@pytest.fixture
def ids(archive: Archive) -> list[UUID]:
    return archive.ids  # type: ignore[attr-defined, no-any-return]


def restricted(*custodians: str) -> Actor:
    return Actor("ann", "Ann", Role.LEGAL, custodians=frozenset(custodians))


def total(archive: Archive, actor: Actor, query: str = "") -> int:
    return archive.access.search(actor, OPERATIONS, SearchRequest(query=query, count=True)).total


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", 3),
        ("guarantee", 2),
        ("again", 0),
        ("NOT again", 3),
        ("custodian:cy", 0),
        ("is:deleted", 0),
    ],
)
def test_searches_count_what_is_theirs(archive: Archive, query: str, expected: int) -> None:
    assert total(archive, restricted("Bo"), query) == expected


def test_pages_facets_and_the_unsearchable_are_theirs_alone(
    archive: Archive, ids: list[UUID]
) -> None:
    asked = SearchRequest(query="guarantee OR again", facets=True, limit=1)
    first = archive.access.search(restricted("Bo"), OPERATIONS, asked)
    rest = archive.access.search(
        restricted("Bo"), OPERATIONS, asked.model_copy(update={"cursor": first.cursor})
    )
    assert {each.id for page in (first, rest) for each in page.results} == {ids[0], ids[3]}
    assert rest.cursor is None and first.facets is not None
    assert first.facets["custodian"] == {"Bo": 2} and first.facets["source"] == {"desk": 2}
    assert first.unsearchable == 0
    everyone = archive.access.search(Actor("x", "x", Role.LEGAL), OPERATIONS, asked)
    assert everyone.unsearchable == 1 and everyone.total == 5
    assert archive.access.search(restricted("Cy"), OPERATIONS, asked).unsearchable == 1


@pytest.mark.parametrize("names", [("BO ",), ("bo", "nobody"), ("Bo", "*")])
def test_custodians_are_named_as_a_query_names_them(
    archive: Archive, ids: list[UUID], names: tuple[str, ...]
) -> None:
    actor = restricted(*names)
    assert total(archive, actor) == 3
    assert archive.access.show(actor, OPERATIONS, ids[0]).custodian == "Bo"
    assert archive.access.conversation(actor, OPERATIONS, ids[0]).total == 2


def test_no_custodian_sees_nothing(archive: Archive, ids: list[UUID]) -> None:
    assert total(archive, restricted()) == 0
    with pytest.raises(NotFoundError):
        archive.access.show(restricted(), OPERATIONS, ids[0])


@pytest.mark.parametrize("name", ["show", "original", "history", "prove", "conversation"])
def test_what_is_not_theirs_is_answered_as_what_is_not_there(
    archive: Archive, ids: list[UUID], name: str
) -> None:
    read, actor = getattr(archive.access, name), restricted("Bo")
    unknown = uuid4()
    said = set()
    for record_id in (ids[4], ids[6], unknown):
        before = archive.pointers.last_seq()
        with pytest.raises(NotFoundError) as refused:
            read(actor, OPERATIONS, record_id)
        said.add(str(refused.value).replace(str(record_id), "ID"))
        assert archive.pointers.last_seq() == before + 1, "it is recorded"
    assert len(said) == 1


def test_a_conversation_is_theirs_alone(archive: Archive, ids: list[UUID]) -> None:
    page = archive.access.conversation(restricted("Bo"), OPERATIONS, ids[0], limit=1)
    following = archive.access.conversation(
        restricted("Bo"), OPERATIONS, ids[0], limit=1, cursor=page.cursor
    )
    items = [*page.items, *following.items]
    assert [(item.id, item.position) for item in items] == [(ids[0], 1), (ids[3], 2)]
    assert page.total == 2 and following.cursor is None
    place = archive.access.show(restricted("Bo"), OPERATIONS, ids[0]).place
    assert place is not None
    assert (place.position, place.total, place.previous, place.next) == (1, 2, None, ids[3])


def of(*departments: str, custodians: tuple[str, ...] | None = None) -> Actor:
    whose = None if custodians is None else frozenset(custodians)
    return Actor("d", "Dee", Role.LEGAL, custodians=whose, departments=frozenset(departments))


@pytest.mark.parametrize(
    ("actor", "expected"),
    [
        (of("desk"), [7]),
        (of("Floor"), [8, 9]),
        (of("desk", "floor"), [7, 8, 9]),
        (of("nobody"), []),
        (of("*"), []),
        (of("desk", custodians=("Bo",)), [0, 3, 7, 8]),
        (of("desk", custodians=()), [7]),
    ],
)
def test_departments_widen_what_is_seen_and_all_ways_agree(
    archive: Archive, ids: list[UUID], actor: Actor, expected: list[int]
) -> None:
    searched = archive.access.search(actor, OPERATIONS, SearchRequest(limit=50))
    assert {each.id for each in searched.results} == {ids[place] for place in expected}
    for place, record_id in enumerate(ids):
        if place in expected:
            assert archive.access.show(actor, OPERATIONS, record_id).id == record_id
        else:
            with pytest.raises(NotFoundError):
                archive.access.show(actor, OPERATIONS, record_id)
    there = [ids[place] for place in expected if place in (7, 8, 9)]
    if there:
        page = archive.access.conversation(actor, OPERATIONS, there[0])
        assert ([item.id for item in page.items], page.total) == (there, len(there))


def test_a_revision_may_take_a_record_out_of_sight(tmp_path: Path) -> None:
    create(tmp_path)
    with opened(tmp_path) as archive:
        (record_id,) = capture(archive, line("1", participants=[author("Desk")], **THREAD))
        capture(archive, line("1", "Moved", participants=[author("Floor")], **THREAD))
        archive.follow()
        page = archive.access.conversation(of("floor"), OPERATIONS, record_id)
        assert [item.id for item in page.items] == [record_id]
        assert (total(archive, of("floor")), total(archive, of("desk"))) == (1, 0)
        for read in (archive.access.show, archive.access.conversation):
            with pytest.raises(NotFoundError):
                read(of("desk"), OPERATIONS, record_id)


NAMES = st.text(min_size=1, max_size=12).filter(value)


@settings(max_examples=200)
@given(NAMES, NAMES, st.lists(NAMES, max_size=3), st.none() | st.lists(NAMES, max_size=2))
def test_one_by_one_and_by_query_agree(
    custodian: str, department: str, names: list[str], departments: list[str] | None
) -> None:
    someone = Participant(role=ParticipantRole.AUTHOR, department=department)
    found = record(custodian=custodian, participants=(someone,))
    whose = None if departments is None else frozenset(departments)
    actor = replace(restricted(*names), departments=whose)
    assert sight.sees(actor, found) == matches(sight.within(actor), found)
    assert sight.sees(restricted(custodian, *names), found)
    assert sight.sees(of(department, custodians=tuple(names)), found)
