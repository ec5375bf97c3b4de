"""A provider that keeps its callers waiting keeps few of them."""

from concurrent.futures import ThreadPoolExecutor, as_completed
from itertools import islice
from threading import Event

import pytest

from api.openid import documents
from api.openid.fetching import Answer, SilentError
from api.openid.provider import Provider
from archive.clock import SystemClock
from archive.errors import UnavailableError
from archive.provider_settings import ProviderSettings

ASKED = {"redirect_uri": "https://firm.example/", "state": "s", "nonce": "n", "verifier": "v"}
SETTINGS = ProviderSettings("https://id.example", "client", "secret", "env", "groups", {})


class Waiting:
    """Answers nobody until it is let go, and then that nothing came."""

    def __init__(self) -> None:
        self.asked = 0
        self.go = Event()

    def fetch(self, url: str, **_: object) -> Answer:
        self.asked += 1
        assert self.go.wait(30)
        raise SilentError("The provider has not answered.")


def test_one_caller_waits_and_no_other_asks_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    waiting = Waiting()
    monkeypatch.setattr(documents, "fetch", waiting.fetch)
    monkeypatch.setattr(documents, "_PATIENCE", 0.01)
    provider = Provider(SETTINGS, SystemClock())
    with ThreadPoolExecutor(4) as pool:
        asked = [pool.submit(provider.authorization, **ASKED) for _ in range(4)]
        # All but one are refused while that one waits; whoever signs out does not ask at all.
        for refused in islice(as_completed(asked, timeout=30), 3):
            assert isinstance(refused.exception(), UnavailableError)
        assert provider.logout_address() is None
        waiting.go.set()
        assert sum(isinstance(each.exception(), SilentError) for each in asked) == 1
    with pytest.raises(UnavailableError, match="a moment ago"):
        provider.authorization(**ASKED)
    with pytest.raises(UnavailableError, match="a moment ago"):
        provider.exchange("code", redirect_uri="https://firm.example/", verifier="v", nonce="n")
    assert waiting.asked == 1


def test_a_refresh_that_fails_at_once_keeps_nobody_from_signing_in(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = []

    def fetch(url: str, **_: object) -> Answer:
        asked.append(url.rpartition("/")[2])
        if url.endswith("/token"):
            raise UnavailableError("The provider answered with the HTTP status 502.")
        ends = ("authorization_endpoint", "token_endpoint", "jwks_uri")
        places = dict(zip(ends, ("/authorize", "/token", "/keys"), strict=True))
        return 200, {
            "issuer": SETTINGS.issuer,
            **{name: SETTINGS.issuer + place for name, place in places.items()},
        }

    monkeypatch.setattr(documents, "fetch", fetch)
    provider = Provider(SETTINGS, SystemClock())
    for said in ("status 502", "a moment ago"):
        with pytest.raises(UnavailableError, match=said):
            provider.refresh("token", "ann")
    assert provider.authorization(**ASKED).startswith("https://id.example/authorize?")
    with pytest.raises(UnavailableError, match="status 502"):
        provider.exchange("code", redirect_uri="https://firm.example/", verifier="v", nonce="n")
    assert asked == ["openid-configuration", "token", "token"]
