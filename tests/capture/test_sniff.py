"""A header that is nothing but fields is read at once, and says what reading by lines would."""

from hypothesis import example, given
from hypothesis import strategies as st

from archive.capture.sniff import _clean_fields, _fields

NAMES = st.sampled_from(["From", "subject", "X-From", "MIME-Version", "Content-Type", "K" * 77])
VALUES = st.sampled_from(["", " ", " Ann <ann@x>", " multipart/mixed", "a:b", " \tc", "\x01", "é"])
LINES = st.one_of(
    st.tuples(NAMES, st.sampled_from([":", " :", "\t:", ""]), VALUES).map("".join),
    st.tuples(st.sampled_from([" ", "\t", "  b:"]), VALUES).map("".join),
    st.sampled_from(["", ">From x", "a line", ":"]),
)


@given(st.lists(LINES, max_size=8), st.sampled_from(["\n", "\r\n"]))
@example(["From: a", " To: b", "\tc"], "\n")
def test_a_clean_header_has_the_fields_of_its_lines(lines, line_end):
    head = line_end.join([*lines, "", "Body"]).encode()
    clean = _clean_fields(head, 0)
    assert clean in (None, _fields(head, 0, is_whole=True))
