"""People come in by the provider: as whom, in which roles, and for how long."""

import re

import pytest

from archive.errors import InvalidError
from archive.events.user_events import SessionEnded, SignInRefused
from archive.model.roles import LOCAL_ACTOR, Role
from archive.users.user import ProvidedIdentity
from tests.openid.conftest import alert
from tests.openid.house import Account


def test_somebody_comes_in_and_goes_on_to_where_they_wanted(home):
    browser = home.browser()
    response = home.sign_in(browser, "/log")
    assert response.status_code == 200
    assert 'content="0;url=/log"' in response.text
    cookies = response.headers.getlist("Set-Cookie")
    (session,) = [each for each in cookies if each.startswith("muniment_session=")]
    assert "HttpOnly" in session and "SameSite=Strict" in session
    assert home.status(browser) == 200
    known, subject = home.user(), home.provider.account.subject
    assert known.name == f"ann ({subject})" and known.roles == (Role.LEGAL,)
    assert known.provided == ProvidedIdentity(home.provider.issuer, subject)


def test_the_sign_in_page_leads_to_the_provider(home):
    page = home.browser().get("/sign-in?next=/log").text
    assert "/sign-in/openid?next=/log" in page and "127.0.0.1" in page


@pytest.mark.parametrize("onward", ["//evil.test", "https://evil.test/", "/\\evil.test"])
def test_nobody_is_sent_on_to_another_site(home, onward):
    page = home.sign_in(home.browser(), onward).text
    assert "evil" not in page


def test_the_same_subject_is_the_same_user_whatever_they_are_called(home):
    home.signed_in()
    first = home.user()
    home.provider.account.name = "ann-married"
    home.signed_in()
    assert home.user() == first
    home.provider.account = Account("other", "ann", ["readers"])
    home.signed_in()
    assert home.user().id != first.id


def test_a_local_user_of_the_same_name_is_not_taken_over(home):
    name = f"ann ({home.provider.account.subject})"
    local = home.archive.administration.register(LOCAL_ACTOR, name, [Role.AUDITOR])
    home.signed_in()
    assert home.user().name == name and home.user().id != local.id
    assert home.archive.users.named(name).roles == (Role.AUDITOR,)


def test_a_provided_user_is_found_by_name_where_nobody_else_has_it(home):
    home.provider.account.name = "Beatrix"
    home.signed_in()
    home.archive.follow()
    assert home.archive.users.meant(f"beatrix ({home.provider.account.subject})") == home.user()


def test_groups_give_roles_and_a_change_holds_at_the_next_sign_in(home):
    home.signed_in()
    home.provider.account.groups = ["readers", "watchers", "unknown"]
    home.signed_in()
    home.archive.follow()
    assert set(home.user().roles) == {Role.LEGAL, Role.COMPLIANCE_OFFICER}


def test_groups_may_be_told_beside_the_id_token(home):
    home.provider.groups_in_userinfo = True
    home.signed_in()
    home.provider.userinfo_lies = {"sub": "somebody else"}
    assert home.sign_in(home.browser()).status_code == 401


@pytest.mark.parametrize(
    ("groups", "says"),
    [
        ([], "no role here"),
        (["unknown"], "no role here"),
        (["readers", "chiefs"], "Only these roles go together"),
        (["lookers", "readers"], "Only these roles go together"),
    ],
)
def test_groups_that_give_no_roles_that_go_together_let_nobody_in(home, groups, says):
    home.provider.account.groups = groups
    response = home.sign_in(home.browser())
    assert response.status_code == 401 and says in alert(response)
    (why,) = home.reasons(SignInRefused)
    assert says in why


def test_whoever_is_disabled_here_stays_out(home):
    browser = home.signed_in()
    home.archive.follow()
    home.archive.administration.disable(LOCAL_ACTOR, str(home.user().id))
    assert home.status(browser) == 401
    assert home.sign_in(home.browser()).status_code == 401


def test_the_last_administrator_keeps_the_role(home):
    home.provider.account.groups = ["chiefs"]
    home.signed_in()
    home.archive.follow()
    home.archive.administration.disable(LOCAL_ACTOR, "administrator")
    home.provider.account.groups = ["readers"]
    response = home.sign_in(home.browser())
    home.archive.administration.enable(LOCAL_ACTOR, "administrator")
    assert response.status_code == 401 and "last administrator" in alert(response)
    assert home.user().roles == (Role.ADMINISTRATOR,)


