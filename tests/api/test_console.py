"""The console as a browser meets it: sign in, why, search, one record, sign out."""

import html
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.console.text import byte_size, segments
from api.sessions import COOKIE
from archive.access.search_answers import Highlight
from tests.api import standin

BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8", "Sec-Fetch-Site": "same-origin"}


@pytest.fixture
def browser(client):
    client.environ_base.update(
        {f"HTTP_{k.upper().replace('-', '_')}": v for k, v in BROWSER.items()}
    )
    return client


def enter(browser, token=standin.LEGAL, purpose="matter", detail="Smith", onward="/", **extra):
    form = {"token": token, "purpose": purpose, "detail": detail, "next": onward}
    return browser.post("/sign-in", data=form, **extra)


def form_secret(browser):
    found = re.search(r'name="form_secret" value="(\w+)"', browser.get("/").text)
    assert found
    return found[1]


def test_a_stranger_is_sent_to_sign_in_and_on_from_there(browser):
    sent = browser.get("/?q=side")
    assert (sent.status_code, sent.headers["Location"]) == (303, "/sign-in?next=/?q%3Dside")
    page = browser.get(sent.headers["Location"])
    assert 'value="/?q=side"' in page.text
    assert enter(browser, onward="/?q=side").headers["Location"] == "/?q=side"


def test_the_session_is_sealed_and_kept_from_scripts(browser):
    cookie = enter(browser).headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert "Secure" not in cookie
    assert standin.LEGAL not in cookie


@pytest.mark.parametrize(
    "extra",
    [{"base_url": "https://archive.example"}, {"headers": {"X-Forwarded-Proto": "https"}}],
)
def test_the_session_keeps_to_https_where_there_is_https(browser, extra):
    assert "Secure" in enter(browser, **extra).headers["Set-Cookie"]


def test_a_wrong_token_is_told_and_gets_no_session(browser):
    answer = enter(browser, token="nobody")
    assert answer.status_code == 401
    assert "not valid" in answer.text and 'name="detail" value="Smith"' in answer.text
    assert "Set-Cookie" not in answer.headers


def test_an_unknown_purpose_is_told(browser):
    assert enter(browser, purpose="curiosity").status_code == 400


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example", "/\\evil", "x", ""])
def test_signing_in_leads_nowhere_else(browser, target):
    assert enter(browser, onward=target).headers["Location"] == "/"


def test_a_revoked_token_ends_the_session(browser, stand_in):
    enter(browser)
    assert browser.get("/").status_code == 200
    stand_in.revoked.add(standin.LEGAL)
    assert browser.get("/").headers["Location"].startswith("/sign-in")


@pytest.mark.parametrize("value", ["", "x", "AAAA", "A" * 200, "\u00e9"])
def test_a_forged_cookie_is_no_session(browser, value):
    browser.set_cookie(COOKIE, value)
    assert browser.get("/").status_code == 303


def test_search_shows_what_it_found(browser, capture, stand_in):
    capture("m1", text="The side letter is <b>secret</b>.")
    capture("m2", subject="Other", text="Nothing.")
    enter(browser)
    page = browser.get("/", query_string={"q": "side letter"})
    assert page.status_code == 200
    assert "<mark>side letter</mark>" in page.text
    assert "&lt;b&gt;secret&lt;/b&gt;" in page.text
    assert "<strong>1</strong> record" in page.text
    assert "14 May 2001, 16:39" in page.text
    assert stand_in.noted[-1] == ("search", "u2", "matter:Smith")


def test_no_search_is_made_before_there_is_a_query(browser, stand_in):
    enter(browser)
    assert browser.get("/").status_code == 200
    assert stand_in.noted == []


def test_the_next_page_is_followed_to_the_end(browser, capture):
    for number in range(27):
        capture(f"m{number}", subject=f"Note {number}")
    enter(browser)
    page = browser.get("/", query_string={"q": "note"})
    following = re.search(r'rel="next" href="([^"]+)"', page.text)
    assert following
    second = browser.get(html.unescape(following[1]))
    assert second.text.count('<div class="head">') == 2
    assert "26–27" in second.text
    assert 'rel="next"' not in second.text


def test_a_query_error_is_shown_under_its_column(browser):
    enter(browser)
    page = browser.get("/", query_string={"q": "fee AND (x"})
    assert page.status_code == 400
    assert "fee AND (x\n        ^" in page.text


