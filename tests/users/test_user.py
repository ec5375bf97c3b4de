"""A user as the events tell, also where one of them cannot be read any more."""

from datetime import UTC, datetime
from uuid import UUID

import pytest

from archive.events import user_events as happened
from archive.events.event import Event
from archive.events.mapper import EventMapper
from archive.events.types import TwoBoxes
from archive.model.roles import GRANTS, Permission, Role
from archive.users.user import User, evolve, lose

ID = UUID(int=5)
NOW = datetime(2024, 5, 1, tzinfo=UTC)
BEGUN: tuple[Event, ...] = (
    happened.UserRegistered(
        originator_id=ID, originator_version=1, recorded_at=NOW, name="Ann", roles=("legal",)
    ),
    happened.PasswordSet(
        originator_id=ID, originator_version=2, recorded_at=NOW, hash="phc", by="x"
    ),
    happened.TokenIssued(originator_id=ID, originator_version=3, recorded_at=NOW, digest="aa"),
    happened.CodesStarted(
        originator_id=ID,
        originator_version=4,
        recorded_at=NOW,
        secret="ABC",
        recovery=("r1", "r2"),
        by="x",
    ),
)


def begun() -> User:
    user: User | None = None
    for event in BEGUN:
        user = evolve(user, event)
    assert user is not None
    return user


def lost(kind: type[Event]) -> User:
    user = lose(begun(), kind.type, 5)
    assert user is not None and user.version == 5
    return user


def test_the_stream_is_folded() -> None:
    user = begun()
    assert (user.name, user.roles, user.version) == ("Ann", (Role.LEGAL,), 4)
    assert user.password == "phc" and user.enabled and not user.administers
    assert user.actor().permissions == GRANTS[Role.LEGAL]
    assert user.sessions_since == 4


def test_a_lost_event_never_opens_a_door() -> None:
    assert not lost(happened.UserDisabled).enabled
    assert not lost(happened.UserRolesChanged).enabled
    assert lost(happened.UserRestricted).custodians == frozenset()
    assert lost(happened.TokenRevoked).tokens["aa"].revoked
    assert lost(happened.PasswordSet).password is None
    assert lost(happened.CodesStarted).password is None
    codes = lost(happened.RecoveryCodeUsed).codes
    assert codes is not None and not codes.recovery
    assert lost(happened.SessionsEnded).sessions_since == 5


@pytest.mark.parametrize("kind", [happened.UserEnabled, happened.TokenIssued])
def test_a_lost_event_that_gave_gives_nothing(kind: type[Event]) -> None:
    user = lost(kind)
    assert user.tokens == begun().tokens and user.enabled == begun().enabled


def test_a_lost_beginning_is_nobody() -> None:
    user = lose(None, happened.UserRegistered.type, 1)
    for event in BEGUN[1:]:
        user = evolve(user, event)
    assert user is None


def test_a_narrowed_token_narrows() -> None:
    event = happened.TokenIssued(
        originator_id=ID,
        originator_version=5,
        recorded_at=NOW,
        digest="bb",
        permissions=("capture",),
        purposes=("matter",),
    )
    user = evolve(begun(), event)
    assert user is not None
    actor = user.actor(user.tokens["bb"])
    assert actor.permissions == {Permission.CAPTURE}
    assert actor.purposes == frozenset({"matter"}) and not actor.whole


def test_a_user_of_one_role_is_read_as_before() -> None:
    evidence = b'{"recorded_at":"2024-05-01T00:00:00Z","name":"legal","role":"legal"}'
    cls = happened.UserRegistered
    fields = cls.fields_of(evidence, b"")
    cls.upcast_v1_v2(fields)
    event = cls.model_validate(fields | {"originator_id": ID, "originator_version": 1})
    assert event.roles == ("legal",) and event.by == "local"


def test_secrets_stand_in_the_custody_box_alone() -> None:
    for event in (BEGUN[1], BEGUN[3]):
        evidence, _ = TwoBoxes().split(EventMapper().to_stored_event(event).state)
        assert not any(word in evidence for word in (b"phc", b"ABC", b"r1", b"hash", b"secret"))
