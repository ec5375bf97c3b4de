"""The keyring: opens with its KEKs, says what would open it, and shows its keys to nobody."""

from dataclasses import replace
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archive.errors import ConfigurationError, CorruptError, InvalidError, NotFoundError
from archive.sealing.kek import Argon2Cost, EnvironmentKek, Kek, PassphraseKek, key_text
from archive.sealing.keyring import Keyring, open_keyring, seal_keyring
from archive.sealing.recovery import RecoveryCode
from tests.sealing.support import ARCHIVE, CountingClock, every_cut, every_flip, new_keyring

CHEAP = Argon2Cost(memory_kib=32, iterations=1, lanes=1)
KEYRING = new_keyring()
CLOCK = CountingClock()
KEY = EnvironmentKek("KEY", {"KEY": key_text(bytes(range(32)))})
OTHER_KEY = EnvironmentKek("OTHER", {"OTHER": key_text(bytes(32))})
PASSPHRASE = PassphraseKek(lambda: "correct horse", CHEAP)
RECOVERY = RecoveryCode.generate(CLOCK)
DATA = seal_keyring(KEYRING, [KEY, PASSPHRASE, RECOVERY], CLOCK)
SMALL = seal_keyring(KEYRING, [KEY], CLOCK)

keys = st.binary(min_size=32, max_size=32)


@given(
    st.uuids(),
    st.integers(1, 10**8),
    st.dictionaries(st.integers(1, 2**32 - 1), keys, min_size=1, max_size=5),
    keys,
    keys,
    st.booleans(),
    st.data(),
)
def test_what_was_sealed_is_opened(
    archive_id: UUID,
    number: int,
    epochs: dict[int, bytes],
    identity: bytes,
    signing: bytes,
    sandbox: bool,
    data: st.DataObject,
) -> None:
    keyring = replace(
        KEYRING,
        archive_id=archive_id,
        number=number,
        epochs=epochs,
        current_epoch=data.draw(st.sampled_from(sorted(epochs))),
        identity_key=identity,
        log_signing_key=signing,
        sandbox=sandbox,
    )
    assert open_keyring(seal_keyring(keyring, [KEY], CLOCK), KEY) == keyring


@pytest.mark.parametrize("kek", [KEY, PASSPHRASE, RECOVERY])
def test_every_kek_opens_it(kek: Kek) -> None:
    assert open_keyring(DATA, kek) == KEYRING


def test_two_keks_of_one_kind_both_open_it() -> None:
    data = seal_keyring(KEYRING, [KEY, OTHER_KEY], CLOCK)
    assert open_keyring(data, KEY) == open_keyring(data, OTHER_KEY) == KEYRING


@pytest.mark.parametrize(
    "kek",
    [OTHER_KEY, PassphraseKek(lambda: "wrong horse"), RecoveryCode(bytes(20))],
)
def test_a_wrong_kek_is_told_what_would_open_it(kek: Kek) -> None:
    with pytest.raises(ConfigurationError) as caught:
        open_keyring(DATA, kek)
    message = str(caught.value)
    assert str(kek) in message
    assert "env, passphrase, recovery" in message
    assert "MUNIMENT_KEK" in message


def test_every_flipped_bit_is_rejected() -> None:
    for place, changed in every_flip(SMALL):
        # A bit in the slot makes the KEK look like a wrong one; anywhere else it is damage.
        with pytest.raises((CorruptError, ConfigurationError)):
            open_keyring(changed, KEY)
        if place > SMALL.index(b"\n"):
            with pytest.raises(CorruptError):
                open_keyring(changed, KEY)


@settings(max_examples=300)
@given(st.integers(0, len(DATA) - 1), st.integers(1, 255))
def test_a_change_in_one_slot_is_seen_through_another(place: int, mask: int) -> None:
    changed = bytearray(DATA)
    changed[place] ^= mask
    with pytest.raises((CorruptError, ConfigurationError)):
        open_keyring(bytes(changed), RECOVERY)


def test_every_cut_is_rejected() -> None:
    for cut in every_cut(SMALL):
        with pytest.raises(CorruptError):
            open_keyring(cut, KEY)


def test_a_slot_cannot_be_moved_into_another_number() -> None:
    moved = DATA.replace(b'"number":1', b'"number":2', 1)
    assert moved != DATA
    with pytest.raises(CorruptError, match="env slot"):
        open_keyring(moved, KEY)


@pytest.mark.parametrize("parameter", ["memory_kib", "iterations", "lanes"])
@pytest.mark.parametrize("value", [b"0", b"99999999999", b"-1"])
def test_a_forged_slot_cannot_ask_for_unbounded_work(parameter: str, value: bytes) -> None:
    stated = getattr(CHEAP, parameter)
    old = b'"%b":%d' % (parameter.encode(), stated)
    forged = DATA.replace(old, b'"%b":%b' % (parameter.encode(), value))
    assert forged != DATA
    with pytest.raises(CorruptError, match="out of bounds"):
        open_keyring(forged, PASSPHRASE)


def test_kinds_that_are_not_known_are_passed_over() -> None:
    class LaterKek(EnvironmentKek):
        kind = "later"

    later = LaterKek("KEY", {"KEY": key_text(bytes(32))})
    data = seal_keyring(KEYRING, [later, KEY], CLOCK)
    assert open_keyring(data, KEY) == KEYRING
    with pytest.raises(ConfigurationError, match="later"):
        open_keyring(data, OTHER_KEY)


def test_each_number_is_sealed_afresh() -> None:
    first, second = (seal_keyring(KEYRING, [KEY], CLOCK) for _ in range(2))
    assert first != second
    assert open_keyring(first, KEY) == open_keyring(second, KEY)


def test_no_key_shows_in_the_object_or_in_a_repr() -> None:
    secrets = [*KEYRING.epochs.values(), KEYRING.identity_key, KEYRING.log_signing_key]
    shown = repr(KEYRING) + repr([KEY, PASSPHRASE, RECOVERY]) + str(RECOVERY)
    for secret in secrets:
        assert secret not in DATA
        assert secret.hex() not in shown
        assert repr(secret)[2:12] not in shown
    assert RECOVERY.text not in shown
    assert "correct horse" not in shown


def test_epochs_that_are_not_there_are_told() -> None:
    with pytest.raises(NotFoundError, match="epoch 2"):
        KEYRING.epoch_key(2)


def test_identity_keys_differ_by_use_and_by_archive() -> None:
    other = replace(KEYRING, identity_key=bytes(32))
    derived = {keyring.derive(use) for keyring in (KEYRING, other) for use in ("a", "b", "ab")}
    assert len(derived) == 6
    for label in ("", "a\0b", "é"):
        with pytest.raises(InvalidError):
            KEYRING.derive(label)


def test_a_generated_keyring_is_new_each_time() -> None:
    first, second = (Keyring.generate(ARCHIVE, CLOCK, sandbox=True) for _ in range(2))
    assert first.number == second.number == first.current_epoch == 1
    assert first.sandbox
    every = [k for each in (first, second) for k in (each.identity_key, each.log_signing_key)]
    every += [each.epoch_key(1) for each in (first, second)]
    assert len(set(every)) == 6


def test_keyrings_that_cannot_work_are_refused() -> None:
    for change in ({"identity_key": b"short"}, {"current_epoch": 2}, {"epochs": {1: b"short"}}):
        with pytest.raises(InvalidError):
            replace(KEYRING, **change)
    for keks in ([], [KEY] * 17):
        with pytest.raises(InvalidError):
            seal_keyring(KEYRING, keks, CLOCK)
