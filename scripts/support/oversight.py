"""The walk of a compliance officer through the console, over an archive in which something went.

It goes on where `tour` ends: policies, what is due, certificates, why a record is still here.
"""

from collections.abc import Iterator
from pathlib import Path

from scripts.support.browser import Visitor
from scripts.support.home import Home
from scripts.support.tour import go_to, helpdesk, shows

_GOING = """\
name: chats
title: Chats are kept for two years
citation: Regulation (EU) 2016/679, Article 5(1)(e)
scope: channel:chat
maximum: 2y
grace: 0d
delay: 0d
"""
_KEPT = """\
name: calls
title: Recorded calls
citation: Directive 2014/65/EU, Article 16(7)
scope: channel:voice
minimum: 5y
delay: 0d
"""
_WAITING = """\
name: tickets
title: Tickets go after three years
scope: channel:ticket
maximum: 3y
"""


def overseen(home: Home, officer: str) -> None:
    """Bring policies into force and purge by them; `officer` is the token of who approves."""
    for text in (_GOING, _KEPT, _WAITING):
        file = home.path.parent / "policy.yaml"
        file.write_text(text, encoding="utf-8")
        home.told("policy", "apply", str(file))
        file.unlink()
    home.told("policy", "approve", "chats", "--by-token", typed=officer)
    home.told("purge")


def named(home: Home, organisation: str) -> None:
    """Name whose archive it is."""
    (home.path / "muniment.toml").write_text(f'organisation = "{organisation}"\n', encoding="utf-8")


def rounds(visitor: Visitor, token: str) -> Iterator[str]:
    """Go from page to page as an officer does, and yield the name of each once it is shown."""
    page = visitor.page
    visitor.sign_in(token)
    go_to(visitor, "Overview")
    shows(visitor, ".attention .notice", "nothing that needs attention")
    yield "attention"
    go_to(visitor, "Policies")
    shows(visitor, ".cards .badge.calm", "no policy in force")
    yield "policies"
    page.get_by_role("link", name="New policy").click()
    page.get_by_label("Begin with a preset").select_option("plain")
    page.get_by_role("button", name="Take it").click()
    written = page.get_by_label("The policy, as YAML")
    name = f"plain-{visitor.width}-{visitor.scheme}"
    written.fill(written.input_value().replace("name: plain", f"name: {name}"))
    page.get_by_role("button", name="Simulate").click()
    shows(visitor, ".simulated .effect table", "no count by class and year")
    yield "simulation"
    page.get_by_role("button", name="Propose it").click()
    shows(visitor, ".pending .changes", "no change that is pending")
    yield "policy"
    page.get_by_role("button", name="Withdraw it").click()
    visitor.search("channel:voice")
    page.locator(".results h2 a").first.click()
    shows(visitor, ".about .reasons li", "no reason why a record is still here")
    page.get_by_role("link", name="Policies and holds behind it").click()
    shows(visitor, ".scroll tbody tr", "no policy behind that")
    yield "retention"
    go_to(visitor, "Purges")
    yield "purges"
    page.get_by_role("link", name="What is due now").click()
    shows(visitor, "h1", "no page of what is due")
    yield "due"
    go_to(visitor, "Certificates")
    page.locator(".cards h2 a").first.click()
    shows(visitor, ".certificate .note", "no signed note")
    yield "certificate"
    go_to(visitor, "Directory")
    page.get_by_label("Name", exact=True).fill("Paula Reis")
    page.get_by_label("Aliases").fill(f"paula@example.com.{name}\nreis@example.net.{name}")
    page.get_by_role("button", name="Record them").click()
    shows(visitor, ".aliases code", "no alias")
    yield "person"


def overseeing(visitor: Visitor, token: str) -> int:
    """Walk the rounds and look at each page; return how many looks."""
    seen = 0
    for _ in rounds(visitor, token):
        visitor.look()
        seen += 1
    return seen


def officer_of(home: Home) -> str:
    """Register a compliance officer, and return their token."""
    home.told("user", "add", "Ann Okafor", "--role", "compliance-officer")
    token: str = home.told("token", "create", "Ann Okafor")["token"]
    return token


def helped(folder: Path) -> tuple[Home, str]:
    """Return an archive of the help desk's cases that is overseen, and the officer's token."""
    home = helpdesk(folder)
    officer = officer_of(home)
    named(home, "Amsel & Sons")
    overseen(home, officer)
    return home, officer
