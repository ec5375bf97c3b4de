"""A second, plain implementation of docs/formats.md, which shares no code with `archive.sealing`.

It is written from the page alone, over `cryptography` and the standard library, and only seals.
`python -m tests.sealing.reference` writes the known answers; they must never change within a
format version, because archives with these bytes exist.
"""

import base64
import hashlib
import hmac
import json
import struct
import sys
import unicodedata
from pathlib import Path
from typing import Any
from uuid import UUID

import zstandard
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

VECTORS = Path(__file__).parent / "vectors" / "known_answers.json"


def expand(key: bytes, label: str, context: bytes = b"") -> bytes:
    info = label.encode("ascii") + b"\x00" + context
    return HKDFExpand(algorithm=hashes.SHA256(), length=32, info=info).derive(key)


def gcm(key: bytes, aad: bytes, plaintext: bytes, nonce: bytes = bytes(12)) -> bytes:
    return AESGCM(key).encrypt(nonce, plaintext, aad)


def box_key(subkey: bytes) -> bytes:
    return expand(subkey, "muniment/box/1/key")


def commitment(subkey: bytes) -> bytes:
    return expand(subkey, "muniment/box/1/commitment")


def zstd(data: bytes) -> bytes:
    return zstandard.ZstdCompressor(level=3).compress(data)


def frame(
    archive_id: UUID,
    originator_id: UUID,
    originator_version: int,
    event_type: str,
    evidence: bytes,
    custody: bytes,
    data_key: bytes,
) -> bytes:
    evidence_subkey = expand(data_key, "muniment/frame/1/evidence")
    custody_subkey = expand(data_key, "muniment/frame/1/custody")
    header = b"\x01" + archive_id.bytes + originator_id.bytes
    header += struct.pack(">I", originator_version)
    header += struct.pack(">B", len(event_type)) + event_type.encode("ascii")
    header += commitment(evidence_subkey) + commitment(custody_subkey)
    header += struct.pack(">I", len(zstd(evidence)) + 16)
    header += struct.pack(">I", len(zstd(custody)) + 16)
    evidence_box = gcm(box_key(evidence_subkey), header, zstd(evidence))
    custody_box = gcm(box_key(custody_subkey), header, zstd(custody))
    return header + evidence_box + custody_box


def log_entry(archive_id: UUID, frame_bytes: bytes) -> bytes:
    return b"\x01" + archive_id.bytes + hashlib.sha256(frame_bytes).digest()


def leaf_hash(archive_id: UUID, frame_bytes: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + log_entry(archive_id, frame_bytes)).digest()


def segment(
    archive_id: UUID, segment_id: UUID, mode: int, month: int, frames: list[bytes]
) -> bytes:
    data = b"MUNIMSEG" + b"\x01" + archive_id.bytes + segment_id.bytes
    data += struct.pack(">BII", mode, month, len(frames))
    offsets = []
    for each in frames:
        offsets.append(len(data))
        data += each
    offsets.append(len(data))
    for offset in offsets:
        data += struct.pack(">Q", offset)
    return data + hashlib.sha256(data).digest()


def key_object(
    archive_id: UUID,
    segment_id: UUID,
    object_id: UUID,
    epoch: int,
    epoch_key: bytes,
    keys: dict[int, bytes],
) -> bytes:
    header = b"MUNIMKEY" + b"\x01" + archive_id.bytes + segment_id.bytes + object_id.bytes
    header += struct.pack(">II", epoch, len(keys))
    entries = b"".join(struct.pack(">I", slot) + key for slot, key in sorted(keys.items()))
    key = expand(epoch_key, "muniment/keys/1", segment_id.bytes + object_id.bytes)
    return header + gcm(key, header, entries)


def blob(archive_id: UUID, blob_id: UUID, key: bytes, plaintext: bytes, chunk_size: int) -> bytes:
    header = b"MUNIMBLB" + b"\x01" + archive_id.bytes + blob_id.bytes
    header += struct.pack(">I", chunk_size)
    derived = expand(key, "muniment/blob/1", blob_id.bytes)
    starts = range(0, max(len(plaintext), 1), chunk_size)
    data = header
    for number, start in enumerate(starts):
        last = 1 if number == len(starts) - 1 else 0
        nonce = bytes(7) + struct.pack(">I", number) + bytes([last])
        ciphertext = gcm(derived, header, zstd(plaintext[start : start + chunk_size]), nonce)
        data += struct.pack(">I", len(ciphertext)) + ciphertext
    return data


