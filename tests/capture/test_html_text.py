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
        ("a<!--#rotate><p>seen</p><!-- too", "a\nseen"),
        ("a<!-->b<!-- --> c", "ab c"),
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


@pytest.mark.parametrize(
    "nesting",
    ["<div>", "<DIV></b>", "<div><table></div></table>", "<div><b></div>", "<b><div></b>", "<x-y>"],
)
def test_nesting_without_end_does_not_cost_its_square(nesting):
    deep = "<p>seen</p><script>x</script>" + nesting * 50_000 + "end &lt;"
    assert visible_text(deep).split() == ["seen", "end", "<"]


def test_much_that_is_not_deep_is_read_as_ever():
    row = "<tr><td><div><b>a<i>b</b></i></div><p>c<li>d<br></td></tr>"
    page = "<style>hidden</style><table>" + row * 2_000 + "</table>"
    assert visible_text(page).split() == ["ab", "c", "d"] * 2_000


def test_the_document_names_its_character_set():
    page = '<meta http-equiv="Content-Type" content="text/html; charset=koi8-r">\u0434\u0430'
    assert decode_html(page.encode("koi8-r"), None) == (page, None)
    assert decode_html(page.encode("utf-8"), "utf-8") == (page, None)
    assert decode_html("<meta charset=utf-16>\xe9".encode(), None)[0].endswith("\xe9")
