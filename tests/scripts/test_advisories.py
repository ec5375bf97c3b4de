"""Advisories in a folder name the versions that the schema says, and the show goes by them."""

import importlib.util
import json
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.version import Version

from scripts.support.advisories import Advisories, read, served
from scripts.support.show import Failed

ROOT = Path(__file__).parents[2]
SHOW = ROOT / "scripts" / "shows" / "05-audited-dependencies"
NEEDS_PIP_AUDIT = pytest.mark.skipif(
    importlib.util.find_spec("pip_audit") is None, reason="skipped: needs pip-audit"
)
POOL = [
    Version(f"{epoch}{release}{suffix}")
    for epoch in ("", "1!")
    for release in ("0.0", "1.9", "1.10", "2", "2.0.1")
    for suffix in (".dev1", "a1", "rc1", "", ".post1", "+local")
]


def advisory(package: str = "mended", **entry: Any) -> dict[str, Any]:
    return {
        "id": "PYSEC-2026-1",
        "modified": "2026-01-02T03:04:05Z",
        "affected": [{"package": {"ecosystem": "PyPI", "name": package}, **entry}],
    }


def events(*written: tuple[str, str]) -> dict[str, Any]:
    return {"ranges": [{"type": "ECOSYSTEM", "events": [{kind: at} for kind, at in written]}]}


def kept(folder: Path, record: dict[str, Any], name: str = "one.json") -> Advisories:
    (folder / name).write_text(json.dumps(record), encoding="utf-8")
    return read(folder, {"mended"})


def names(found: Advisories, version: str, package: str = "mended") -> bool:
    return bool(found.about(package, Version(version)))


@given(data=st.data())
def test_a_version_is_affected_between_its_events_in_whatever_order_they_stand(
    data, tmp_path_factory
):
    bounds = sorted(data.draw(st.sets(st.sampled_from(POOL), min_size=1, max_size=8)))
    spans, written = [], []
    for start in range(0, len(bounds), 2):
        low, high = bounds[start], next(iter(bounds[start + 1 : start + 2]), None)
        end = data.draw(st.sampled_from(["fixed", "last_affected"]))
        spans.append((low, high, end))
        written += [("introduced", str(low)), *([(end, str(high))] if high else [])]
    shuffled = data.draw(st.permutations(written))
    found = kept(tmp_path_factory.mktemp("folder"), advisory(**events(*shuffled)))
    for version in POOL:
        inside = any(
            low <= version
            and (high is None or version < high or (end == "last_affected" and version == high))
            for low, high, end in spans
        )
        assert bool(found.about("mended", version)) == inside, (version, shuffled)


@pytest.mark.parametrize(
    ("entry", "inside", "outside"),
    [
        (events(("introduced", "0"), ("fixed", "2")), ["0.dev0", "1.10", "2rc1"], ["2", "2.post1"]),
        (events(("introduced", "4.0.0a1")), ["4.0.0a1", "5"], ["3.11.3", "4.0.0.dev1"]),
        (events(("introduced", "1"), ("last_affected", "1")), ["1", "1.0"], ["1.post1", "0.9"]),
        (
            events(("introduced", "0"), ("fixed", "2"), ("introduced", "2"), ("fixed", "3")),
            ["1", "2", "2.9"],
            ["3"],
        ),
        (events(("introduced", "0"), ("limit", "2")), ["1.9"], ["2", "3"]),
        (events(("introduced", "0"), ("limit", "*")), ["1.9", "3"], []),
        ({"versions": ["2015.04.28", "2004d"]}, ["2015.4.28"], ["2015.4.29"]),
        (
            {"versions": ["1.0"], **events(("introduced", "2"), ("fixed", "3"))},
            ["1", "2.5"],
            ["1.5", "3"],
        ),
        (
            {"ranges": [{"type": "GIT", "events": [{"introduced": "0"}]}], "versions": ["1"]},
            ["1"],
            ["2"],
        ),
        ({}, ["1", "2"], []),
    ],
)
def test_the_schema_decides(tmp_path, entry, inside, outside):
    found = kept(tmp_path, advisory(**entry))
    assert [each for each in inside if not names(found, each)] == []
    assert [each for each in outside if names(found, each)] == []
    version, id = found.samples()["mended"]
    assert names(found, str(version)) and id == "PYSEC-2026-1"


