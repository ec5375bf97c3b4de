"""Readers of the log that were not written here: Go's checksum database, and pymerkle."""

import json
import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from scripts.support.show import REPOSITORY, Failed

PACKAGES = "golang-go golang-golang-x-mod-dev"
_SOURCES = Path("/usr/share/gocode")
_PROGRAM = REPOSITORY / "scripts" / "support" / "logcheck.go"


def missing() -> str | None:
    """Return what is not there of what the check needs, None if all is."""
    if shutil.which("go") is None or not (_SOURCES / "src/golang.org/x/mod/sumdb/tlog").is_dir():
        return f"needs Go and its module of the checksum database (on Debian: {PACKAGES})"
    return None


def build(folder: Path) -> Path:
    """Compile the check, which takes a while the first time, and return the program."""
    program = folder / "logcheck"
    environment = os.environ | {
        **{"GO111MODULE": "off", "GOPATH": str(_SOURCES), "GOCACHE": str(folder / "go-cache")},
        **{"GOFLAGS": "", "CGO_ENABLED": "0"},
    }
    done = subprocess.run(
        ["go", "build", "-o", program, _PROGRAM], env=environment, capture_output=True, text=True
    )
    if done.returncode:
        raise Failed(f"the check does not compile: {done.stderr.strip()}")
    return program


def accepted(
    program: Path,
    base: str,
    vkey: str,
    *,
    checkpoints: Sequence[str] = (),
    proofs: Sequence[dict[str, Any]] = (),
    consistency: Sequence[dict[str, Any]] = (),
) -> dict[str, int]:
    """Return what Go's checksum database has checked of the log at `base`.

    `Failed` says what it does not accept.
    """
    document = {
        **{"vkey": vkey, "checkpoints": list(checkpoints)},
        **{"proofs": list(proofs), "consistency": list(consistency)},
    }
    done = subprocess.run(
        [program, base], input=json.dumps(document), capture_output=True, text=True
    )
    if done.returncode:
        raise Failed(f"Go does not accept it: {done.stderr.strip()}")
    counts: dict[str, int] = json.loads(done.stdout)
    return counts
