"""What a shredding adds to a certificate from before it: a second signed statement. Pure.

A certificate names the epochs that the destroyed keys were under. Once these, and all before them,
are gone from the keyring, an older copy of the bucket does not open what was destroyed either
(docs/formats.md, "Supplement to a certificate").
"""

import base64
from collections.abc import Collection
from datetime import datetime
from hashlib import sha256
from typing import Final, Literal
from uuid import UUID

from pydantic import ValidationError

from archive.errors import CorruptError
from archive.log.note import Signer, Verifier
from archive.model.interaction import Frozen
from policies.purging.certificate import canonical, signed_text

FORM: Final = "muniment supplement to a certificate of destruction 1"
METHOD: Final = (
    "The keys that stay were written anew under a later epoch, and the keyring in force holds "
    "neither the epochs that the certificate names nor any before them. Every keyring from before "
    "was destroyed, and a listing showed none. No key that the archive has opens what was "
    "destroyed, nor does it in an older copy of the bucket."
)
LIMITS: Final = (
    "Whoever kept a key-encryption key or a recovery code from before the shredding, and a copy of "
    "the bucket from before the purge, can open that copy: the shredding replaced both."
)


class Supplement(Frozen):
    """A statement that the epochs of a certificate were shredded after it was issued.

    `certificate_sha256` is the digest, in base64, of the canonical text that the certificate's own
    note names. `keyring` is the number of the one in force from `shredded_at` on.
    """

    form: Literal["muniment supplement to a certificate of destruction 1"] = FORM
    certificate: UUID
    certificate_sha256: str
    archive: UUID
    epochs: tuple[int, ...]
    keyring: int
    shredded_at: datetime
    issued_at: datetime
    method: str = METHOD
    limits: str = LIMITS


def shredded(named: Collection[int], left: Collection[int]) -> bool:
    """Say whether of the epochs that are left none is one that the destroyed keys were ever under.

    Before it was packed or written anew, a key can only have been under an earlier epoch than the
    last one that is named.
    """
    return bool(named) and min(left) > max(named)


def digest(document: str) -> str:
    """Return the SHA-256 of a canonical text, in base64."""
    return base64.b64encode(sha256(document.encode()).digest()).decode()


def sign(supplement: Supplement, signer: Signer) -> tuple[str, str]:
    """Return the canonical JSON of a supplement, and the signed note over it."""
    document = canonical(supplement)
    return document, signer.sign(signed_text(FORM, supplement.certificate, document))


def check(document: str, note: str, certificate: str, verifier: Verifier) -> Supplement:
    """Return the supplement that a note was signed over; CorruptError for any other.

    `certificate` is the canonical text of the certificate that it must be about.
    """
    try:
        supplement = Supplement.model_validate_json(document)
    except ValidationError:
        raise CorruptError("It is not a supplement to a certificate.") from None
    if verifier.open(note) != signed_text(FORM, supplement.certificate, document):
        raise CorruptError("The note was signed over another supplement.")
    if supplement.certificate_sha256 != digest(certificate):
        raise CorruptError("The supplement is about another certificate.")
    return supplement
