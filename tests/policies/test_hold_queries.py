"""`hold:` and `has:hold`: a search finds what holds reach, as the gate before destruction does."""

from dataclasses import replace
from random import Random

import pytest

from api.opening import open_for_questions
from archive.access.search_answers import SearchRequest
from archive.errors import CorruptError, InvalidError
from archive.events.hold_events import HoldScope
from archive.model.roles import LOCAL_ACTOR, Actor, Permission, Purpose, Role
from archive.query.fields import OF_CONTENT
from archive.query.matcher import matches
from archive.query.parser import parse
from policies.holds.book import hold_reader
from policies.holds.naming import hold_names
from policies.holds.reach import Holds
from policies.records import Found, governed_records
from policies.scopes import Standing, possible, standing
from tests.archive.house import capture, create, line
from tests.archive.house import settings as settings_of
from tests.policies.holding import Script, list_scope, query_scope
from tests.query.brute_corpora import corpus
from tests.query.brute_queries import asked

MATTER = Purpose("matter", "smith")
LINES = (
    line("1", "The guarantee of Bo", custodian="Bo", conversation="T"),
    line("2", "A fee, and a side letter", custodian="Cy"),
    line("3", "The fee of Cy", custodian="Cy", conversation="T"),
    line("4", "…", custodian="Di"),
    line("5", "Lunch", custodian="Bo"),
    line("6", "The rebate", custodian="Di"),
)


@pytest.fixture
def archive(tmp_path):
    create(tmp_path)
    with open_for_questions(settings_of(tmp_path)) as archive:
        yield archive


def search(archive, query, actor=LOCAL_ACTOR, **further):
    return archive.access.search(actor, MATTER, SearchRequest(query=query, limit=50, **further))


def found(archive, query, **further):
    return {each.id for each in search(archive, query, **further).results}


def held(archive):
    """Return the holds of each record, as what stands before every destruction says."""
    records = governed_records(archive)
    holds = Holds(hold_reader(archive).read())
    opened = [
        each for each in records.each_up_to(archive.pointers.last_seq()) if isinstance(each, Found)
    ]
    return {each.record.id: holds.held(each.record.id, each).holds for each in opened}


def test_a_search_finds_what_the_gate_holds(archive):
    ids = capture(archive, *LINES)
    script = Script(archive)
    scopes = [
        query_scope("fee"),
        query_scope("fee NOT w/1 of"),
        query_scope("NOT fee"),
        query_scope('"side letter" OR letters~'),
        query_scope("conversation:T"),
        query_scope("is:unsearchable"),
        HoldScope(custodians=("cy", "DI")),
        list_scope(ids[0], ids[4]),
    ]
    for number, scope in enumerate(scopes):
        script.place(f"one-{number}", scope)
    script.place("over", query_scope("*"))
    script.release("over")
    capture(archive, line("7", "A later fee", custodian="Cy"))
    # What a record said before it was edited holds it still.
    capture(archive, line("3", "Nothing of the kind", custodian="Cy", conversation="T"))
    archive.follow()
    expected = held(archive)
    asked_for = [(f"hold:ONE-{n}", frozenset({f"one-{n}"})) for n in range(len(scopes))]
    asked_for += [
        ("hold:over", frozenset()),
        ("hold:one-0 OR hold:*-3", frozenset({"one-0", "one-3"})),
        ("has:hold", frozenset(f"one-{n}" for n in range(len(scopes)))),
        ("hold:*", frozenset(f"one-{n}" for n in range(len(scopes)))),
    ]
    for query, names in asked_for:
        wanted = {record_id for record_id, by in expected.items() if names.intersection(by)}
        assert found(archive, query) == wanted, query
        assert found(archive, f"NOT ({query})") == set(expected) - wanted, query
    assert found(archive, "hold:one-0") >= {ids[2]}, "what was said before it was edited"