def commit_record(
    archive_id: UUID, record_id: UUID, entries: list[dict[str, Any]], mac_key: bytes
) -> bytes:
    data = b"MUNIMCOM" + b"\x01" + archive_id.bytes + record_id.bytes
    data += struct.pack(">QI", entries[0]["seq"], len(entries))
    for entry in entries:
        name = entry["event_type"].encode("ascii")
        data += struct.pack(">Q", entry["seq"]) + UUID(entry["originator_id"]).bytes
        data += struct.pack(">IB", entry["originator_version"], len(name)) + name
        data += bytes.fromhex(entry["leaf_hash"]) + UUID(entry["segment_id"]).bytes
        data += struct.pack(">IQI", entry["slot"], entry["offset"], entry["length"])
    return data + hmac.new(mac_key, data, "sha256").digest()


def canonical(document: Any) -> bytes:
    return json.dumps(document, sort_keys=True, separators=(",", ":")).encode("ascii")


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode("ascii")


def slot_secret(slot: dict[str, Any]) -> bytes:
    if slot["kind"] == "passphrase":
        return Argon2id(
            salt=bytes.fromhex(slot["salt"]),
            length=32,
            iterations=slot["parameters"]["iterations"],
            lanes=slot["parameters"]["lanes"],
            memory_cost=slot["parameters"]["memory_kib"],
        ).derive(unicodedata.normalize("NFC", slot["passphrase"]).encode("utf-8"))
    if slot["kind"] == "recovery":
        return hmac.new(b"muniment/recovery/1", bytes.fromhex(slot["entropy"]), "sha256").digest()
    return bytes.fromhex(slot["key"])


def keyring(
    archive_id: UUID,
    number: int,
    body: dict[str, Any],
    keyring_key: bytes,
    slots: list[dict[str, Any]],
) -> bytes:
    common = {"format": "muniment/keyring/1", "archive": str(archive_id), "number": number}
    written = []
    for slot in slots:
        salt = bytes.fromhex(slot["salt"])
        bound = {"kind": slot["kind"], "salt": b64(salt), "parameters": slot["parameters"]}
        subkey = expand(slot_secret(slot), "muniment/keyring/1/slot", salt)
        wrapped = gcm(box_key(subkey), canonical(common | bound), keyring_key)
        written.append(bound | {"commitment": b64(commitment(subkey)), "wrapped": b64(wrapped)})
    header = canonical(common | {"commitment": b64(commitment(keyring_key)), "slots": written})
    header += b"\n"
    return header + gcm(box_key(keyring_key), header, canonical(body))


def recovery_code(entropy: bytes) -> str:
    digest = hashlib.sha256(b"muniment/recovery/1/checksum" + entropy).digest()
    bits = "".join(f"{byte:08b}" for byte in entropy) + "".join(f"{b:08b}" for b in digest)[:20]
    alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
    letters = "".join(alphabet[int(bits[i : i + 5], 2)] for i in range(0, 180, 5))
    return "-".join(letters[i : i + 4] for i in range(0, 36, 4))


def made(name: str, size: int = 32) -> bytes:
    """Bytes for a vector, from its name alone."""
    return hashlib.shake_128(name.encode()).digest(size)


def made_id(name: str) -> UUID:
    """A version 7 UUID of 2 January 2026 whose random bits come from a name."""
    value = 1767312000000 << 80 | int.from_bytes(made(name, 10), "big")
    return UUID(int=value & ~(0xF << 76) & ~(3 << 62) | 7 << 76 | 2 << 62)


