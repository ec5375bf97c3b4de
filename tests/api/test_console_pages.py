"""The console's pages over a real archive: facets, records, conversations, the overview."""

import html
import re
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.app import create_app
from api.console.text import lines, moment
from archive.access.passages import Said
from archive.catalog.tables import records
from archive.creating import register_user
from archive.model.roles import Role
from archive.query.parser import parse
from tests.archive.house import capture, line
from tests.query.samples import START


def people(department, location):
    return [
        {"role": "customer", "name": "Paula Reis", "address": "paula@example.com"},
        {
            "role": "agent",
            "name": "Nora Feld",
            "address": "nora@example.org",
            "department": department,
            "location": location,
        },
    ]


CASE = {"source": "helpdesk", "conversation": "T-1", "participants": people("Sales", "Lisbon")}
LINES = (
    line("1", "The rebate is missing.", channel="ticket", subject="Rebate", language="en-GB",
         occurred_at="2023-03-01T09:00:00+02:00", custodian="desk",
         metrics={"outcome": "solved", "handling_seconds": 75}, labels={"region": "south"}, **CASE),
    line("2", "> The rebate is missing.\n> Again.\n> Yes.\nIt is booked.", channel="voice",
         subject="RE: Rebate", occurred_at="2023-03-02T09:00:00Z", **CASE),
    line("3", "Elsewhere, a rebate.", occurred_at="2024-05-01T09:00:00Z", source="chats",
         participants=people("Legal", "Madrid")),
)  # fmt: skip


@pytest.fixture
def ids(archive):
    found = capture(archive, *LINES)
    archive.follow()
    return found


def entered(archive, role=Role.LEGAL):
    token = register_user(archive, role)
    archive.follow()
    client = create_app(lambda: archive).test_client()
    client.environ_base["HTTP_ACCEPT"] = "text/html"
    form = {"token": token, "purpose": "compliance"}
    assert client.post("/sign-in", data=form).status_code == 303
    return client


@pytest.fixture
def browser(archive, ids):
    return entered(archive)


def one(pattern, page):
    """What the only group of a pattern holds where it is first met."""
    found = re.search(pattern, page)
    assert found, pattern
    return html.unescape(found[1])


def facet_links(page):
    """The facets of a page, by title: each value with its count and the address behind it."""
    aside = page.partition('<aside class="facets"')[2].partition("</aside>")[0]
    found = {}
    for section in aside.split("<section>")[1:]:
        name = one(r"<h3>([^<]+)</h3>", section)
        values = re.findall(
            r'<a href="([^"]+)">([^<]+)</a>\s*<span class="count">([\d,]+)</span>', section
        )
        found[name] = {
            html.unescape(value): (int(count), html.unescape(address))
            for address, value, count in values
        }
    return found


def total(page):
    return int(one(r"<strong>([\d,]+)</strong>\s+record", page))


def test_every_facet_leads_to_as_many_records_as_it_counts(browser):
    facets = facet_links(browser.get("/?q=rebate").text)
    expected = {
        "Year": {"2023", "2024"},
        "Channel": {"ticket", "voice", "chat"},
        "Source": {"helpdesk", "chats"},
        "Department": {"Sales", "Legal"},
        "Place": {"Lisbon", "Madrid"},
    }
    assert {name: set(facets[name]) for name in expected} == expected
    for values in facets.values():
        for count, address in values.values():
            assert total(browser.get(address).text) == count


def test_a_narrowed_search_says_so_and_can_be_widened(browser):
    page = browser.get("/?q=rebate&filter=channel:ticket&filter=year:2023").text
    chips = re.findall(r'<a href="([^"]+)"><span class="quiet">(\w+)</span> <bdi>(\w+)', page)
    assert [(facet, value) for _, facet, value in chips] == [
        ("channel", "ticket"),
        ("year", "2023"),
    ]
    wider = html.unescape(chips[0][0])
    assert parse_qs(urlsplit(wider).query) == {"q": ["rebate"], "filter": ["year:2023"]}
    assert total(browser.get(wider).text) == 2
    assert '<input type="hidden" name="filter" value="channel:ticket">' in page


def test_months_are_offered_within_one_year(browser):
    assert "Month" not in facet_links(browser.get("/?q=rebate").text)


