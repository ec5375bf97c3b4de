"""Changing who may come in: by whom, what is refused, and that it holds at once."""

from datetime import timedelta

import pytest

from archive.errors import (
    ConflictError,
    ForbiddenError,
    InvalidError,
    NotFoundError,
    UnauthenticatedError,
)
from archive.model.roles import LOCAL_ACTOR, Actor, Permission, Role
from archive.opening import Archive, open_archive
from tests.users.conftest import MovableClock

ADMIN = Role.ADMINISTRATOR.value


def actor_of(archive: Archive, name: str) -> Actor:
    user = archive.users.named(name)
    assert user is not None
    return user.actor()


def test_a_name_is_given_once_whatever_its_case(archive: Archive) -> None:
    user = archive.administration.register(LOCAL_ACTOR, " Ann  Example ", [Role.LEGAL])
    assert user.name == "Ann Example"
    with pytest.raises(ConflictError, match="already"):
        archive.administration.register(LOCAL_ACTOR, "ann example", [Role.TRAINER])
    archive.administration.disable(LOCAL_ACTOR, "ANN EXAMPLE")
    with pytest.raises(ConflictError):
        archive.administration.register(LOCAL_ACTOR, "Ann Example", [Role.LEGAL])


@pytest.mark.parametrize("name", ["", "  ", "a\x1bb", "x" * 201])
def test_a_name_can_be_written_down(archive: Archive, name: str) -> None:
    with pytest.raises(InvalidError):
        archive.administration.register(LOCAL_ACTOR, name, [Role.LEGAL])


@pytest.mark.parametrize(
    "roles",
    [
        [],
        [Role.LOCAL],
        [Role.LEGAL, Role.LEGAL],
        [Role.ADMINISTRATOR, Role.LEGAL],
        [Role.AUDITOR, Role.COMPLIANCE_OFFICER],
        [Role.COLLECTOR, Role.LEGAL],
    ],
)
def test_duties_are_kept_apart(archive: Archive, roles: list[Role]) -> None:
    with pytest.raises(InvalidError):
        archive.administration.register(LOCAL_ACTOR, "ann", roles)
    with pytest.raises(InvalidError):
        archive.administration.change_roles(LOCAL_ACTOR, "legal", roles)


def test_roles_that_go_together_give_what_each_gives(archive: Archive) -> None:
    user = archive.administration.register(
        LOCAL_ACTOR, "ann", [Role.COMPLIANCE_OFFICER, Role.LEGAL]
    )
    assert {Permission.READ, Permission.OPERATE} <= user.actor().permissions


def test_the_last_administrator_stays(archive: Archive) -> None:
    administration = archive.administration
    with pytest.raises(ConflictError, match="last administrator"):
        administration.disable(LOCAL_ACTOR, ADMIN)
    with pytest.raises(ConflictError, match="last administrator"):
        administration.change_roles(LOCAL_ACTOR, ADMIN, [Role.LEGAL])
    administration.register(LOCAL_ACTOR, "second", [Role.ADMINISTRATOR])
    archive.follow()
    administration.disable(LOCAL_ACTOR, ADMIN)
    with pytest.raises(ConflictError, match="last administrator"):
        administration.disable(LOCAL_ACTOR, "second")
    administration.enable(LOCAL_ACTOR, ADMIN)
    administration.disable(LOCAL_ACTOR, "second")


