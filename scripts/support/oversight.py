"""The walk of a compliance officer through the console, over an archive in which something went.

It goes on where `tour` ends: policies, what is due, certificates, why a record is still here; then
what waits for people: events that clocks start at, reviews, requests to be erased and for access.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from scripts.support.browser import Visitor
from scripts.support.home import Home
from scripts.support.tour import go_to, helpdesk, shows


@dataclass(frozen=True)
class Asking:
    """Who asks to be erased and for their data, and takes part in something."""

    name: str
    address: str


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
_REVIEWED = """\
name: cases
title: Closed cases are looked at before they go
scope: channel:ticket
maximum: 1y
grace: 0d
delay: 0d
review:
  - stage: records manager
  - stage: counsel
    role: legal
"""


def overseen(home: Home, officer: str) -> None:
    """Bring policies into force, purge by them, and open the reviews that they ask for.

    `officer` is the token of who approves.
    """
    for text in (_GOING, _KEPT, _REVIEWED, _WAITING):
        file = home.path.parent / "policy.yaml"
        file.write_text(text, encoding="utf-8")
        home.told("policy", "apply", str(file))
        file.unlink()
    for name in ("chats", "cases"):
        home.told("policy", "approve", name, "--by-token", typed=officer)
    home.told("purge")
    home.told("disposition", "open")


def named(home: Home, organisation: str) -> None:
    """Name whose archive it is."""
    (home.path / "muniment.toml").write_text(f'organisation = "{organisation}"\n', encoding="utf-8")


def rounds(visitor: Visitor, token: str, asking: Asking) -> Iterator[str]:
    """Go from page to page as an officer does, and yield the name of each once it is shown."""
    yield from _policies(visitor, token)
    yield from _purges(visitor)
    yield from _people(visitor, asking)


def _policies(visitor: Visitor, token: str) -> Iterator[str]:
    page = visitor.page
    visitor.sign_in(token)
    go_to(visitor, "Overview")
    shows(visitor, ".attention .notice", "nothing that needs attention")
    yield "attention"
    go_to(visitor, "Policies")
    shows(visitor, ".cards .badge.calm", "no policy in force")
    yield "policies"
    visitor.follow(page.get_by_role("link", name="New policy"))
    page.get_by_label("Begin with a preset").select_option("plain")
    visitor.follow(page.get_by_role("button", name="Take it"))
    written = page.get_by_label("The policy, as YAML")
    name = f"visits-{visitor.office}"
    written.fill(written.input_value().replace("name: plain", f"name: {name}"))
    visitor.follow(page.get_by_role("button", name="Simulate"))
    shows(visitor, ".simulated .effect table", "no count by class and year")
    yield "simulation"
    visitor.follow(page.get_by_role("button", name="Propose it"))
    shows(visitor, ".pending .changes", "no change that is pending")
    yield "policy"
    visitor.follow(page.get_by_role("button", name="Withdraw it"))
    visitor.search("channel:voice")
    visitor.follow(page.locator(".results h2 a").first)
    shows(visitor, ".about .reasons li", "no reason why a record is still here")
    visitor.follow(page.get_by_role("link", name="Policies and holds behind it"))
    shows(visitor, ".scroll tbody tr", "no policy behind that")
    yield "retention"
    go_to(visitor, "Events")
    form = page.locator("section.panel form")
    form.get_by_label("Name").fill(f"branch-closed-{visitor.office}")
    form.get_by_label("When").fill("2025-06-30")
    form.get_by_label("For which records").fill("channel:voice")
    form.get_by_label("Reason").fill("Decision of the board")
    visitor.follow(page.get_by_role("button", name="Simulate it"))
    shows(visitor, ".simulated", "no simulation of an event")
    yield "events"
    visitor.follow(page.get_by_role("button", name="Record it"))
    shows(visitor, ".events > li", "no version of the event")
    yield "event"


def _purges(visitor: Visitor) -> Iterator[str]:
    page = visitor.page
    go_to(visitor, "Dispositions")
    shows(visitor, ".cards .badge.strong", "no disposition that waits")
    yield "dispositions"
    visitor.follow(page.locator(".cards h2 a").first)
    shows(visitor, ".reviewed input[type=checkbox]", "no record to decide about")
    yield "disposition"
    page.locator(".reviewed input[type=checkbox]").first.check()
    page.get_by_label("Comment").fill("The customer still asks about it")
    page.get_by_label("Extend: they stay").check()
    page.get_by_role("textbox", name="Until the day").fill("2030-12-31")
    visitor.follow(page.get_by_role("button", name="Decide"))
    shows(visitor, ".notice", "no word of what was decided")
    yield "decided"
    go_to(visitor, "Purges")
    yield "purges"
    visitor.follow(page.get_by_role("link", name="What is due now"))
    shows(visitor, "h1", "no page of what is due")
    yield "due"
    go_to(visitor, "Certificates")
    visitor.follow(page.locator(".cards h2 a").first)
    shows(visitor, ".certificate .note", "no signed note")
    yield "certificate"


def _asks(visitor: Visitor, place: str, asking: Asking, sent: str) -> None:
    """Go to where requests of a kind are, and fill in the form of a new one."""
    page = visitor.page
    go_to(visitor, place)
    page.get_by_label("Name", exact=True).fill(asking.name)
    page.get_by_label("Addresses").fill(asking.address)
    page.get_by_label("Reference").fill(f"{sent} to the {visitor.office} office")


def _people(visitor: Visitor, asking: Asking) -> Iterator[str]:
    page, office = visitor.page, visitor.office
    _asks(visitor, "Erasure", asking, "Letter")
    yield "erasures"
    visitor.follow(page.get_by_role("button", name="Open the case"))
    shows(visitor, ".scroll tbody tr", "no record of who asks to be erased")
    yield "erasure"
    page.get_by_label("Outcome").select_option("withdrawn")
    page.locator("section.panel form").last.get_by_label("Reason").fill("They asked another firm")
    visitor.follow(page.get_by_role("button", name="Close the case"))
    shows(visitor, ".badge", "no case that is closed")
    yield "closed"
    _asks(visitor, "Access requests", asking, "Mail")
    yield "access-requests"
    visitor.follow(page.get_by_role("button", name="Open the case"))
    shows(visitor, ".scroll tbody tr", "no record of who asks for their data")
    yield "access-request"
    visitor.follow(page.get_by_role("button", name="Take what is proposed, for all"))
    page.get_by_label("Statement").fill("We keep correspondence to answer for our advice.")
    visitor.follow(page.get_by_role("button", name="Tell this in the package"))
    shows(visitor, "p.note", "no word of what the organisation tells")
    yield "stated"
    go_to(visitor, "Directory")
    page.get_by_label("Name", exact=True).fill("Paula Reis")
    page.get_by_label("Aliases").fill(f"paula@{office}.example.com\nreis@{office}.example.net")
    visitor.follow(page.get_by_role("button", name="Record them"))
    shows(visitor, ".aliases code", "no alias")
    yield "person"


def overseeing(visitor: Visitor, token: str) -> int:
    """Walk the rounds over the help desk's cases and look at each page; return how many looks."""
    seen = 0
    for _ in rounds(visitor, token, Asking("Paula Reis", "paula@example.com")):
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