@pytest.mark.parametrize("filter", ["channel", "channel:pigeon", "colour:red", "year:x"])
def test_a_filter_that_cannot_be_is_told(browser, filter):
    page = browser.get("/", query_string={"q": "rebate", "filter": filter})
    assert page.status_code == 400
    assert page.mimetype == "text/html"


def test_a_search_without_results_says_what_to_try(browser):
    page = browser.get("/?q=nothing&filter=channel:chat").text
    assert "Nothing matches." in page
    assert 'href="/?q=nothing"' in page


def test_a_record_marks_what_was_searched_for_and_leads_back(browser, ids):
    found = browser.get("/?q=rebate&filter=channel:ticket").text
    page = browser.get(one(r'<h2><a href="([^"]+)"', found)).text
    assert "The <mark>rebate</mark> is missing." in page
    assert "<h1><mark>Rebate</mark></h1>" in page
    back = one(r'<a href="([^"]+)">‹ Back to the results', page)
    assert total(browser.get(back).text) == 1
    for part in (
        "solved",
        "0:01:15",
        "region",
        "south",
        "desk",
        "<bdi>Sales</bdi>, <bdi>Lisbon</bdi>",
    ):
        assert part in page
    assert "1 Mar 2023, 07:00:00 UTC" in page
    assert "1 of 2 in this conversation" in page
    assert f'rel="next" href="/interactions/{ids[1]}' in page


def test_a_conversation_is_shown_in_order_with_what_is_gone(archive, browser, ids):
    page = browser.get(f"/conversations/{ids[1]}?q=rebate").text
    assert page.index(f'id="r{ids[0]}"') < page.index(f'id="r{ids[1]}"')
    assert str(ids[2]) not in page
    # The subject of all of them stands above them.
    assert 'class="subject"' not in page
    # What is sought is never folded away.
    assert 'class="fold" open><summary>3 quoted lines <mark>1 match</mark></summary>' in page
    assert page.count("<mark>rebate</mark>") == 2
    folded = browser.get(f"/conversations/{ids[1]}?q=booked").text
    assert 'class="fold"><summary>3 quoted lines</summary>' in folded
    with archive.catalog._engine.begin() as connection:
        connection.execute(records.update().where(records.c.id == ids[0].bytes).values(erased=1))
    page = browser.get(f"/conversations/{ids[1]}").text
    assert "This record has been erased." in page
    assert page.count("The rebate is missing.") == 1


def test_earlier_versions_are_shown_from_the_history(archive, ids):
    capture(archive, line("3", "Second thoughts.", source="chats"))
    browser = entered(archive)
    assert "edited" in browser.get(f"/conversations/{ids[2]}").text
    page = browser.get(f"/interactions/{ids[2]}/history").text
    first, second = map(html.unescape, re.findall(r'href="(/interactions/[^"]+version=\d+)"', page))
    assert "Elsewhere, a rebate." in browser.get(first).text
    assert "as the record stood" in browser.get(first).text
    assert "Second thoughts." in browser.get(second).text
    assert browser.get(f"/interactions/{ids[2]}?version=x").status_code == 400


def test_what_could_not_be_searched_is_told_by_its_subject(archive, ids):
    unread = {"filename": "a.bin", "media_type": "application/x-unknown", "data": "AAECAw=="}
    capture(archive, line("4", "See <this>.", subject="Scan & plan", attachments=[unread], **CASE))
    archive.eraser.erase_records([ids[2]], actor="tester", ground="a test")
    page = entered(archive).get("/unsearchable").text
    assert "Scan &amp; plan</a>" in page
    assert "Not searched: <bdi>a.bin</bdi> (unsupported type)" in page
    assert f'href="/interactions/{ids[2]}/history"' in page


def test_what_a_sender_wrote_turns_nothing_around(archive):
    file = {
        "filename": "invoice\u202efdp.exe",
        "media_type": "application/x-unknown",
        "data": "AA==",
    }
    name = "\u202egnp.exe"
    told = {
        "participants": [
            {"role": "from", "name": name, "address": "ann@example.com"},
            {"role": "to", "name": f"B{name}"},
        ],
        "attachments": [file],
    }
    (id,) = capture(archive, line("4", "Turning.", custodian=f"C{name}", **told))
    archive.follow()
    browser = entered(archive)
    pages = ("/?q=turning", f"/interactions/{id}", f"/conversations/{id}", "/unsearchable")
    for address in (*pages, f"/interactions/{id}/similar"):
        page = browser.get(address).text.partition("<main")[2]
        within = re.sub(r"<(bdi|dd|code)[ >].*?</\1>|<h[12].*?</h[12]>", "", page, flags=re.DOTALL)
        assert "\u202e" not in within, address
    for address in pages[:3]:
        assert "<bdi>invoice⟨U+202E⟩fdp.exe</bdi>" in browser.get(address).text


