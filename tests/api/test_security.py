"""The page on security names what is there: tests, shows, and every finding of bandit."""

import json
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from archive.clock import SystemClock
from archive.users.passwords import Passwords

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
SCANNED = ("archive", "policies", "api", "scripts/verify_evidence.py")
REQUIREMENT = re.compile(r"^\| (\d+\.\d+\.\d+) \| .* \| ([^|]+) \|$", re.MULTILINE)
DOOR = re.compile(r"^\| `(/[a-z0-9/-]+)` \| ([0-9., ]+) \| ([^|]+) \|$", re.MULTILINE)
FINDING = re.compile(r"^\| (B\d+) \| `([^`]+)` \| (\d+) \|", re.MULTILINE)


def is_there(shown: str) -> bool:
    path, _, test = shown.partition("::")
    file = ROOT / path
    if not test:
        return file.is_file() and path.startswith("scripts/shows/")
    return file.is_file() and f"def {test}(" in file.read_text(encoding="utf-8")


def test_every_requirement_is_shown_by_what_is_there_or_told_not_to_be_met():
    found = REQUIREMENT.findall(PAGE)
    assert len(found) > 60
    assert len({number for number, _ in found}) == len(found)
    for number, shown in found:
        named = re.fullmatch(r"`([^`]+)`", shown)
        honest = shown.startswith(("not met: ", "partly: ", "operator: "))
        assert honest or (named is not None and is_there(named[1])), number


def test_each_door_meets_what_stands_above_and_is_shown_to():
    required = {number for number, _ in REQUIREMENT.findall(PAGE)}
    matrix = (ROOT / "tests" / "api" / "access-matrix.txt").read_text(encoding="utf-8")
    changed = set(re.findall(r"^(?:POST|PUT|PATCH|DELETE) +(\S+)", matrix, re.MULTILINE))
    doors = DOOR.findall(PAGE)
    assert len(doors) > 15 and len({door for door, _, _ in doors}) == len(doors)
    for door, meets, shown in doors:
        assert any(each.startswith(door) for each in changed) or door == "/v1/certificates", door
        assert set(meets.split(", ")) <= required, door
        tests = re.findall(r"`([^`]+)`", shown)
        assert ", ".join(f"`{test}`" for test in tests) == shown, door
        assert all(map(is_there, tests)), door


def test_no_other_origin_may_read(client, legal):
    for path in ("/v1/search", "/sign-in", "/log/checkpoint"):
        for method in ("GET", "OPTIONS"):
            answer = client.open(
                path, method=method, headers={**legal, "Origin": "https://other.test"}
            )
            allowed = [name for name, _ in answer.headers if name.startswith("Access-Control")]
            assert allowed == [], path


@pytest.mark.real_passwords
def test_passwords_are_hashed_whole_slowly_and_with_salt():
    passwords, longest = Passwords(SystemClock()), "abcdefgh" * 25
    first, second = (passwords.hash(longest, "somebody") for _ in range(2))
    assert first.startswith("$argon2id$v=19$m=65536,t=3,p=4$") and first != second
    assert passwords.matches(longest, first)
    assert not passwords.matches(longest[:-1], first)


@pytest.mark.slow
def test_every_finding_of_bandit_is_explained():
    done = subprocess.run(
        [sys.executable, "-m", "bandit", "--quiet", "--format", "json", "--recursive", *SCANNED],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    report = json.loads(done.stdout)
    assert report["errors"] == [] and report["metrics"]["_totals"]["nosec"] == 0
    found = Counter((each["test_id"], each["filename"]) for each in report["results"])
    assert found == {(rule, file): int(count) for rule, file, count in FINDING.findall(PAGE)}
