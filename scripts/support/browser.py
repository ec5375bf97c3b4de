"""A real browser on the console: signs in, visits pages, and finds what is wrong with them.

Chromium is taken from the machine, Playwright (a development requirement) drives it. A page is
asked for in two widths, light and dark, and is wrong where axe finds a violation of WCAG, where
it must be moved sideways to be read, or where the browser complains about anything.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import product
from typing import TYPE_CHECKING, Literal

from scripts.support.show import Failed

if TYPE_CHECKING:
    from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, Request

WIDTHS = {1280: 860, 390: 844}
"""The widths that the console is made for, each with the height of such a window."""
Scheme = Literal["light", "dark"]
SCHEMES: tuple[Scheme, ...] = ("light", "dark")
_OFFICES = ("north", "east", "south", "west")
_PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")


def chromium() -> str | None:
    """Return the path of the machine's Chromium, None where there is none."""
    return next((path for path in map(shutil.which, _PROGRAMS) if path), None)


@contextmanager
def opened() -> Iterator["Browser"]:
    """Open Chromium without a window until the block ends."""
    from playwright.sync_api import sync_playwright

    program = chromium()
    if program is None:
        raise Failed("needs Chromium: none of " + ", ".join(_PROGRAMS) + " is on the PATH.")
    # Its sandbox refuses to run as root, as it is in many containers.
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=arguments)
        try:
            yield browser
        finally:
            browser.close()


@dataclass
class Visitor:
    """Somebody at the console in one width and one scheme; `faults` gathers what is wrong."""

    page: "Page"
    base: str
    width: int
    scheme: Scheme
    faults: list[str] = field(default_factory=list)
    _expected: str | None = None

    def __post_init__(self) -> None:
        self.page.on("console", self._heard)
        self.page.on("pageerror", lambda error: self._found(str(error)))
        self.page.on("request", self._asked)

    def _heard(self, message: "ConsoleMessage") -> None:
        if message.type not in ("error", "warning"):
            return
        if self._expected is not None and self._expected in message.text:
            self._expected = None
            return
        self._found(message.text)

    def _asked(self, request: "Request") -> None:
        if not request.url.startswith(self.base):
            self._found(f"asks another site: {request.url}")

    def _found(self, fault: str) -> None:
        self.faults.append(f"{self.page.url} at {self.width} px, {self.scheme}: {fault}")

    @property
    def office(self) -> str:
        """A word for each width and scheme, so that what is made at one has its own name."""
        return _OFFICES[everywhere().index((self.width, self.scheme))]

    def sign_in(self, token: str, purpose: str = "compliance") -> None:
        """Sign in through the form."""
        self.page.goto(f"{self.base}/sign-in")
        self.page.get_by_text("Sign in with a token").click()
        self.page.get_by_label("Token").fill(token)
        self.page.get_by_label("Purpose").select_option(purpose)
        self.follow(self.page.get_by_role("button", name="Sign in"))

    def search(self, query: str) -> None:
        """Search through the form."""
        self.page.goto(f"{self.base}/")
        self.page.get_by_role("searchbox", name="Query").fill(query)
        self.follow(self.page.get_by_role("button", name="Search"))

    def follow(self, link: "Locator") -> None:
        """Click on a link, or on the button of a form, and wait until the page behind it is there.

        A click alone returns while the page before is still shown, or half of the next one.
        """
        with self.page.expect_navigation():
            link.click()

    def expects(self, complaint: str) -> None:
        """Let one complaint of the browser pass: it also tells of an answer that is right."""
        self._expected = complaint

    def look(self) -> None:
        """Note what is wrong with the page that is shown."""
        from axe_playwright_python.sync_playwright import Axe

        options = {"runOnly": {"type": "tag", "values": list(_RULES)}}
        for violation in Axe().run(self.page, options=options).response["violations"]:
            places = "; ".join(str(node["target"][0]) for node in violation["nodes"][:3])
            self._found(f"{violation['id']} ({violation['help']}) at {places}")
        wide = self.page.evaluate(
            "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        if wide > 0:
            self._found(f"must be moved {wide} px sideways")


@contextmanager
def visitor(browser: "Browser", base: str, width: int, scheme: Scheme) -> Iterator[Visitor]:
    """Give somebody at the console, without cookies, until the block ends."""
    context = browser.new_context(
        viewport={"width": width, "height": WIDTHS[width]},
        color_scheme=scheme,
        locale="en-GB",
        timezone_id="UTC",
    )
    try:
        yield Visitor(context.new_page(), base, width, scheme)
    finally:
        context.close()


def everywhere() -> list[tuple[int, Scheme]]:
    """Return each width with each scheme."""
    return list(product(WIDTHS, SCHEMES))
