"""A hostile mail in a real browser: it asks nothing, runs nothing, and its links tell nothing."""

import base64
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest

from api.headers import FRAMED_POLICY
from scripts.support.browser import chromium, opened, visitor
from scripts.support.home import Home
from scripts.support.hostile_html import HOSTILE
from tests.waiting import until

if TYPE_CHECKING:
    from playwright.sync_api import Dialog, Frame, Page

pytestmark = [
    pytest.mark.servers,
    pytest.mark.skipif(chromium() is None, reason="skipped: needs Chromium"),
]
BARE = "/bare"
LINK = "<p id=way><a href=LISTENER/followed>a way out</a></p>"


class Listener(ThreadingHTTPServer):
    """Answers anything, and keeps what it was asked, with the Referer that came along.

    Its own pages are served under the frame's policy, as they are.
    """

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answering)
        self.asked: list[tuple[str, str | None]] = []
        self.pages: dict[str, bytes] = {}

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Answering(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        assert isinstance(self.server, Listener)
        page = self.server.pages.get(self.path, b"")
        if not page and self.path != "/favicon.ico":
            self.server.asked.append((self.path, self.headers.get("Referer")))
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        if self.path != BARE:
            self.send_header("Content-Security-Policy", FRAMED_POLICY)
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        self.wfile.write(page)

    do_POST = do_GET

    def log_message(self, format: str, *_: object) -> None:
        return None


@pytest.fixture
def listener() -> Iterator[Listener]:
    server = Listener()
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def mail(html: str) -> bytes:
    head = "From: a@b.test\nSubject: Hostile\nMIME-Version: 1.0\nContent-Type: text/html"
    return f"{head}; charset=utf-8\n\n{html}".encode()


def as_sent(page: "Page") -> "Frame":
    frame = page.frame(name="as-sent")
    assert frame is not None
    return frame


def test_a_hostile_mail_asks_and_runs_nothing(tmp_path, listener):
    mails = [mail(LINK + "".join(HOSTILE)), *(mail(f"{LINK}{each}") for each in HOSTILE)]
    lines = [
        {
            "source": "s", "native_id": str(number), "channel": "email", "text": "hostilemail",
            "occurred_at": f"2024-01-01T00:{number // 60:02}:{number % 60:02}Z",
            "participants": [{"role": "from", "address": "a@b.test"}],
            "html": each.decode().partition("\n\n")[2].replace("LISTENER", listener.base),
            "original": base64.b64encode(
                each.decode().replace("LISTENER", listener.base).encode()
            ).decode(),
        }
        for number, each in enumerate(mails)
    ]  # fmt: skip
    home = Home.new(tmp_path / "home")
    source = tmp_path / "hostile.ndjson"
    source.write_text("".join(json.dumps(each) + "\n" for each in lines), encoding="utf-8")
    home.imported("s", source)
    with home.served() as service, opened() as browser:
        found = service.found("hostilemail")
        assert len(found) == len(mails)
        with visitor(browser, service.base, 1280, "light") as someone:
            page = someone.page
            ran: list[str] = []

            def refused(dialog: "Dialog") -> None:
                ran.append(dialog.message)
                dialog.dismiss()

            page.on("dialog", refused)
            someone.sign_in(home.legal)
            for result in found:
                page.goto(f"{service.base}/interactions/{result['id']}/as-sent")
                assert "a way out" in page.inner_text(".sent")
            whole = next(each for each in found if each["occurred_at"].endswith("00:00:00Z"))
            page.goto(f"{service.base}/interactions/{whole['id']}")
            page.get_by_text("Show as sent").click()
            page.get_by_role("link", name="Show it here").click()
            frame = as_sent(page)
            frame.wait_for_url("**/as-sent")
            assert "a way out" in frame.inner_text(".sent")
            page.wait_for_timeout(500)
            assert (listener.asked, ran) == ([], [])
            assert page.url.startswith(service.base)
            assert [fault for fault in someone.faults if "another site" in fault] == []
            with page.context.expect_page() as opening:
                frame.get_by_role("link", name="a way out").click()
            opening.value.wait_for_load_state("load")
            assert ("/followed", None) in listener.asked
            assert opening.value.evaluate("window.opener") is None


def test_what_got_past_the_cleaning_would_ask_and_run_nothing_either(listener):
    asking = "<img src=LISTENER/img><script src=LISTENER/src></script>"
    for number, each in enumerate(HOSTILE):
        page = f"<!doctype html><body>{each}".replace("LISTENER", listener.base)
        listener.pages[f"/{number}"] = page.encode()
    with opened() as browser, visitor(browser, listener.base, 1280, "light") as someone:
        ran: list[str] = []
        someone.page.on("dialog", lambda dialog: ran.append(dialog.message))
        for path in listener.pages:
            someone.page.goto(f"{listener.base}{path}")
            someone.page.wait_for_timeout(20)
        someone.page.wait_for_timeout(300)
        assert (listener.asked, ran) == ([], [])
        # Without the policy the same listener is asked.
        listener.pages[BARE] = asking.replace("LISTENER", listener.base).encode()
        someone.page.goto(f"{listener.base}{BARE}")
        until(lambda: {path for path, _ in listener.asked} == {"/img", "/src"})
