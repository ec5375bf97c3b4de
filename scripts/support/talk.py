"""The demo's company over and over, as many records as are asked for, as NDJSON.

What people say there reads like language: frequent and rare words, names, numbers and places, in
six languages. Every seed tells its years anew, with other cases and other words.
"""

import json
from collections.abc import Iterator
from datetime import date
from itertools import count, islice
from pathlib import Path
from typing import Any

from scripts.demo.company import Company, Person
from scripts.demo.items import Entry, Mail
from scripts.demo.timeline import everything

SOURCE = "talk"
_TODAY = date(2026, 11, 1)


def write(path: Path, records: int) -> None:
    """Write so many records, one a line; the same number gives the same records."""
    with path.open("w", encoding="utf-8") as file:
        for document in islice(_documents(), records):
            file.write(json.dumps(document, ensure_ascii=False) + "\n")


def _documents() -> Iterator[dict[str, Any]]:
    for seed in count(1):
        for number, item in enumerate(everything(Company(seed, _TODAY))):
            if isinstance(item, Mail):
                yield _mail(item, seed, number)
            elif isinstance(item, Entry) and not item.revises:
                yield _entry(item.document, seed, number)


def _mail(mail: Mail, seed: int, number: int) -> dict[str, Any]:
    thread = mail.references[0] if mail.references else mail.id
    return {
        "source": SOURCE,
        "native_id": f"{seed}-{number}",
        "channel": "email",
        "occurred_at": mail.sent.isoformat(),
        "conversation": f"{seed}-{thread}",
        "participants": [
            _participant("from", mail.sender),
            *(_participant("to", person) for person in mail.to),
            *(_participant("cc", person) for person in mail.cc),
        ],
        "subject": mail.subject,
        "text": mail.text,
        "language": mail.language,
        "custodian": mail.mailboxes[0],
    }


def _participant(role: str, person: Person) -> dict[str, str]:
    return {"role": role, "address": person.address, "name": person.name}


def _entry(document: dict[str, Any], seed: int, number: int) -> dict[str, Any]:
    left_out = ("attachments", "original", "in_reply_to", "html")
    kept = {
        key: value for key, value in document.items() if value is not None and key not in left_out
    }
    told = kept.get("conversation") or kept["native_id"]
    kept |= {"text": kept.get("text") or kept.get("subject") or "(a file)"}
    return kept | {
        "source": SOURCE,
        "native_id": f"{seed}-{number}",
        "conversation": f"{seed}-{told}",
    }
