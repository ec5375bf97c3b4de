"""A header that is nothing but fields is read at once, and says what reading by lines would."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from archive.capture.sniff import _evident_format, _format_by_lines

NAMES = st.sampled_from(
    [
        *("From", "subject", "X-From", "x-origin", "Message-ID", "received", "MIME-Version"),
        *("Content-Type", "K" * 77),
    ]
)
VALUES = st.sampled_from(
    ["", " ", " Ann <ann@x>", " multipart/mixed", "a:b", " \tc", "\x01", "\r", " \rb: c", "é"]
)
LINES = st.one_of(
    st.tuples(NAMES, st.sampled_from([":", " :", "\t:", ""]), VALUES).map("".join),
    st.tuples(st.sampled_from([" ", "\t", "  b:"]), VALUES).map("".join),
    st.sampled_from(["", ">From x", "a line", ":", "\r"]),
)


@given(st.lists(LINES, max_size=8), st.sampled_from(["\n", "\r\n"]))
@example(["Message-ID: a", " To: b", "\tc"], "\n")
@example(["Message-ID: a", "X-From: b", "X-Origin: c"], "\r\n")
def test_what_is_evident_is_what_the_lines_say(lines, line_end):
    head = line_end.join([*lines, "", "Body"]).encode()
    assert _evident_format(head, 0) in (None, _format_by_lines(head, 0, is_whole=True))


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
@pytest.mark.parametrize(
    ("lines", "format"),
    [
        (["Received: from a", "\tby b", "Subject: c"], "eml"),
        (["Subject: c", "content-type : Multipart/mixed"], "eml"),
        (["MESSAGE-ID: a", "X-From: b", "X-Folder: c"], "cmu"),
        (["Subject: c", "From: d"], None),
        (["Received: from a", "no field"], None),
    ],
)
def test_a_header_with_a_field_that_only_mail_has_is_evident(lines, format, line_end):
    assert _evident_format(line_end.join([*lines, "", "Body"]).encode(), 0) == format
