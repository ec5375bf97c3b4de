"""Key-encryption keys (KEKs): who can open a keyring, and with what (docs/formats.md, "Keyring").

The one module of sealing that touches the outside: it reads and makes key files.
"""

import base64
import binascii
import functools
import os
import stat
import unicodedata
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar
from uuid import UUID

from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from archive.clock import Clock
from archive.errors import ConfigurationError, CorruptError, SettingError
from archive.sealing.primitives import KEY_SIZE

PASSPHRASE_VARIABLE = "MUNIMENT_PASSPHRASE"
KEK_FORMS = "file:PATH, passphrase:, env:NAME or kms:ARN"

_TEXT_PREFIX = "muniment-key-1:"
_TEXT_LIMIT = 4096


Parameters = Mapping[str, int | str]
"""What a slot remembers, beside its salt, of how its secret comes about."""


class Kek(ABC):
    """Something that opens a slot of a keyring.

    `kind` is the kind of slot that it writes, `opens` the kinds that it can open. `str()` names it
    in a sentence, without its secret.
    """

    kind: ClassVar[str]
    opens: ClassVar[frozenset[str]]

    def of_archive(self, archive_id: UUID) -> "Kek":
        """Return the KEK as it serves one archive; most are the same for all."""
        return self

    def parameters(self) -> Parameters:
        """Return what a new slot must remember so that `secret` gives the same again.

        Errors as in `secret`.
        """
        return {}

    @abstractmethod
    def secret(self, salt: bytes, parameters: Parameters) -> bytes:
        """Return the 32-byte secret for a slot with this salt and these parameters.

        ConfigurationError if the KEK is missing or unusable, CorruptError if the slot's parameters
        are, UnavailableError where it is kept elsewhere and does not answer.
        """

    @abstractmethod
    def __str__(self) -> str: ...

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {self}>"


