"""What an event tells of an act: one entry of the trail for each, whatever kind of event it is."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, Literal
from uuid import UUID

from pydantic import Field

from archive.errors import InvalidError
from archive.events.access_request_events import (
    ACCESS_REQUEST_EVENTS,
    AccessRequestDecided,
    AccessRequestStated,
)
from archive.events.case_events import CaseEvent, CaseSearched
from archive.events.disposition_events import DispositionCondemned, DispositionEvent
from archive.events.erasure_events import ERASURE_EVENTS, ErasureDecided, ErasureLifted
from archive.events.event import Event
from archive.events.hold_events import HoldEvent, HoldPlaced, HoldsChecked, HoldScopeChanged
from archive.events.matter_events import MatterContents, MatterEvent
from archive.events.opener import DamagedEvent
from archive.events.people_events import PersonEvent
from archive.events.pointers import PointerRow
from archive.events.policy_events import PolicyEvent
from archive.events.purge_events import PurgePlanned
from archive.events.retention_events import RetentionEventEvent
from archive.events.search_events import SearchEvent
from archive.events.trail_events import TrailRetentionEvent
from archive.events.types import AccessRecorded, Erased, KeyringWritten, KeysCondemned, Sent
from archive.events.user_events import Change, SessionBegan, SessionEnded, SignInRefused
from archive.model.interaction import Frozen
from archive.model.roles import Purpose
from archive.users.user import TOKEN_ID_LENGTH

READS: Final = (
    *("show", "original", "attachment", "as-sent", "similar"),
    *("conversation", "history", "prove"),
    "access-request.package",
)
"""The actions by which somebody reads records that they name."""
COPIES: Final = ("original", "attachment", "prove")
"""Those of them that give captured bytes away."""
SEARCHES: Final = ("search", "hits", "unsearchable")
"""The actions by which somebody asks what there is."""

_CHANGES: Final = (
    *("user.", "token.", "session.", "sign-in."),
    *("policy.", "retention-event.", "hold.", "matter.", "person.", "search.", "disposition."),
    "audit-retention.",
)
_OTHERS: Final = frozenset(
    {AccessRecorded.type, KeysCondemned.type, KeyringWritten.type, PurgePlanned.type}
).union(
    each.type for each in (*ERASURE_EVENTS, *ACCESS_REQUEST_EVENTS) if issubclass(each, CaseEvent)
)
# They accompany an act in its commit, and would tell of it twice.
_COMPANIONS: Final = frozenset(
    {"user.recovery-code-used", HoldsChecked.type, DispositionCondemned.type}
)
_ASIDE: Final = frozenset({"originator_id", "originator_version", "recorded_at", "by", "address"})


class TrailEntry(Frozen):
    """One act: who, why, what, when, from where, and how much came of it.

    `action` is that of a read, or the type of the event. `actor` is a user's id or `local`; null
    for somebody who was not known. `records` are those shown, or asked for and refused; `user` is
    whom an act on users was about, and `change` what it set. Of an entry that is erased or damaged
    no more is known than that it is there.
    """

    seq: int
    at: datetime | None
    state: Literal["readable", "erased", "damaged"] = "readable"
    action: str | None = None
    allowed: bool | None = None
    actor: str | None = None
    actor_name: str | None = None
    roles: tuple[str, ...] = ()
    purpose: str | None = None
    matter: str | None = None
    query: str | None = None
    as_of: int | None = None
    total: int | None = None
    records: tuple[UUID, ...] = ()
    user: UUID | None = None
    user_name: str | None = None
    change: Mapping[str, Any] = Field(default_factory=dict)
    address: str | None = None
    token: str | None = None
    request_id: str | None = None


def is_act(type: str) -> bool:
    """Say whether events of a type are entries of the trail."""
    return type not in _COMPANIONS and (type in _OTHERS or type.startswith(_CHANGES))


def entry(row: PointerRow, event: Event | DamagedEvent) -> TrailEntry:
    """Return the entry of an event whose type is an act's."""
    if isinstance(event, DamagedEvent):
        return TrailEntry(seq=row.seq, at=None, state="damaged")
    if isinstance(event, Erased):
        return TrailEntry(seq=row.seq, at=None, state="erased")
    return TrailEntry(seq=row.seq, at=event.recorded_at, **_told(row, event))