def test_nothing_that_outlasts_the_provider_is_given_out(home):
    home.signed_in()
    home.archive.follow()
    known, administration = str(home.user().id), home.archive.administration
    with pytest.raises(InvalidError, match="token would outlast"):
        administration.issue_token(LOCAL_ACTOR, known)
    with pytest.raises(InvalidError, match="password would outlast"):
        administration.set_password(LOCAL_ACTOR, known, "correct horse battery")
    with pytest.raises(InvalidError, match="follow from their groups"):
        administration.change_roles(LOCAL_ACTOR, known, [Role.AUDITOR])


def test_their_page_offers_nothing_that_would_be_refused(home):
    browser = home.signed_in()
    home.archive.follow()
    address = f"/users/{home.user().id}"
    own = browser.get(address, headers={"Accept": "text/html"}).text
    assert home.provider.issuer in own
    assert re.findall(rf'action="{address}/([^"]+)"', own) == ["sign-out"]
    token, _ = home.archive.administration.issue_token(LOCAL_ACTOR, "administrator")
    chief = home.browser()
    assert chief.post("/sign-in", data={"token": token, "purpose": "compliance"}).status_code == 303
    page = chief.get(address, headers={"Accept": "text/html"}).text
    offered = set(re.findall(rf'action="{address}/([^"]+)"', page))
    assert offered == {"custodians", "sign-out", "enabled"}


def test_leavers_lose_access_at_the_next_refresh(home):
    browser = home.signed_in()
    home.provider.account.gone = True
    home.clock.move(minutes=9)
    assert home.status(browser) == 200
    copy = browser.get_cookie("muniment_session").value
    home.clock.move(minutes=1)
    assert home.status(browser) == 401
    (why,) = home.reasons(SessionEnded)
    assert "does not vouch" in why
    # Neither does a copy of the cookie, nor waiting for the account to come back.
    home.provider.account.gone = False
    thief = home.browser()
    thief.set_cookie("muniment_session", copy)
    assert home.status(thief) == 401


def test_a_session_goes_on_as_long_as_the_provider_vouches(home):
    browser = home.signed_in()
    for _ in range(6):
        home.clock.move(minutes=11)
        assert home.status(browser) == 200
    assert home.provider.asked.count("/token") == 7


@pytest.mark.parametrize("with_id_token", [True, False])
def test_a_changed_group_changes_the_role_at_the_next_refresh(home, with_id_token):
    home.provider.refresh_gives_id_token = with_id_token
    browser = home.signed_in()
    assert browser.get("/v1/search", headers={"Muniment-Purpose": "compliance"}).status_code == 200
    home.provider.account.groups = ["lookers"]
    home.clock.move(minutes=10)
    assert browser.get("/v1/search", headers={"Muniment-Purpose": "compliance"}).status_code == 403
    home.provider.account.groups = ["lookers", "chiefs"]
    home.clock.move(minutes=10)
    assert home.status(browser) == 401


def test_another_subject_at_the_refresh_ends_the_session(home):
    browser = home.signed_in()
    home.provider.account.subject = "another"
    home.clock.move(minutes=10)
    assert home.status(browser) == 401


def test_without_a_refresh_token_a_session_lasts_a_quarter_of_an_hour(home):
    home.provider.refresh_gives_token = False
    browser = home.signed_in()
    home.clock.move(minutes=14)
    assert home.status(browser) == 200
    home.clock.move(minutes=1)
    assert home.status(browser) == 401


def test_while_the_provider_is_down_sessions_go_on_until_they_must_be_asked_about(home):
    browser = home.signed_in()
    home.provider.down = True
    home.clock.move(minutes=14)
    assert home.status(browser) == 200
    home.clock.move(minutes=1)
    page = browser.get("/status", headers={"Accept": "text/html"})
    assert page.status_code == 503 and "signing in by name works" in page.text
    assert browser.get("/sign-in").status_code == 200
    home.provider.down = False
    asked = home.provider.asked.count("/token")
    assert home.status(browser) == 503
    assert home.provider.asked.count("/token") == asked
    home.clock.pass_by(seconds=30)
    assert home.status(browser) == 200


def test_signing_out_ends_the_session_for_every_copy(home):
    browser = home.signed_in()
    secret = (
        browser.get("/status").text.partition('name="form_secret" value="')[2].partition('"')[0]
    )
    copy = browser.get_cookie("muniment_session").value
    left = browser.post("/sign-out", data={"form_secret": secret})
    assert left.headers["Location"].endswith("notice=left")
    assert "/leave" in browser.get(left.headers["Location"]).text
    browser.set_cookie("muniment_session", copy)
    assert home.status(browser) == 401