class FileKek(Kek):
    """A key in a file that only its owner can read."""

    kind = "file"
    opens = frozenset({"file", "env"})

    def __init__(self, path: Path) -> None:
        self.path = path

    @classmethod
    def create(cls, path: Path, clock: Clock) -> "FileKek":
        """Make a key file with a new key, readable by its owner only; it is durable on return.

        ConfigurationError if there is a file already, or if none can be made.
        """
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w", encoding="ascii") as file:
                file.write(key_text(clock.random_bytes(KEY_SIZE)) + "\n")
                file.flush()
                os.fsync(file.fileno())
            folder = os.open(path.parent, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
        except FileExistsError:
            raise ConfigurationError(f"There is a key file {path} already; keep it.") from None
        except OSError as error:
            raise ConfigurationError(
                f"The key file {path} cannot be made: {error.strerror}."
            ) from None
        return cls(path)

    def secret(self, salt: bytes, parameters: Parameters) -> bytes:
        try:
            with self.path.open("rb") as file:
                mode = os.fstat(file.fileno()).st_mode
                content = file.read(_TEXT_LIMIT)
        except OSError as error:
            raise ConfigurationError(
                f"The key file {self.path} cannot be read: {error.strerror}. "
                "Set MUNIMENT_KEK to where it is."
            ) from None
        if mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise ConfigurationError(
                f"Others than its owner may use the key file {self.path}: "
                f"run chmod 600 {self.path}."
            )
        return parse_key_text(content.decode("ascii", "replace"), str(self))

    def __str__(self) -> str:
        return f"the key file {self.path}"


class EnvironmentKek(Kek):
    """A key in an environment variable, in the text form of a key file."""

    kind = "env"
    opens = frozenset({"file", "env"})

    def __init__(self, name: str, environment: Mapping[str, str]) -> None:
        self._name = name
        self._environment = environment

    def secret(self, salt: bytes, parameters: Parameters) -> bytes:
        text = self._environment.get(self._name)
        if text is None:
            raise ConfigurationError(
                f"The environment variable {self._name} is not set; "
                "it must hold what a key file holds."
            )
        return parse_key_text(text, str(self))

    def __str__(self) -> str:
        return f"the environment variable {self._name}"


@dataclass(frozen=True, slots=True)
class Argon2Cost:
    """What opening a passphrase slot costs (RFC 9106): memory in KiB, passes, and lanes."""

    memory_kib: int = 64 * 1024
    iterations: int = 3
    lanes: int = 4


class PassphraseKek(Kek):
    """A passphrase, hardened by Argon2id; `ask` gives it when it is needed, from `variable`.

    `cost` is for slots that are written; a slot that is read brings its own, within bounds, so
    that a forged keyring cannot demand all memory.
    """

    kind = "passphrase"
    opens = frozenset({"passphrase"})
    highest_cost: ClassVar[Argon2Cost] = Argon2Cost(1024 * 1024, 32, 32)

    def __init__(
        self,
        ask: Callable[[], str],
        cost: Argon2Cost | None = None,
        *,
        variable: str = PASSPHRASE_VARIABLE,
    ) -> None:
        self._ask = functools.cache(ask)
        self._cost = cost or Argon2Cost()
        self._variable = variable

    def parameters(self) -> Parameters:
        return {
            "memory_kib": self._cost.memory_kib,
            "iterations": self._cost.iterations,
            "lanes": self._cost.lanes,
        }

    def secret(self, salt: bytes, parameters: Parameters) -> bytes:
        cost = self._cost_of(parameters)
        # Two keyboards may write one letter in two ways; NFC makes them one (RFC 8265, 4.2.2).
        passphrase = unicodedata.normalize("NFC", self._ask()).encode("utf-8", "surrogateescape")
        if not passphrase:
            raise ConfigurationError(f"The passphrase is empty; set {self._variable}.")
        return Argon2id(
            salt=salt,
            length=KEY_SIZE,
            iterations=cost.iterations,
            lanes=cost.lanes,
            memory_cost=cost.memory_kib,
        ).derive(passphrase)

    def _cost_of(self, parameters: Parameters) -> Argon2Cost:
        numbers = {name: value for name, value in parameters.items() if isinstance(value, int)}
        try:
            cost = Argon2Cost(**numbers)
        except TypeError:
            numbers = {}
        if numbers != parameters:
            raise CorruptError("A passphrase slot has parameters that are not known.")
        highest = self.highest_cost
        within = (
            8 * cost.lanes <= cost.memory_kib <= highest.memory_kib
            and 1 <= cost.iterations <= highest.iterations
            and 1 <= cost.lanes <= highest.lanes
        )
        if not within:
            raise CorruptError("A passphrase slot has parameters that are out of bounds.")
        return cost

    def __str__(self) -> str:
        return "the passphrase"


def parse_kek(
    text: str, environment: Mapping[str, str], prompt: Callable[[str], str] | None = None
) -> Kek:
    """Read the forms of the setting MUNIMENT_KEK that need this machine alone.

    These are `file:PATH`, `passphrase:` and `env:NAME`; `archive.keks` knows them all.

    The passphrase is taken from MUNIMENT_PASSPHRASE in `environment`, else from `prompt`, which is
    given the question. Nothing is read before the KEK is used. SettingError for other forms.
    """
    kind, colon, value = text.partition(":")
    match kind:
        case "file" if value:
            return FileKek(Path(value))
        case "env" if value:
            return EnvironmentKek(value, environment)
        case "passphrase" if colon and not value:
            return PassphraseKek(lambda: _passphrase(environment, prompt))
    # The text is not repeated: it may be a passphrase that was put in the wrong place.
    raise SettingError(f"MUNIMENT_KEK must be {KEK_FORMS}.")


def key_text(key: bytes) -> str:
    """Write a key as one line of text, as a key file holds it."""
    return _TEXT_PREFIX + base64.b64encode(key).decode("ascii")


def parse_key_text(text: str, place: str) -> bytes:
    """Read what `key_text` wrote; `place` says where it was, for the ConfigurationError."""
    line = text.strip()
    try:
        key = base64.b64decode(line.removeprefix(_TEXT_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not line.startswith(_TEXT_PREFIX) or len(key) != KEY_SIZE:
        raise ConfigurationError(
            f"There is no key in {place}: it must be one line that begins with {_TEXT_PREFIX}"
        )
    return key


def _passphrase(environment: Mapping[str, str], prompt: Callable[[str], str] | None) -> str:
    passphrase = environment.get(PASSPHRASE_VARIABLE)
    if passphrase is not None:
        return passphrase
    if prompt is None:
        raise ConfigurationError(f"The passphrase is missing; set {PASSPHRASE_VARIABLE}.")
    return prompt("Passphrase of the archive")
