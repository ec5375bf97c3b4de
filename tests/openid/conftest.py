"""An archive, a provider, and a browser that goes from one to the other and back."""

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from api.app import create_app
from archive.creating import create_archive
from archive.events.opener import DamagedEvent
from archive.events.user_events import SessionEnded, SignInRefused
from archive.opening import Archive, open_archive
from archive.settings import Settings
from archive.users.user import ProvidedIdentity, User
from tests.openid import house
from tests.openid.house import SmallProvider
from tests.users.conftest import MovableClock

ROLES = "readers=legal; lookers=auditor; chiefs=administrator; watchers=compliance-officer"


class PassingClock(MovableClock):
    """A clock that stands, and whose stopwatch is moved with it where that is asked for."""

    _passed = 0.0

    def monotonic(self) -> float:
        return self._passed

    def pass_by(self, **by: float) -> None:
        self.move(**by)
        self._passed += timedelta(**by).total_seconds()


class House:
    """The archive with its provider, and what people do."""

    def __init__(self, archive: Archive, provider: SmallProvider, clock: PassingClock) -> None:
        self.archive, self.provider, self.clock = archive, provider, clock
        self.restart()

    def restart(self) -> None:
        """Let the web process know nothing of the provider yet."""
        openid = self.archive.settings.openid
        self.app = create_app(lambda: self.archive, clock=self.clock, openid=openid, rate_limit=0)
        self.seen = self.archive.pointers.last_seq()

    def user(self) -> User | None:
        """Return the user whom the provider's account is here."""
        identity = ProvidedIdentity(self.provider.issuer, self.provider.account.subject)
        return self.archive.users.find(self.archive.users.id_of_provided(identity))

    def browser(self) -> FlaskClient:
        return self.app.test_client()

    def leave_for_provider(self, browser: FlaskClient, onward: str = "/status") -> str:
        """Follow the link of the sign-in page; return the provider's address."""
        response = browser.get("/sign-in/openid", query_string={"next": onward})
        assert response.status_code == 303, response.text
        return response.headers["Location"]

    def come_back(self, browser: FlaskClient, address: str) -> TestResponse:
        # A page of another site leads here: cookies that are SameSite=Strict stay behind.
        kept = browser.get_cookie("muniment_session")
        if kept is not None:
            browser.delete_cookie("muniment_session")
        return browser.get(address, headers={"Sec-Fetch-Site": "cross-site"})

    def sign_in(self, browser: FlaskClient, onward: str = "/status") -> TestResponse:
        return self.come_back(
            browser, self.provider.authorize(self.leave_for_provider(browser, onward))
        )

    def signed_in(self) -> FlaskClient:
        browser = self.browser()
        response = self.sign_in(browser)
        assert response.status_code == 200, response.text
        return browser

    def status(self, browser: FlaskClient) -> int:
        return browser.get("/v1/tokens").status_code

    def reasons(self, kind: type[SessionEnded] | type[SignInRefused]) -> list[str]:
        """Why sign-ins were refused or sessions ended, as the events say."""
        found = []
        for row in self.archive.pointers.select_pointers_from(self.seen + 1, limit=1_000):
            if row.type == kind.type:
                (opened,) = self.archive.opener.open_each([row])
                assert not isinstance(opened, DamagedEvent)
                event = self.archive.mapper.event(opened)
                assert isinstance(event, (SessionEnded, SignInRefused))
                found.append(event.why or "")
        return found


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder, clock = tmp_path_factory.mktemp("openid"), PassingClock()
    with house.running(clock) as provider:
        settings = Settings.load(
            {
                "MUNIMENT_HOME": str(folder / "home"),
                "MUNIMENT_OPENID_ISSUER": provider.issuer,
                "MUNIMENT_OPENID_CLIENT_ID": house.CLIENT,
                "MUNIMENT_OPENID_CLIENT_SECRET": house.SECRET,
                "MUNIMENT_OPENID_ROLES": ROLES,
            },
            folder,
        )
        create_archive(settings, clock=clock)
        with open_archive(settings, clock=clock) as archive:
            yield House(archive, provider, clock)


@pytest.fixture
def home(built: House) -> House:
    """The house of the module, with a provider that knows one new person."""
    built.provider.begin_anew()
    built.restart()
    built.archive.follow()
    return built


def alert(response: TestResponse) -> str:
    """The sentence that the sign-in page says."""
    found = re.search(r'role="alert">([^<]*)<', response.text)
    return found[1] if found else ""
