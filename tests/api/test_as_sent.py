"""HTML that strangers wrote: shown on demand, cleaned, and able to do nothing."""

import base64
import re
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

import pytest
from hypothesis import given
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

from api.app import create_app
from api.console.cleaning import cleaned
from api.headers import FRAMED_POLICY
from archive.capture.markup import MOST_HTML, MOST_PICTURES, Markup, Picture, markup
from archive.creating import register_user
from archive.errors import ForbiddenError, InvalidError, NotFoundError
from archive.model.roles import LOCAL_ACTOR, Purpose, Role
from scripts.support.hostile_html import HOSTILE
from tests.archive.house import capture, line

PIXEL = b"\x89PNG pixel"


def clean(*bodies, **pictures):
    given = {name: Picture("image/png", data) for name, data in pictures.items()}
    return cleaned(Markup(bodies, given))


HARMFUL = "script,style,link,meta,base,iframe,frame,object,embed,form,input,button,svg,math,video"
ADDRESSES = "src", "srcset", "href", "background", "action", "data", "poster", "xlink:href"


def assert_harmless(html):
    tree = LexborHTMLParser(f"<body>{html}</body>")
    assert tree.css("body " + ",body ".join(HARMFUL.split(","))) == []
    for node in tree.css("body *"):
        for name, value in node.attributes.items():
            assert not name.startswith("on")
            assert name not in ("id", "class", "name", "srcdoc", "formaction")
            address = (value or "").strip().lower()
            if name == "href":
                assert address.startswith(("http:", "https:", "mailto:"))
            elif name in ADDRESSES:
                assert address.startswith("data:image/")
            elif name == "style":
                assert not re.search(r"url|image|position|expression|import|behavior", address)


@pytest.mark.parametrize("hostile", HOSTILE)
def test_what_is_hostile_is_left_out(hostile):
    found = clean(f"<p>before</p>{hostile.replace('LISTENER', 'http://listener.test')}<p>after</p>")
    assert_harmless(found.html)
    assert "before" in found.html


PIECES = st.sampled_from(
    [*HOSTILE, "<", ">", '"', "'", "<p", "<a href=", "<img src=", " onerror=x", "<!--", "-->", "x"]
)


@given(st.lists(PIECES | st.text(max_size=8), max_size=12).map("".join))
def test_no_mixture_comes_through(html):
    assert_harmless(clean(html).html)


def test_pictures_that_stand_elsewhere_are_counted():
    html = (
        '<img src="http://x.test/1.png"><img src="//x.test/2"><img src="/3"><td background="4">'
        '<p style="background:url(http://x.test/5)"><img src="cid:none"><img alt="no source">'
    )
    assert clean(f"<table><tr>{html}</table>").remote == 5


def test_links_keep_their_address_and_tell_nobody_where_they_stood():
    html = clean('<a href="https://bank.test/a?b=1&amp;c" target="_top" rel="opener">x</a>').html
    assert html == (
        '<a href="https://bank.test/a?b=1&amp;c" target="_blank" rel="noopener noreferrer">x</a>'
    )


def test_pictures_that_came_with_the_mail_are_put_in():
    html = '<img src="cid:one@x"><img src="CID:one%40x"><img src="cid:two"><p background="cid:a">'
    found = clean(html, **{"one@x": PIXEL})
    written = base64.b64encode(PIXEL).decode()
    assert found.html.count(f'src="data:image/png;base64,{written}"') == 2
    assert (found.html.count("<img"), found.remote) == (3, 0)