def _told(row: PointerRow, event: Event) -> dict[str, Any]:
    match event:
        case AccessRecorded():
            kept = ("action", "allowed", "actor", "purpose", "query", "as_of", "total", "records")
            return {
                **{name: getattr(event, name) for name in (*kept, "token", "request_id")},
                "roles": tuple(event.role.split(", ")),
                "address": event.address,
                "matter": _matter(event.purpose),
            }
        case KeysCondemned():
            told = {"ground": event.ground, "events": len(event.events)}
            if event.redacted:
                told["redacted"] = len(event.redacted)
            gone = (*event.records, *event.redacted)
            return _done(row, event.actor) | {"records": gone, "change": told}
        case KeyringWritten():
            told = event.model_dump(mode="json", exclude={*_ASIDE, "actor"})
            return _done(row, event.actor) | {"change": told}
        case Change():
            about = row.originator_id if row.type.startswith(("user.", "token.")) else None
            return _done(row, event.by) | {
                "user": about,
                "change": _change(event),
                "address": event.address,
            }
        case (
            PolicyEvent()
            | RetentionEventEvent()
            | PersonEvent()
            | SearchEvent()
            | TrailRetentionEvent()
        ):
            return _done(row, event.by) | {"change": _change(event), "address": event.address}
        case PurgePlanned():
            told = event.model_dump(mode="json", exclude=set(_ASIDE))
            return _done(row, event.by) | {"change": told, "address": event.address}
        case DispositionEvent():
            told = event.model_dump(mode="json", exclude={*_ASIDE, "records", "own", "stages"})
            told["records"] = len(event.records)
            return _done(row, event.by) | {"change": told, "address": event.address}
        case HoldEvent():
            return _done(row, event.by) | {"change": _held(event), "address": event.address}
        case Sent():
            sent = {"records": (row.originator_id,), "token": event.sent_token}
            return _done(row, event.sent_by) | sent
        case CaseEvent():
            return _done(row, event.by) | {
                "change": _of_case(event),
                "records": _named_by(event),
                "address": event.address,
            }
        case MatterEvent():
            return _done(row, event.by) | {"change": _kept(event), "address": event.address}
        case SessionBegan() | SessionEnded() | SignInRefused():
            how = {name: getattr(event, name, None) for name in ("means", "why")}
            return _done(row, str(event.user) if event.user else None) | {
                "allowed": not isinstance(event, SignInRefused),
                "change": {name: value for name, value in how.items() if value is not None},
                "address": event.address,
                "token": event.token if isinstance(event, SignInRefused) else None,
            }
    return _done(row, None)


def _done(row: PointerRow, actor: str | None) -> dict[str, Any]:
    return {"action": row.type, "allowed": True, "actor": actor}


def _change(
    event: Change
    | PolicyEvent
    | RetentionEventEvent
    | PersonEvent
    | SearchEvent
    | TrailRetentionEvent,
) -> dict[str, Any]:
    """Return what a change set, without secrets; a token by its id."""
    told = event.model_dump(mode="json", exclude={*_ASIDE, *event.custody_fields})
    digest = told.pop("digest", None)
    return told if digest is None else {"token": digest[:TOKEN_ID_LENGTH], **told}


def _held(event: HoldEvent) -> dict[str, Any]:
    """Return what a change of a hold set; of the records of a list how many, of the tree none."""
    told = event.model_dump(mode="json", exclude={*_ASIDE, "scope", "condemned"})
    if not isinstance(event, HoldPlaced | HoldScopeChanged):
        return told
    scope = event.scope
    found = {
        "query": scope.query,
        "custodians": list(scope.custodians),
        "records": len(scope.records),
        "condemned": len(event.condemned),
    }
    return told | {name: value for name, value in found.items() if value}


def _named_by(event: CaseEvent) -> tuple[UUID, ...]:
    """Return the records that an act on a case names."""
    if isinstance(event, ErasureLifted):
        return event.records
    if isinstance(event, ErasureDecided | AccessRequestDecided):
        return tuple(each for ruling in event.rulings for each in ruling.records)
    return ()


def _of_case(event: CaseEvent) -> dict[str, Any]:
    """Return what an act on a case did; whom it is about stands in the case alone."""
    aside = {
        *_ASIDE,
        "name",
        "person",
        "aliases",
        "others",
        "query",
        "ast",
        "participant",
        "mention",
        "damaged",
    }
    told = {"case": str(event.originator_id), **event.model_dump(mode="json", exclude=aside)}
    if isinstance(event, CaseSearched):
        told |= {"participant": len(event.participant), "mention": len(event.mention)}
    if isinstance(event, ErasureLifted):
        told["records"] = len(event.records)
    if isinstance(event, AccessRequestStated):
        told["statement"] = len(event.statement)
    if isinstance(event, AccessRequestDecided):
        told["rulings"] = [
            each.model_dump(mode="json", exclude={"records"}) | {"records": len(each.records)}
            for each in event.rulings
        ]
    if isinstance(event, ErasureDecided):
        told["rulings"] = [
            {
                "decision": each.decision,
                "ground": each.causes[0].ground,
                "records": len(each.records),
            }
            for each in event.rulings
        ]
    return told


def _kept(event: MatterEvent) -> dict[str, Any]:
    """Return what a change of a matter set; of records how many."""
    told = event.model_dump(mode="json", exclude={*_ASIDE, "contents"})
    contents: MatterContents | None = getattr(event, "contents", None)
    if contents is None:
        return told
    found = contents.model_dump(mode="json") | {"records": len(contents.records)}
    return told | {name: value for name, value in found.items() if value}


def _matter(purpose: str) -> str | None:
    try:
        parsed = Purpose.parse(purpose)
    except InvalidError:
        return None
    return parsed.detail if parsed.kind == "matter" else None
