"""What the demo's exports hold, without an archive."""

import json
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from archive.capture import parse
from archive.capture.parsed import Parsed
from archive.capture.slices import Slice, find
from archive.model.record import Record
from archive.model.threads import thread_keys
from archive.query.matcher import matches
from archive.query.parser import parse as parse_query
from scripts.demo import exports
from scripts.demo.company import LANGUAGES, Company
from scripts.demo.timeline import everything
from scripts.demo.tour import SUGGESTIONS, Suggestion

TODAY = date(2026, 3, 17)
FIRST = date(2022, 11, 1)


def write(folder: Path) -> None:
    company = Company(1, TODAY)
    exports.write(folder, company, everything(company))


def digests(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("demo") / "exports"
    write(path)
    return path


@pytest.fixture(scope="module")
def items(folder: Path) -> list[Parsed]:
    """All that the importers read, each with the source that the demo imports it under."""
    found: list[Parsed] = []
    for source in ("mail", *exports.SYSTEMS):
        for each in find([folder / source], None):
            assert isinstance(each, Slice), each
            raw = parse.read(each)
            found.append(parse.parse(raw, format=each.format, source=source, path=each.path))
    return found


def documents(folder: Path) -> Iterator[dict[str, Any]]:
    for system in exports.SYSTEMS:
        text = (folder / system / f"{system}.ndjson").read_text(encoding="utf-8")
        yield from map(json.loads, text.splitlines())


def test_the_same_seed_and_day_give_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    write(tmp_path / "again")
    assert digests(tmp_path / "again") == digests(folder)


def test_another_seed_or_day_gives_others() -> None:
    told = [
        list(islice(everything(Company(seed, today)), 20))
        for seed, today in ((1, TODAY), (2, TODAY), (1, date(2026, 4, 17)))
    ]
    assert told[0] != told[1] and told[0] != told[2]


def test_every_item_is_read_without_a_problem(items: list[Parsed]) -> None:
    assert [problem for each in items for problem in each.content.problems] == []
    moments = [each.content.occurred_at for each in items]
    assert all(moment and FIRST <= moment.date() <= TODAY for moment in moments)
    assert [each for each in items if not (each.content.text or each.content.html_text)] == []


def test_there_is_enough_of_everything(items: list[Parsed]) -> None:
    assert 6000 <= len(items) <= 9000
    channels = Counter(each.content.channel.value for each in items)
    assert min(channels.values()) > 50
    assert set(channels) == {"email", "chat", "ticket", "voice", "video", "social", "file"}
    kinds = Counter(each.content.kind.value for each in items)
    assert {"message", "post", "reply", "ticket", "comment", "call", "meeting"} <= set(kinds)
    languages = Counter(each.content.language for each in items)
    assert all(languages[language] > 150 for language in LANGUAGES)
    attached = Counter(part.media_type for each in items for part in each.content.attachments)
    assert len(attached) == 5 and min(attached.values()) > 10


def test_departments_places_and_outcomes_vary(items: list[Parsed]) -> None:
    people = [person for each in items for person in each.content.participants]
    departments = Counter(person.department for person in people if person.department)
    assert len(departments) == 10 and min(departments.values()) > 10
    assert len({person.location for person in people} - {None}) > 25
    outcomes = Counter(each.content.metrics.outcome for each in items if each.content.metrics)
    assert all(outcomes[each] > 5 for each in ("solved", "refunded", "escalated", "sale"))


def test_people_come_and_go(items: list[Parsed]) -> None:
    left = "callum.stroudley@tarnwick.example"
    written = [
        each.content.occurred_at
        for each in items
        for person in each.content.participants
        if person.address == left and person.role.value in ("from", "author", "agent")
    ]
    assert date(2025, 6, 1) < max(each.date() for each in written if each) < date(2025, 8, 1)


def test_conversations_cross_channels(items: list[Parsed]) -> None:
    found: dict[str, set[str]] = {}
    for each in items:
        channel = each.content.channel.value
        for key in thread_keys(each.content):
            found.setdefault(key, set()).add(channel)
    crossing = [channels for channels in found.values() if len(channels) > 1]
    assert sum("email" in channels for channels in crossing) > 100
    assert sum({"voice", "ticket"} <= channels for channels in crossing) > 100


def test_changes_name_what_was_there(folder: Path) -> None:
    known = {(each["source"], each["native_id"]): each for each in documents(folder)}
    for system in ("team-chat", "helpdesk"):
        path = folder / f"{system}-later" / f"{system}.ndjson"
        changed = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
        assert len(changed) > 10
        assert all(each != known[system, each["native_id"]] for each in changed)
    withdrawn = (folder / exports.WITHDRAWN).read_text("utf-8").splitlines()
    assert len(withdrawn) > 10
    for named in map(json.loads, withdrawn):
        assert known[named["source"], named["native_id"]].get("custodian") == named.get("custodian")


def test_texts_are_not_all_the_same(items: list[Parsed]) -> None:
    texts = Counter(each.content.text for each in items if each.content.channel != "email")
    assert len(texts) > 0.85 * sum(texts.values())
    assert max(texts.values()) < 30


def test_nobody_is_real(items: list[Parsed]) -> None:
    reserved = (".example", "example.com", "example.org", "example.net")
    people = [person for each in items for person in each.content.participants]
    assert [each for each in people if not (each.address or "").endswith(reserved)] == []


@pytest.mark.parametrize("suggestion", SUGGESTIONS, ids=lambda each: each.query)
def test_suggested_searches_lead_somewhere(
    folder: Path, items: list[Parsed], suggestion: Suggestion
) -> None:
    lines = (folder / exports.WITHDRAWN).read_text("utf-8").splitlines()
    withdrawn = {json.loads(line)["native_id"] for line in lines}
    node = parse_query(suggestion.query)
    found = sum(matches(node, record(each, withdrawn)) for each in items)
    assert 0 < found < 200


def record(item: Parsed, withdrawn: set[str]) -> Record:
    return Record(
        id=UUID(int=1),
        version=1,
        seq=1,
        first_seq=1,
        captured_at=datetime(2026, 3, 17, tzinfo=UTC),
        content=item.content,
        custodian=item.custodian,
        labels={},
        size=len(item.original),
        sha256="",
        media_type=item.media_type,
        deleted=item.content.native_id in withdrawn,
    )
