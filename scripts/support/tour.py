"""The walk through the console that the show checks and the screenshots are taken on.

Every stop is reached as a person reaches it: by forms and links, from the page before.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from scripts.support.browser import Visitor
from scripts.support.home import Home
from scripts.support.show import check


@dataclass(frozen=True)
class Wanted:
    """What to look for on the way.

    Narrowed to `value`, one of a facet, the newest of what `query` finds stands in a conversation
    with others. What `held` finds comes under a hold.
    """

    query: str
    value: str
    held: str


def stops(visitor: Visitor, token: str, wanted: Wanted) -> Iterator[str]:
    """Go from page to page, and yield the name of each once it is shown."""
    page = visitor.page
    page.goto(f"{visitor.base}/sign-in")
    yield "sign-in"
    visitor.sign_in(token)
    yield "search"
    menu = page.get_by_text("Reading for")
    menu.click()
    yield "purpose"
    menu.click()
    visitor.search(wanted.query)
    shows(visitor, ".results mark", "no result with what was searched for marked")
    yield "results"
    visitor.follow(page.get_by_role("link", name="Hit report"))
    shows(visitor, "table.hits td", "no count of a term")
    yield "hits"
    page.go_back()
    visitor.follow(page.locator(".facets").get_by_role("link", name=wanted.value, exact=True).first)
    shows(visitor, ".chips a", "no sign of what the search is narrowed to")
    yield "narrowed"
    visitor.follow(page.locator(".results h2 a").first)
    shows(visitor, ".record mark", "no record with what was searched for marked")
    yield "record"
    visitor.follow(page.get_by_role("link", name="in this conversation"))
    shows(visitor, ".thread > li + li", "no second record in the conversation")
    yield "conversation"
    visitor.follow(page.locator(".thread h2 a").last)
    visitor.follow(page.get_by_role("link", name="History"))
    shows(visitor, ".events > li", "no event in the history")
    yield "history"
    for name in ("Overview", "Status", "Log"):
        go_to(visitor, name)
        yield name.lower()
    go_to(visitor, "Holds")
    form = page.locator("section.panel form")
    form.get_by_label("Name").fill(f"savings-{visitor.office}")
    form.get_by_label("Matter").fill("Complaints about savings")
    form.get_by_label("Reason").fill("Letter of counsel")
    form.get_by_label("A query").fill(wanted.held)
    visitor.follow(page.get_by_role("button", name="Count what it would reach"))
    shows(visitor, ".notice strong", "no count of what it would reach")
    yield "holds"
    visitor.follow(page.get_by_role("button", name="Place the hold"))
    shows(visitor, ".badge.strong", "no hold in force")
    yield "hold"
    go_to(visitor, "Matters")
    form = page.locator("section.panel form")
    form.get_by_label("Code").fill(f"savings-{visitor.office}")
    form.get_by_label("Name", exact=True).fill("Complaints about savings")
    form.get_by_label("Description").fill("What was promised, and what was kept of it")
    form.get_by_label("Queries").fill(f"{wanted.held}\n{wanted.query}")
    form.get_by_label("Members").fill("legal")
    yield "matters"
    visitor.follow(page.get_by_role("button", name="Create the matter"))
    shows(visitor, ".choices input", "nothing that stands in the matter")
    yield "matter"


def go_to(visitor: Visitor, name: str) -> None:
    """Go to a place of the menu, which may stand in one of its groups."""
    menu = visitor.page.get_by_role("navigation", name="Main")
    link = visitor.page.get_by_role("link", name=name, exact=True, include_hidden=True)
    group = menu.locator("details").filter(has=link)
    if group.count():
        group.locator("summary").click()
    visitor.follow(menu.get_by_role("link", name=name, exact=True))


def switched(visitor: Visitor) -> None:
    """Choose the other of light and dark by the switch, which must change the page; and back."""
    page = visitor.page
    before = _ground(visitor)
    visitor.follow(page.get_by_role("button", name="Light" if visitor.scheme == "dark" else "Dark"))
    check(_ground(visitor) != before, "the switch between light and dark changes nothing")
    visitor.follow(page.get_by_role("button", name="System"))
    check(_ground(visitor) == before, "the switch does not go back to what the system says")


def refused(visitor: Visitor) -> None:
    """Ask what cannot be understood; the page must point at the place."""
    visitor.expects("status of 400")
    visitor.search("fee AND (rebate")
    shows(visitor, ".alert .caret", "no mark under what is wrong with a query")


def keyboard(visitor: Visitor) -> None:
    """Skip to the content and search by the keyboard alone."""
    page = visitor.page
    page.goto(f"{visitor.base}/overview")
    page.keyboard.press("Tab")
    check(_focused(visitor) == "Skip to the content", "the first stop of Tab is not the way in")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    within = page.evaluate("() => document.querySelector('main').contains(document.activeElement)")
    check(within, "after skipping, Tab does not go on in the content")


def _focused(visitor: Visitor) -> str:
    text: str = visitor.page.evaluate("() => document.activeElement.textContent.trim()")
    return text


def _ground(visitor: Visitor) -> str:
    color: str = visitor.page.evaluate("() => getComputedStyle(document.body).backgroundColor")
    return color


def shows(visitor: Visitor, selector: str, otherwise: str) -> None:
    """Fail unless the page has what it was opened for."""
    check(visitor.page.locator(selector).count() > 0, f"{visitor.page.url}: {otherwise}")


Step = Callable[[Visitor], None]
ASIDE: tuple[Step, ...] = (switched, keyboard, refused)
"""What is tried besides, once somebody is signed in."""

_DEPARTMENTS = ("Sales", "Support", "Legal")
_CHANNELS = ("ticket", "voice", "chat")


def lines(cases: int) -> list[bytes]:
    """Make cases of a help desk, each of a ticket, a call and a chat that belong together."""
    made = []
    for case in range(cases):
        for step, channel in enumerate(_CHANNELS):
            made.append(
                {
                    "source": "helpdesk",
                    "native_id": f"T-{case}-{step}",
                    "conversation": f"T-{case}",
                    "channel": channel,
                    "occurred_at": f"20{20 + case % 4}-0{1 + case % 9}-1{step}T09:00:00+01:00",
                    "participants": [
                        {"role": "customer", "name": "Paula Reis", "address": "paula@example.com"},
                        {
                            "role": "agent",
                            "name": "Nora Feld",
                            "address": "nora@example.org",
                            "department": _DEPARTMENTS[case % len(_DEPARTMENTS)],
                            "location": "Lisbon",
                        },
                    ],
                    "subject": None if channel == "chat" else f"Rebate for order {case}",
                    "text": f"Dear Nora,\n\nthe rebate of order {case} is missing.\n\n"
                    "> One\n> Two\n> Three\n\nKind regards\nPaula",
                    "language": ("en", "pt-PT", "de")[case % 3],
                    "custodian": "desk",
                }
            )
    return [json.dumps(line).encode() for line in made]


def helpdesk(folder: Path) -> Home:
    """Make an archive in a folder and put the cases into it."""
    home = Home.new(folder / "home")
    exported = folder / "helpdesk.ndjson"
    exported.write_bytes(b"\n".join(lines(40)))
    home.imported("helpdesk", exported)
    return home


def walked(visitor: Visitor, token: str) -> int:
    """Walk through a console over those cases and look at each page; return how many looks."""
    seen = 0
    for _ in stops(
        visitor, token, Wanted("rebate", value="ticket", held="rebate AND channel:voice")
    ):
        visitor.look()
        seen += 1
    for step in ASIDE:
        step(visitor)
        visitor.look()
        seen += 1
    return seen
