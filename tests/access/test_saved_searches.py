"""Saved searches: kept as events, seen by their owner or shared, and run as of now."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from click.testing import CliRunner

from api.app import create_app
from api.cli import muniment
from archive.access.saved import NewSearch, SavedSearch
from archive.access.search_answers import SearchRequest
from archive.creating import NewArchive
from archive.errors import ForbiddenError, InvalidError, NotFoundError
from archive.model.roles import LOCAL_ACTOR, Actor, Purpose, Role
from archive.opening import Archive
from archive.trail.asked import TrailRequest
from tests.archive.house import OPERATIONS, capture, create, line, opened

ANN, BO = Actor("ann", "Ann", Role.LEGAL), Actor("bo", "Bo", Role.LEGAL)
TRAINER, TRAINING = Actor("t", "T", Role.TRAINER), Purpose("training")


@pytest.fixture
def made(tmp_path: Path) -> NewArchive:
    return create(tmp_path)


@pytest.fixture
def archive(tmp_path: Path, made: NewArchive) -> Iterator[Archive]:
    with opened(tmp_path) as archive:
        yield archive


def save(archive: Archive, actor: Actor, query: str, *, shared: bool = False) -> SavedSearch:
    new = NewSearch(name="Fees", query=query, shared=shared)
    return archive.saved_searches.save(actor, OPERATIONS, new)


def seen(archive: Archive, actor: Actor, purpose: Purpose = OPERATIONS) -> list[UUID]:
    return [each.id for each in archive.saved_searches.all(actor, purpose).searches]


def test_a_search_is_kept_in_canonical_form_and_run_as_of_now(tmp_path: Path) -> None:
    create(tmp_path)
    with opened(tmp_path) as archive:
        saved = save(archive, ANN, "fee sent:2024-05")
        assert saved.query == "fee AND sent:2024-05-01T00:00:00Z..2024-05-31T23:59:59Z"
        capture(archive, line("1", "The fee"), line("2", "No rebate"))
    with opened(tmp_path) as archive:
        asked = SearchRequest(query="rebate", count=True)
        assert archive.saved_searches.run(ANN, OPERATIONS, saved.id, asked).total == 1
        capture(archive, line("3", "Another fee"))
        answer = archive.saved_searches.run(ANN, OPERATIONS, saved.id, asked)
        assert (answer.total, answer.query.parsed) == (2, saved.query)


def test_who_sees_which(archive: Archive) -> None:
    own, shared = save(archive, ANN, "fee"), save(archive, ANN, "from:ann", shared=True)
    assert seen(archive, ANN) == [own.id, shared.id]
    assert seen(archive, BO) == [shared.id]
    assert archive.saved_searches.show(BO, OPERATIONS, shared.id) == shared
    for act in (archive.saved_searches.show, archive.saved_searches.remove):
        with pytest.raises(NotFoundError):
            act(BO, OPERATIONS, own.id)
    assert seen(archive, TRAINER, TRAINING) == []
    with pytest.raises(NotFoundError):
        archive.saved_searches.run(TRAINER, TRAINING, shared.id, SearchRequest())
    with pytest.raises(ForbiddenError):
        seen(archive, Actor("c", "C", Role.COLLECTOR))


def test_a_restricted_user_finds_their_own_records_by_it(archive: Archive) -> None:
    capture(archive, line("1", "A fee", custodian="ann"), line("2", "A fee"))
    shared = save(archive, ANN, "fee", shared=True)
    restricted = replace(BO, custodians=frozenset({"ann"}))
    run = archive.saved_searches.run
    assert run(restricted, OPERATIONS, shared.id, SearchRequest()).total == 1
    assert run(BO, OPERATIONS, shared.id, SearchRequest()).total == 2


def test_only_the_owner_changes_and_removes(archive: Archive) -> None:
    searches = archive.saved_searches
    saved = save(archive, ANN, "fee", shared=True)
    new = NewSearch(name="Rebates", query="rebate", shared=True)
    with pytest.raises(ForbiddenError):
        searches.change(BO, OPERATIONS, saved.id, new)
    with pytest.raises(ForbiddenError):
        searches.remove(BO, OPERATIONS, saved.id)
    changed = searches.change(ANN, OPERATIONS, saved.id, new)
    assert (changed.name, changed.query, changed.owner) == ("Rebates", "rebate", "ann")
    assert searches.remove(ANN, OPERATIONS, saved.id) == changed
    assert seen(archive, ANN) == []
    with pytest.raises(NotFoundError):
        searches.change(ANN, OPERATIONS, saved.id, new)


def test_what_cannot_be_saved(archive: Archive) -> None:
    for new in (NewSearch(name=" "), NewSearch(name="x", query="(fee"), NewSearch(name="x" * 201)):
        with pytest.raises(InvalidError):
            archive.saved_searches.save(ANN, OPERATIONS, new)
    with pytest.raises(InvalidError):
        asks_for_names = NewSearch(name="x", query="from:ann")
        archive.saved_searches.save(TRAINER, TRAINING, asks_for_names)
    with pytest.raises(NotFoundError):
        archive.saved_searches.show(ANN, OPERATIONS, uuid4())
    assert seen(archive, ANN) == []


def test_each_act_is_recorded(archive: Archive) -> None:
    saved = save(archive, LOCAL_ACTOR, "fee")
    archive.saved_searches.run(LOCAL_ACTOR, OPERATIONS, saved.id, SearchRequest())
    archive.saved_searches.remove(LOCAL_ACTOR, OPERATIONS, saved.id)
    archive.follow()
    asked = TrailRequest(actor="local", order="oldest")
    entries = archive.trail.page(LOCAL_ACTOR, OPERATIONS, asked).entries[-3:]
    assert [each.action for each in entries] == ["search.saved", "search", "search.removed"]
    assert entries[0].change["query"] == entries[1].query == "fee"


def test_the_http_door(archive: Archive, made: NewArchive) -> None:
    capture(archive, line("1", "The fee"))
    client = create_app(lambda: archive).test_client()
    headers = {"Authorization": f"Bearer {made.legal_token}", "Muniment-Purpose": "compliance"}
    made_search = client.post(
        "/v1/searches", json={"name": "Fees", "query": "fee"}, headers=headers
    )
    place = made_search.headers["Location"]
    assert (made_search.status_code, made_search.get_json()["query"]) == (201, "fee")
    assert client.get(place, headers=headers).get_json() == made_search.get_json()
    listed = client.get("/v1/searches", headers=headers).get_json()["searches"]
    assert listed == [made_search.get_json()]
    found = client.get(f"{place}/results", query_string={"limit": 1}, headers=headers)
    assert found.get_json()["total"] == 1
    changed = client.put(place, json={"name": "None", "query": "rebate"}, headers=headers)
    assert changed.get_json()["query"] == "rebate"
    assert client.get(f"{place}/results", headers=headers).get_json()["total"] == 0
    assert client.delete(place, headers=headers).status_code == 200
    assert client.get(place, headers=headers).status_code == 404


def test_the_commands(tmp_path: Path, made: NewArchive) -> None:
    environ = {"MUNIMENT_HOME": str(tmp_path / "home")}

    def run(*command: str) -> dict[str, object]:
        done = CliRunner().invoke(muniment, ["searches", *command, "--json"], env=environ)
        assert done.exit_code == 0, done.output
        found: dict[str, object] = json.loads(done.stdout)
        return found

    saved = run("save", "Fees", "fee", "--shared")
    id = str(saved["id"])
    assert run("list") == {"searches": [saved], "cursor": None}
    assert run("run", id)["total"] == 0
    assert run("save", "Rebates", "rebate", "--id", id)["query"] == "rebate"
    assert run("remove", id)["name"] == "Rebates"
    assert run("list") == {"searches": [], "cursor": None}
