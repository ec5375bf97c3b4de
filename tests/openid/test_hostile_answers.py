"""What is not the provider's, not ours, not now, or not this attempt's lets nobody in."""

import pytest

from archive.events.user_events import SignInRefused


def refused(home, response, status=401):
    assert response.status_code == status, response.text
    assert "muniment_session=" not in "".join(response.headers.getlist("Set-Cookie"))
    assert len(home.reasons(SignInRefused)) == 1
    assert home.user() is None


@pytest.mark.parametrize(
    "lies",
    [
        {"nonce": "another"},
        {"nonce": None},
        {"aud": "another"},
        {"aud": ["another"]},
        {"aud": ["muniment", "another"]},
        {"aud": ["muniment", "another"], "azp": "another"},
        {"azp": "another"},
        {"iss": "https://another.test"},
        {"iss": None},
        {"exp": 1},
        {"exp": None},
        {"exp": "tomorrow"},
        {"iat": 99_999_999_999},
        {"nbf": 99_999_999_999},
        {"sub": None},
        {"sub": ""},
        {"sub": 7},
        {"sub": "s" * 256},
        {"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"},
    ],
    ids=str,
)
def test_an_id_token_that_says_another_thing(home, lies):
    home.provider.lies = lies
    refused(home, home.sign_in(home.browser()))


@pytest.mark.parametrize("algorithm", ["none", "HS256"])
def test_an_id_token_that_nobody_signed_with_a_key_of_the_provider(home, algorithm):
    home.provider.header = {"alg": algorithm, "kid": home.provider.key.kid}
    refused(home, home.sign_in(home.browser()))


def test_an_id_token_signed_by_another(home):
    shown = home.provider.shown_keys
    home.provider.rotate()
    home.provider.shown_keys = shown
    refused(home, home.sign_in(home.browser()))


def test_a_rotated_key_is_fetched(home):
    home.signed_in()
    home.provider.rotate()
    home.clock.pass_by(minutes=1)
    home.signed_in()
    assert home.provider.asked.count("/keys") == 2


def test_a_clock_a_little_off_is_borne(home):
    now = int(home.clock.now().timestamp())
    home.provider.lies = {"iat": now + 30, "exp": now - 30}
    home.signed_in()


def test_an_answer_serves_once(home):
    browser = home.browser()
    back = home.provider.authorize(home.leave_for_provider(browser))
    cookie = browser.get_cookie("muniment_openid", path="/sign-in/openid").value
    assert home.come_back(browser, back).status_code == 200
    assert home.come_back(browser, back).status_code == 401
    # Even where the cookie was kept, and the provider would take the code again.
    browser.set_cookie("muniment_openid", cookie, path="/sign-in/openid")
    home.provider.codes |= home.provider.spent
    again = home.come_back(browser, back)
    assert again.status_code == 401 and "has been used before" in again.text


def test_another_state(home):
    browser = home.browser()
    back = home.provider.authorize(home.leave_for_provider(browser), state="another")
    refused(home, home.come_back(browser, back))


def test_an_attempt_of_another_browser(home):
    back = home.provider.authorize(home.leave_for_provider(home.browser()))
    refused(home, home.come_back(home.browser(), back))


def test_an_attempt_of_long_ago(home):
    browser = home.browser()
    back = home.provider.authorize(home.leave_for_provider(browser))
    home.clock.move(minutes=10)
    refused(home, home.come_back(browser, back))


def test_an_answer_of_another_provider(home):
    browser = home.browser()
    back = home.provider.authorize(home.leave_for_provider(browser), iss="https://another.test")
    refused(home, home.come_back(browser, back))


def test_an_answer_that_does_not_say_whose_it_is_though_that_was_promised(home):
    home.provider.document_lies = {"authorization_response_iss_parameter_supported": True}
    browser = home.browser()
    back = home.provider.authorize(home.leave_for_provider(browser), iss="")
    refused(home, home.come_back(browser, back))


def test_an_error_of_the_provider(home):
    browser = home.browser()
    back = home.provider.authorize(home.leave_for_provider(browser), error="access_denied")
    refused(home, home.come_back(browser, back))


@pytest.mark.parametrize(
    "lies",
    [
        {"issuer": "https://another.test"},
        {"token_endpoint": "http://169.254.169.254/token"},
        {"token_endpoint": "file:///etc/passwd"},
        {"jwks_uri": None},
        {"authorization_endpoint": "javascript:alert(1)"},
    ],
    ids=str,
)
def test_a_description_that_is_not_the_issuers_own(home, lies):
    home.provider.document_lies = lies
    response = home.browser().get("/sign-in/openid")
    assert response.status_code == 503 and "Location" not in response.headers


@pytest.mark.parametrize("fault", ["down", "huge"])
def test_a_provider_that_gives_no_answer_in_bounds(home, fault):
    setattr(home.provider, fault, True)
    response = home.browser().get("/sign-in/openid")
    assert response.status_code == 503 and "Retry-After" in response.headers
    assert "Password" in response.text


def test_a_provider_that_fails_on_the_way_back(home):
    browser = home.browser()
    back = home.provider.authorize(home.leave_for_provider(browser))
    home.provider.down = True
    refused(home, home.come_back(browser, back), 503)