def test_one_picture_shown_often_does_not_fill_the_memory():
    found = clean('<img src="cid:a">' * 1_000, a=b"x" * (MOST_PICTURES // 4))
    assert len(found.html) < 2 * MOST_PICTURES


def mail(html="<p>Hello <img src='cid:pic'></p>", media_type="image/png"):
    message = EmailMessage()
    message["From"], message["Subject"] = "ann@example.com", "Hello"
    message.set_content("plain")
    message.add_alternative(html, subtype="html")
    main, sub = media_type.split("/")
    body = message.get_body(("html",))
    assert isinstance(body, EmailMessage)
    body.add_related(PIXEL, main, sub, cid="<pic>")
    return message.as_bytes()


def test_the_html_and_its_pictures_are_found_in_a_mail():
    found = markup(mail(), "message/rfc822")
    assert [body.strip() for body in found.bodies] == ["<p>Hello <img src='cid:pic'></p>"]
    assert found.pictures == {"pic": Picture("image/png", PIXEL)}
    assert markup(mail(media_type="image/svg+xml"), "message/rfc822").pictures == {}


@pytest.mark.parametrize(
    "original",
    [
        b"Subject: a\n\nplain",
        b"Subject: a\nContent-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/html\n"
        b"Content-Disposition: attachment\n\n<p>\n--b--\n",
    ],
)
def test_a_mail_without_html_has_none(original):
    with pytest.raises(NotFoundError):
        markup(original, "message/rfc822")
    with pytest.raises(NotFoundError):
        markup(original, "application/octet-stream")


@pytest.mark.parametrize("html", ["x" * (MOST_HTML + 1), "<div></b>" * 3_000])
def test_html_that_costs_too_much_is_not_shown(html):
    with pytest.raises(InvalidError, match="download the original"):
        markup(mail(html), "message/rfc822")


def entered(archive):
    client = create_app(lambda: archive).test_client()
    form = {"token": register_user(archive, Role.LEGAL), "purpose": "compliance"}
    assert client.post("/sign-in", data=form).status_code == 303
    return client


def test_the_page_offers_it_and_the_frame_shows_it_once_it_is_asked_for(archive):
    encoded = base64.b64encode(mail('<p onclick="x">Hi <img src="http://x.test/1">')).decode()
    ids = capture(
        archive,
        line("1", html="<b>bold</b> words"),
        line("2"),
        line("3", original=encoded, html="<p>Hi"),
    )
    archive.follow()
    client = entered(archive)
    pages = [client.get(f"/interactions/{id}") for id in ids]
    offers = [
        f'href="/interactions/{id}/as-sent"' in page.text
        for id, page in zip(ids, pages, strict=True)
    ]
    assert offers == [True, False, True]
    framing = ["frame-src 'self'" in page.headers["Content-Security-Policy"] for page in pages]
    assert framing == offers
    shown = [client.get(f"/interactions/{id}/as-sent") for id in ids]
    assert [page.status_code for page in shown] == [200, 404, 200]
    assert "<b>bold</b> words" in shown[0].text
    assert "1 picture that stands elsewhere was not loaded" in shown[2].text
    assert_harmless(shown[2].text.partition('<div class="sent">')[2])
    policy = shown[2].headers["Content-Security-Policy"]
    assert policy.startswith("sandbox allow-popups allow-popups-to-escape-sandbox; default-src")
    assert shown[2].headers["X-Frame-Options"] == "SAMEORIGIN"


def test_the_frame_says_why_there_is_nothing_to_show(archive):
    outer = EmailMessage()
    outer["Subject"] = "a message within"
    outer.set_content("see below")
    outer.add_attachment(message_from_bytes(mail("<p>within"), policy=default))
    encoded = base64.b64encode(outer.as_bytes()).decode()
    (id,) = capture(archive, line("1", original=encoded, html="<p>within"))
    archive.follow()
    client = entered(archive)
    assert "Show as sent" in client.get(f"/interactions/{id}").text
    shown = client.get(f"/interactions/{id}/as-sent", headers={"Accept": "text/html"})
    assert shown.status_code == 404
    assert "no HTML of its own" in shown.text
    assert shown.headers["X-Frame-Options"] == "SAMEORIGIN"
    assert shown.headers["Content-Security-Policy"] == FRAMED_POLICY


def test_it_is_a_read_like_any_other(archive):
    (id,) = capture(archive, line("1", html="<b>bold</b>"))
    archive.follow()
    before = archive.health().last_seq
    archive.access.as_sent(LOCAL_ACTOR, Purpose("compliance"), id)
    assert archive.health().last_seq == before + 1
    for kind in ("training", "compensation"):
        with pytest.raises(ForbiddenError):
            archive.access.as_sent(LOCAL_ACTOR, Purpose(kind), id)