def test_two_administrators_cannot_remove_each_other(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second change is decided while the first is being committed."""
    administration = archive.administration
    administration.register(LOCAL_ACTOR, "second", [Role.ADMINISTRATOR])
    archive.follow()
    commit = archive.committer.commit
    nested: list[bool] = []

    def meanwhile(group: object) -> None:
        if not nested:
            nested.append(True)
            administration.disable(LOCAL_ACTOR, "second")
        commit(group)  # type: ignore[arg-type]

    monkeypatch.setattr(archive.committer, "commit", meanwhile)
    with pytest.raises(ConflictError, match="last administrator"):
        administration.disable(LOCAL_ACTOR, ADMIN)
    assert [user.name for user in archive.users.all() if user.administers] == [ADMIN]


def test_only_who_administers_changes_others(archive: Archive) -> None:
    legal, administration = actor_of(archive, "legal"), archive.administration
    for attempt in (
        lambda: administration.register(legal, "x", [Role.LEGAL]),
        lambda: administration.everybody(legal),
        lambda: administration.show(legal, ADMIN),
        lambda: administration.disable(legal, ADMIN),
        lambda: administration.enable(legal, "legal"),
        lambda: administration.change_roles(legal, "legal", [Role.ADMINISTRATOR]),
        lambda: administration.restrict(legal, "legal", None),
        lambda: administration.set_password(legal, ADMIN, "correct horse battery"),
        lambda: administration.stop_codes(legal, "legal"),
        lambda: administration.end_sessions(legal, ADMIN),
        lambda: administration.issue_token(legal, ADMIN),
        lambda: administration.revoke_token(legal, "0" * 16),
    ):
        before = archive.pointers.last_seq()
        with pytest.raises(ForbiddenError):
            attempt()
        assert archive.pointers.last_seq() == before + 1, "the refusal is recorded"


def test_an_unknown_user_is_not_found(archive: Archive) -> None:
    with pytest.raises(NotFoundError):
        archive.administration.disable(LOCAL_ACTOR, "nobody")
    with pytest.raises(NotFoundError):
        archive.administration.revoke_token(LOCAL_ACTOR, "0" * 16)


def test_a_token_narrows_expires_and_is_revoked_at_once(
    archive: Archive, clock: MovableClock
) -> None:
    administration = archive.administration
    legal = actor_of(archive, "legal")
    text, token = administration.issue_token(
        legal,
        "legal",
        label="for the matter",
        permissions=[Permission.SEARCH],
        purposes=["matter"],
        expires_at=clock.now() + timedelta(days=1),
    )
    held = archive.entrance.by_token(text)
    assert held.permissions == {Permission.SEARCH} and held.purposes == frozenset({"matter"})
    with pytest.raises(ForbiddenError):
        administration.issue_token(held, "legal")
    with pytest.raises(ForbiddenError):
        administration.set_password(held, "legal", "correct horse battery")
    clock.move(days=2)
    with pytest.raises(UnauthenticatedError):
        archive.entrance.by_token(text)

    text, token = administration.issue_token(legal, "legal")
    assert archive.entrance.by_token(text).permissions == legal.permissions
    assert administration.revoke_token(legal, token.id)[1].revoked
    with pytest.raises(UnauthenticatedError):
        archive.entrance.by_token(text)


def test_a_program_that_goes_on_with_a_dead_token_does_not_fill_the_archive(
    archive: Archive, clock: MovableClock
) -> None:
    text, token = archive.administration.issue_token(LOCAL_ACTOR, "legal")
    archive.administration.revoke_token(LOCAL_ACTOR, token.id)

    def refusals(address: str) -> int:
        before = archive.pointers.last_seq()
        for _ in range(20):
            with pytest.raises(UnauthenticatedError):
                archive.entrance.by_token(text, address)
        return archive.pointers.last_seq() - before

    assert (refusals("192.0.2.1"), refusals("192.0.2.2"), refusals("192.0.2.1")) == (1, 1, 0)
    clock.move(hours=1)
    assert refusals("192.0.2.1") == 1


def test_a_token_gives_no_more_than_the_role(archive: Archive) -> None:
    with pytest.raises(InvalidError):
        archive.administration.issue_token(LOCAL_ACTOR, ADMIN, permissions=[Permission.READ])
    with pytest.raises(InvalidError):
        archive.administration.issue_token(LOCAL_ACTOR, "legal", purposes=["curiosity"])
    text, _ = archive.administration.issue_token(
        LOCAL_ACTOR, "legal", permissions=[Permission.READ]
    )
    archive.administration.change_roles(LOCAL_ACTOR, "legal", [Role.COLLECTOR])
    assert archive.entrance.by_token(text).permissions == frozenset()


def test_what_one_process_disables_another_refuses_at_once(archive: Archive) -> None:
    """The other process has read the user before, and its catalog has not moved."""
    text, _ = archive.administration.issue_token(LOCAL_ACTOR, "legal")
    with open_archive(archive.settings, commits=False) as other:
        assert other.entrance.by_token(text).role is Role.LEGAL
        archive.administration.disable(LOCAL_ACTOR, "legal")
        with pytest.raises(UnauthenticatedError):
            other.entrance.by_token(text)
        archive.administration.enable(LOCAL_ACTOR, "legal")
        assert other.entrance.by_token(text).role is Role.LEGAL


def test_everything_is_there_after_a_restart(archive: Archive) -> None:
    archive.administration.register(LOCAL_ACTOR, "ann", [Role.LEGAL], ["Bo"])
    archive.administration.set_password(LOCAL_ACTOR, "ann", "correct horse battery")
    archive.follow()
    with open_archive(archive.settings, commits=False) as again:
        assert again.users.all() == archive.users.all()
        ann = again.users.named("Ann")
    assert ann is not None and ann.custodians == frozenset({"Bo"}) and ann.password


@pytest.mark.parametrize("password", ["short", "aaaaaaaaaaaaaaaa", "x" * 201, "legal legal legal"])
def test_an_easy_password_is_refused(archive: Archive, password: str) -> None:
    with pytest.raises(InvalidError):
        archive.administration.set_password(LOCAL_ACTOR, "legal", password)


def test_who_sets_their_own_password_gives_the_one_before(archive: Archive) -> None:
    legal, administration = actor_of(archive, "legal"), archive.administration
    administration.set_password(legal, "legal", "correct horse battery")
    for current in (None, "correct horse batterie"):
        with pytest.raises(InvalidError):
            administration.set_password(legal, "legal", "staple battery horse", current=current)
    administration.set_password(
        legal, "legal", "staple battery horse", current="correct horse battery"
    )


def test_what_changes_nothing_writes_nothing(archive: Archive) -> None:
    before = archive.pointers.last_seq()
    archive.administration.enable(LOCAL_ACTOR, "legal")
    assert archive.pointers.last_seq() == before
