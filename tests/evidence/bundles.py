"""Evidence bundles as `prove` gives them, made of the formats alone."""

import base64
import hashlib
import random
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from archive.events.types import BlobPlace, Event, InteractionCaptured, Part
from archive.events.user_events import TokenIssued
from archive.log.checkpoint import Checkpoint, LogProof, encode_hash
from archive.log.merkle import Subtrees, consistency_proof, inclusion_proof, node_hash, root
from archive.log.note import Signer
from archive.model.interaction import Attachment, Channel, Content, Participant, ParticipantRole
from archive.sealing.frame import evidence_subkey, seal_frame
from archive.sealing.leaf import leaf_hash

ARCHIVE = UUID("0194233c-7e80-7000-8000-00000000a7c4")
RECORD = UUID("0194233c-7e80-8000-8000-000000000001")
ORIGINAL = b"From: ann@example.com\r\nSubject: Fees\r\n\r\nThe fee is agreed.\r\n"
Bundle = dict[str, Any]


def captured(inline: bytes = ORIGINAL, *, text: str = "The fee is agreed.") -> InteractionCaptured:
    large = len(inline) > 64 * 1024
    place = BlobPlace(id=RECORD, digest="00" * 32, sealed_size=70_000, sealed_sha256="11" * 32)
    return InteractionCaptured(
        originator_id=RECORD,
        originator_version=1,
        recorded_at=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
        content=Content(
            source="mail",
            native_id="<1@example.com>",
            channel=Channel.EMAIL,
            occurred_at=datetime(2026, 1, 1, tzinfo=UTC),
            participants=(
                Participant(role=ParticipantRole.FROM, address="ann@example.com", name="Ann"),
            ),
            subject="Fees",
            text=text,
            attachments=(Attachment(filename="fees.pdf", size=3, sha256="22" * 32, part="2"),),
        ),
        original=Part(
            media_type="message/rfc822",
            size=len(inline),
            sha256=hashlib.sha256(inline).hexdigest(),
            blob=place if large else None,
        ),
        custodian="ann",
        inline=b"" if large else inline,
    )


def token_issued() -> TokenIssued:
    return TokenIssued(
        originator_id=RECORD,
        originator_version=2,
        recorded_at=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
        digest="33" * 32,
    )


@dataclass(frozen=True)
class Log:
    """A log of made-up frames, one of which is the event's own."""

    leaves: tuple[bytes, ...]
    signer: Signer

    @property
    def subtrees(self) -> Subtrees:
        def subtree(level: int, index: int) -> bytes:
            if level == 0:
                return self.leaves[index]
            return node_hash(subtree(level - 1, 2 * index), subtree(level - 1, 2 * index + 1))

        return subtree

    @property
    def key(self) -> str:
        return str(self.signer.verifier)

    def checkpoint(self, size: int | None = None) -> str:
        size = len(self.leaves) if size is None else size
        return Checkpoint(self.signer.verifier.name, size, root(size, self.subtrees)).sign(
            self.signer
        )

    def consistency(self, first: int, second: int) -> dict[str, Any]:
        hashes = consistency_proof(first, second, self.subtrees)
        return {"first": first, "second": second, "hashes": [encode_hash(each) for each in hashes]}


def made(
    event: Event, *, index: int = 3, size: int = 11, seed: int = 1, origin: str | None = None
) -> tuple[Bundle, Log]:
    """Return the bundle of an event that is entry `index` of `size`, and the log that it is in."""
    drawn = random.Random(seed)
    data_key = drawn.randbytes(32)
    frame = seal_frame(
        ARCHIVE,
        event.originator_id,
        event.originator_version,
        event.type,
        event.evidence_box(),
        event.custody_box(),
        data_key,
    )
    leaves = [drawn.randbytes(32) for _ in range(size)]
    leaves[index] = leaf_hash(ARCHIVE, frame)
    log = Log(tuple(leaves), Signer(origin or f"muniment.{ARCHIVE}", b"k" * 32))
    hashes = inclusion_proof(index, size, log.subtrees)
    proof = LogProof(index, tuple(hashes), log.checkpoint())
    bundle = {
        "index": index,
        "size": size,
        "hashes": [encode_hash(each) for each in hashes],
        "leaf_hash": encode_hash(leaves[index]),
        "checkpoint": proof.checkpoint,
        "tlog_proof": proof.encode(),
        "evidence": {
            "record": str(event.originator_id),
            "version": event.originator_version,
            "seq": index + 1,
            "frame": base64.b64encode(frame).decode(),
            "subkey": base64.b64encode(evidence_subkey(data_key)).decode(),
            "log_key": log.key,
        },
    }
    return bundle, log
