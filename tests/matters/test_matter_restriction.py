"""Users who are restricted to matters: every way of seeing agrees, and a change counts at once."""

from dataclasses import replace
from random import Random

import pytest

from archive.access.search_answers import SearchRequest
from archive.errors import CorruptError, ForbiddenError, InvalidError, NotFoundError
from archive.matters.answers import ContentsRequest, MatterRequest
from archive.model.roles import LOCAL_ACTOR, Actor, Purpose, Role
from archive.query.matcher import matches
from archive.query.parser import parse
from tests.archive.house import OPERATIONS, capture, create, line, opened

LEA = "11111111-1111-4111-8111-111111111111"
THREAD = {"conversation": "T"}
LINES = (
    line("1", "The guarantee of Bo", custodian="Bo", **THREAD),
    line("2", "A fee of Cy", custodian="Cy", **THREAD),
    line("3", "Cy, and résumés", custodian="Cy", **THREAD),
    line("4", "…", custodian="Di", **THREAD),
    line("5", "A side letter", custodian="Di", conversation="U"),
    line("6", "Fees and letters", custodian="Bo", conversation="U"),
    line("7", "Lunch", custodian="Ed"),
)
QUERIES = ("fee", "guarantee OR letter~", "résumés", "custodian:bo", "conversation:U", "NOT cy")


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    folder = tmp_path_factory.mktemp("matters")
    create(folder)
    with opened(folder) as archive:
        archive.ids = capture(archive, *LINES)  # type: ignore[attr-defined]
        # What it said before counts for nobody's matter.
        capture(archive, line("7", "Nothing", custodian="Ed"))
        archive.follow()
        archive.administration.register(LOCAL_ACTOR, "Lea", [Role.LEGAL])
        yield archive


codes = iter(f"case-{number}" for number in range(10_000))


def matter(archive, *, member="Lea", **contents):
    """Create a matter of a new code, of which somebody is a member."""
    code = next(codes)
    fields = {"code": code, "name": "A case", "members": [member], **contents}
    archive.matter_desk.create(LOCAL_ACTOR, MatterRequest.model_validate(fields))
    return code


def lea(archive, *matters, **further):
    found = archive.users.meant("Lea")
    return Actor(str(found.id), "Lea", Role.LEGAL, matters=frozenset(matters), **further)


def searched(archive, actor, query="", purpose=OPERATIONS):
    request = SearchRequest(query=query, limit=50, facets=True)
    return archive.access.search(actor, purpose, request)


def found(archive, actor, query=""):
    return {each.id for each in searched(archive, actor, query).results}


def shown(archive, actor):
    """Return what an actor reads one by one, and what conversations show of it."""
    one_by_one, together = set(), set()
    for record_id in archive.ids:
        try:
            answer = archive.access.show(actor, OPERATIONS, record_id)
        except NotFoundError:
            continue
        one_by_one.add(record_id)
        if answer.place is None:
            continue
        page = archive.access.conversation(actor, OPERATIONS, record_id)
        assert [each.position for each in page.items] == list(range(1, page.total + 1))
        assert {each.id for each in page.items if each.id == record_id}
        assert answer.place.total == page.total
        together |= {each.id for each in page.items}
    return one_by_one, together


def test_index_reads_and_sql_agree_for_random_matters(archive):
    random = Random(5)
    met = set()
    for _ in range(7):
        contents = {
            "queries": random.sample(QUERIES, random.randint(0, 2)),
            "custodians": random.sample(("cy", "DI", "nobody"), random.randint(0, 1)),
            "records": [str(each) for each in random.sample(archive.ids, random.randint(0, 2))],
        }
        code = matter(archive, **contents)
        also = frozenset({"Ed"}) if random.random() < 0.3 else None
        actor = lea(archive, code, custodians=also)
        seen = found(archive, actor)
        expected = {
            each.id
            for each in archive.access.settle(archive.ids, archive.pointers.last_seq(), None)
            if any(
                matches(parse(query), each, conversation=(str(thread_of(archive, each.id)),))
                for query in contents["queries"]
            )
            or str(each.custodian).casefold()
            in {name.casefold() for name in contents["custodians"]}
            or str(each.id) in contents["records"]
            or (also and each.custodian in also)
        }
        assert seen == expected
        one_by_one, together = shown(archive, actor)
        assert one_by_one == seen
        assert together <= seen
        assert together == {each for each in seen if thread_of(archive, each)}
        assert found(archive, LOCAL_ACTOR, f"matter:{code}") <= seen
        assert searched(archive, actor).unsearchable == (archive.ids[3] in seen)
        met.add(len(seen))
    assert len(met) > 2


def thread_of(archive, record_id):
    return archive.catalog.rows([record_id])[record_id].conversation


def test_what_a_matter_hides_is_nowhere(archive):
    actor = lea(archive, matter(archive, queries=["fee"]))
    assert found(archive, actor) == {archive.ids[1], archive.ids[5]} - {archive.ids[5]}
    answer = searched(archive, actor)
    assert (answer.total, answer.facets["custodian"]) == (1, {"Cy": 1})
    assert (answer.unsearchable, found(archive, actor, "NOT fee")) == (0, set())
    similar = archive.access.similar(actor, OPERATIONS, archive.ids[1])
    assert similar.results == ()
    for read in ("show", "original", "history", "prove", "conversation", "similar"):
        with pytest.raises(NotFoundError):
            getattr(archive.access, read)(actor, OPERATIONS, archive.ids[4])
    assert archive.unsearchable.page(actor, OPERATIONS).records == ()


