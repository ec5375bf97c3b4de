"""More like this: the records that share one's telling words, for whoever may see them."""

import json
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from click.testing import CliRunner

from api.app import create_app
from api.cli import muniment
from archive.creating import NewArchive
from archive.errors import ForbiddenError, GoneError, NotFoundError
from archive.model.roles import LOCAL_ACTOR, Actor, Purpose, Role
from archive.opening import Archive
from archive.trail.asked import TrailRequest
from tests.archive.house import OPERATIONS, capture, create, line, opened

LINES = (
    line("1", "The guarantee of the Rotterdam warehouse expires", custodian="ann"),
    line(
        "2",
        "Rotterdam warehouse: the guarantee expires on Friday, says the agent in the harbour",
        custodian="ann",
    ),
    line("3", "Which warehouse is that of the lunch", custodian="bo"),
    line("4", "Lunch on Friday, the usual place", custodian="bo"),
    line("5", "Yes\n> The guarantee of the Rotterdam warehouse\n> expires", custodian="bo"),
    line("6", "> Rotterdam warehouse guarantee", custodian="bo"),
    line("7", "The guarantee of the Rotterdam warehouse expires", custodian="bo"),
    line("8", "Entirely otherwise", custodian="bo"),
)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[NewArchive, Path]:
    folder = tmp_path_factory.mktemp("similar")
    return create(folder), folder


@pytest.fixture(scope="module")
def archive(made: tuple[NewArchive, Path]) -> Iterator[Archive]:
    with opened(made[1]) as archive:
        archive.ids = capture(archive, *LINES)  # type: ignore[attr-defined]
        yield archive


def record(archive: Archive, number: int) -> UUID:
    ids: list[UUID] = archive.ids  # type: ignore[attr-defined]
    return ids[number - 1]


def like(archive: Archive, number: int, actor: Actor = LOCAL_ACTOR, limit: int = 20) -> str:
    """Return which of the lines are like one, as digits, the likest first."""
    ids: list[UUID] = archive.ids  # type: ignore[attr-defined]
    answer = archive.access.similar(actor, OPERATIONS, record(archive, number), limit=limit)
    assert answer.id == record(archive, number)
    return "".join(str(ids.index(result.id) + 1) for result in answer.results)


def test_the_likest_come_first_without_the_record_itself(archive: Archive) -> None:
    found = like(archive, 1)
    assert found[0] == "7" and set(found[1:4]) <= set("256") and "2" in found[1:4]
    assert "1" not in found and "8" not in found
    assert like(archive, 1, limit=1) == "7"
    assert like(archive, 8) == ""


def test_what_is_quoted_is_compared_only_where_nothing_else_is_said(archive: Archive) -> None:
    assert like(archive, 5) == ""
    assert set("127") <= set(like(archive, 6))


def test_whoever_is_restricted_is_shown_their_own_alone(archive: Archive) -> None:
    restricted = Actor("r", "R", Role.LEGAL, custodians=frozenset({"ann"}))
    assert like(archive, 1, restricted) == "2"
    with pytest.raises(NotFoundError):
        like(archive, 7, restricted)


def test_who_may_not_and_what_is_not(archive: Archive) -> None:
    for actor, purpose in (
        (Actor("c", "C", Role.COLLECTOR), OPERATIONS),
        (Actor("t", "T", Role.TRAINER), Purpose("training")),
        (Actor("o", "O", Role.COMPLIANCE_OFFICER), Purpose("compensation")),
    ):
        with pytest.raises(ForbiddenError):
            archive.access.similar(actor, purpose, record(archive, 1))
    with pytest.raises(NotFoundError):
        archive.access.similar(LOCAL_ACTOR, OPERATIONS, uuid4())


def test_it_is_recorded_as_a_read_with_what_was_shown(archive: Archive) -> None:
    like(archive, 1, limit=1)
    archive.follow()
    asked = TrailRequest(action=("similar",), limit=1)
    (entry,) = archive.trail.page(LOCAL_ACTOR, OPERATIONS, asked).entries
    assert entry.records == (record(archive, 1), record(archive, 7))


def test_the_http_door(made: tuple[NewArchive, Path], archive: Archive) -> None:
    client = create_app(lambda: archive).test_client()
    headers = {"Authorization": f"Bearer {made[0].legal_token}", "Muniment-Purpose": "compliance"}
    place = f"/v1/interactions/{record(archive, 1)}/similar"
    answered = client.get(place, query_string={"limit": 1}, headers=headers).get_json()
    assert [each["id"] for each in answered["results"]] == [str(record(archive, 7))]
    assert client.get(place, query_string={"limit": 101}, headers=headers).status_code == 400


def test_the_command_and_an_erased_record(tmp_path: Path) -> None:
    create(tmp_path)
    with opened(tmp_path) as archive:
        ids = capture(archive, *LINES)
        archive.eraser.erase_records([ids[6]], actor="tester", ground="a test")
        with pytest.raises(GoneError):
            archive.access.similar(LOCAL_ACTOR, OPERATIONS, ids[6])
    environ = {"MUNIMENT_HOME": str(tmp_path / "home")}
    done = CliRunner().invoke(muniment, ["similar", str(ids[0]), "--json"], env=environ)
    shown = [each["id"] for each in json.loads(done.stdout)["results"]]
    assert str(ids[1]) in shown and str(ids[6]) not in shown
