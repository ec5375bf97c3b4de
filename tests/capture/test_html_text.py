"""The text of HTML is what a reader would see."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.capture.html import decode_html, visible_text


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("", ""),
        ("plain &amp; 1 < 2", "plain & 1 < 2"),
        ("<p>one</p><p>two</p>", "one\ntwo"),
        ("one<BR>two<br/>three", "one\ntwo\nthree"),
        ("sp<b>lit</b> <i>w</i>ord", "split word"),
        ("a\n wrapped\r\nline", "a wrapped line"),
        ("<pre>a\nb</pre>", "a\nb"),
        ("<table><tr><td>a</td><td>b</td></tr><tr><td>c</table>", "a b\nc"),
        ("<ul><li>a<li>b</ul>c", "a\nb\nc"),
        ("<head><title>t</title></head><body>b<script>s</script><style>p{}</style>", "b"),
        ("via<!-- <p>hidden</p> -->gra", "viagra"),
        ("a&nbsp;&nbsp;b &#xD800; caf&eacute;", "a b \ufffd caf\xe9"),
        ("<parameter>x</parameter>y", "xy"),
    ],
)
def test_what_is_seen(html, text):
    assert visible_text(html) == text


PIECES = st.sampled_from(["<p>", "</p>", "<b>", "x", "<", ">", "&", "<!--", "-->", "<td"])


@given(html=st.text() | st.lists(PIECES).map("".join))
def test_any_text_gives_clean_lines(html):
    text = visible_text(html)
    assert text.encode("utf-8").decode("utf-8") == text
    assert all(line and line == " ".join(line.split()) for line in text.split("\n") if text)


def test_nesting_without_end_does_not_cost_its_square():
    assert visible_text("<p>seen</p><script>x</script>" + "<div>" * 200_000 + "end &lt;") == (
        "seen\nend <"
    )


def test_the_document_names_its_character_set():
    page = '<meta http-equiv="Content-Type" content="text/html; charset=koi8-r">\u0434\u0430'
    assert decode_html(page.encode("koi8-r"), None) == (page, None)
    assert decode_html(page.encode("utf-8"), "utf-8") == (page, None)
    assert decode_html("<meta charset=utf-16>\xe9".encode(), None)[0].endswith("\xe9")
