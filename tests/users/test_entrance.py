"""Coming in by password, code and session, and everything that ends it."""

import pytest

from archive.errors import InvalidError, ThrottledError, UnauthenticatedError
from archive.events.types import Event
from archive.model.roles import LOCAL_ACTOR, Role
from archive.opening import Archive, open_archive
from archive.users import totp
from archive.users.attempts import FREE, FREE_OF_ADDRESS, pause_after
from archive.users.entrance import SessionKey
from tests.users.conftest import MovableClock

PASSWORD = "correct horse battery"


@pytest.fixture
def ann(archive: Archive) -> str:
    archive.administration.register(LOCAL_ACTOR, "Ann", [Role.LEGAL])
    archive.administration.set_password(LOCAL_ACTOR, "Ann", PASSWORD)
    return "ann"


def newest(archive: Archive) -> Event:
    rows = archive.pointers.select_pointers_from(archive.pointers.last_seq(), 1)
    (opened,) = archive.opener.open(rows)
    return archive.mapper.event(opened)


def over(archive: Archive, key: SessionKey) -> bool:
    try:
        archive.entrance.by_session(key)
    except UnauthenticatedError:
        return True
    return False


def codes_of(archive: Archive, name: str, clock: MovableClock) -> tuple[str, list[str]]:
    user = archive.users.named(name)
    assert user is not None
    secret = totp.new_secret(bytes(range(20)))
    code = totp.code(secret, int(clock.now().timestamp()) // 30)
    return secret, archive.administration.start_codes(user.actor(), secret, code)


def test_a_password_opens_and_is_recorded(archive: Archive, ann: str) -> None:
    key = archive.entrance.sign_in(ann, PASSWORD, address="192.0.2.1")
    began = newest(archive)
    assert (began.type, getattr(began, "means", ""), getattr(began, "address", "")) == (
        "session.began",
        "password",
        "192.0.2.1",
    )
    assert archive.entrance.by_session(key).name == "Ann"


def test_whatever_is_wrong_is_told_alike_and_recorded(archive: Archive, ann: str) -> None:
    archive.administration.register(LOCAL_ACTOR, "no password", [Role.LEGAL])
    archive.administration.register(LOCAL_ACTOR, "gone", [Role.LEGAL])
    archive.administration.set_password(LOCAL_ACTOR, "gone", PASSWORD)
    archive.administration.disable(LOCAL_ACTOR, "gone")
    said = set()
    for name, password in (
        (ann, "wrong"),
        (ann, ""),
        ("nobody", PASSWORD),
        ("no password", ""),
        ("gone", PASSWORD),
        ("\ud800", "\ud800"),
        ("\ufdfa" * 1_000_000, "x" * 1_000_000),
    ):
        with pytest.raises(UnauthenticatedError) as refused:
            archive.entrance.sign_in(name, password)
        said.add(str(refused.value))
        assert newest(archive).type == "sign-in.refused"
    assert len(said) == 1


@pytest.mark.parametrize(
    "end", ["sign out", "everywhere", "password", "disable", "disable and enable", "codes"]
)
def test_a_session_ends(archive: Archive, ann: str, clock: MovableClock, end: str) -> None:
    administration = archive.administration
    key, other = (archive.entrance.sign_in(ann, PASSWORD) for _ in range(2))
    assert not over(archive, key)
    match end:
        case "sign out":
            archive.entrance.sign_out(key)
            archive.entrance.sign_out(key)
        case "everywhere":
            administration.end_sessions(LOCAL_ACTOR, ann)
        case "password":
            administration.set_password(LOCAL_ACTOR, ann, "staple battery horse")
        case "disable":
            administration.disable(LOCAL_ACTOR, ann)
        case "disable and enable":
            administration.disable(LOCAL_ACTOR, ann)
            administration.enable(LOCAL_ACTOR, ann)
        case "codes":
            codes_of(archive, ann, clock)
    assert over(archive, key)
    assert over(archive, other) == (end != "sign out")


def test_a_session_by_token_ends_with_it(archive: Archive) -> None:
    text, token = archive.administration.issue_token(LOCAL_ACTOR, "legal")
    key = archive.entrance.sign_in_by_token(text)
    assert archive.entrance.by_session(key).role is Role.LEGAL
    assert text not in key.model_dump_json()
    archive.administration.revoke_token(LOCAL_ACTOR, token.id)
    assert over(archive, key)


def test_everywhere_is_sessions_by_token_too(archive: Archive) -> None:
    text, _ = archive.administration.issue_token(LOCAL_ACTOR, "legal")
    key = archive.entrance.sign_in_by_token(text)
    archive.administration.end_sessions(LOCAL_ACTOR, "legal")
    assert over(archive, key)
    assert not over(archive, archive.entrance.sign_in_by_token(text))


@pytest.mark.parametrize("token", ["", "mun_", "mun_AAAA", "é", "mun_" + "A" * 64, "A" * 9999])
def test_what_is_no_token_opens_nothing(archive: Archive, token: str) -> None:
    with pytest.raises(UnauthenticatedError):
        archive.entrance.by_token(token)
    with pytest.raises(UnauthenticatedError):
        archive.entrance.sign_in_by_token(token)


def test_codes_are_asked_for_and_work_once(archive: Archive, ann: str, clock: MovableClock) -> None:
    secret, _ = codes_of(archive, ann, clock)
    clock.move(seconds=60)
    code = totp.code(secret, int(clock.now().timestamp()) // 30)
    for wrong in ("", "000000" if code != "000000" else "111111"):
        with pytest.raises(UnauthenticatedError):
            archive.entrance.sign_in(ann, PASSWORD, wrong)
    archive.entrance.sign_in(ann, PASSWORD, code)
    with pytest.raises(UnauthenticatedError):
        archive.entrance.sign_in(ann, PASSWORD, code)
    with pytest.raises(UnauthenticatedError):
        archive.entrance.sign_in(ann, "wrong", code)


def test_recovery_codes_work_once_each(archive: Archive, ann: str, clock: MovableClock) -> None:
    _, recovery = codes_of(archive, ann, clock)
    assert len(set(recovery)) == 8
    archive.entrance.sign_in(ann, PASSWORD, recovery[0])
    with pytest.raises(UnauthenticatedError):
        archive.entrance.sign_in(ann, PASSWORD, recovery[0])
    archive.entrance.sign_in(ann, PASSWORD, recovery[1].lower().replace("-", " "))
    archive.administration.stop_codes(LOCAL_ACTOR, ann)
    archive.entrance.sign_in(ann, PASSWORD)


def test_codes_start_with_one_that_is_right(archive: Archive, ann: str) -> None:
    user = archive.users.named(ann)
    assert user is not None
    with pytest.raises(InvalidError):
        archive.administration.start_codes(user.actor(), "GEZDGNBVGY3TQOJQ", "12345")


def test_attempts_are_slowed_down_and_let_through_again(
    archive: Archive, ann: str, clock: MovableClock
) -> None:
    for _ in range(FREE):
        with pytest.raises(UnauthenticatedError):
            archive.entrance.sign_in(ann, "wrong")
    with pytest.raises(ThrottledError) as held:
        archive.entrance.sign_in(ann, PASSWORD)
    assert 0 < held.value.retry_after <= 1
    with (
        open_archive(archive.settings, clock=clock, commits=False) as other,
        pytest.raises(ThrottledError),
    ):
        other.entrance.sign_in(ann, PASSWORD)
    clock.move(seconds=2)
    archive.entrance.sign_in(ann, PASSWORD)
    archive.entrance.sign_in(ann, PASSWORD)


def test_an_address_is_slowed_down_whatever_the_name(
    archive: Archive, ann: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("archive.users.passwords.Passwords.matches", lambda *_: False)
    for number in range(FREE_OF_ADDRESS):
        with pytest.raises(UnauthenticatedError):
            archive.entrance.sign_in(f"name {number}", "wrong", address="192.0.2.1")
    with pytest.raises(ThrottledError):
        archive.entrance.sign_in("another", "wrong", address="192.0.2.1")
    with pytest.raises(UnauthenticatedError):
        archive.entrance.sign_in("another", "wrong", address="192.0.2.2")


def test_pauses_double_up_to_a_quarter_of_an_hour() -> None:
    pauses = [pause_after(failures, 5).total_seconds() for failures in range(20)]
    assert pauses[:9] == [0, 0, 0, 0, 0, 1, 2, 4, 8]
    assert pauses[-1] == 900


def test_a_count_is_forgotten_in_time(archive: Archive, ann: str, clock: MovableClock) -> None:
    for _ in range(FREE):
        with pytest.raises(UnauthenticatedError):
            archive.entrance.sign_in(ann, "wrong")
    clock.move(hours=1, seconds=1)
    for _ in range(FREE):
        with pytest.raises(UnauthenticatedError):
            archive.entrance.sign_in(ann, "wrong")