def test_the_overview_counts_everything(browser):
    page = browser.get("/overview").text
    assert total(page) == 3
    for part in ("helpdesk", "Sales", "Madrid", "2024"):
        assert f">{part}</a>" in page


def test_the_overview_tells_the_erased_apart_from_what_its_link_finds(archive, ids):
    unread = {"filename": "a.bin", "media_type": "application/x-unknown", "data": "AAECAw=="}
    capture(archive, line("4", attachments=[unread], **CASE))
    archive.eraser.erase_records(ids[1:], actor="tester", ground="a test")
    archive.follow()
    browser = entered(archive)
    page = browser.get("/overview").text
    assert total(page) == 2
    link = one(r'<a href="([^"]+)">1 could not be searched, or not wholly</a>', page)
    assert total(browser.get(link).text) == 1
    assert '<a href="/unsearchable">2 more have been erased</a>' in page


def test_an_empty_archive_says_how_to_fill_it(archive):
    assert "Nothing is archived yet." in entered(archive).get("/overview").text


@pytest.mark.parametrize("role", [Role.ADMINISTRATOR, Role.COLLECTOR])
def test_who_may_not_search_comes_to_the_status(archive, role):
    browser = entered(archive, role)
    assert browser.get("/").headers["Location"] == "/status"
    page = browser.get("/status").text
    assert f"<strong>{role}</strong>" in page
    assert ">Overview</a>" not in page and "Reading for" not in page
    assert browser.get("/overview").status_code == 403
    assert browser.get("/?q=rebate").status_code == 403


def test_light_and_dark_are_chosen_with_or_without_a_session(archive, browser):
    stranger = create_app(lambda: archive).test_client()
    answer = stranger.post("/appearance", data={"appearance": "dark", "next": "/sign-in"})
    assert answer.headers["Location"] == "/sign-in"
    assert 'data-appearance="dark"' in stranger.get("/sign-in").text
    assert 'data-appearance="system"' in browser.get("/status").text
    assert stranger.post("/appearance", data={"appearance": "pink"}).status_code == 400
    stranger.set_cookie("muniment_appearance", '"><script>')
    assert "<script>" not in stranger.get("/sign-in").text
    foreign = {"Sec-Fetch-Site": "cross-site"}
    assert stranger.post("/appearance", data={}, headers=foreign).status_code == 403


def test_a_long_query_is_shown_around_what_is_wrong_with_it(browser):
    page = browser.get("/?q=" + "fee+" * 30 + "size:big+" + "fee+" * 30).text
    assert "(column 126)" in page
    shown = html.unescape(one(r'<pre class="caret">([^<]+)</pre>', page))
    line, caret = shown.split("\n")
    assert line[len(caret) - 1 :].startswith("big fee")
    assert len(line) < 40


@given(st.lists(st.sampled_from(("a fee", "> fee", ">> x", "", "  > y", "fee\r\n", "\x0b"))))
def test_a_text_loses_nothing_to_quoting_and_marks(pieces):
    text = "\n".join(pieces)
    passages = lines(text, parse("fee"))
    assert "".join(run.text for passage in passages for run in passage.segments) == text
    for passage in passages:
        whole = "".join(run.text for run in passage.segments)
        assert all(each.lstrip().startswith(">") == passage.quoted for each in whole.splitlines())
        assert passage.said is not Said.SIGNATURE
        assert all((run.text == "fee") == run.marked for run in passage.segments if run.marked)


def test_times_are_written_for_people():
    assert moment(None) == "undated"
    assert moment(START, exact=True).endswith("UTC")


def test_what_has_no_subject_gets_a_title(archive, ids):
    browser = entered(archive)
    assert "Message from nora@example.org" in browser.get("/?q=elsewhere").text