def test_packages_are_known_by_their_normalised_name_and_ecosystem(tmp_path):
    assert names(kept(tmp_path, advisory("Mended", versions=["1"])), "1")
    assert read(tmp_path, {"another"}).known == ()
    foreign = advisory(versions=["1"])
    foreign["affected"][0]["package"]["ecosystem"] = "npm"
    assert kept(tmp_path, foreign).known == ()


def test_versions_and_dates_in_yaml_stay_as_they_are_written(tmp_path):
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "one.yaml").write_text(
        "id: PYSEC-2026-1\nmodified: 2026-01-02T03:04:05.678901Z\naffected:\n"
        "- package:\n    ecosystem: PyPI\n    name: mended\n  ranges:\n  - type: ECOSYSTEM\n"
        "    events:\n    - introduced: 1.9\n    - fixed: 1.10\n",
        encoding="utf-8",
    )
    found = read(tmp_path, {"mended"})
    assert names(found, "1.9.5") and not names(found, "1.10") and not names(found, "1.1")
    assert found.newest == "2026-01-02T03:04:05.678901Z"


def test_what_is_withdrawn_or_no_advisory_is_passed_over_but_its_date_counts(tmp_path):
    gone = {**advisory(versions=["1"]), "withdrawn": "2026-02-01T00:00:00Z"}
    (tmp_path / "workflow.yml").write_text("on: push\n", encoding="utf-8")
    (tmp_path / "README.md").write_text("id: none\n", encoding="utf-8")
    found = kept(tmp_path, gone)
    assert (found.known, found.newest) == ((), "2026-01-02T03:04:05Z")


@pytest.mark.parametrize(
    "text",
    [
        "{",
        json.dumps(advisory(**events(("introduced", "0"), ("fixed", "next")))),
        json.dumps(advisory(**events(("introduced", "0"), ("mended", "1")))),
        json.dumps(advisory(ranges=[{"type": "ECOSYSTEM"}])),
    ],
)
def test_what_cannot_be_judged_is_not_passed_over(tmp_path, text):
    (tmp_path / "one.json").write_text(text, encoding="utf-8")
    with pytest.raises(Failed, match=r"one\.json"):
        read(tmp_path, {"mended"})


def test_a_folder_is_asked_as_osv_is(tmp_path):
    record = advisory("Mended", versions=["1"])

    def answer(address: str, version: str) -> Any:
        query = {"package": {"name": "mended", "ecosystem": "PyPI"}, "version": version}
        with urllib.request.urlopen(address, json.dumps(query).encode(), timeout=60) as answered:
            return json.load(answered)

    with served(kept(tmp_path, record)) as address:
        assert answer(address, "1.0") == {"vulns": [record]}
        assert answer(address, "2.0") == {}
        with pytest.raises(urllib.error.HTTPError, match="404"):
            answer(address + "batch", "1.0")


def shown(folder: Path) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, str(SHOW), "--advisories", str(folder)],
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout


def test_the_show_fails_where_the_folder_knows_none_of_what_is_locked(tmp_path):
    (tmp_path / "one.json").write_text(json.dumps(advisory()), encoding="utf-8")
    for folder in (tmp_path, tmp_path / "nothing"):
        code, told = shown(folder)
        assert code == 1 and "the folder has no advisory on any package" in told


@pytest.mark.slow
@pytest.mark.skipif(
    importlib.util.find_spec("pip_audit") is None, reason="skipped: needs pip-audit"
)
def test_the_show_finds_what_is_locked_and_affected(tmp_path):
    (tmp_path / "one.json").write_text(
        json.dumps(advisory("Flask", **events(("introduced", "0")))), encoding="utf-8"
    )
    code, told = shown(tmp_path)
    assert code == 1 and "nobody explains: flask (PYSEC-2026-1)" in told
    (tmp_path / "one.json").write_text(
        json.dumps(advisory("Flask", **events(("introduced", "0"), ("fixed", "1")))),
        encoding="utf-8",
    )
    code, told = shown(tmp_path)
    assert code == 0 and "1 advisories on 1 of them" in told
