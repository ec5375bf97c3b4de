"""The keyring: every key that is not a record's own, wrapped by KEKs (docs/formats.md, "Keyring").

A keyring is a value. Writing one means sealing it under the next number with all the KEKs that are
to open it; nothing of an older number is carried over, so an old KEK opens old numbers only.
"""

import base64
import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from archive.clock import Clock
from archive.errors import ConfigurationError, CorruptError, InvalidError, NotFoundError
from archive.sealing.kek import Kek, Parameters
from archive.sealing.primitives import KEY_SIZE, box_keys, expand, open_box, seal_once

MAXIMUM_SLOTS = 16

_HEADER_LIMIT = 65536
_SLOT_LABEL = "muniment/keyring/1/slot"
_IDENTITY_LABEL = "muniment/identity/1/"
_HINTS = {
    "file": "set MUNIMENT_KEK to file: and the path of the key file",
    "env": "set MUNIMENT_KEK to env: and the name of the variable that holds the key",
    "passphrase": "set MUNIMENT_KEK to passphrase: and MUNIMENT_PASSPHRASE to the passphrase",
    "kms": "set MUNIMENT_KEK to kms: and the ARN of the key in AWS KMS",
    "recovery": "use the recovery code that was shown when the archive was made",
}

_Key = Annotated[bytes, Field(min_length=KEY_SIZE, max_length=KEY_SIZE)]


@dataclass(frozen=True, slots=True, repr=False)
class Keyring:
    """The keys of one archive; the repr shows none of them.

    `epochs` are the keys of key objects by epoch number, `current_epoch` the one for new ones.
    `identity_key` makes ids and digests and never changes; `log_signing_key` is an Ed25519 private
    key, raw. `sandbox` stands for ever.
    """

    archive_id: UUID
    number: int
    created: datetime
    epochs: Mapping[int, bytes]
    current_epoch: int
    identity_key: bytes
    log_signing_key: bytes
    sandbox: bool = False

    def __post_init__(self) -> None:
        keys = (*self.epochs.values(), self.identity_key, self.log_signing_key)
        if any(len(key) != KEY_SIZE for key in keys):
            raise InvalidError(f"Every key in a keyring must be {KEY_SIZE} bytes.")
        if self.current_epoch not in self.epochs:
            raise InvalidError("A keyring's current epoch must be one of its epochs.")
        object.__setattr__(self, "epochs", MappingProxyType(dict(self.epochs)))

    def __reduce__(self) -> tuple[Any, ...]:
        """Say how a child process, which gets it through a pipe, makes it again."""
        keys = (dict(self.epochs), self.current_epoch, self.identity_key, self.log_signing_key)
        return Keyring, (self.archive_id, self.number, self.created, *keys, self.sandbox)

    @classmethod
    def generate(cls, archive_id: UUID, clock: Clock, sandbox: bool = False) -> "Keyring":
        """Make the first keyring of a new archive."""
        return cls(
            archive_id=archive_id,
            number=1,
            created=clock.now(),
            epochs={1: clock.random_bytes(KEY_SIZE)},
            current_epoch=1,
            identity_key=clock.random_bytes(KEY_SIZE),
            log_signing_key=clock.random_bytes(KEY_SIZE),
            sandbox=sandbox,
        )

    def epoch_key(self, epoch: int) -> bytes:
        """Return an epoch's key; NotFoundError if it was dropped, or is newer than the keyring."""
        try:
            return self.epochs[epoch]
        except KeyError:
            raise NotFoundError(
                f"Keyring {self.number} of archive {self.archive_id} holds no epoch {epoch}."
            ) from None

    def derive(self, label: str) -> bytes:
        """Return the identity key's 32-byte key for one use, which `label` names in ASCII.

        InvalidError for a label that could be mistaken for another.
        """
        if not label or not label.isascii() or not label.isprintable():
            raise InvalidError("The label of a derived key must be printable ASCII.")
        return expand(self.identity_key, _IDENTITY_LABEL + label)

    def __repr__(self) -> str:
        return f"<Keyring {self.number} of archive {self.archive_id}>"


class _Document(BaseModel):
    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        ser_json_bytes="base64",
        val_json_bytes="base64",
        hide_input_in_errors=True,
    )


class _Slot(_Document):
    kind: Annotated[str, Field(pattern=r"^[a-z]{1,16}$")]
    salt: _Key
    parameters: dict[str, int | str]
    commitment: _Key
    wrapped: bytes


class _Header(_Document):
    format: Literal["muniment/keyring/1"] = "muniment/keyring/1"
    archive: UUID
    number: Annotated[int, Field(gt=0)]
    commitment: _Key
    slots: Annotated[tuple[_Slot, ...], Field(min_length=1, max_length=MAXIMUM_SLOTS)]


class _Body(_Document):
    created: AwareDatetime
    current_epoch: int
    epochs: Annotated[dict[int, _Key], Field(repr=False)]
    identity_key: Annotated[_Key, Field(repr=False)]
    log_signing_key: Annotated[_Key, Field(repr=False)]
    sandbox: bool


