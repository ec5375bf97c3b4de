"""The certificate of destruction: what it says, its canonical bytes, its signature. Pure.

The signature is a signed note (C2SP signed-note) of the log's key, over the SHA-256 of the
certificate's canonical JSON (docs/formats.md, "Certificate of destruction").
"""

import base64
import json
from datetime import date, datetime
from hashlib import sha256
from typing import Final, Literal
from uuid import UUID

from pydantic import ValidationError

from archive.errors import CorruptError
from archive.events.policy_events import Terms
from archive.events.purge_events import AUDIT_TRAIL, PurgedGroup, PurgedKind
from archive.log.note import Signer, Verifier
from archive.model.interaction import Frozen

FORM: Final = "muniment certificate of destruction 1"
METHOD: Final = (
    "Each record's data keys (AES-256-GCM, one for each event) were destroyed in every version of "
    "every key object, and a listing showed them gone. Without them its ciphertext cannot be read "
    "by anybody, wherever copies of it are."
)
TRAIL_METHOD: Final = (
    "Each entry's data key (AES-256-GCM, one for each event) was destroyed in every version of "
    "every key object, and a listing showed it gone. Without it its ciphertext cannot be read by "
    "anybody, wherever copies of it are."
)
LIMITS: Final = (
    "Copies that were made outside of the archive's control are not covered: replicas and backups "
    "of the bucket that include keys, and whatever was exported."
)


class CertifiedPolicy(Frozen):
    """A version of a policy by which records went, and who decided on it."""

    policy: str
    version: int
    terms: Terms
    proposed_by: str
    proposed_at: datetime
    approved_by: str | None
    approved_at: datetime | None


class CertifiedCase(Frozen):
    """The case of erasure by which records went; `decided_by` are others than who ordered it."""

    id: UUID
    received_on: date
    decided_by: tuple[str, ...]


class CertifiedReview(Frozen):
    """So many records that passed a stage of a review by one decision of a disposition.

    `automatic` is one that nobody decided: the time that the policy gives to the stage had passed.
    """

    disposition: int
    policy: str
    version: int
    stage: str
    approved_by: str
    approved_at: datetime
    automatic: bool
    records: int


class Keys(Frozen):
    """What was done with the keys.

    `key_objects` were written anew without them. `epochs` are those that the keys were under: with
    a keyring of before, and an older copy of the bucket, they open until these are `shredded`.
    """

    destroyed: int
    key_objects: int
    epochs: tuple[int, ...]
    shredded: bool = False


class StoreOutcome(Frozen):
    """What became of the records in one store."""

    store: str
    outcome: str


class HoldCheck(Frozen):
    """When and how holds were looked at, and how many records they kept."""

    times: int
    held: int
    method: str


class Certificate(Frozen):
    """What was destroyed, by whose rule, how, and what stays. It holds no content.

    `organisation` is None where nobody named it, and in certificates from before it could be named.
    It is of a `purge`, or of a `case` of erasure. `of` says what `records` counts: records, or
    entries of the audit trail; certificates from before do not have it. `first_at` and `last_at`
    are the dates, both included, that retention was counted from. `redacted` counts records that
    stay without what one person said and every word that names them: what stood before is among
    `events`, and not among `records` and `bytes`. `kept` counts what was to go and
    stays, by reason; `locked_until` is when the lock of the first of these ends. `leaves` are the
    leaf hashes of the destroyed events in the log, in order; they stay there, and `checkpoint` is
    the newest signed one when this was issued.
    """

    form: Literal["muniment certificate of destruction 1"] = FORM
    id: UUID
    of: PurgedKind = "records"
    organisation: str | None = None
    archive: UUID
    sandbox: bool
    purge: UUID | None = None
    case: CertifiedCase | None = None
    by: str
    planned_at: datetime
    due_as_of: datetime
    completed_at: datetime
    evaluator: str
    records: int
    events: int
    bytes: int
    first_at: datetime
    last_at: datetime
    groups: tuple[PurgedGroup, ...]
    redacted: tuple[PurgedGroup, ...] = ()
    policies: tuple[CertifiedPolicy, ...]
    reviews: tuple[CertifiedReview, ...] = ()
    method: str
    keys: Keys
    hold_check: HoldCheck
    kept: dict[str, int]
    locked_until: datetime | None = None
    stores: tuple[StoreOutcome, ...]
    exceptions: tuple[str, ...]
    limits: str
    leaves: tuple[str, ...]
    checkpoint: str | None


def canonical(told: Frozen) -> str:
    """Return the one JSON text of a certificate: sorted names, no spaces, no escapes of letters."""
    fields = told.model_dump(mode="json")
    return json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def sign(document: str, certificate_id: UUID, signer: Signer) -> str:
    """Return the signed note over a certificate's canonical JSON."""
    return signer.sign(signed_text(FORM, certificate_id, document))


def check(document: str, note: str, verifier: Verifier) -> Certificate:
    """Return the certificate that a note was signed over; CorruptError for any other."""
    try:
        certificate = Certificate.model_validate_json(document)
    except ValidationError:
        raise CorruptError("It is not a certificate of destruction.") from None
    if verifier.open(note) != signed_text(FORM, certificate.id, document):
        raise CorruptError("The note was signed over another certificate.")
    return certificate


def stores(*, blobs: int, blobs_left: int, of: PurgedKind = "records") -> tuple[StoreOutcome, ...]:
    """Return what a finished purge left in each store, as it is told on the certificate."""
    left = f"; {blobs_left} are locked in the store, unreadable, and go later" if blobs_left else ""
    told: dict[str, str] = {
        "keys": "destroyed in all versions, read back and listed",
        "segments": "the ciphertext is there, without keys",
    }
    if of == AUDIT_TRAIL:
        told["audit index"] = "that an entry was there, and nothing of it"
    else:
        told |= {
            "blobs": f"{blobs} whose last record went were destroyed{left}",
            "index snapshots": "every generation was destroyed with its key",
            "index": "each host drops the records as it follows, and builds its index anew",
            "catalog": "tombstones: ids, times and codes, without content",
        }
    told["log"] = "the leaves stay, so that proofs hold for ever"
    return tuple(StoreOutcome(store=name, outcome=outcome) for name, outcome in told.items())


def signed_text(form: str, certificate_id: UUID, document: str) -> str:
    """Return what the note of a document of this form says: whose it is, and the digest of it."""
    digest = base64.b64encode(sha256(document.encode()).digest()).decode()
    # No first line of this kind is the origin of a log, so that it is never a checkpoint.
    return f"{form}\n{certificate_id}\nsha256 {digest}\n"
