"""A process that reads the keyring while another rotates the key opens the archive all the same."""

from collections.abc import Callable
from pathlib import Path

import pytest

from archive.erasing.keyring_writer import KeyringWriter
from archive.erasing.new_kek import NewKek
from archive.keks import named_kek
from archive.key_changes import KeyChanges
from archive.keyrings import keyring_numbers, read_newest
from archive.opening import Archive
from archive.sealing.kek import FileKek
from tests.archive.house import create, opened


def rotate(archive: Archive) -> None:
    kek = named_kek(archive.settings.kek, {})
    KeyChanges(archive, kek, {}, actor="local", announce=lambda *_: None).rotate()


def once(do: Callable[[], object]) -> Callable[[], None]:
    """Do something at the first call, and nothing at all later ones."""
    left = [do]

    def call() -> None:
        if left:
            left.pop()()

    return call


def test_the_new_key_file_takes_its_place_between_two_looks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    create(tmp_path)
    secret, take_place = FileKek.secret, NewKek.take_place
    with opened(tmp_path) as rotating, opened(tmp_path) as reading:

        def take_place_under_a_reader(new: NewKek) -> None:
            replaced = once(lambda: take_place(new))

            def old_secret(kek: FileKek, *arguments):
                found = secret(kek, *arguments)
                replaced()
                return found

            with monkeypatch.context() as patch:
                patch.setattr(FileKek, "secret", old_secret)
                # It reads the old key, and by the time that it looks beside it the new one is gone.
                assert reading.held_keyring.renew(1).number == 2

        monkeypatch.setattr(NewKek, "take_place", take_place_under_a_reader)
        rotate(rotating)


@pytest.mark.parametrize("destroyed", [True, False])
def test_another_keyring_comes_into_force_after_it_was_asked_which_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, destroyed: bool
) -> None:
    create(tmp_path)
    if not destroyed:
        monkeypatch.setattr(KeyringWriter, "destroy_older", lambda _: 0)
    with opened(tmp_path) as rotating, opened(tmp_path) as reading:
        state = reading.pointers.keyring_state
        rotated = once(lambda: rotate(rotating))

        def state_before():
            found = state()
            rotated()
            return found

        monkeypatch.setattr(reading.pointers, "keyring_state", state_before)
        assert reading.held_keyring.renew(1).number == 2
        assert keyring_numbers(reading.bucket) == ([2] if destroyed else [2, 1])


@pytest.mark.parametrize("destroyed", [True, False])
def test_another_keyring_comes_into_force_after_they_were_listed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, destroyed: bool
) -> None:
    create(tmp_path)
    if not destroyed:
        monkeypatch.setattr(KeyringWriter, "destroy_older", lambda _: 0)
    with opened(tmp_path) as archive:
        rotated = once(lambda: rotate(archive))

        def numbers_before(bucket):
            found = keyring_numbers(bucket)
            rotated()
            return found

        with monkeypatch.context() as patch:
            patch.setattr("archive.keyrings.keyring_numbers", numbers_before)
            found = read_newest(archive.bucket, named_kek(archive.settings.kek, {}))
        assert found.number == 2
