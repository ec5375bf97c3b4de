"""Hit reports: what each term finds, with its family, and what it alone finds."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from click.testing import CliRunner

from api.app import create_app
from api.cli import muniment
from archive.access.search_answers import NotSearched
from archive.access.search_reports import HitReport, HitRequest, TermHits
from archive.creating import NewArchive
from archive.errors import ForbiddenError, InvalidError
from archive.model.roles import LOCAL_ACTOR, Actor, Purpose, Role
from archive.opening import Archive
from archive.trail.asked import TrailRequest
from tests.archive.house import OPERATIONS, capture, create, found, line, opened

NOTE = {"filename": "note.txt", "media_type": "text/plain", "data": "cmViYXRl"}
LINES = (
    line("1", "The fee", attachments=[NOTE, NOTE]),
    line("2", "The rebate of the fee"),
    line("3", "A rebate, and no apple within reach of it, but one pear", custodian="ann"),
    line("4", "Guarantee", channel="email", attachments=[NOTE | {"data": "ZmVl"}]),
    line("5", "Nothing of it"),
)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[NewArchive, Path]:
    folder = tmp_path_factory.mktemp("hits")
    return create(folder), folder


@pytest.fixture(scope="module")
def archive(made: tuple[NewArchive, Path]) -> Iterator[Archive]:
    with opened(made[1]) as archive:
        capture(archive, *LINES)
        yield archive


def report(archive: Archive, *terms: str, actor: Actor = LOCAL_ACTOR, **changes: Any) -> HitReport:
    asked = HitRequest.model_validate({"terms": terms} | changes)
    return archive.hit_reports.report(actor, OPERATIONS, asked)


def test_each_term_is_counted_with_its_family_and_alone(archive: Archive) -> None:
    told = report(archive, "fee", "rebate", "guarantee", "rhubarb")
    assert told.terms == (
        TermHits(term="fee", records=3, with_family=6, unique=0),
        TermHits(term="rebate", records=3, with_family=5, unique=1),
        TermHits(term="guarantee", records=1, with_family=2, unique=0),
        TermHits(term="rhubarb", records=0, with_family=0, unique=0),
    )
    assert (told.records, told.with_family, told.searched) == (4, 7, 5)
    assert told.not_searched == NotSearched()


TERMS = (
    "fee", "rebate w/3 fee", "apple NOT w/3 pear", "rebates~", "guarantee*", "channel:email",
    "from:ann@example.com", '"the fee" OR pear', "NOT rebate",
)  # fmt: skip


@pytest.mark.parametrize("query", ["", "rebate", "channel:chat NOT pear"])
def test_a_report_says_what_the_searches_find(archive: Archive, query: str) -> None:
    def finding(term: str) -> set[UUID]:
        return found(archive, f"({query}) AND ({term})" if query else term)

    told = report(archive, *TERMS, query=query)
    sets = [finding(term) for term in TERMS]
    for place, (each, ids) in enumerate(zip(told.terms, sets, strict=True)):
        others = set[UUID]().union(*(sets[:place] + sets[place + 1 :]))
        assert (each.records, each.unique) == (len(ids), len(ids - others)), each.term
    assert told.records == len(set[UUID]().union(*sets))
    assert told.searched == len(found(archive, query))


def test_without_terms_they_are_what_the_query_looks_for(archive: Archive) -> None:
    told = report(archive, query="(fee OR rebate w/9 apple) AND channel:chat NOT guarantee")
    assert [each.term for each in told.terms] == ["fee", "rebate w/9 apple"]
    assert [each.records for each in told.terms] == [2, 1]
    assert told.query.parsed == "(fee OR rebate w/9 apple) AND channel:chat AND NOT guarantee"


def test_a_report_is_as_of_a_number(tmp_path: Path) -> None:
    create(tmp_path)
    with opened(tmp_path) as archive:
        as_of = report(archive, "late").as_of
        capture(archive, line("9", "late", occurred_at="2020-01-01T00:00:00Z"))
        assert report(archive, "late").records == 1
        assert report(archive, "late", as_of=as_of).records == 0


def test_the_same_term_twice_is_one(archive: Archive) -> None:
    told = report(archive, "pear", "(pear)", "PEAR", '"Pear"', "body:pear")
    assert [(each.term, each.unique) for each in told.terms] == [("pear", 0), ("body:pear", 0)]
    assert [each.unique for each in report(archive, "pear", '"Pear"').terms] == [1]


def test_whoever_is_restricted_counts_their_own_alone(archive: Archive) -> None:
    restricted = Actor("r", "Restricted", Role.LEGAL, custodians=frozenset({"ann"}))
    told = report(archive, "rebate", actor=restricted)
    assert (told.records, told.searched) == (1, 1)


@pytest.mark.parametrize(
    ("terms", "query", "column"),
    [
        ((), "", None),
        ((), "channel:chat NOT fee", None),
        (("*",), "", None),
        (("fee", "(fee"), "", 1),
        (("fee",), "colour:red", 1),
        (tuple(map(str, range(501))), "", None),
    ],
)
def test_what_cannot_be_counted_is_refused(
    archive: Archive, terms: tuple[str, ...], query: str, column: int | None
) -> None:
    with pytest.raises(InvalidError) as refused:
        report(archive, *terms, query=query)
    assert refused.value.column == column


def test_a_purpose_counts_what_it_shows(archive: Archive) -> None:
    asked = HitRequest(terms=("fee",))
    with pytest.raises(InvalidError):
        archive.hit_reports.report(LOCAL_ACTOR, Purpose("compensation"), asked)
    named = HitRequest(terms=("ann",))
    assert archive.hit_reports.report(LOCAL_ACTOR, Purpose("training"), named).records == 0


def test_a_report_and_its_refusal_are_recorded(archive: Archive) -> None:
    report(archive, "fee", "pear", query="rebate")
    with pytest.raises(ForbiddenError):
        report(archive, "fee", actor=Actor("c", "C", Role.COLLECTOR))
    archive.follow()
    entries = archive.trail.page(LOCAL_ACTOR, OPERATIONS, TrailRequest(action=("hits",))).entries
    assert [(each.actor, each.allowed) for each in entries[:2]] == [("c", False), ("local", True)]
    assert (entries[1].query, entries[1].total) == ("rebate AND (fee OR pear)", 3)


def test_the_doors_tell_the_same(made: tuple[NewArchive, Path], archive: Archive) -> None:
    told = report(archive, "fee", "rebate", query="NOT pear")
    client = create_app(lambda: archive).test_client()
    headers = {"Authorization": f"Bearer {made[0].legal_token}", "Muniment-Purpose": "compliance"}
    asked = {"term": ["fee", "rebate"], "q": "NOT pear", "as_of": told.as_of}
    answered = client.get("/v1/searches/hits", query_string=asked, headers=headers)
    assert HitReport.model_validate_json(answered.data) == told
    refused = client.get("/v1/searches/hits", query_string={"term": "(fee"}, headers=headers)
    assert (refused.status_code, refused.get_json()["column"]) == (400, 1)


def test_the_command_takes_terms_from_a_file(tmp_path: Path) -> None:
    create(tmp_path)
    with opened(tmp_path) as archive:
        capture(archive, *LINES)
    terms = tmp_path / "terms.txt"
    terms.write_text("rebate\n\nguarantee\n", encoding="utf-8")
    environ = {"MUNIMENT_HOME": str(tmp_path / "home")}
    command = ["searches", "hits", "fee", "--terms", str(terms)]
    written = CliRunner().invoke(muniment, [*command, "--json"], env=environ)
    told = json.loads(written.stdout)
    assert [(each["term"], each["records"]) for each in told["terms"]] == [
        ("fee", 3),
        ("rebate", 3),
        ("guarantee", 1),
    ]
    shown = CliRunner().invoke(muniment, command, env=environ)
    assert "any of them" in shown.stdout and shown.exit_code == 0
