"""What of a text is quoted or a signature, and that nothing of it is lost."""

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.access.passages import Said, passages
from archive.model.roles import LOCAL_ACTOR
from tests.archive.house import OPERATIONS, capture, create, found, line, opened

MARKS = {Said.OWN: ".", Said.QUOTED: "q", Said.SIGNATURE: "s"}


def told(text: str) -> str:
    """Return a letter for each line: own, quoted, signature."""
    return "".join(MARKS[each.said] * each.lines for each in passages(text))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", ""),
        ("One\nTwo", ".."),
        ("One\n> two\n  > three\nFour", ".qq."),
        ("On Monday, Ann wrote:\n> two\nThree", "qq."),
        ("Am 1.5.2024 schrieb Ann <ann@x.example>:\n\n> zwei\nDrei", "q.q."),
        ("She wrote:\nnothing", ".."),
        ("Yes.\nOn 1 May 2024 at 9:00, Ann <a@x.example> wrote:\nOne\nTwo", ".qqq"),
        ("On 1 May 2024, Ann wrote:\nOne\n> two", "..q"),
        ("Yes\n\n-----Original Message-----\nFrom: Ann\nOne", "..qqq"),
        ("Yes\n ----- Forwarded by Ann/HOU/ECT on 05/01/2001 -----\nOne", ".qq"),
        ("Ja\n-----Urspr\u00fcngliche Nachricht-----\nEins", ".qq"),
        ("Yes\nFrom: Ann\nSent: Monday\nTo: Bo\nSubject: x\n\nOne", ".qqqqqq"),
        ("Yes\n*From:* Ann\n*Sent:* Monday\n*To:* Bo\nOne", ".qqqq"),
        ("From: here\nto the sea", ".."),
        ("-----\nA line\n-----", "..."),
        ("Yes\n-- \nAnn\nFirm", ".sss"),
        ("Yes\n-- \r\nAnn\r\n> quoted\nMore", ".ssq."),
        ("Yes\n--\nAnn", ".ss"),
        ("Yes\n--\n" + "long\n" * 15, "." * 17),
        ("Yes\n-- \nAnn\n-----Original Message-----\nOne", ".ssqq"),
    ],
)
def test_lines_are_told_apart(text: str, said: str) -> None:
    assert told(text) == said


PIECES = (
    *("One", "> two", "", "-- ", "--", "-----Original Message-----", "On 1 May, Ann wrote:"),
    *("From: Ann", "To: Bo", "Subject: x", "\x0b", "x" * 500, "Two\r"),
)


@given(st.lists(st.sampled_from(PIECES), max_size=30))
def test_nothing_is_lost_and_neighbours_differ(pieces: list[str]) -> None:
    text = "\n".join(pieces)
    cut = passages(text)
    assert "".join(text[each.start : each.end] for each in cut) == text
    assert all(one.said is not other.said for one, other in pairwise(cut))
    assert all(each.lines == len(text[each.start : each.end].splitlines()) for each in cut)


@pytest.mark.parametrize(
    "line",
    ["x wrote: " * 40, "From: " + " " * 390, "-" * 390, "On 1 " + "wrote " * 60, "--" + " " * 390],
)
def test_hostile_texts_take_time_in_proportion(line: str) -> None:
    text = f"{line}\n" * 5_000
    assert passages(text + "> quoted")[-1].said is Said.QUOTED


def test_quoted_words_are_kept_found_and_told(tmp_path: Path) -> None:
    create(tmp_path)
    text = "My fee\n> your rebate\n-- \nAnn, guarantor"
    with opened(tmp_path) as archive:
        (id,) = capture(archive, line("1", text))
        for query in ("fee", "rebate", "guarantor"):
            assert found(archive, query) == {id}
        shown = archive.access.show(LOCAL_ACTOR, OPERATIONS, id)
        assert shown.text == text
        runs = [(text[each.start : each.end], each.said) for each in shown.passages]
        assert runs == [("> your rebate\n", Said.QUOTED), ("-- \nAnn, guarantor", Said.SIGNATURE)]