@pytest.mark.parametrize("query", ["sort=up", "as_of=x"])
def test_a_wrong_parameter_is_an_error_page(browser, query):
    enter(browser)
    page = browser.get(f"/?q=a&{query}")
    assert (page.status_code, page.mimetype) == (400, "text/html")


def test_a_record_is_shown_as_text_only(browser, capture):
    id = capture("m1", text="<script>alert(1)</script>", html="<p>hi</p>", labels={"desk": "<i>"})
    enter(browser)
    page = browser.get(f"/interactions/{id}").text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "<script" not in page
    assert '<bdi class="name">Ann</bdi> <bdi class="quiet">ann@example.com</bdi>' in page
    assert "A part could not be read." in page
    assert "&lt;i&gt;" in page


def test_history_and_original_stand_beside_the_record(browser, capture):
    id = capture()
    enter(browser)
    assert "Captured" in browser.get(f"/interactions/{id}/history").text
    original = browser.get(f"/interactions/{id}/original")
    assert original.data == standin.interaction()
    assert original.headers["Content-Disposition"].startswith("attachment")


def test_the_purpose_can_be_changed_and_goes_with_the_next_read(browser, capture, stand_in):
    id = capture()
    enter(browser)
    form = {"form_secret": form_secret(browser), "purpose": "compliance", "next": "/?q=x"}
    assert browser.post("/purpose", data=form).headers["Location"] == "/?q=x"
    browser.get(f"/interactions/{id}")
    assert stand_in.noted[-1] == ("show", "u2", "compliance")


def test_a_form_without_the_secret_is_refused(browser):
    enter(browser)
    assert browser.post("/purpose", data={"purpose": "compliance"}).status_code == 403
    assert browser.post("/sign-out", data={"form_secret": "guess"}).status_code == 403


def test_a_form_of_another_site_is_refused(browser):
    assert enter(browser, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403


@pytest.mark.parametrize(
    ("origin", "status"), [("http://localhost", 303), ("http://evil.example", 403), ("null", 403)]
)
def test_an_older_browser_is_judged_by_origin(client, origin, status):
    assert enter(client, headers={"Origin": origin}).status_code == status


def test_signing_out_ends_the_session(browser):
    enter(browser)
    browser.post("/sign-out", data={"form_secret": form_secret(browser)})
    assert browser.get("/").status_code == 303


def test_the_session_reads_the_api_but_changes_nothing_there(browser, capture):
    id = capture()
    enter(browser)
    assert browser.get(f"/v1/interactions/{id}").status_code == 200
    answer = browser.post(
        "/v1/interactions", data=standin.interaction("m2"), content_type="application/json"
    )
    assert answer.status_code == 401


def test_who_may_not_search_is_told_on_a_page(browser):
    enter(browser, token=standin.ADMINISTRATOR)
    page = browser.get("/?q=x")
    assert (page.status_code, page.mimetype) == (403, "text/html")
    assert "may not search" in page.text


def test_no_page_holds_script_or_inline_style(browser, capture):
    id = capture()
    pages = [browser.get("/sign-in").text]
    enter(browser)
    for path in ("/", "/?q=", f"/interactions/{id}", f"/interactions/{id}/history", "/none"):
        pages.append(browser.get(path).text)
    for page in pages:
        assert "<script" not in page
        assert "<style" not in page
        assert not re.search(r"\s(style|on\w+)=", page)


@given(
    text=st.text(max_size=40),
    marks=st.lists(st.tuples(st.integers(-5, 50), st.integers(-5, 50)), max_size=6),
)
def test_a_snippet_loses_nothing_to_its_marks(text, marks):
    highlights = [Highlight(start=start, end=end) for start, end in marks]
    runs = segments(text, highlights)
    assert "".join(run.text for run in runs) == text
    wanted = {place for start, end in marks for place in range(max(start, 0), min(end, len(text)))}
    place = 0
    for run in runs:
        assert run.text
        assert all((at in wanted) == run.marked for at in range(place, place + len(run.text)))
        place += len(run.text)


@pytest.mark.parametrize(
    ("count", "written"),
    [(0, "0 bytes"), (999, "999 bytes"), (1500, "1.5 KB"), (10**16, "10000.0 TB")],
)
def test_sizes_are_written_for_people(count, written):
    assert byte_size(count) == written
