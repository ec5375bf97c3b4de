"""What the documents of a package say, as objects for JSON: records, and the account. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from archive.events.access_request_events import Withheld
from archive.model.interaction import Participant, rfc3339
from archive.model.record import Record
from policies.access_requests.contents import Contents, Given
from policies.evaluation import Evaluation

FORM: Final = "muniment access package 1"
FILE_WITHHELD: Final = "It can hold data of others that cannot be replaced in it (Article 15(4))."
GROUNDS: Final[Mapping[Withheld, str]] = {
    Withheld.RIGHTS_OF_OTHERS: "it would adversely affect the rights of others (Article 15(4))",
    Withheld.EXEMPTION: "another law exempts it (Article 23)",
    Withheld.UNRELATED: "it is not about you",
    Withheld.RESTRICTED: "its processing is restricted (Article 18)",
    Withheld.UNREADABLE: "it cannot be opened",
    Withheld.ERASED: "it was erased",
}


@dataclass(frozen=True, slots=True)
class FileTold:
    """A file that came with a record; `path` is where it stands in the package, if it is given."""

    name: str
    filename: str | None
    media_type: str
    size: int
    path: str | None


@dataclass(slots=True)
class Counted:
    """What was written of a package so far."""

    channels: Counter[str] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    sources: Counter[str] = field(default_factory=Counter)
    files_given: int = 0
    files_withheld: int = 0

    def add(self, shown: Record, files: Iterable[FileTold]) -> None:
        """Count a record, as it is shown, with its files."""
        self.channels[shown.content.channel] += 1
        self.kinds[shown.content.kind] += 1
        self.sources[shown.content.source] += 1
        for each in files:
            self.files_given += each.path is not None
            self.files_withheld += each.path is None


def record_document(given: Given, shown: Record, files: Iterable[FileTold]) -> dict[str, Any]:
    """Return what a package tells of a record, from the record as it is shown."""
    content = shown.content
    return {
        "number": given.number,
        "id": str(shown.id),
        "channel": content.channel,
        "kind": content.kind,
        "direction": content.direction,
        "occurred_at": content.occurred_at and rfc3339(content.occurred_at),
        "captured_at": rfc3339(shown.captured_at),
        "source": content.source,
        "custodian": shown.custodian,
        "conversation": content.conversation,
        "participants": [_participant(each) for each in content.participants],
        "subject": content.subject,
        "text": content.text,
        "html_text": content.html_text,
        "language": content.language,
        "location": content.location,
        "metrics": content.metrics and content.metrics.model_dump(mode="json", exclude_none=True),
        "edited": shown.edited,
        "deleted": shown.deleted,
        "files": [_file(each) for each in files],
        **_storage(given.storage),
    }


def account_document(contents: Contents, counted: Counted) -> dict[str, Any]:
    """Return the account of a case as its package tells it."""
    case, made = contents.case, contents.made
    return {
        "form": FORM,
        "case": str(case.id),
        "name": case.opened.name,
        "reference": case.opened.reference,
        "received_on": str(case.opened.received_on),
        "due_on": str(case.due_on),
        "as_of": made.as_of,
        "made_at": rfc3339(made.at),
        "checkpoint": made.checkpoint,
        "aliases": sorted(case.aliases),
        "statement": case.statement,
        "found": len(case.found),
        "records": len(contents.records),
        "channels": dict(sorted(counted.channels.items())),
        "kinds": dict(sorted(counted.kinds.items())),
        "sources": dict(sorted(counted.sources.items())),
        "files": {"given": counted.files_given, "withheld": counted.files_withheld},
        "read_for": [each.model_dump(mode="json") for each in contents.read_for],
        "left_out": [
            {"record": str(each.record), "ground": each.ground, "reason": each.reason}
            for each in contents.left_out
        ],
        "not_searched": {"unread": case.unsearched, "unopened": case.unopened},
    }


def storage_in_words(storage: Evaluation | None) -> str:
    """Tell until when a record is stored; holds, which come and go, are not told of."""
    if storage is None or storage.unreadable:
        return "It is not known what the retention policies say of it."
    if storage.indefinite:
        return "It is kept until an event that a retention policy waits for, and for a time then."
    parts = []
    if storage.retain_until is not None:
        parts.append(f"It is kept at least until {_day(storage.retain_until)}.")
    if storage.delete_at is not None:
        parts.append(f"Its deletion is due from {_day(storage.delete_at)} on.")
    return " ".join(parts) or "No retention policy says how long it is kept."


def _storage(storage: Evaluation | None) -> dict[str, str | None]:
    kept = storage.retain_until if storage is not None else None
    deleted = storage.delete_at if storage is not None else None
    return {
        "kept_until": rfc3339(kept) if kept else None,
        "deletion_from": rfc3339(deleted) if deleted else None,
        "storage": storage_in_words(storage),
    }


def _participant(one: Participant) -> dict[str, Any]:
    return one.model_dump(mode="json", exclude_none=True)


def _file(file: FileTold) -> dict[str, Any]:
    return {
        "name": file.name,
        "filename": file.filename,
        "media_type": file.media_type,
        "size": file.size,
        "path": file.path,
        "withheld": None if file.path is not None else FILE_WITHHELD,
    }


def record_name(number: int) -> str:
    """Return how the files of a record begin."""
    return f"{number:06}"


def left_out_in_words(record: UUID, ground: Withheld, reason: str) -> str:
    """Tell of a record that is not given."""
    return f"{record}: {GROUNDS[ground]}{f' - {reason}' if reason else ''}"


def _day(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d}"
