"""KEKs: where they come from, and what is said when they are not there."""

import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.errors import ConfigurationError, InvalidError
from archive.sealing.kek import FileKek, PassphraseKek, key_text, parse_kek, parse_key_text
from archive.sealing.keyring import open_keyring, seal_keyring
from archive.sealing.recovery import RecoveryCode
from tests.sealing.support import CountingClock, new_keyring

SALT = bytes(32)


def test_a_key_file_is_private_and_opens_what_it_sealed(tmp_path: Path) -> None:
    path = tmp_path / "kek"
    kek = FileKek.create(path, CountingClock())
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    data = seal_keyring(new_keyring(), [kek], CountingClock())
    assert open_keyring(data, parse_kek(f"file:{path}", {})) == new_keyring()


def test_the_same_key_may_move_from_a_file_into_the_environment(tmp_path: Path) -> None:
    kek = FileKek.create(tmp_path / "kek", CountingClock())
    data = seal_keyring(new_keyring(), [kek], CountingClock())
    moved = parse_kek("env:THE_KEY", {"THE_KEY": (tmp_path / "kek").read_text()})
    assert open_keyring(data, moved) == new_keyring()


def test_a_key_file_is_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "kek"
    FileKek.create(path, CountingClock())
    before = path.read_bytes()
    with pytest.raises(ConfigurationError, match="already"):
        FileKek.create(path, CountingClock())
    assert path.read_bytes() == before


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o610, 0o644])
def test_a_key_file_that_others_may_use_is_refused(tmp_path: Path, mode: int) -> None:
    kek = FileKek.create(tmp_path / "kek", CountingClock())
    (tmp_path / "kek").chmod(mode)
    with pytest.raises(ConfigurationError, match="chmod 600"):
        kek.secret(SALT, {})


def test_a_missing_key_is_told_by_its_place(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="nowhere"):
        parse_kek(f"file:{tmp_path}/nowhere", {}).secret(SALT, {})
    with pytest.raises(ConfigurationError, match="cannot be read"):
        parse_kek(f"file:{tmp_path}", {}).secret(SALT, {})
    with pytest.raises(ConfigurationError, match="THE_KEY is not set"):
        parse_kek("env:THE_KEY", {}).secret(SALT, {})
    with pytest.raises(ConfigurationError, match="cannot be made"):
        FileKek.create(tmp_path / "missing" / "kek", CountingClock())


@pytest.mark.parametrize(
    "text",
    ["", "c2VjcmV0", "muniment-key-1:", "muniment-key-1:AAAA", "muniment-key-1:é", "x" * 5000],
)
def test_what_is_no_key_is_told_and_not_repeated(text: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as caught:
        parse_key_text(text, "the place")
    assert "the place" in str(caught.value)
    assert text[15:] == "" or text[15:] not in str(caught.value)
    path = tmp_path / "kek"
    path.touch(0o600)
    path.write_bytes(text.encode())
    with pytest.raises(ConfigurationError, match="no key"):
        FileKek(path).secret(SALT, {})


@given(st.binary(min_size=32, max_size=32))
def test_the_text_form_gives_the_key_back(key: bytes) -> None:
    assert parse_key_text(f"  {key_text(key)}\r\n", "here") == key


CHEAP = {"memory_kib": 32, "iterations": 1, "lanes": 1}


def test_a_passphrase_comes_from_the_environment_or_is_asked_for_once() -> None:
    asked: list[str] = []

    def prompt(question: str) -> str:
        asked.append(question)
        return "correct horse"

    set_ = parse_kek("passphrase:", {"MUNIMENT_PASSPHRASE": "correct horse"}, prompt)
    secret = set_.secret(SALT, CHEAP)
    assert not asked
    kek = parse_kek("passphrase:", {}, prompt)
    assert kek.secret(SALT, CHEAP) == kek.secret(SALT, CHEAP) == secret
    assert len(asked) == 1


def test_a_missing_or_empty_passphrase_is_told() -> None:
    for environment in ({}, {"MUNIMENT_PASSPHRASE": ""}):
        with pytest.raises(ConfigurationError, match="MUNIMENT_PASSPHRASE"):
            parse_kek("passphrase:", environment).secret(SALT, CHEAP)


def test_one_passphrase_may_be_typed_in_two_ways() -> None:
    composed, decomposed = PassphraseKek(lambda: "caf\u00e9"), PassphraseKek(lambda: "cafe\u0301")
    assert composed.secret(SALT, CHEAP) == decomposed.secret(SALT, CHEAP)


@pytest.mark.parametrize("text", ["", "file", "file:", "env:", "passphrase:secret", "secret"])
def test_other_forms_are_refused_without_repeating_them(text: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        parse_kek(text, {})
    assert "secret" not in str(caught.value)


@given(st.binary(min_size=20, max_size=20), st.randoms())
def test_a_recovery_code_is_read_however_it_is_written(entropy: bytes, random: object) -> None:
    code = RecoveryCode(entropy)
    groups = code.text.split("-")
    assert [len(group) for group in groups] == [4] * 9
    assert not set("ILOU") & set(code.text)
    for text in (
        code.text,
        code.text.lower(),
        code.text.replace("-", " "),
        code.text.replace("-", "").replace("0", "o").replace("1", "l"),
        code.text.replace("0", "O").replace("1", "I") + "\n",
    ):
        assert RecoveryCode.parse(text).text == code.text


@given(st.binary(min_size=20, max_size=20), st.integers(0, 35), st.integers(1, 31))
def test_a_mistyped_recovery_code_is_told(entropy: bytes, place: int, shift: int) -> None:
    alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
    letters = list(RecoveryCode(entropy).text.replace("-", ""))
    letters[place] = alphabet[(alphabet.index(letters[place]) + shift) % 32]
    wrong = "".join(letters)
    try:
        assert RecoveryCode.parse(wrong).text != RecoveryCode(entropy).text
    except InvalidError as error:
        assert "mistyped" in str(error)
    else:
        pytest.fail("a checksum of 20 bits let one wrong letter pass")


@pytest.mark.parametrize("text", ["", "ABCD", "U" * 36, "0" * 37, "é" * 36])
def test_what_is_no_recovery_code_is_told(text: str) -> None:
    with pytest.raises(InvalidError):
        RecoveryCode.parse(text)


def test_recovery_codes_differ() -> None:
    clock = CountingClock()
    assert RecoveryCode.generate(clock).text != RecoveryCode.generate(clock).text