def test_more_like_this_stays_within_what_the_index_alone_cannot_tell(archive):
    # Accents and stems are settled by the matcher.
    actor = lea(archive, matter(archive, queries=["letters~", "résumés"]))
    assert found(archive, actor) == {archive.ids[2], archive.ids[4], archive.ids[5]}
    similar = archive.access.similar(actor, OPERATIONS, archive.ids[5])
    assert {each.id for each in similar.results} <= found(archive, actor)


def test_all_three_are_needed_and_each_counts_at_once(archive):
    code = matter(archive, queries=["fee"])
    other = matter(archive, member=str(archive.users.meant("Lea").id), queries=["guarantee"])
    desk, member = archive.matter_desk, ContentsRequest(members=("lea",))
    actor = lea(archive, code)
    assert len(found(archive, actor)) == 1
    assert found(archive, lea(archive)) == found(archive, lea(archive, "unheard-of")) == set()
    assert found(archive, lea(archive, code, other)) == {archive.ids[0], archive.ids[1]}

    desk.remove(LOCAL_ACTOR, code, member)
    assert found(archive, actor) == set() and shown(archive, actor) == (set(), set())
    desk.add(LOCAL_ACTOR, code, member)
    desk.close(LOCAL_ACTOR, code, "it is over")
    assert found(archive, actor) == set()
    assert found(archive, LOCAL_ACTOR, f"matter:{code}") == {archive.ids[1]}
    desk.reopen(LOCAL_ACTOR, code, "it goes on")
    desk.add(LOCAL_ACTOR, code, ContentsRequest(custodians=("Di",)))
    desk.remove(LOCAL_ACTOR, code, ContentsRequest(queries=("fee",)))
    assert found(archive, actor) == {archive.ids[3], archive.ids[4]}


def test_purposes_queries_and_lists_are_of_their_own_matters(archive):
    code, others = matter(archive, queries=["fee"]), matter(archive, queries=["*"])
    archive.matter_desk.remove(LOCAL_ACTOR, others, ContentsRequest(members=("Lea",)))
    actor = lea(archive, code, others)
    assert searched(archive, actor, purpose=Purpose("matter", f" {code.upper()} ")).total == 1
    for detail in (None, others, "Smith v. Jones", "unheard-of"):
        before = archive.pointers.last_seq()
        with pytest.raises(ForbiddenError, match=code):
            searched(archive, actor, purpose=Purpose("matter", detail))
        assert archive.pointers.last_seq() == before + 1, "it is recorded"
    assert found(archive, actor, f"matter:{code}") == {archive.ids[1]}
    assert found(archive, actor, "NOT matter:*") == set()
    for unknown in (others, "unheard-of"):
        with pytest.raises(InvalidError, match=f"no matter of this name.*{code}") as refused:
            searched(archive, actor, f"matter:{unknown}")
        assert others not in str(refused.value)
    for query in ("has:hold", "hold:*"):
        with pytest.raises(InvalidError):
            searched(archive, actor, query)
    assert [each.code for each in archive.matter_desk.seen(actor)[0]] == [code]
    with pytest.raises(NotFoundError):
        archive.matter_desk.matter(actor, others)
    with pytest.raises(ForbiddenError):
        archive.matter_desk.add(actor, code, ContentsRequest(queries=("*",)))
    with pytest.raises(ForbiddenError):
        archive.trail.page(actor, OPERATIONS, None)


def test_a_search_through_pseudonyms_keeps_to_the_matter(archive):
    code = matter(archive, queries=["custodian:bo AND guarantee"])
    trainer = replace(lea(archive, code), role=Role.TRAINER)
    training = Purpose("training")
    assert found_for(archive, trainer, training, "guarantee") == {archive.ids[0]}
    assert found_for(archive, trainer, training, "letter OR letters") == set()


def found_for(archive, actor, purpose, query):
    return {each.id for each in searched(archive, actor, query, purpose).results}


def test_a_lost_event_shows_nobody_anything(archive, monkeypatch):
    code = matter(archive, queries=["fee"])
    actor = lea(archive, code, custodians=frozenset({"Ed"}))
    lost = replace(archive.matters.read(), unreadable=True)
    monkeypatch.setattr(archive.matters, "read", lambda as_of=None: lost)
    assert found(archive, actor) == {archive.ids[6]}, "what is not of a matter is seen"
    with pytest.raises(NotFoundError):
        archive.access.show(actor, OPERATIONS, archive.ids[1])
    for act in (
        lambda: searched(archive, LOCAL_ACTOR, f"matter:{code}"),
        lambda: archive.matter_desk.close(LOCAL_ACTOR, code, "it is over"),
    ):
        with pytest.raises(CorruptError, match="verify"):
            act()


def test_no_event_of_a_matter_is_erased(archive):
    code = matter(archive, queries=["fee"])
    rows = archive.pointers.select_pointers(
        archive.matters.stream, gt=None, lte=None, desc=False, limit=None
    )
    with pytest.raises(InvalidError, match="never erased"):
        archive.eraser.erase(rows[-1:], actor="local", ground="a test")
    assert found(archive, lea(archive, code)) == {archive.ids[1]}


def test_matters_are_as_of_the_sequence_number(archive):
    code = matter(archive, queries=["fee"])
    then = archive.pointers.last_seq()
    archive.matter_desk.add(LOCAL_ACTOR, code, ContentsRequest(queries=("guarantee",)))

    def asked(as_of):
        request = SearchRequest(query=f"matter:{code}", as_of=as_of)
        return archive.access.search(LOCAL_ACTOR, OPERATIONS, request)

    assert (asked(then).total, asked(None).total, asked(then - 1).total) == (1, 2, 0)
    assert asked(then).result_hash == asked(then).result_hash != asked(None).result_hash