def test_the_same_question_as_of_the_same_number_is_answered_the_same(archive):
    capture(archive, *LINES)
    script = Script(archive)
    placed = script.place("a", query_scope("fee"))
    first = search(archive, "hold:a", as_of=placed)
    # Of the one without words nobody knows whether it is reached.
    assert (first.total, first.query.parsed) == (3, "hold:a")
    assert first.query.ast == {"type": "value", "text": "a", "field": "hold"}
    page = search(archive, "has:hold", as_of=placed)
    cursor = archive.access.search(
        LOCAL_ACTOR, MATTER, SearchRequest(query="has:hold", limit=1)
    ).cursor
    script.change("a", query_scope("lunch OR rebate OR guarantee"))
    capture(archive, line("8", "fee"))
    archive.follow()
    again = search(archive, "hold:a", as_of=placed)
    assert (again.result_hash, again.results) == (first.result_hash, first.results)
    assert search(archive, "hold:a").total == 4
    assert search(archive, "hold:a", as_of=placed - 1).total == 0
    rest = archive.access.search(
        LOCAL_ACTOR, MATTER, SearchRequest(query="has:hold", limit=1, cursor=cursor)
    )
    assert (rest.total, rest.results[0].id) == (3, page.results[1].id)


def test_what_is_not_there_is_told_at_its_column_to_whoever_may_know(archive):
    script = Script(archive)
    with pytest.raises(InvalidError, match="no hold at all") as refused:
        search(archive, "fee hold:smith")
    assert refused.value.column == 10
    script.place("smith-v-jones", query_scope("fee"))
    script.place("audit", query_scope("fee"))
    with pytest.raises(InvalidError, match="There are: audit, smith-v-jones"):
        search(archive, "hold:zzz")
    with pytest.raises(InvalidError, match="Did you mean smith-v-jones"):
        search(archive, "hold:smith-v-jone")
    searcher = Actor("s", "S", Role.LEGAL, scope=frozenset({Permission.SEARCH}))
    with pytest.raises(InvalidError) as refused:
        search(archive, "hold:zzz", searcher)
    assert str(refused.value) == "There is no hold of this name."
    assert search(archive, "hold:zz*").total == 0
    for purpose in (Purpose("training"), Purpose("compensation")):
        for query in ("hold:audit", "has:hold"):
            with pytest.raises(InvalidError, match="cannot be asked here"):
                archive.access.search(LOCAL_ACTOR, purpose, SearchRequest(query=query))


def test_a_lost_event_of_the_holds_is_told(archive, monkeypatch):
    capture(archive, *LINES)
    Script(archive).place("a", query_scope("fee"))
    archive.follow()
    names = hold_names(archive)
    lost = replace(hold_reader(archive).read(), unreadable=True)
    monkeypatch.setattr(names._holds, "read", lambda as_of=None: lost)
    archive.access.naming.add("hold", lambda: names)
    for query in ("hold:a", "has:hold"):
        with pytest.raises(CorruptError, match="verify"):
            search(archive, query)
    assert search(archive, "fee").total == 2


@pytest.mark.parametrize("text", ["hold:a", "fee AND has:hold", "NOT (hold:a OR b)"])
def test_no_scope_asks_for_holds(text):
    with pytest.raises(InvalidError, match="go in circles") as refused:
        parse(text, askable=OF_CONTENT)
    assert refused.value.column is not None


def test_what_is_possible_is_what_is_not_out():
    random = Random(7)
    records = [seen.record for seen in corpus(random, 15)]
    met = set()
    for _ in range(150):
        scope = parse(asked(random).text)
        wider = possible(scope)
        for record in records:
            where = standing(scope, record)
            met.add(where)
            assert matches(wider, record) == (where is not Standing.OUT), scope
    assert met == set(Standing)


def test_the_doors_take_holds(call, tmp_path):
    lines = [line("1", "the fee"), line("2", "a letter"), line("3", "the fee again")]
    (tmp_path / "chat.ndjson").write_bytes(b"\n".join(lines))
    call("init")
    call("import", "chat.ndjson", "--source", "desk")
    call("hold", "place", "smith", "--reason", "r", "--query", "fee")
    answer = call("search", "hold:smith AND again")
    assert (answer["total"], answer["query"]["parsed"]) == (1, "hold:smith AND again")
    assert call("search", "NOT has:hold", "--count")["total"] == 1
    trail = [each["query"] for each in call("audit", "--action", "search")["entries"]]
    assert "hold:smith AND again" in trail
    refused = call("hold", "place", "round", "--reason", "r", "--query", "hold:smith", status=2)
    assert "circles" in refused
    saved = call("searches", "save", "held fees", "hold:smith")
    assert call("searches", "run", saved["id"])["total"] == 2
