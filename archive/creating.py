"""Making a new archive: keyring first, then the first events, then the secrets, shown once."""

import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from uuid import UUID

from archive.bucket.names import KEYRINGS, keyring_name
from archive.clock import Clock, SystemClock
from archive.database import open_database
from archive.errors import ConfigurationError, MunimentError
from archive.events.groups import Group
from archive.events.plain import plain
from archive.events.types import ArchiveCreated
from archive.keks import named_kek
from archive.model.roles import LOCAL_ACTOR, Role
from archive.opening import Archive, open_archive
from archive.places import check_new, lock_notes, open_places
from archive.sealing.kek import FileKek
from archive.sealing.keyring import Keyring, seal_keyring
from archive.sealing.recovery import RecoveryCode
from archive.settings import Settings


@dataclass(frozen=True, slots=True, repr=False)
class NewArchive:
    """What `init` shows, once."""

    archive_id: UUID
    administrator_token: str
    legal_token: str
    recovery_code: str
    notes: tuple[str, ...]


def create_archive(
    settings: Settings,
    *,
    sandbox: bool = False,
    environ: Mapping[str, str] = os.environ,
    clock: Clock | None = None,
) -> NewArchive:
    """Make an archive where there is none.

    Raises:
        ConfigurationError: there is one already, in the home folder, database or bucket.
        UnavailableError: bucket or database do not answer.
    """
    clock = clock or SystemClock()
    _refuse_existing(settings)
    bucket = open_places(settings, clock)
    abilities = " ".join(check_new(bucket))
    settings.home.mkdir(mode=0o700, parents=True, exist_ok=True)
    kek = named_kek(settings.kek, environ)
    notes = [f"The archive's bucket is {bucket.describe()}. {abilities}", *lock_notes(settings)]
    if isinstance(kek, FileKek):
        if not kek.path.exists():
            kek = FileKek.create(kek.path, clock)
        beside = settings.bucket.startswith("file:")
        if beside and kek.path.is_relative_to(settings.home):
            notes.append(_file_note(kek))
    recovery = RecoveryCode.generate(clock)
    keyring = Keyring.generate(clock.uuid7(), clock, sandbox=sandbox)
    bucket.put(keyring_name(keyring.number), seal_keyring(keyring, [kek, recovery], clock))
    if sandbox:
        notes.append("This is a sandbox, and stays one: it may purge as if a later day had come.")
    with open_archive(settings, environ=environ, clock=clock) as archive:
        created = ArchiveCreated(
            originator_id=keyring.archive_id,
            originator_version=1,
            recorded_at=clock.now(),
            sandbox=sandbox,
        )
        archive.committer.commit(Group([plain(created)]))
        administrator = register_user(archive, Role.ADMINISTRATOR)
        legal = register_user(archive, Role.LEGAL)
        archive.follow()
        with suppress(MunimentError):
            # What opens the archive is shown only once, and the log can begin later as well.
            archive.publish()
    return NewArchive(keyring.archive_id, administrator, legal, recovery.text, tuple(notes))


def _refuse_existing(settings: Settings) -> None:
    if settings.on_one_host:
        if (settings.home / "events.db").exists():
            raise ConfigurationError(f"There is an archive at {settings.home} already.")
        return
    database = open_database(settings)
    try:
        known = database.pointers.archive()
    finally:
        database.close()
    if known is not None:
        raise ConfigurationError(f"The {database.describe()} holds archive {known} already.")


def exists(settings: Settings, clock: Clock) -> bool:
    """Say whether the settings name an archive that was made before, by whichever host."""
    if settings.on_one_host:
        return (settings.home / "events.db").exists()
    return next(iter(open_places(settings, clock).names(KEYRINGS)), None) is not None


def register_user(archive: Archive, role: Role) -> str:
    """Return a new token of the user who is named after a role, registering them if need be."""
    administration = archive.administration
    if archive.users.named(role) is None:
        administration.register(LOCAL_ACTOR, role, [role])
    token, _ = administration.issue_token(LOCAL_ACTOR, role)
    return token


def _file_note(kek: FileKek) -> str:
    return (
        f"The key that opens the archive is the file {kek.path}. By default it lies beside the "
        "ciphertext, so whoever copies the home folder has both. Move it to another disk and set "
        "MUNIMENT_KEK=file:PATH, or use passphrase: or env:NAME."
    )
