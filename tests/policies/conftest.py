"""An archive whose clock stands until it is moved, and the command line over another."""

import io
import json

import pytest

from api.cli import run
from tests.users.conftest import archive, clock

__all__ = ["archive", "clock"]


@pytest.fixture
def call(tmp_path, monkeypatch, capfd):
    """Run a command over a home folder; gives what it writes, or where it fails what it says."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MUNIMENT_HOME", str(tmp_path / "home"))

    def one(*arguments, status=0, typed="", as_json=True):
        capfd.readouterr()
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(typed.encode())))
        assert run([*arguments, *(["--json"] if as_json else [])]) == status, capfd.readouterr()
        said = capfd.readouterr()
        if status:
            return said.err
        return json.loads(said.out) if as_json else said.out

    return one
