"""The files of a record: its original and what was attached to it, opened by name."""

from collections.abc import Callable, Iterator
from typing import Final
from uuid import UUID

from archive.errors import CorruptError, NotFoundError
from archive.events.records import Loaded, Records
from archive.events.types import Part
from archive.model.interaction import Attachment

ORIGINAL: Final = "original"
"""The name of the captured bytes; every other file is named by its `Attachment.part`."""
_LONGEST_NAME: Final = 120
_APART: Final = frozenset('/\\:*?"<>|')
"""What parts a path, or cannot stand in a file's name, on one system or another."""


def opener(loaded: Loaded, records: Records) -> Callable[[str], Iterator[bytes]]:
    """Return what streams a file of a record, by its name.

    Raises, as it is read: CorruptError where the file is not found in the original or its bytes do
    not check, GoneError where the record was redacted.
    """
    interaction, found = loaded.interaction, None

    def whole() -> bytes:
        return b"".join(records.read_part(interaction, interaction.captured.original))

    def beside(name: str) -> Part | None:
        return next((each for each in interaction.captured.extra_parts if each.name == name), None)

    def opened(name: str) -> Iterator[bytes]:
        nonlocal found
        # A document that was captured as a file is its own attachment, whose part is empty.
        part = interaction.captured.original if name in (ORIGINAL, "") else beside(name)
        if part is not None:
            yield from records.read_part(interaction, part)
            return
        if found is None:
            # It brings every reader of a format with it, which only this needs.
            from archive.capture.parse import attachment_opener

            found = attachment_opener(whole(), interaction.captured.original.media_type)
        try:
            yield found(name)
        except NotFoundError as error:
            raise CorruptError(
                f"The file {name} of record {interaction.id} is not found in its original; take "
                "the original in its place."
            ) from error

    return opened


def file_name(attachment: Attachment, record_id: UUID) -> str:
    """Return the name under which an attachment is given away.

    It is the source's own, but for what could lead out of a folder, hide how it ends, or does not
    print; where nothing of it is left, that of the record.
    """
    name = "".join(
        each if each.isprintable() and each not in _APART else "_"
        for each in attachment.filename or ""
    ).strip(" .")
    if len(name) > _LONGEST_NAME:
        stem, dot, end = name.rpartition(".")
        keep = len(dot + end) if stem and len(end) < 9 else 0
        name = name[: _LONGEST_NAME - keep] + (dot + end if keep else "")
    return name or f"{record_id}.bin"
