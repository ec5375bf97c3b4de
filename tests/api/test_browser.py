"""The console in a real browser: the walk of the show, in each width, light and dark."""

from collections.abc import Iterator

import pytest

from scripts.support.browser import chromium, everywhere, opened, visitor
from scripts.support.home import Home
from scripts.support.tour import helpdesk, walked

pytestmark = [
    pytest.mark.servers,
    pytest.mark.skipif(chromium() is None, reason="skipped: needs Chromium"),
]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Home, str]]:
    home = helpdesk(tmp_path_factory.mktemp("console"))
    with home.served() as service:
        yield home, service.base


@pytest.mark.parametrize(("width", "scheme"), everywhere())
def test_a_walk_through_the_console_finds_no_fault(served, width, scheme):
    home, base = served
    with opened() as browser, visitor(browser, base, width, scheme) as someone:
        assert walked(someone, home.legal) > 10
        assert someone.faults == []
