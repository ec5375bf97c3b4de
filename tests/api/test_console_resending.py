"""Forms that come too late: what was written goes back to whoever wrote it, and nothing is done."""

import html
import re
from pathlib import Path

import pytest

import api
from api.console.resending import NEVER_SHOWN
from archive.model.roles import LOCAL_ACTOR, Role
from tests.api.console_house import entered

HOLD = {"name": "smith", "reason": 'a "letter" <1>', "query": "fee", "records": ""}
TEMPLATES = Path(api.__file__).parent / "templates"


def secret_of(client):
    found = re.search(r'name="form_secret" value="(\w+)"', client.get("/status").text)
    assert found
    return found[1]


def fields_of(page):
    """Return what the form of the page in the middle would send."""
    form = page.partition("<main")[2].partition("</main>")[0].partition("<form")[2]
    found = re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', form)
    return {name: html.unescape(value) for name, value in found}


@pytest.fixture
def late(archive):
    """Give a lawyer who signed out elsewhere, how they sign in, and the secret of before."""
    lawyer = entered(archive, Role.LEGAL)
    lawyer.environ_base["HTTP_SEC_FETCH_SITE"] = "same-origin"
    old = secret_of(lawyer)
    assert lawyer.post("/sign-out", data={"form_secret": old}).status_code == 303
    token, _ = archive.administration.issue_token(LOCAL_ACTOR, "legal")

    def sign_in():
        form = {"token": token, "purpose": "compliance"}
        assert lawyer.post("/sign-in", data=form).status_code == 303

    return lawyer, sign_in, old


def test_what_was_written_is_sent_after_signing_in_by_a_click(archive, late):
    lawyer, sign_in, old = late
    ended = lawyer.post("/holds", data={**HOLD, "form_secret": old})
    assert ended.status_code == 401 and "Your session has ended" in ended.text
    assert 'href="/sign-in" target="_blank"' in ended.text
    assert fields_of(ended.text) == HOLD
    sign_in()
    looked_at = lawyer.post("/holds", data=fields_of(ended.text))
    assert looked_at.status_code == 403 and "<code>/holds</code>" in looked_at.text
    assert "There are none." in lawyer.get("/holds").text
    again = fields_of(looked_at.text)
    assert again == {**HOLD, "form_secret": secret_of(lawyer)}
    for value in filter(None, HOLD.values()):
        assert f">{html.escape(value)}</dd>".replace("&quot;", "&#34;") in looked_at.text
    # What is empty counts as well: it may take away what was there.
    assert "<dt>records</dt>" in looked_at.text.lower() and ">empty</span>" in looked_at.text
    assert lawyer.post("/holds", data=again).headers["Location"] == "/holds/smith"


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {},
    ],
)
def test_nothing_of_another_site_is_given_back(late, headers):
    lawyer, sign_in, _ = late
    del lawyer.environ_base["HTTP_SEC_FETCH_SITE"]
    for status in (401, 403):
        answer = lawyer.post("/holds", data=HOLD, headers=headers)
        assert answer.status_code == status and "smith" not in answer.text
        lawyer.environ_base["HTTP_SEC_FETCH_SITE"] = "same-origin"
        sign_in()
        del lawyer.environ_base["HTTP_SEC_FETCH_SITE"]


def test_an_older_browser_is_judged_by_origin(late):
    lawyer, _, _ = late
    del lawyer.environ_base["HTTP_SEC_FETCH_SITE"]
    answer = lawyer.post("/holds", data=HOLD, headers={"Origin": "http://localhost"})
    assert answer.status_code == 401 and "smith" in answer.text


def test_secrets_are_never_given_back(archive, late):
    lawyer, sign_in, _ = late
    at = f"/users/{archive.users.named('legal').id}"
    form = {"password": "staple battery horse", "code": "123456", "secret": "JBSWY3DPEHPK3PXP"}
    for _ in range(2):
        for address in (f"{at}/password", f"{at}/codes"):
            page = lawyer.post(address, data={**form, "form_secret": "x" * 48}).text
            assert all(each not in page for each in (*form.values(), "x" * 48))
        sign_in()
    # Every form with a secret in it is one of these, or of those who are not signed in yet.
    for template in TEMPLATES.glob("*.html"):
        for rest in template.read_text(encoding="utf-8").split("<form ")[1:]:
            whole = rest.partition("</form>")[0]
            assert 'type="password"' not in whole or "console.enter" in whole
    page = (TEMPLATES / "user.html").read_text(encoding="utf-8")
    found = re.findall(r'form\("(\w+)"\) }}(.*?)</form>', page, re.DOTALL)
    secret = re.compile('type="password"|one-time-code|name="secret"')
    assert {f"console.{name}" for name, whole in found if secret.search(whole)} == NEVER_SHOWN


@pytest.mark.parametrize(
    ("address", "form"),
    [
        ("/purges", {"meant": "yes", "at": "2030-01-01"}),
        ("/policies/mail/lock", {"name": "mail"}),
    ],
)
def test_what_cannot_be_undone_is_said_anew(late, address, form):
    lawyer, sign_in, old = late
    for _ in range(2):
        page = lawyer.post(address, data={**form, "form_secret": old}).text
        assert "Nothing was done." in page and fields_of(page).keys() <= {"form_secret"}
        sign_in()


def test_a_form_of_too_many_parts_is_refused_as_such(late):
    lawyer, _, _ = late
    parts = {f"field{number}": "x" for number in range(1_500)}
    page = lawyer.post("/holds", data=parts, content_type="multipart/form-data")
    assert page.status_code == 413


def test_a_form_without_anything_written_leads_to_its_page(late):
    lawyer, sign_in, old = late
    assert "/sign-in?next=/holds/a" in lawyer.post("/holds/a/release", data={}).text
    sign_in()
    page = lawyer.post("/holds/a/release", data={"form_secret": old}).text
    assert 'href="/holds/a">Look at how' in page and "Send it again" not in page