def known_answers() -> dict[str, Any]:
    archive_id, segment_id = made_id("archive"), made_id("segment")
    frames = []
    for slot, (evidence, custody) in enumerate(
        [
            (b'{"text":"The fee is agreed."}', b'{"custodian":"alice"}'),
            (b"", b""),
            (b"A longer text, again and again. " * 20, b'{"labels":{"desk":"rates"}}'),
        ]
    ):
        arguments: dict[str, Any] = {
            "originator_id": str(made_id(f"originator {slot}")),
            "originator_version": slot + 1,
            "event_type": "interaction.captured",
            "evidence": evidence.hex(),
            "custody": custody.hex(),
            "data_key": made(f"data key {slot}").hex(),
        }
        data = frame(
            archive_id,
            UUID(arguments["originator_id"]),
            slot + 1,
            arguments["event_type"],
            evidence,
            custody,
            made(f"data key {slot}"),
        )
        subkey = expand(made(f"data key {slot}"), "muniment/frame/1/evidence")
        frames.append(
            arguments
            | {
                "frame": data.hex(),
                "evidence_subkey": subkey.hex(),
                "log_entry": log_entry(archive_id, data).hex(),
                "leaf_hash": leaf_hash(archive_id, data).hex(),
            }
        )
    sealed = [bytes.fromhex(each["frame"]) for each in frames]
    keys = {0: made("data key 0"), 2: made("data key 2")}
    blob_text = made("blob text", 150)
    entries = [
        {
            "seq": 7 + 2 * slot,
            "originator_id": each["originator_id"],
            "originator_version": each["originator_version"],
            "event_type": each["event_type"],
            "leaf_hash": each["leaf_hash"],
            "segment_id": str(segment_id),
            "slot": slot,
            "offset": 50 + sum(map(len, sealed[:slot])),
            "length": len(sealed[slot]),
        }
        for slot, each in enumerate(frames)
    ]
    body = {
        "created": "2026-01-02T00:00:00Z",
        "current_epoch": 2,
        "epochs": {"1": b64(made("epoch 1")), "2": b64(made("epoch 2"))},
        "identity_key": b64(made("identity key")),
        "log_signing_key": b64(made("log signing key")),
        "sandbox": True,
    }
    cost = {"memory_kib": 64, "iterations": 2, "lanes": 2}
    slots: list[dict[str, Any]] = [
        {"kind": "file", "parameters": {}, "key": made("file key").hex()},
        {"kind": "passphrase", "parameters": cost, "passphrase": "Stra\u00dfe, cafe\u0301, \u6771"},
        {"kind": "recovery", "parameters": {}, "entropy": made("recovery", 20).hex()},
    ]
    slots = [each | {"salt": made(f"salt {each['kind']}").hex()} for each in slots]
    return {
        "archive_id": str(archive_id),
        "frames": frames,
        "segment": {
            "segment_id": str(segment_id),
            "mode": 2,
            "month": 203212,
            "data": segment(archive_id, segment_id, 2, 203212, sealed).hex(),
        },
        "key_object": {
            "object_id": str(made_id("object")),
            "epoch": 2,
            "epoch_key": made("epoch 2").hex(),
            "keys": {str(slot): key.hex() for slot, key in keys.items()},
            "data": key_object(
                archive_id, segment_id, made_id("object"), 2, made("epoch 2"), keys
            ).hex(),
        },
        "blob": {
            "blob_id": str(made_id("blob")),
            "key": made("blob key").hex(),
            "chunk_size": 64,
            "plaintext": blob_text.hex(),
            "data": blob(archive_id, made_id("blob"), made("blob key"), blob_text, 64).hex(),
        },
        "commit_record": {
            "record_id": str(made_id("record")),
            "mac_key": expand(made("identity key"), "muniment/identity/1/commit-record").hex(),
            "entries": entries,
            "data": commit_record(
                archive_id,
                made_id("record"),
                entries,
                expand(made("identity key"), "muniment/identity/1/commit-record"),
            ).hex(),
        },
        "keyring": {
            "number": 3,
            "body": body,
            "slots": slots,
            "recovery_code": recovery_code(made("recovery", 20)),
            "key_text": "muniment-key-1:" + base64.b64encode(made("file key")).decode(),
            "data": keyring(archive_id, 3, body, made("keyring key"), slots).hex(),
        },
    }


if __name__ == "__main__":
    if VECTORS.exists():
        sys.exit(f"{VECTORS.name} is there already; a version's known answers do not change.")
    VECTORS.write_text(json.dumps(known_answers(), indent=1, sort_keys=True) + "\n")
