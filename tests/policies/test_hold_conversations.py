"""A hold on a conversation keeps what it kept, whatever is captured, erased or made anew later."""

import pytest

from api.opening import open_for_questions
from archive.creating import create_archive
from archive.opening import open_archive
from archive.rebuilding import rebuild
from tests.archive.house import capture, create, found, line, opened, search, settings
from tests.policies.holding import Script, query_scope
from tests.policies.holding import settings as place
from tests.policies.test_hold_queries import held


def conversations(archive, ids):
    rows = archive.catalog.rows(ids)
    return [rows[each].conversation for each in ids]


def erase(archive, *ids):
    archive.eraser.erase_records(ids, actor="local", ground="test")
    archive.follow()


def test_who_joins_two_conversations_takes_nothing_out_of_a_hold(tmp_path):
    create(tmp_path)
    with open_for_questions(settings(tmp_path)) as archive:
        oldest, first, later, last = capture(archive, *map(line, ("o", "a", "c", "e")))
        archive.follow()
        script = Script(archive)
        for record in (later, last):
            script.place(f"on-{record}", query_scope(f"conversation:{record}"))
        then = archive.pointers.last_seq()
        (joining,) = capture(archive, line("b", conversation="x", in_reply_to="a"))
        (second,) = capture(archive, line("c2", conversation="x", in_reply_to="c"))
        archive.follow()
        joined = [first, later, joining, second]
        assert conversations(archive, joined) == [first] * 4
        assert {held(archive)[each] for each in joined} == {(f"on-{later}",)}
        assert held(archive)[last] == (f"on-{last}",)
        # They are joined to others once more.
        more = capture(
            archive,
            line("o2", conversation="y", in_reply_to="o"),
            line("a2", conversation="y", in_reply_to="a"),
        )
        archive.follow()
        joined += [oldest, *more]
        assert set(conversations(archive, joined)) == {oldest}
        assert {held(archive)[each] for each in joined} == {(f"on-{later}",)}
        for query in (f"conversation:{later}", f"conversation:{oldest}", f"hold:on-{later}"):
            assert found(archive, query) == set(joined), query
        assert found(archive, f"NOT conversation:{later}") >= {last}
        assert found(archive, f"conversation:{later}", as_of=then) == {oldest, first, later}


def test_a_conversation_survives_the_erasure_of_what_held_it_together(tmp_path, each_database):
    where = place(tmp_path, each_database)
    create_archive(where)
    with open_archive(where) as archive:
        chain = capture(
            archive,
            line("a"),
            line("b", in_reply_to="a"),
            line("c", in_reply_to="b"),
            line("d", in_reply_to="c"),
        )
        alone = capture(archive, line("e"))
        archive.follow()
        Script(archive).place("kept", query_scope(f"conversation:{chain[0]}"))
        erase(archive, chain[0], chain[2])
        left = [chain[1], chain[3]]
        before = conversations(archive, [*chain, *alone])
        assert before == [chain[0]] * 4 + alone
    rebuild(where)
    with open_archive(where) as archive:
        archive.follow()
        assert conversations(archive, [*chain, *alone]) == before
        assert [held(archive)[each] for each in left] == [("kept",)] * 2
        assert found(archive, f"conversation:{chain[0]}") == set(left)
        # Who answers to what was erased still joins the others.
        (answer,) = capture(archive, line("f", in_reply_to="c"))
        archive.follow()
        assert conversations(archive, [answer]) == [chain[0]]
        # Nor does a second making anew lose what the first had to be told.
        erase(archive, chain[1])
    rebuild(where)
    with open_archive(where) as archive:
        archive.follow()
        assert conversations(archive, [*chain, answer]) == [chain[0]] * 5


@pytest.mark.parametrize("anew", [False, True], ids=["followed", "rebuilt"])
def test_the_copy_that_is_left_is_no_duplicate(tmp_path, anew):
    create(tmp_path)
    with opened(tmp_path) as archive:
        first, second, third = capture(
            archive, *(line("m", custodian=each) for each in ("ann", "bob", "cyd"))
        )
        archive.follow()
        assert found(archive, "is:duplicate") == {second, third}
        erase(archive, first)
        if not anew:
            assert found(archive, "is:duplicate") == {third}
            # Words and a doubt: the matcher says so too.
            assert found(archive, "good w/2 morning is:duplicate") == {third}
    if anew:
        rebuild(settings(tmp_path))
        with opened(tmp_path) as archive:
            archive.follow()
            assert found(archive, "NOT is:duplicate") == {second}


def test_no_hash_is_given_of_what_a_later_message_can_change(tmp_path):
    create(tmp_path)
    with opened(tmp_path) as archive:
        (record,) = capture(archive, line("a"))
        archive.follow()
        assert search(archive, "good", hash=True).result_hash
        assert search(archive, f"good OR conversation:{record}", hash=True).result_hash is None
