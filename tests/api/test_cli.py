"""The command line by its public door: what it writes where, and how it leaves."""

import json
import signal
import subprocess
import sys
from contextlib import contextmanager

import pytest

from api.cli import options, output, run
from archive.errors import ConfigurationError, UnavailableError
from tests.api.standin import interaction

MISSING = "00000000-0000-8000-8000-000000000000"


@pytest.fixture(autouse=True)
def over_stand_in(monkeypatch, stand_in):
    @contextmanager
    def opened():
        yield stand_in

    monkeypatch.setattr(options, "opened", opened)


def document(capfd):
    out = capfd.readouterr().out
    assert out.count("\n") == 1
    return json.loads(out)


def test_search_writes_one_document(capfd, capture):
    id = capture()
    assert run(["search", "side letter", "--json", "--facets"]) == 0
    found = document(capfd)
    assert set(found) >= {"query", "total", "as_of", "unsearchable", "results", "facets", "cursor"}
    assert found["results"][0]["id"] == id
    assert found["results"][0]["from"] == "ann@example.com"
    assert found["facets"] == {"channel": {"email": 1}}


def test_search_pages_by_cursor(capfd, capture):
    for number in range(3):
        capture(f"m{number}")
    assert run(["search", "", "--limit", "2", "--json"]) == 0
    first = document(capfd)
    assert run(["search", "", "--limit", "2", "--cursor", first["cursor"], "--json"]) == 0
    second = document(capfd)
    assert len({result["id"] for result in first["results"] + second["results"]}) == 3


def test_count_writes_the_number_alone(capfd, capture):
    capture()
    assert run(["search", "side", "--count"]) == 0
    assert capfd.readouterr().out == "1\n"


def test_search_reads_for_a_person(capfd, capture):
    id = capture()
    assert run(["search", "side", "--facets"]) == 0
    out = capfd.readouterr().out
    for part in (id, "Side letter", "ann@example.com -> bob@example.org", "2001-05-14 16:39"):
        assert part in out


def test_a_query_error_is_pointed_at_and_is_wrong_use(capfd):
    assert run(["search", "fee AND (x"]) == 2
    captured = capfd.readouterr()
    assert captured.out == ""
    assert "  fee AND (x\n          ^\n" in captured.err
    assert "The parenthesis is not closed." in captured.err


@pytest.mark.parametrize(
    "arguments",
    [
        ["search"],
        ["search", "a", "--limit", "0"],
        ["search", "a", "--sort", "up"],
        ["search", "a", "--purpose", "curiosity"],
        ["show", "not-an-id"],
        ["show", MISSING, "--original", "--json"],
        ["import", "x"],
        ["import", "x", "--source", ""],
        ["import", "x", "--source", "s" * 1025],
        ["import", "x", "--source", "s", "--custodian", ""],
        ["unknown"],
        ["--unknown"],
    ],
)
def test_wrong_use_leaves_with_2(capfd, arguments):
    assert run(arguments) == 2
    captured = capfd.readouterr()
    assert captured.out == ""
    assert "Traceback" not in captured.err


def test_show_reads_for_a_person_and_keeps_terminals_safe(capfd, capture):
    id = capture(subject="a\x1b]0;title\x07b", text="red \x1b[31m and \u202e back\r\nnext")
    assert run(["show", id]) == 0
    out = capfd.readouterr().out
    assert "red \ufffd[31m and \ufffd back\nnext" in out
    assert "\x1b" not in out
    assert "\x07" not in out


def test_show_gives_the_record_as_json(capfd, capture):
    id = capture()
    assert run(["show", id, "--json", "--purpose", "matter:Smith"]) == 0
    assert document(capfd)["native_id"] == "m1"


def test_show_original_writes_the_bytes_unchanged(capfdbinary, capture):
    id = capture(text="Grüße\r\n")
    assert run(["show", id, "--original"]) == 0
    assert capfdbinary.readouterr().out == interaction(text="Grüße\r\n")


def test_the_purpose_is_operations_unless_said(capture, stand_in):
    id = capture()
    run(["show", id])
    run(["show", id, "--purpose", "matter:Smith"])
    assert [entry[2] for entry in stand_in.noted] == ["operations", "matter:Smith"]


def test_history_lists_events(capfd, capture):
    id = capture()
    assert run(["history", id]) == 0
    assert "captured" in capfd.readouterr().out
    assert run(["history", id, "--json"]) == 0
    assert document(capfd)["events"][0]["type"] == "captured"


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (UnavailableError("The index does not answer."), "The index does not answer."),
        (ConfigurationError("There is no archive."), "There is no archive."),
        (ValueError("what was being read"), "ValueError"),
        (OSError(28, "No space left on device", "segments"), "No space left on device"),
    ],
)
def test_an_error_is_one_sentence_and_1(capfd, stand_in, fault, said):
    stand_in.fault = fault
    assert run(["search", "x"]) == 1
    captured = capfd.readouterr()
    assert captured.out == ""
    assert said in captured.err
    assert captured.err.count("\n") == 1
    assert "what was being read" not in captured.err


def test_what_is_not_there_is_1(capfd):
    assert run(["show", MISSING]) == 1
    assert "There is no record" in capfd.readouterr().err


def test_an_interruption_leaves_with_130(capfd, stand_in):
    stand_in.fault = KeyboardInterrupt()
    assert run(["search", "x"]) == 130
    assert "interrupted" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("number", "before", "status"),
    [
        ("SIGTERM", "SIG_DFL", 130),
        ("SIGHUP", "SIG_DFL", 130),
        # As nohup(1) has it.
        ("SIGHUP", "SIG_IGN", 0),
    ],
)
def test_what_is_told_to_end_puts_its_things_away_first(number, before, status):
    script = f"""
import signal
import sys
import api.cli

def main(**_):
    try:
        print("ready", flush=True)
        sys.stdin.readline()
    finally:
        print("put away", flush=True)

signal.signal(signal.{number}, signal.{before})
api.cli.muniment.main = main
api.cli.main([])
"""
    process = subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    with process:
        assert process.stdin is not None and process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        process.send_signal(signal.Signals[number])
        if status == 0:
            process.stdin.write(b"go on\n")
            process.stdin.flush()
        assert process.wait(timeout=30) == status
        assert process.stdout.read() == b"put away\n"


def test_config_shows_where_settings_come_from(capfd, monkeypatch, tmp_path):
    monkeypatch.setenv("MUNIMENT_HOME", str(tmp_path))
    monkeypatch.setenv("MUNIMENT_PASSPHRASE", "open sesame")
    assert run(["config", "--json"]) == 0
    lines = {line["name"]: line for line in document(capfd)["settings"]}
    assert lines["MUNIMENT_HOME"]["value"] == str(tmp_path)
    assert lines["MUNIMENT_HOME"]["origin"] == "environment"
    assert lines["MUNIMENT_TIMEZONE"]["origin"] == "default"
    assert "sesame" not in json.dumps(lines)
    assert run(["config"]) == 0
    assert "MUNIMENT_HOME" in capfd.readouterr().out


def test_help_imports_no_part_of_the_archive():
    script = (
        "import sys; from api.cli import run; run(['--help']); "
        "heavy = {'flask', 'tantivy', 'sqlalchemy', 'rich', 'cryptography'} & set(sys.modules); "
        "sys.exit(f'imported {heavy}' if heavy else 0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "import" in done.stdout


def test_text_for_a_line_has_no_line_ends():
    assert output.one_line("a\r\n b\t\x00c") == "a b \ufffdc"
