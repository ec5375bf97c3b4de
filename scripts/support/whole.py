"""Whether an archive is whole: what SQL and what the bucket say of its events, compared."""

from struct import unpack_from
from uuid import UUID

from scripts.support import objects
from scripts.support.home import Home
from scripts.support.objects import Entry
from scripts.support.show import check, some

CAPTURED = "interaction.captured"


def rows(home: Home) -> list[Entry]:
    """Return the events that SQL knows, in order."""
    return sorted(
        (_row(*columns) for columns in home.place.select("stored_events")),
        key=lambda entry: entry.seq,
    )


def _row(seq: int, originator: bytes, version: int, topic: str, pointer: bytes) -> Entry:
    _, segment, slot, offset, length, leaf = unpack_from(">B16sIQI32s", pointer)
    place = (UUID(bytes=segment), slot, offset, length)
    return Entry(seq, UUID(bytes=originator), version, topic, leaf, *place)


def captured(home: Home) -> set[UUID]:
    """Return the ids of all interactions that SQL knows."""
    return {row.originator for row in rows(home) if row.type == CAPTURED}


def check_whole(home: Home, interactions: int) -> None:
    """Check that so many interactions were captured, each once, and that the bucket agrees."""
    known = rows(home)
    originators = [row.originator for row in known if row.type == CAPTURED]
    check(len(originators) == interactions, f"{len(originators)} events, not {interactions}")
    check(len(set(originators)) == interactions, "an interaction was captured twice")
    others = {row.type for row in known if row.type.startswith("interaction.")} - {CAPTURED}
    check(not others, f"there are events that nobody asked for: {some(sorted(others))}")
    check([row.seq for row in known] == list(range(1, len(known) + 1)), "numbers are missing")
    there = home.place.names()
    named = [
        entry
        for name in there
        if objects.kind_of(name) == "commit record"
        for entry in objects.entries(home.place.read(name))
    ]
    check(sorted(named, key=lambda entry: entry.seq) == known, "commit records differ from SQL")
    segments = {name.rpartition("/")[2].removesuffix(".seg") for name in there}
    keys = {name.split("/")[1] for name in there if objects.kind_of(name) == "key object"}
    missing = {str(entry.segment) for entry in named} - (segments & keys)
    check(not missing, f"segments without frames or keys: {some(sorted(missing))}")


def blob_references(home: Home, blob: UUID) -> set[UUID]:
    """Return the ids of the records that refer to a blob."""
    found = home.place.select("blob_references", "blob_id, originator_id")
    return {UUID(bytes=originator) for blob_id, originator in found if blob_id == blob.bytes}
