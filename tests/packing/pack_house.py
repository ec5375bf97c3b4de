"""Hosts of one archive that pack, and what must hold of it whatever has happened."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from archive.bucket.names import parse_keys_name, parse_segment_name
from archive.events.opener import DamagedEvent, ErasedEvent, OpenedEvent
from archive.events.pointers import PointerRow
from archive.events.relocations import Relocations
from archive.packing.candidates import PackLimits
from archive.packing.packer import Packed, Packer
from archive.sealing.commit import COMMIT_MAC_LABEL, decode_commit_record
from archive.sealing.leaf import leaf_hash
from tests.erasing.house import Host, keys_in

NOW = timedelta(0)
LIMITS = PackLimits(least_segments=2)


def packer(host: Host) -> Packer:
    return Packer(host.pointers, host.bucket, host.keyring, host.clock, LIMITS)


def pack(host: Host) -> Packed:
    """Pack whatever there is."""
    host.clock.sleep(0.01)
    return packer(host).pack(cold=NOW)


def rows(host: Host) -> list[PointerRow]:
    return host.pointers.select_pointers_from(None, 1_000)


def segments(host: Host) -> set[UUID]:
    return {parse_segment_name(name) for name in host.bucket.names("segments/")}


def check(host: Host, erased: Sequence[int] = (), *, settled: bool = True) -> None:
    """Check that every event reads as it must, and that bucket and SQL agree on where it is.

    `erased` are the events whose keys are destroyed: no key of theirs may be anywhere. Once all is
    settled, nothing of what was packed is left.
    """
    found = rows(host)
    for opened in host.opener.open_each(found):
        assert not isinstance(opened, DamagedEvent), opened.error
        assert isinstance(opened, ErasedEvent) == (opened.row.seq in erased), opened.row
        if isinstance(opened, OpenedEvent) and opened.row.type == "interaction.captured":
            assert (opened.evidence, opened.custody) == (b"said", b"whose")
    keys = keys_in(host.bucket, host.keyring)
    for row in found:
        place = row.pointer
        if row.seq in erased:
            assert place.is_dropped or place.slot not in keys.get(place.segment_id, set())
        else:
            frame = host.opener.frames([row])[row.seq]
            assert leaf_hash(host.keyring.archive_id, frame) == place.leaf_hash
    if settled:
        live = {row.pointer.segment_id for row in found if not row.pointer.is_dropped}
        assert host.pointers.packs() == []
        assert live <= segments(host)
        named = {parse_keys_name(each.name)[0] for each in host.bucket.versions("keys/")}
        assert named == set(_segments_in_sql(host))
    check_records(host)


def check_records(host: Host) -> None:
    """Check that commit and relocation records say of every event what SQL says."""
    key = host.keyring.derive(COMMIT_MAC_LABEL)
    names = list(host.bucket.names("commits/"))
    entries = [
        entry
        for name in names
        for entry in decode_commit_record(host.bucket.get(name), key).entries
    ]
    placed = Relocations(host.bucket, host.keyring).placed(entries)
    owed = {row.pack_id for row in host.pointers.packs() if row.record is not None}
    by_seq = {row.seq: row.pointer for row in rows(host)}
    assert [entry.seq for entry in placed] == sorted(by_seq)
    for entry in placed:
        pointer = by_seq[entry.seq]
        assert pointer.leaf_hash == entry.leaf_hash
        if pointer.segment_id not in owed:
            assert (pointer.segment_id, pointer.slot, pointer.offset, pointer.length) == (
                entry.segment_id,
                entry.slot,
                entry.offset,
                entry.length,
            )


def _segments_in_sql(host: Host) -> list[UUID]:
    return [segment_id for segment_id, _ in host.pointers.segments_after(None, 1_000)]
