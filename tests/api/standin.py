"""A small archive in memory, for what the doors do by themselves and for faults on demand."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from types import SimpleNamespace
from uuid import UUID, uuid4, uuid5

from pydantic import ValidationError

from archive.access.answers import (
    ConversationAnswer,
    ConversationItem,
    HistoryAnswer,
    HistoryEvent,
    Original,
    OriginalInfo,
    Place,
    RecordAnswer,
)
from archive.access.search_answers import (
    Highlight,
    ParsedQuery,
    SearchAnswer,
    SearchRequest,
    SearchResult,
)
from archive.capture.answers import CaptureResult
from archive.errors import GoneError, InvalidError, NotFoundError, UnauthenticatedError
from archive.health import FollowerState, Health
from archive.model.interaction import IncomingInteraction
from archive.model.roles import Actor, Permission, Purpose, Role, require, require_purpose
from archive.users.entrance import SessionKey

ADMINISTRATOR = "administrator-token"
LEGAL = "legal-token"
COLLECTOR = "collector-token"
ACTORS = {
    ADMINISTRATOR: Actor("u1", "administrator", Role.ADMINISTRATOR),
    LEGAL: Actor("u2", "legal", Role.LEGAL),
    COLLECTOR: Actor("u3", "collector", Role.COLLECTOR),
}
CAPTURED = datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)
NAMESPACE = UUID(int=7)


class Keys:
    """Idempotency keys as the archive keeps them."""

    def __init__(self) -> None:
        self.bound: dict[tuple[str, str], list[str]] = {}

    def bind(self, actor_id: str, key: str, sha256: str) -> bool:
        bodies = self.bound.setdefault((actor_id, key), [])
        bodies += [sha256] if sha256 in bodies or not bodies else []
        return sha256 in bodies

    def give_back(self, actor_id: str, key: str) -> None:
        self.bound[actor_id, key].pop()


class StandIn:
    """The archive's public face; `fault` is raised by the next call that needs the archive."""

    def __init__(self) -> None:
        self.records: dict[UUID, tuple[IncomingInteraction, bytes]] = {}
        self.erased: set[UUID] = set()
        self.noted: list[tuple[str, str, str]] = []
        self.revoked: set[str] = set()
        self.ended: set[UUID] = set()
        self.fault: BaseException | None = None
        self.fault_after = 0
        self.not_ready: tuple[str, ...] = ()
        self.request_keys = Keys()
        self.access = self
        self.intake = self
        self.entrance = self
        self.settings = SimpleNamespace(organisation="")
        self.audit = self
        self.brake = self
        self.held_up = 0

    def hold_up(self) -> None:
        self.held_up += 1

    def bulk(self) -> "StandIn":
        return self

    def __enter__(self) -> "StandIn":
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def _fail(self) -> None:
        if self.fault is not None:
            if self.fault_after == 0:
                raise self.fault
            self.fault_after -= 1

    def session_key(self) -> bytes:
        return b"k" * 32

    def record(self, actor: Actor, purpose: Purpose, action: str, *, allowed: bool = True) -> None:
        self.noted.append((action, actor.id, str(purpose)))

    def require(self, actor: Actor, permission: Permission, action: str) -> None:
        require(actor, permission)

    def by_token(self, token: str, address: str | None = None) -> Actor:
        if token not in ACTORS or token in self.revoked:
            raise UnauthenticatedError("This token is not valid.")
        return ACTORS[token]

    def sign_in_by_token(self, token: str, address: str | None = None) -> SessionKey:
        self.by_token(token)
        return SessionKey(id=uuid4(), user=NAMESPACE, version=1, token=token)

    def by_session(self, key: SessionKey, address: str | None = None) -> Actor:
        if key.id in self.ended or key.token is None:
            raise UnauthenticatedError("The session has ended.")
        return self.by_token(key.token)

    def sign_out(self, key: SessionKey, address: str | None = None) -> None:
        self.ended.add(key.id)

    def capture(self, actor: Actor, lines: Sequence[bytes]) -> list[CaptureResult]:
        return self.commit(self.read(actor, lines))

    def allow(self, actor: Actor) -> None:
        require(actor, Permission.CAPTURE)

    def read(self, actor: Actor, lines: Sequence[bytes]) -> Sequence[bytes]:
        self.allow(actor)
        return lines

    def commit(self, batch: Sequence[bytes]) -> list[CaptureResult]:
        self._fail()
        return [self._captured(line) for line in batch]

    def _captured(self, line: bytes) -> CaptureResult:
        try:
            item = IncomingInteraction.model_validate_json(line)
        except ValidationError as error:
            place = ".".join(str(part) for part in error.errors()[0]["loc"]) or "the line"
            return CaptureResult(status="rejected", reason=f"{place} is not right.")
        id = uuid5(NAMESPACE, f"{item.source}/{item.native_id}")
        if id in self.erased:
            return CaptureResult(status="erased", id=id)
        known = id in self.records
        self.records.setdefault(id, (item, line))
        seq = list(self.records).index(id) + 1
        return CaptureResult(status="already" if known else "archived", id=id, seq=seq)

    def search(self, actor: Actor, purpose: Purpose, asked: SearchRequest) -> SearchAnswer:
        require(actor, Permission.SEARCH)
        require_purpose(actor, purpose)
        self._fail()
        if (place := asked.query.find("(")) >= 0:
            raise InvalidError(
                "The parenthesis is not closed.", column=place + 1, query=asked.query
            )
        start = self._start(asked.cursor)
        found = [
            (number, id, item)
            for number, (id, (item, _)) in enumerate(self.records.items(), 1)
            if asked.query.lower() in f"{item.subject} {item.text}".lower()
        ]
        self.noted.append(("search", actor.id, str(purpose)))
        page = [] if asked.count else found[start : start + asked.limit]
        more = start + asked.limit < len(found) and not asked.count
        return SearchAnswer(
            query=ParsedQuery(parsed=asked.query, ast={"words": asked.query.split()}),
            total=len(found),
            as_of=len(self.records),
            unsearchable=0,
            results=tuple(self._result(number, id, item, asked.query) for number, id, item in page),
            facets={"channel": {"email": len(found)}} if asked.facets else None,
            cursor=f"at{start + asked.limit}" if more else None,
        )

    def _start(self, cursor: str | None) -> int:
        if cursor is None:
            return 0
        if not cursor.startswith("at") or not cursor[2:].isascii() or not cursor[2:].isdigit():
            raise InvalidError("The cursor is not one of this search.")
        return int(cursor[2:])

    def _result(self, seq: int, id: UUID, item: IncomingInteraction, query: str) -> SearchResult:
        snippet = (item.text or "")[:200]
        place = snippet.lower().find(query.lower()) if query else -1
        marks = (Highlight(start=place, end=place + len(query)),) if place >= 0 else ()
        people = [person.address or person.name or "" for person in item.participants]
        return SearchResult(
            id=id,
            seq=seq,
            channel=item.channel,
            kind=item.kind,
            source=item.source,
            custodian=item.custodian,
            sender=people[0],
            recipients=tuple(people[1:]),
            subject=item.subject,
            occurred_at=item.occurred_at,
            snippet=snippet,
            highlights=marks,
        )

    def _found(self, id: UUID) -> tuple[IncomingInteraction, bytes]:
        self._fail()
        if id in self.erased:
            raise GoneError(f"The record {id} has been erased.")
        if id not in self.records:
            raise NotFoundError(f"There is no record {id}.")
        return self.records[id]

    def show(
        self, actor: Actor, purpose: Purpose, id: UUID, *, as_of: int | None = None
    ) -> RecordAnswer:
        require(actor, Permission.READ)
        require_purpose(actor, purpose)
        found = self._record(id)
        self.noted.append(("show", actor.id, str(purpose)))
        return found

    def conversation(
        self,
        actor: Actor,
        purpose: Purpose,
        id: UUID,
        *,
        limit: int = 50,
        cursor: str | None = None,
    ) -> ConversationAnswer:
        """Everything is one conversation, in the order of capture."""
        require(actor, Permission.READ)
        require_purpose(actor, purpose)
        self._found(id)
        start = self._start(cursor)
        items = [
            ConversationItem(id=each, position=position, state="erased", problem="Erased.")
            if each in self.erased
            else ConversationItem(id=each, position=position, record=self._record(each))
            for position, each in enumerate(self.records, 1)
        ]
        self.noted.append(("conversation", actor.id, str(purpose)))
        more = start + limit < len(items)
        return ConversationAnswer(
            id=next(iter(self.records)),
            total=len(items),
            items=tuple(items[start : start + limit]),
            cursor=f"at{start + limit}" if more else None,
        )

    def _record(self, id: UUID) -> RecordAnswer:
        item, raw = self._found(id)
        ids = list(self.records)
        place = ids.index(id)
        return RecordAnswer(
            id=id,
            version=1,
            seq=list(self.records).index(id) + 1,
            captured_at=CAPTURED,
            **item.model_dump(
                exclude={"attachments", "html", "original", "participants", "metrics"}
            ),
            participants=item.participants,
            html_text=item.html,
            attachments=(),
            metrics=item.metrics,
            problems=("A part could not be read.",),
            edited=False,
            deleted=False,
            original=self._info(raw),
            place=Place(
                position=place + 1,
                total=len(ids),
                previous=ids[place - 1] if place else None,
                next=ids[place + 1] if place + 1 < len(ids) else None,
            ),
        )

    def _info(self, raw: bytes) -> OriginalInfo:
        return OriginalInfo(
            media_type="application/json", size=len(raw), sha256=hashlib.sha256(raw).hexdigest()
        )

    def original(
        self, actor: Actor, purpose: Purpose, id: UUID, *, as_of: int | None = None
    ) -> Original:
        require(actor, Permission.READ)
        require_purpose(actor, purpose)
        _, raw = self._found(id)
        self.noted.append(("original", actor.id, str(purpose)))
        return Original(self._info(raw), f"{id}.json", self._chunks(raw))

    def attachment(
        self, actor: Actor, purpose: Purpose, id: UUID, part: str, *, as_of: int | None = None
    ) -> Original:
        """No record here has attachments."""
        require(actor, Permission.READ)
        require_purpose(actor, purpose)
        self._found(id)
        raise NotFoundError(f"The record {id} has no such attachment.")

    def _chunks(self, raw: bytes) -> Iterator[bytes]:
        for place in range(0, len(raw), 16):
            yield raw[place : place + 16]

    def history(self, actor: Actor, purpose: Purpose, id: UUID) -> HistoryAnswer:
        require(actor, Permission.READ)
        self._fail()
        if id not in self.records:
            raise NotFoundError(f"There is no record {id}.")
        event = HistoryEvent(
            seq=1,
            version=1,
            type="captured",
            recorded_at=CAPTURED,
            leaf_hash="ab" * 32,
            segment="s",
        )
        return HistoryAnswer(id=id, events=(event,))

    def health(self) -> Health:
        self._fail()
        return Health(
            ready=not self.not_ready,
            last_seq=len(self.records),
            followers=(FollowerState(name="index", position=len(self.records), lag=0),),
            problems=self.not_ready,
        )


def interaction(native_id: str = "m1", **changes: object) -> bytes:
    """Give the JSON of an interaction that is right, with changes."""
    value = {
        "source": "mail",
        "native_id": native_id,
        "channel": "email",
        "occurred_at": "2001-05-14T16:39:00Z",
        "participants": [
            {"role": "from", "address": "ann@example.com", "name": "Ann"},
            {"role": "to", "address": "bob@example.org"},
        ],
        "subject": "Side letter",
        "text": "The side letter is <b>not</b> to be shown.",
        **changes,
    }
    return json.dumps(value).encode()
