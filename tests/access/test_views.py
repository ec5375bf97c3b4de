"""What a purpose shows, at the door: pseudonyms for training, metadata for compensation."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest

from archive.access.answers import RecordAnswer
from archive.access.search_answers import Filter, SearchAnswer, SearchRequest
from archive.errors import ForbiddenError, InvalidError
from archive.model.roles import LOCAL_ACTOR, READ_FOR, VIEWS, Actor, Purpose, Role, View
from archive.opening import Archive
from scripts.support.identities import leaks
from tests.access.test_pseudonyms import PSEUDONYM
from tests.archive.house import OPERATIONS, capture, create, line, opened

RANDOM = re.compile(rf"{PSEUDONYM.pattern}|[0-9a-f]{{8}}-[0-9a-f-]{{27}}")
TRAINER = Actor("t", "Trainer", Role.TRAINER)
OFFICER = Actor("o", "Officer", Role.COMPLIANCE_OFFICER)
LEGAL = Actor("l", "Legal", Role.LEGAL)
TRAINING, OTHER = Purpose("training", "onboarding"), Purpose("training", "complaints")
COMPENSATION = Purpose("compensation")
ROSA = {"role": "from", "address": "rosa.lindgren@client.example", "name": "Rosa Lindgrén"}
TOM = {"role": "to", "address": "tom@firm.example", "name": "Birk, Tom", "department": "Sales"}
LINES = (
    line(
        "<1@client.example>",
        "Hello Tom, the guarantee costs 1,500 kr.\nCall +46 70 123 45 67.\nROSA\nlindgren",
        channel="email",
        conversation="T",
        subject="Guarantee for Lindgren",
        participants=[ROSA, TOM],
        custodian="lindgren-r",
        labels={"folder": "Inbox/Rosa"},
        metrics={"outcome": "won", "handling_seconds": 60},
        attachments=[{"filename": "Rosa.txt", "media_type": "text/plain", "data": "VG9tIHBhaWQ="}],
    ),
    line(
        "<2@firm.example>",
        "As Maria said: the guarantee holds.\n> Hello Tom\nTom Birk, 4111 1111 1111 1111",
        channel="email",
        conversation="T",
        participants=[TOM | {"role": "from"}, ROSA | {"role": "to"}],
    ),
    line("3", "The rose garden", participants=[{"role": "author", "name": "Zoë Rose"}]),
)


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    folder: Path = tmp_path_factory.mktemp("views")
    create(folder)
    with opened(folder) as archive:
        archive.ids = capture(archive, *LINES)  # type: ignore[attr-defined]
        archive.follow()
        yield archive


@pytest.fixture
def ids(archive: Archive) -> list[UUID]:
    return archive.ids  # type: ignore[attr-defined, no-any-return]


def searched(archive: Archive, query: str, **changes: object) -> SearchAnswer:
    asked = SearchRequest.model_validate({"query": query} | changes)
    return archive.access.search(TRAINER, TRAINING, asked)


def found(archive: Archive, query: str) -> set[UUID]:
    answer = searched(archive, query)
    assert answer.total == len(answer.results)
    return {result.id for result in answer.results}


def document(answer: RecordAnswer | SearchAnswer) -> object:
    return json.loads(answer.model_dump_json(by_alias=True))


def test_every_purpose_has_a_view_and_every_role_its_purposes() -> None:
    assert {each for kinds in READ_FOR.values() for each in kinds} == set(VIEWS)
    assert set(READ_FOR) == set(Role)
    reduced = {kind for kind, view in VIEWS.items() if view is not View.FULL}
    assert READ_FOR[Role.LEGAL].isdisjoint(reduced)
    assert READ_FOR[Role.TRAINER] | READ_FOR[Role.COMPLIANCE_OFFICER] == reduced


@pytest.mark.parametrize("actor", [TRAINER, OFFICER, LEGAL])
@pytest.mark.parametrize("kind", sorted(VIEWS))
def test_a_role_reads_for_its_purposes_alone(
    archive: Archive, ids: list[UUID], actor: Actor, kind: str
) -> None:
    if kind in READ_FOR[actor.role]:
        assert archive.access.show(actor, Purpose(kind), ids[0]).view is VIEWS[kind]
        return
    with pytest.raises(ForbiddenError):
        archive.access.show(actor, Purpose(kind), ids[0])
    with pytest.raises(ForbiddenError):
        archive.access.search(actor, Purpose(kind), SearchRequest())


def test_a_trainer_is_told_nobody(archive: Archive, ids: list[UUID]) -> None:
    access = archive.access
    for record_id in ids:
        full = document(access.show(LEGAL, OPERATIONS, record_id))
        answers = [
            document(access.show(TRAINER, TRAINING, record_id)),
            document(access.conversation(TRAINER, TRAINING, record_id)),  # type: ignore[arg-type]
            document(searched(archive, "", facets=True)),
            document(searched(archive, "guarantee OR garden", facets=True)),
        ]
        assert isinstance(full, dict)
        assert leaks(full, answers) == []
        # Ids and pseudonyms are random letters and digits, which may spell anything.
        said = RANDOM.sub("", json.dumps(answers)).casefold()
        for word in ("lindgren", "birk", "inbox", "sales", "client.example", "4111", "rosa.txt"):
            assert word not in said


def test_what_names_nobody_stands_as_it_was(archive: Archive, ids: list[UUID]) -> None:
    shown = archive.access.show(TRAINER, TRAINING, ids[0])
    rosa, tom = shown.participants
    assert rosa.address and tom.address
    assert (rosa.address.partition("@")[0], tom.department) == (rosa.name, None)
    lines = (shown.text or "").splitlines()
    assert lines[0] == f"Hello {tom.name}, the guarantee costs 1,500 kr."
    assert lines[1].startswith("Call Phone") and lines[1].endswith(".")
    assert lines[2:] == [rosa.name], "a name that goes over a line is one"
    assert shown.subject == f"Guarantee for {rosa.name}" and shown.custodian == rosa.name
    assert shown.metrics and shown.metrics.outcome == "won"
    assert shown.occurred_at is not None and shown.original.size > 0
    (attached,) = shown.attachments
    assert attached.filename and attached.filename.startswith("File")
    assert attached.text == f"{tom.name} paid"
    assert (shown.labels, shown.original.sha256, attached.sha256) == ({}, "", "")


def test_a_scope_knows_everybody_by_one_name_and_another_by_another(
    archive: Archive, ids: list[UUID]
) -> None:
    first, second = (archive.access.show(TRAINER, TRAINING, each) for each in ids[:2])
    elsewhere = archive.access.show(TRAINER, OTHER, ids[0])
    assert first.participants[0].name == second.participants[1].name
    assert first.participants[1].address == second.participants[0].address
    told = {str(each) for one in first.participants for each in (one.name, one.address)}
    assert told.isdisjoint(
        str(each) for one in elsewhere.participants for each in (one.name, one.address)
    )


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("guarantee", {0, 1}),
        ("tom", set()),
        ("NOT tom", {0, 1, 2}),
        ("lindgren*", set()),
        ('"hello tom"', set()),
        ("hello pre/3 guarantee", {0}),
        ("rosa~1 OR birk", set()),
        ("rose", set()),
        ("garden NOT rose", {2}),
        ("maria", {1}),
        ("attachment:paid", {0}),
        ("attachment:rosa", set()),
        ("subject:guarantee", {0}),
        ("4111", set()),
        ("channel:email NOT has:attachment", {1}),
        ("body:guarantee outcome:won", {0}),
    ],
)
def test_a_search_meets_what_is_shown(
    archive: Archive, ids: list[UUID], query: str, expected: set[int]
) -> None:
    assert found(archive, query) == {ids[place] for place in expected}


def test_highlights_point_at_what_matched(archive: Archive) -> None:
    results = searched(archive, "guarantee").results
    assert len(results) == 2
    for result in results:
        marked = [result.snippet[each.start : each.end] for each in result.highlights]
        assert {word.lower() for word in marked} == {"guarantee"}


def test_pages_and_counts_agree(archive: Archive) -> None:
    first = searched(archive, "guarantee OR garden", limit=2)
    rest = searched(archive, "guarantee OR garden", limit=2, cursor=first.cursor)
    assert (first.total, len(first.results), len(rest.results), rest.cursor) == (3, 2, 1, None)
    counted = searched(archive, "guarantee", count=True, facets=True)
    assert counted.total == 2 and counted.facets is not None
    assert counted.facets["channel"] == {"email": 2}
    assert set(counted.facets).isdisjoint({"sender", "custodian", "source", "department"})


@pytest.mark.parametrize(
    ("query", "column"),
    [
        ("guarantee from:rosa", 11),
        ("(custodian:x)", 2),
        ("filename:rosa.txt", 1),
        ("id:1", 1),
        ("hash:ab", 1),
        ("conversation:T", 1),
        ("department:sales", 1),
        ("exact:(from:rosa)", 1),
        ("fee tom@firm.example", 5),
    ],
)
def test_what_would_tell_is_not_asked(archive: Archive, query: str, column: int) -> None:
    with pytest.raises(InvalidError) as refused:
        searched(archive, query)
    assert refused.value.column == column


def test_hidden_facets_and_relevance_are_refused(archive: Archive) -> None:
    for changes in (
        {"filters": (Filter(facet="sender", value="tom@firm.example"),)},
        {"sort": "relevance"},
    ):
        with pytest.raises(InvalidError):
            searched(archive, "guarantee", **changes)


@pytest.mark.parametrize("purpose", [TRAINING, COMPENSATION])
def test_what_was_captured_does_not_leave(
    archive: Archive, ids: list[UUID], purpose: Purpose
) -> None:
    for read in (archive.access.original, archive.access.prove):
        with pytest.raises(ForbiddenError, match="ask somebody who reads for a matter"):
            read(LOCAL_ACTOR, purpose, ids[0])


def test_metadata_says_who_and_when_and_nothing_that_was_said(
    archive: Archive, ids: list[UUID]
) -> None:
    shown = archive.access.show(OFFICER, COMPENSATION, ids[0])
    assert [one.name for one in shown.participants] == ["Rosa Lindgrén", "Birk, Tom"]
    assert shown.metrics and shown.metrics.handling_seconds == 60
    assert shown.occurred_at and shown.conversation and shown.custodian == "lindgren-r"
    asked = SearchRequest(query="from:lindgren outcome:won", facets=True)
    answer = archive.access.search(OFFICER, COMPENSATION, asked)
    (result,) = answer.results
    assert (result.sender, result.subject, result.snippet) == (ROSA["address"], None, "")
    said = json.dumps([document(shown), document(answer)]).casefold()
    for word in ("guarantee", "hello", "inbox", "rosa.txt", "paid", shown.original.sha256 or "1@"):
        assert word not in said


@pytest.mark.parametrize("query", ["guarantee", "subject:x", "body:x", "attachment:x", "hash:ab"])
def test_metadata_is_not_asked_what_was_said(archive: Archive, query: str) -> None:
    with pytest.raises(InvalidError) as refused:
        archive.access.search(OFFICER, COMPENSATION, SearchRequest(query=query))
    assert refused.value.column == 1
