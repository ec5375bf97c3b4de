"""Index snapshots: what was sealed, in the generation and under the id that it was sealed for."""

from dataclasses import replace
from uuid import UUID

import pytest

from archive.errors import CorruptError, InvalidError
from archive.sealing.snapshot import (
    Bundle,
    IndexFile,
    Manifest,
    Part,
    open_generation_key,
    open_manifest,
    part_key,
    seal_generation_key,
    seal_manifest,
)
from tests.sealing.support import (
    ARCHIVE,
    OTHER_ARCHIVE,
    CountingClock,
    every_cut,
    every_flip,
    new_keyring,
)

CLOCK = CountingClock()
GENERATION, SNAPSHOT, PART = CLOCK.uuid7(), CLOCK.uuid7(), CLOCK.uuid7()
KEYRING = new_keyring()
KEY = CLOCK.random_bytes(32)
SEALED_KEY = seal_generation_key(ARCHIVE, GENERATION, 1, KEYRING.epoch_key(1), KEY)
MANIFEST = Manifest(
    leaf_hash="ab" * 32,
    form="cd" * 32,
    documents=3,
    unread=(7, 9),
    meta='{"segments": []}',
    bundles=(
        Bundle(
            files=(IndexFile(name="0" * 32 + ".term", size=5),),
            parts=(Part(id=PART, size=5, sha256="ef" * 32),),
        ),
    ),
)
SEALED = seal_manifest(ARCHIVE, GENERATION, 12, SNAPSHOT, KEY, MANIFEST)


def opened(
    data: bytes = SEALED,
    archive: UUID = ARCHIVE,
    generation: UUID = GENERATION,
    position: int = 12,
    snapshot: UUID = SNAPSHOT,
    key: bytes = KEY,
) -> Manifest:
    return open_manifest(data, archive, generation, position, snapshot, key)


def test_what_was_sealed_is_opened() -> None:
    assert open_generation_key(SEALED_KEY, GENERATION, KEYRING) == KEY
    assert opened() == MANIFEST


def test_every_flipped_bit_and_every_cut_of_a_key_is_rejected() -> None:
    for changed in (*(data for _, data in every_flip(SEALED_KEY)), *every_cut(SEALED_KEY)):
        with pytest.raises(CorruptError, match=str(GENERATION)):
            open_generation_key(changed, GENERATION, KEYRING)


def test_every_flipped_bit_and_every_cut_of_a_manifest_is_rejected() -> None:
    for changed in (*(data for _, data in every_flip(SEALED)), *every_cut(SEALED)):
        with pytest.raises(CorruptError, match=str(SNAPSHOT)):
            opened(changed)


def test_a_key_of_another_generation_archive_or_epoch_is_rejected() -> None:
    for generation, keyring in (
        (PART, KEYRING),
        (GENERATION, replace(KEYRING, archive_id=OTHER_ARCHIVE)),
        (GENERATION, replace(KEYRING, epochs={2: bytes(32)}, current_epoch=2)),
        (GENERATION, replace(KEYRING, epochs={1: bytes(32)})),
    ):
        with pytest.raises(CorruptError):
            open_generation_key(SEALED_KEY, generation, keyring)


def test_a_manifest_stands_under_its_own_name_and_key_only() -> None:
    with pytest.raises(CorruptError):
        opened(archive=OTHER_ARCHIVE)
    with pytest.raises(CorruptError):
        opened(generation=PART)
    with pytest.raises(CorruptError):
        opened(position=13)
    with pytest.raises(CorruptError):
        opened(snapshot=PART)
    with pytest.raises(CorruptError):
        opened(key=bytes(32))


def test_parts_have_keys_of_their_own() -> None:
    assert len({KEY, part_key(KEY, PART), part_key(KEY, SNAPSHOT), part_key(bytes(32), PART)}) == 4


@pytest.mark.parametrize("name", ["../" + "0" * 30, "meta.json", "0" * 32, "0" * 32 + "./x"])
def test_a_file_is_never_a_path(name: str) -> None:
    with pytest.raises(ValueError):
        IndexFile(name=name, size=1)


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(InvalidError):
        seal_generation_key(ARCHIVE, GENERATION, 1, KEYRING.epoch_key(1), b"short")
    with pytest.raises(InvalidError):
        seal_generation_key(ARCHIVE, GENERATION, 2**32, KEYRING.epoch_key(1), KEY)
    with pytest.raises(InvalidError):
        seal_manifest(ARCHIVE, GENERATION, 2**64, SNAPSHOT, KEY, MANIFEST)
