"""The stand-alone verifier: what it shows of a true bundle, and what it says of every other."""

import base64
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archive.log.note import Signer
from scripts import verify_evidence
from tests.evidence.bundles import ORIGINAL, Bundle, captured, made, token_issued

SCRIPT = Path(verify_evidence.__file__)
LARGE = b"large original " * 6000


class Ran:
    """One run of the verifier over files in a folder."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self._capsys = capsys

    def file(self, name: str, content: Any) -> str:
        path = self.folder / name
        if isinstance(content, bytes):
            path.write_bytes(content)
        else:
            path.write_text(content if isinstance(content, str) else json.dumps(content))
        return str(path)

    def __call__(self, bundle: Any, *options: str) -> tuple[int, str]:
        status = verify_evidence.main([self.file("bundle.json", bundle), *options])
        told = self._capsys.readouterr()
        return status, told.out + told.err

    def json(self, bundle: Any, *options: str) -> dict[str, Any]:
        status, out = self(bundle, "--json", *options)
        report: dict[str, Any] = json.loads(out)
        assert status == (0 if report["ok"] else 1)
        return report


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Ran:
    return Ran(tmp_path, capsys)


def test_it_says_what_was_captured_and_that_it_is_unaltered(run: Ran):
    bundle, log = made(captured())
    checkpoint = run.file("kept", log.checkpoint())
    status, out = run(bundle, "--log-key", log.key, "--checkpoint", checkpoint)
    assert status == 0
    assert out.startswith("UNALTERED")
    for told in (
        "2026-01-02T03:04:05Z (the operator says)",
        "2026-01-01T00:00:00Z (the source says)",
        "mail",
        "Ann <ann@example.com>",
        "Fees",
        "fees.pdf",
        "The fee is agreed.",
    ):
        assert told in out
    assert "note:" not in out


def test_it_says_when_its_key_came_with_the_bundle_and_nothing_was_kept_elsewhere(run: Ran):
    bundle, _ = made(captured())
    notes = run.json(bundle)["notes"]
    assert [("key came with" in note, "different logs" in note) for note in notes] == [
        (True, False),
        (False, True),
    ]


def test_the_key_may_be_a_file(run: Ran):
    bundle, log = made(captured())
    assert run(bundle, "--log-key", run.file("vkey", f"{log.key}\n"))[0] == 0


def test_events_of_other_kinds_are_shown_too(run: Ran):
    bundle, log = made(token_issued())
    report = run.json(bundle, "--log-key", log.key)
    assert report["facts"]["event"] == "token.issued"
    assert report["captured"]["digest"] == "33" * 32


def test_a_large_original_is_compared_outside_of_the_bundle(run: Ran):
    bundle, log = made(captured(LARGE))
    right, wrong = run.file("right", LARGE), run.file("wrong", LARGE + b"!")
    assert run(bundle, "--log-key", log.key, "--original", right)[0] == 0
    status, out = run(bundle, "--log-key", log.key, "--original", wrong)
    assert (status, "not the original" in out) == (1, True)


def test_an_erased_record_keeps_its_place(run: Ran):
    bundle, log = made(captured())
    bundle["evidence"] = None
    assert run(bundle)[0] == 2
    status, out = run(bundle, "--log-key", log.key)
    assert (status, "erased" in out, "UNALTERED" in out) == (0, True, False)
    assert out.startswith("IN THE LOG")
    assert run.json(bundle, "--log-key", log.key)["captured"] == {}
    bundle["leaf_hash"] = base64.b64encode(bytes(32)).decode()
    assert run(bundle, "--log-key", log.key)[0] == 1


def test_an_original_is_not_passed_over_where_there_is_nothing_to_compare_it_with(run: Ran):
    bundle, log = made(captured())
    bundle["evidence"] = None
    status, out = run(bundle, "--log-key", log.key, "--original", run.file("other", b"other"))
    assert (status, "--original" in out) == (2, True)


def test_a_consistency_proof_is_not_passed_over(run: Ran):
    bundle, log = made(captured())
    proof = run.file("proof", log.consistency(4, 11))
    status, out = run(bundle, "--log-key", log.key, "--consistency", proof)
    assert (status, "--checkpoint" in out) == (2, True)


def test_a_checkpoint_of_another_size_needs_a_consistency_proof(run: Ran):
    bundle, log = made(captured(), size=11)
    for size in (1, 4, 7, 8):
        options = ("--log-key", log.key, "--checkpoint", run.file("kept", log.checkpoint(size)))
        assert run(bundle, *options)[0] == 2
        proof = log.consistency(size, 11)
        assert run(bundle, *options, "--consistency", run.file("proof", proof))[0] == 0
        proof["hashes"] = proof["hashes"][::-1][:-1]
        status, out = run(bundle, *options, "--consistency", run.file("proof", proof))
        assert (status, out.startswith("WRONG")) == (1, True)


def test_a_forked_checkpoint_is_named(run: Ran):
    bundle, log = made(captured())
    _, fork = made(captured(), seed=2)
    kept = run.file("kept", fork.checkpoint())
    status, out = run(bundle, "--log-key", log.key, "--checkpoint", kept)
    assert (status, "forked" in out) == (1, True)


def evidence(change: Callable[[Bundle], None]) -> Callable[[Bundle], None]:
    return lambda bundle: change(bundle["evidence"])


def flipped(name: str, place: int = -1) -> Callable[[Bundle], None]:
    def change(document: Bundle) -> None:
        data = bytearray(base64.b64decode(document[name]))
        data[place] ^= 1
        document[name] = base64.b64encode(data).decode()

    return change


def replaced(**members: Any) -> Callable[[Bundle], None]:
    return lambda document: document.update(members)


OTHER, OTHER_LOG = made(captured(text="Nothing is agreed."), seed=9)

TAMPERED = {
    "frame's last byte": (evidence(flipped("frame")), "altered"),
    "frame's evidence": (evidence(flipped("frame", 150)), "altered"),
    "frame's commitment": (evidence(flipped("frame", 70)), "altered"),
    "other text": (evidence(replaced(frame=OTHER["evidence"]["frame"])), "altered"),
    "whole other evidence": (replaced(evidence=OTHER["evidence"]), "altered"),
    "subkey": (evidence(flipped("subkey")), "committed to"),
    "record": (evidence(replaced(record="0194233c-7e80-8000-8000-000000000002")), "another record"),
    "version": (evidence(replaced(version=2)), "another record"),
    "sequence number": (evidence(replaced(seq=5)), "another record"),
    "index": (replaced(index=4), "another record"),
    "size": (replaced(size=12), "another size"),
    "leaf hash": (flipped("leaf_hash"), "altered"),
    "checkpoint": (replaced(checkpoint=OTHER["checkpoint"]), "two forms"),
    "checkpoint's text": (
        lambda bundle: bundle.update(checkpoint=bundle["checkpoint"].replace("\n11\n", "\n12\n")),
        "signature of the checkpoint is false",
    ),
    "both forms": (
        replaced(checkpoint=OTHER["checkpoint"], tlog_proof=OTHER["tlog_proof"]),
        "two forms",
    ),
    "proof": (
        replaced(
            hashes=OTHER["hashes"],
            checkpoint=OTHER["checkpoint"],
            tlog_proof=OTHER["tlog_proof"],
        ),
        "does not lead",
    ),
    "proof left out": (replaced(hashes=[]), "two forms"),
    "note without signature": (replaced(checkpoint="muniment.x\n1\n\n"), "not signed"),
    "key": (evidence(replaced(log_key="log+00000000+AQ==")), "another log's key"),
    "not base64": (evidence(replaced(frame="*")), "base64"),
    "nothing": (lambda bundle: bundle.clear(), "no 'checkpoint'"),
}


@pytest.mark.parametrize("kind", TAMPERED)
def test_what_is_wrong_is_said(kind: str, run: Ran):
    bundle, log = made(captured())
    change, told = TAMPERED[kind]
    change(bundle)
    status, out = run(bundle, "--log-key", log.key)
    assert (status, out.startswith("WRONG: ")) == (1, True)
    assert told in out
    # Nothing that does not hold is shown as if it did.
    assert "agreed" not in out


def test_another_key_is_not_believed(run: Ran):
    bundle, log = made(captured())
    other = Signer(log.signer.verifier.name, b"x" * 32).verifier
    del bundle["evidence"]["log_key"]
    status, out = run(bundle, "--log-key", str(other))
    assert (status, "not signed" in out) == (1, True)


def test_the_key_of_another_archives_log_is_noticed(run: Ran):
    bundle, log = made(captured(), origin="muniment.other")
    status, out = run(bundle, "--log-key", log.key)
    assert (status, "another's log" in out) == (1, True)


def test_bytes_that_are_not_what_the_evidence_says_are_noticed(run: Ran):
    event = captured().model_copy(update={"inline": ORIGINAL.replace(b"agreed", b"waived")})
    bundle, log = made(event)
    status, out = run(bundle, "--log-key", log.key)
    assert (status, "SHA-256" in out) == (1, True)


@pytest.mark.parametrize("bad", ["", "[]", "7", '{"evidence": 3}', "[" * 100_000])
def test_anything_else_is_no_bundle(bad: str, run: Ran):
    _, log = made(captured())
    status, out = run(bad, "--log-key", log.key)
    assert status in (1, 2) and "Traceback" not in out


def test_a_file_that_is_not_there_is_wrong_use(run: Ran):
    bundle, log = made(captured())
    assert run(bundle, "--log-key", "no-such-file")[0] == 2
    assert run(bundle, "--log-key", log.key, "--original", "no-such-file")[0] == 2


def test_control_characters_reach_no_terminal(run: Ran):
    bundle, log = made(captured(text="\x1b]0;owned\x07\u202e"))
    _, out = run(bundle, "--log-key", log.key)
    assert "owned" in out and not set("\x1b\x07\u202e") & set(out)


@settings(max_examples=60)
@given(st.data())
def test_no_bundle_breaks_it(data: st.DataObject):
    """Any member, at any depth, may be anything."""
    bundle, log = made(captured())
    target = data.draw(st.sampled_from([bundle, bundle["evidence"]]))
    name = data.draw(st.sampled_from(sorted(target)))
    anything = st.one_of(st.none(), st.booleans(), st.integers(), st.text(), st.lists(st.none()))
    was, target[name] = target[name], data.draw(anything)
    examination = verify_evidence.Examination(bundle, log.key)
    examination.run()
    # An erased record has no evidence; the key of the bundle is not needed where one is given.
    erased = name == "evidence" and target[name] is None
    unused = name == "log_key" and not isinstance(target[name], str)
    assert examination.wrong or erased or unused or target[name] == was


@settings(max_examples=60)
@given(st.data())
def test_every_bit_of_the_frame_matters(data: st.DataObject):
    bundle, log = made(captured())
    frame = bytearray(base64.b64decode(bundle["evidence"]["frame"]))
    frame[data.draw(st.integers(0, len(frame) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    bundle["evidence"]["frame"] = base64.b64encode(frame).decode()
    examination = verify_evidence.Examination(bundle, log.key)
    examination.run()
    assert examination.wrong


def test_it_runs_alone_in_an_empty_folder_without_a_zstd_library(tmp_path: Path):
    bundle, log = made(captured())
    shutil.copy(SCRIPT, tmp_path / "verify.py")
    (tmp_path / "zstandard.py").write_text("raise ImportError")
    (tmp_path / "compression.py").write_text("raise ImportError")
    done = subprocess.run(
        [sys.executable, "verify.py", "-", "--log-key", log.key],
        cwd=tmp_path,
        input=json.dumps(bundle).encode(),
        capture_output=True,
        env={"PYTHONPATH": "", "PYTHONUTF8": "1"},
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert "The fee is agreed." in done.stdout.decode()


def test_no_large_checkpoint_is_taken_for_one(run: Ran):
    bundle, log = made(captured())
    note = "A" * 10_000_000
    status, _ = run(bundle, "--log-key", log.key, "--checkpoint", run.file("kept", note))
    assert status == 1
