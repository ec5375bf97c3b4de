"""What the demo's exports hold, without an archive."""

import json
from collections import Counter
from collections.abc import Iterator
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from archive.capture import parse
from archive.capture.slices import Slice, find
from scripts.demo import exports
from scripts.demo.company import LANGUAGES, Company
from scripts.demo.timeline import everything

TODAY = date(2026, 3, 17)


def written(folder: Path, seed: int = 1, today: date = TODAY) -> int:
    company = Company(seed, today)
    return exports.write(folder, company, everything(company))


def digests(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("demo") / "exports"
    written(path)
    return path


def documents(folder: Path) -> Iterator[dict[str, Any]]:
    for system in exports.SYSTEMS:
        text = (folder / system / f"{system}.ndjson").read_text(encoding="utf-8")
        yield from map(json.loads, text.splitlines())


def test_the_same_seed_and_day_give_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    written(tmp_path / "again")
    assert digests(tmp_path / "again") == digests(folder)
    written(tmp_path / "other", seed=2)
    assert digests(tmp_path / "other") != digests(folder)


def test_every_item_is_read_by_its_importer(folder: Path) -> None:
    places = [folder / "mail", *(folder / system for system in exports.SYSTEMS)]
    found = list(find(places, None))
    assert [each for each in found if not isinstance(each, Slice)] == []
    languages: Counter[str | None] = Counter()
    channels: Counter[str] = Counter()
    problems: list[str] = []
    for each in found:
        if isinstance(each, Slice):
            parsed = parse.parse(parse.read(each), format=each.format, source="s", path=each.path)
            channels[parsed.content.channel] += 1
            languages[parsed.content.language] += 1
            problems += parsed.content.problems
            moment = parsed.content.occurred_at
            assert moment is not None and date(2022, 11, 1) <= moment.date() <= TODAY
    assert problems == []
    assert 6000 <= sum(channels.values()) <= 9000
    assert set(channels) == {"email", "chat", "ticket", "voice", "video", "social", "file"}
    assert set(LANGUAGES) <= set(languages) and min(languages.values()) > 15


def test_changes_name_what_was_there(folder: Path) -> None:
    known = {(each["source"], each["native_id"]): each for each in documents(folder)}
    for system in ("team-chat", "helpdesk"):
        path = folder / f"{system}-later" / f"{system}.ndjson"
        changed = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
        assert len(changed) > 10
        assert all(each != known[system, each["native_id"]] for each in changed)
    for line in (folder / exports.WITHDRAWN).read_text("utf-8").splitlines():
        named = json.loads(line)
        assert known[named["source"], named["native_id"]].get("custodian") == named.get("custodian")


def test_departments_places_and_outcomes_vary(folder: Path) -> None:
    people = [person for each in documents(folder) for person in each["participants"]]
    assert len({person.get("department") for person in people} - {None}) >= 8
    assert len({person.get("location") for person in people} - {None}) >= 20
    outcomes = {each.get("metrics", {}).get("outcome") for each in documents(folder)} - {None}
    assert {"solved", "refunded", "escalated", "sale", "no sale"} <= outcomes


def test_texts_are_not_all_the_same(folder: Path) -> None:
    texts = Counter(each["text"] for each in documents(folder) if each["channel"] != "file")
    assert len(texts) > 0.85 * sum(texts.values())


def test_nobody_is_real(folder: Path) -> None:
    addresses = {person["address"] for each in documents(folder) for person in each["participants"]}
    reserved = (".example", "@example.com", "@example.org", "@example.net")
    assert [each for each in addresses if not each.endswith(reserved)] == []
