"""The console in a real browser: the walk of the show, in each width, light and dark."""

from collections.abc import Iterator

import pytest

from scripts.support.browser import chromium, everywhere, opened, visitor
from scripts.support.home import Home
from scripts.support.oversight import helped, overseeing
from scripts.support.tour import walked

pytestmark = [
    pytest.mark.servers,
    pytest.mark.skipif(chromium() is None, reason="skipped: needs Chromium"),
]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Home, str, str]]:
    home, officer = helped(tmp_path_factory.mktemp("console"))
    with home.served() as service:
        yield home, service.base, officer


@pytest.mark.parametrize(("width", "scheme"), everywhere())
def test_a_walk_through_the_console_finds_no_fault(served, width, scheme):
    home, base, _ = served
    with opened() as browser, visitor(browser, base, width, scheme) as someone:
        assert walked(someone, home.legal) > 10
        assert someone.faults == []


@pytest.mark.parametrize(("width", "scheme"), everywhere())
def test_an_officers_rounds_find_no_fault(served, width, scheme):
    _, base, officer = served
    with opened() as browser, visitor(browser, base, width, scheme) as someone:
        assert overseeing(someone, officer) > 8
        assert someone.faults == []
