"""Attempts to sign in that are counted by several at once."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from archive.creating import create_archive
from archive.opening import open_archive
from archive.settings import Settings
from archive.users.attempts import Attempts


def test_many_sign_ins_at_once_are_all_let_in(tmp_path: Path, each_database: str | None) -> None:
    """Digests of subjects and of addresses sort either way, and no two wait for each other."""
    chosen = {"MUNIMENT_DATABASE_URL": each_database} if each_database else {}
    settings = Settings.load({"MUNIMENT_HOME": str(tmp_path / "home"), **chosen}, tmp_path)
    create_archive(settings)
    with open_archive(settings) as archive:
        attempts = Attempts(archive.database.catalog(), archive.identity, archive.clock)

        def sign_in(number: int) -> None:
            with attempts.counted(f"user-{number % 3}", f"192.0.2.{number % 5}") as attempt:
                attempt.succeed()

        with ThreadPoolExecutor(4) as pool:
            assert len(list(pool.map(sign_in, range(200)))) == 200