def seal_keyring(keyring: Keyring, keks: Sequence[Kek], clock: Clock) -> bytes:
    """Seal a keyring so that each of `keks` opens it, under a keyring key that is never kept.

    InvalidError without a KEK, or with more than 16; ConfigurationError if one cannot be used.
    """
    if not 0 < len(keks) <= MAXIMUM_SLOTS:
        raise InvalidError(f"A keyring must have 1 to {MAXIMUM_SLOTS} KEKs.")
    keyring_key = clock.random_bytes(KEY_SIZE)
    box_key, commitment = box_keys(keyring_key)
    header = _Header(
        archive=keyring.archive_id,
        number=keyring.number,
        commitment=commitment,
        slots=tuple(_seal_slot(keyring, kek, keyring_key, clock) for kek in keks),
    )
    body = _Body(
        created=keyring.created,
        current_epoch=keyring.current_epoch,
        epochs=dict(keyring.epochs),
        identity_key=keyring.identity_key,
        log_signing_key=keyring.log_signing_key,
        sandbox=keyring.sandbox,
    )
    line = _canonical(header.model_dump(mode="json")) + b"\n"
    return line + seal_once(box_key, line, _canonical(body.model_dump(mode="json")))


def open_keyring(data: bytes, kek: Kek) -> Keyring:
    """Open a keyring with one KEK.

    ConfigurationError, which says what would open it, if the KEK fits no slot; CorruptError, which
    names the keyring, if it was changed.
    """
    header, end = _header_of(data)
    keyring_key = _open_slots(header, kek)
    name = f"Keyring {header.number} of archive {header.archive}"
    try:
        plaintext = open_box(keyring_key, header.commitment, data[:end], data[end:])
        body = _Body.model_validate_json(plaintext)
        return Keyring(
            archive_id=header.archive,
            number=header.number,
            created=body.created,
            epochs=body.epochs,
            current_epoch=body.current_epoch,
            identity_key=body.identity_key,
            log_signing_key=body.log_signing_key,
            sandbox=body.sandbox,
        )
    except (CorruptError, ValidationError, InvalidError):
        # The cause is cut off, because a validation error carries what it validated.
        raise CorruptError(f"{name} was changed since it was sealed.") from None


def slot_kinds(data: bytes) -> tuple[str, ...]:
    """Return the kinds of a keyring's slots, in their order; CorruptError if it has no header."""
    return tuple(slot.kind for slot in _header_of(data)[0].slots)


def _header_of(data: bytes) -> tuple[_Header, int]:
    end = data.find(b"\n", 0, _HEADER_LIMIT) + 1
    if not end:
        raise CorruptError("A keyring has no header.")
    try:
        return _Header.model_validate_json(data[:end]), end
    except ValidationError:
        raise CorruptError("A keyring has a malformed header.") from None


def _seal_slot(keyring: Keyring, kek: Kek, keyring_key: bytes, clock: Clock) -> _Slot:
    kek = kek.of_archive(keyring.archive_id)
    salt, parameters = clock.random_bytes(KEY_SIZE), dict(kek.parameters())
    subkey = expand(kek.secret(salt, parameters), _SLOT_LABEL, salt)
    box_key, commitment = box_keys(subkey)
    aad = _slot_aad(keyring.archive_id, keyring.number, kek.kind, salt, parameters)
    return _Slot(
        kind=kek.kind,
        salt=salt,
        parameters=parameters,
        commitment=commitment,
        wrapped=seal_once(box_key, aad, keyring_key),
    )


def _open_slots(header: _Header, kek: Kek) -> bytes:
    """Return the keyring key from the slot that `kek` fits, which the commitments tell."""
    name = f"Keyring {header.number} of archive {header.archive}"
    kek = kek.of_archive(header.archive)
    for slot in header.slots:
        if slot.kind not in kek.opens:
            continue
        try:
            subkey = expand(kek.secret(slot.salt, slot.parameters), _SLOT_LABEL, slot.salt)
            if not hmac.compare_digest(box_keys(subkey)[1], slot.commitment):
                continue
            aad = _slot_aad(header.archive, header.number, slot.kind, slot.salt, slot.parameters)
            return open_box(subkey, slot.commitment, aad, slot.wrapped)
        except CorruptError as error:
            raise CorruptError(
                f"{name} has a {slot.kind} slot that does not open: {error}"
            ) from None
    kinds = sorted({slot.kind for slot in header.slots})
    hints = "; or ".join(_HINTS[kind] for kind in kinds if kind in _HINTS)
    raise ConfigurationError(
        f"{name} does not open with {kek}. It has slots of these kinds: {', '.join(kinds)}. "
        f"To open it, {hints}."
    )


def _slot_aad(
    archive_id: UUID, number: int, kind: str, salt: bytes, parameters: Parameters
) -> bytes:
    """Bind a slot to its keyring, so that a slot cannot be moved into another."""
    document = {
        "format": "muniment/keyring/1",
        "archive": str(archive_id),
        "number": number,
        "kind": kind,
        "salt": base64.urlsafe_b64encode(salt).decode("ascii"),
        "parameters": dict(parameters),
    }
    return _canonical(document)


def _canonical(document: object) -> bytes:
    return json.dumps(document, sort_keys=True, separators=(",", ":")).encode("ascii")
