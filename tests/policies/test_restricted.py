"""Records that a case of erasure restricts: open for legal claims, and for nothing else."""

import pytest

from archive.access.search_answers import SearchRequest
from archive.access.search_reports import HitRequest
from archive.catalog.catalog import Catalog
from archive.errors import InvalidError, NotFoundError
from archive.events.audit import FOR_OPERATIONS
from archive.model.roles import LOCAL_ACTOR, Purpose
from policies.desk import retention_desk
from policies.erasures.answers import CaseDecision, CaseLifting
from policies.erasures.opening import erasure_desk
from policies.holds.answers import HoldRequest
from policies.holds.desk import hold_desk
from policies.requests.answers import CaseClosing, CaseRequest
from tests.archive.house import capture, line

MATTER = Purpose("matter", "smith")
REQUEST = Purpose("data-subject-request")
MAIA = [{"role": "from", "address": "maia@old.example"}]
WORDS = "the guarantee of the mezzanine"


@pytest.fixture
def case(archive):
    """A case that restricts one of three records of a conversation."""
    first, second, other = capture(
        archive,
        line("1", WORDS, participants=MAIA, conversation="c"),
        line("2", WORDS, conversation="c"),
        line("3", WORDS, conversation="c"),
    )
    return restricting(archive), first, [second, other]


def restricting(archive, decision="restrict"):
    archive.follow()
    desk = erasure_desk(archive)
    day = archive.clock.now().date()
    wanted = {"received_on": day, "name": "Maia", "aliases": ["maia@old.example"]}
    case = desk.open(LOCAL_ACTOR, CaseRequest.read(wanted))
    return desk.decide(LOCAL_ACTOR, case.id, CaseDecision.read({"decision": decision})).id


def found(archive, query, purpose=REQUEST, **more):
    archive.follow()
    request = SearchRequest.model_validate({"query": query, **more})
    return archive.access.search(LOCAL_ACTOR, purpose, request)


def ids(answer):
    return {each.id for each in answer.results}


def test_it_is_open_for_a_matter_and_for_nothing_else(archive, case):
    _, hidden, others = case
    for query in ("guarantee", "", "channel:chat", f"id:{hidden}", "maia@old.example"):
        shown = found(archive, query, facets=True)
        assert hidden not in ids(shown) and shown.total == len(ids(shown))
        assert sum((shown.facets or {})["channel"].values()) == shown.total
        assert hidden in ids(found(archive, query, MATTER))
    assert ids(found(archive, "is:restricted", MATTER)) == {hidden}
    assert ids(found(archive, "NOT is:restricted", MATTER)) == set(others)
    assert found(archive, "is:restricted").total == 0
    access = archive.access
    for read in (access.show, access.original, access.history, access.similar):
        with pytest.raises(NotFoundError, match="legal claims"):
            read(LOCAL_ACTOR, REQUEST, hidden)
        read(LOCAL_ACTOR, MATTER, hidden)
    with pytest.raises(NotFoundError, match="legal claims"):
        access.prove(LOCAL_ACTOR, REQUEST, hidden)
    assert hidden not in ids(access.similar(LOCAL_ACTOR, REQUEST, others[0]))


def test_a_conversation_goes_on_without_it(archive, case):
    _, hidden, others = case
    archive.follow()
    for start in (hidden, others[0]):
        page = archive.access.conversation(LOCAL_ACTOR, REQUEST, start)
        assert ([each.id for each in page.items], page.total) == (others, 2)
    page = archive.access.conversation(LOCAL_ACTOR, MATTER, hidden)
    assert [each.id for each in page.items] == [hidden, *others] and page.total == 3
    place = archive.access.show(LOCAL_ACTOR, REQUEST, others[0]).place
    assert place is not None and (place.position, place.total, place.previous) == (1, 2, None)


def test_a_hit_report_counts_it_for_a_matter_alone(archive, case):
    archive.follow()
    for purpose, count in ((REQUEST, 2), (MATTER, 3)):
        report = archive.hit_reports.report(LOCAL_ACTOR, purpose, HitRequest(terms=("guarantee",)))
        assert report.terms[0].records == count


def test_it_is_lifted_by_another_decision_or_after_the_case_is_closed(archive, case):
    number, hidden, _ = case
    desk = erasure_desk(archive)
    (again,) = desk.records(LOCAL_ACTOR, FOR_OPERATIONS, number, 10).records
    assert again.decided is not None and again.decided.decision == "restrict"
    assert retention_desk(archive).why(LOCAL_ACTOR, REQUEST, hidden).restricted_by == (number,)
    desk.close(LOCAL_ACTOR, number, CaseClosing.read({"outcome": "answered"}))
    with pytest.raises(InvalidError, match="not restricted"):
        lifting = {"records": [number], "reason": "a letter"}
        desk.lift(LOCAL_ACTOR, number, CaseLifting.read(lifting))
    before = archive.pointers.last_seq()
    lifting = {"records": [hidden], "reason": "a letter"}
    assert desk.lift(LOCAL_ACTOR, number, CaseLifting.read(lifting)).restricted == 0
    assert hidden in ids(found(archive, "guarantee"))
    assert found(archive, "is:restricted", MATTER).total == 0
    assert ids(found(archive, "is:restricted", MATTER, as_of=before)) == {hidden}


def test_two_cases_restrict_it_until_both_are_lifted(archive, case):
    first, hidden, _ = case
    second = restricting(archive)
    desk = erasure_desk(archive)
    refusal = {"decision": "refuse", "ground": "unrelated", "records": [hidden]}
    desk.decide(LOCAL_ACTOR, first, CaseDecision.read(refusal))
    assert hidden not in ids(found(archive, "guarantee"))
    desk.decide(LOCAL_ACTOR, second, CaseDecision.read(refusal))
    assert hidden in ids(found(archive, "guarantee"))


def test_what_is_restricted_is_read_anew_when_it_changed_and_not_before(archive, case, monkeypatch):
    number, hidden, others = case
    reads = []
    read = Catalog.restricted

    def restricted(*args):
        reads.append(args)
        return read(*args)

    monkeypatch.setattr(Catalog, "restricted", restricted)
    for _ in range(3):
        assert hidden not in ids(found(archive, "guarantee"))
        assert ids(found(archive, "is:restricted", MATTER)) == {hidden}
        capture(archive, line(str(len(reads) + 9), "something else"))
    assert len(reads) == 1
    desk = erasure_desk(archive)
    for decision in ({"decision": "refuse", "ground": "unrelated"}, {"decision": "restrict"}):
        desk.decide(LOCAL_ACTOR, number, CaseDecision.read(decision | {"records": [hidden]}))
        if len(reads) == 1:
            assert hidden in ids(found(archive, "guarantee"))
    # It is catalogued when the answer is there, whoever else has searched meanwhile.
    answer = archive.access.search(LOCAL_ACTOR, REQUEST, SearchRequest(query="guarantee"))
    assert ids(answer) == set(others)
    assert len(reads) == 3


def test_a_scope_does_not_ask_for_it(archive):
    restricted = {"name": "smith", "reason": "r", "query": "is:restricted"}
    with pytest.raises(InvalidError, match="cannot be asked here"):
        hold_desk(archive).place(LOCAL_ACTOR, HoldRequest.read(restricted))
