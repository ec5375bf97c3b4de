"""Facts about the corpus, and how each is asked of a running archive."""

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from scripts.support import corpus
from scripts.support.home import Service
from scripts.support.show import some

_MARKS = re.compile(r"\A(?:(?:re|fwd?|aw|sv)\s*:\s*)+")


@dataclass(frozen=True)
class Fact:
    """One line of FACTS.json; `files` are the files that it names, if it does."""

    id: str
    set: str
    kind: str
    query: str
    answer: Any
    files: tuple[str, ...]


def facts(folder: Path, sets: Iterable[str]) -> list[Fact]:
    """Return the facts about the sets."""
    wanted = set(sets)
    listed = json.loads((folder / "FACTS.json").read_text(encoding="utf-8"))["facts"]
    return [
        Fact(
            id=each["id"],
            set=each["set"],
            kind=each["kind"],
            query=each["query"],
            answer=each["answer"],
            files=tuple(each.get("ids", ())),
        )
        for each in listed
        if each["set"] in wanted
    ]


class Facts:
    """Asks the service about each fact, and gathers what differs."""

    def __init__(
        self,
        service: Service,
        folder: Path,
        counted: Mapping[str, int],
        names: Mapping[str, str] | None = None,
        copies: Mapping[str, int] | None = None,
    ) -> None:
        """Take what was counted in files, and what facts call messages, by SHA-256 of them.

        Without `names`, every file of a set is one message that bears the file's name. `copies`
        tells how often records stand in their set, byte for byte the same, if more than once:
        facts count every copy, while the archive takes one.
        """
        self._service = service
        self._folder = folder
        self._counted = counted
        self._names = names
        self._copies = copies or {}

    def wrong(self, fact: Fact) -> str | None:
        """Say how a fact fails to hold, or return None if it does hold."""
        if fact.kind == "lookup":
            return self._lookup(fact)
        if fact.kind == "file-count":
            return differs(fact.answer, self._counted[f"{fact.set}/{fact.query}"])
        if fact.kind == "duplicate-message-id":
            return differs(fact.answer, self._repeated_ids(fact.set))
        if fact.kind == "thread-by-subject":
            return differs(fact.answer, self._of_subject(fact))
        query = f'source:"{fact.set}" {condition(fact)}'
        found = self._total(query)
        if not fact.files or not (told := self._other_files(fact, query)):
            return differs(fact.answer, found)
        return f"{differs(fact.answer, found) or 'the number is right'}; {told}"

    def _lookup(self, fact: Fact) -> str | None:
        wanted = fact.answer
        message_id = fact.query.removeprefix("Message-ID ")
        found = self._service.found(f'source:"{fact.set}" id:"{message_id}"')
        if len(found) != 1:
            return f"{len(found)} records have this Message-ID"
        record = self._service.record(found[0]["id"])
        senders = [each["address"] for each in record["participants"] if each["role"] == "from"]
        return differs(
            (
                wanted["subject"],
                wanted["from"],
                datetime.fromisoformat(wanted["utc"]),
                corpus.sha256(self._folder / fact.set / wanted["file"]),
            ),
            (
                record["subject"],
                senders[0].lower(),
                datetime.fromisoformat(record["occurred_at"]),
                record["original"]["sha256"],
            ),
        )

    def _of_subject(self, fact: Fact) -> int:
        found = self._service.found(f'source:"{fact.set}" subject:"{fact.query}"')
        same = [each for each in found if bare_subject(each["subject"] or "") == fact.query]
        return sum(self._copies.get(each["id"], 1) for each in same)

    def _total(self, query: str) -> int:
        more = sum(
            times - 1
            for record_id, times in self._copies.items()
            if any(each["id"] == record_id for each in self._service.found(query))
        )
        return self._service.total(query) + more

    def _repeated_ids(self, source: str) -> int:
        results = self._service.found(f'source:"{source}"')
        records = [self._service.record(result["id"]) for result in results]
        times: Counter[str] = Counter()
        for record in records:
            times[record["native_id"]] += self._copies.get(record["id"], 1)
        return sum(count > 1 for native_id, count in times.items() if native_id)

    def _other_files(self, fact: Fact, query: str) -> str | None:
        records = [self._service.record(each["id"]) for each in self._service.found(query)]
        names = self._names or dict(corpus.by_digest(self._folder / fact.set))
        found = {names[record["original"]["sha256"]] for record in records}
        missing, more = sorted(set(fact.files) - found), sorted(found - set(fact.files))
        if not missing and not more:
            return None
        return f"not found: {some(missing) or 'none'}; found besides: {some(more) or 'none'}"


def condition(fact: Fact) -> str:
    """Translate a fact to the query language."""
    match fact.kind:
        case "sender":
            return f"from:{fact.query}"
        case "recipient":
            return f"(to:{fact.query} OR cc:{fact.query} OR bcc:{fact.query})"
        case "phrase":
            return f'"{fact.query}"'
        case "date-range":
            return f"sent:{month(fact.query)}"
        case "sender+date":
            return f"from:{fact.query.split()[0]} sent:{month(fact.query)}"
        case "custodian":
            return f"custodian:{fact.query.split()[2]}"
    return {
        "count": "",
        "attachments": "has:attachment",
        "html-only": "is:html-only",
        "no-date": "is:undated",
    }[fact.kind]


def bare_subject(text: str) -> str:
    """Return a subject as facts about threads count it: folded, and without reply marks."""
    return _MARKS.sub("", " ".join(text.split()).lower())


def month(text: str) -> str:
    """Return the month that a fact names, as `2001-07`."""
    return next(word for word in text.split() if word[:4].isdigit())


def differs(wanted: object, found: object) -> str | None:
    """Say how two answers differ."""
    return None if wanted == found else f"the fact says {wanted}, the archive {found}"
