"""What every command takes, and how it comes by the archive."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import UUID

import click

from archive.errors import InvalidError, MunimentError
from archive.model.roles import LOCAL_ACTOR, Actor, Purpose

if TYPE_CHECKING:
    from archive.opening import Archive
    from archive.settings import Settings

Command = TypeVar("Command", bound=Callable[..., Any])

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
"""A file that is to be read."""


def _purpose(context: click.Context, parameter: click.Parameter, text: str) -> Purpose:
    try:
        return Purpose.parse(text)
    except InvalidError as error:
        raise click.BadParameter(str(error), ctx=context, param=parameter) from error


def time(text: str) -> datetime:
    """Read a time with an offset, or without one in UTC; or a day, which begins at midnight."""
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        raise click.BadParameter(
            "A time is written as 2024-05-01 or 2024-05-01T09:00+02:00."
        ) from None
    return read if read.tzinfo else read.replace(tzinfo=UTC)


def text(file: Path) -> str:
    """Read a text; InvalidError where it is none."""
    try:
        return file.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise InvalidError(f"{file.name} is not UTF-8 text.") from None


def ids(file: Path) -> list[UUID]:
    """Read ids, one a line; InvalidError names the line that holds none."""
    found = []
    for number, line in enumerate(text(file).splitlines(), 1):
        if line.strip():
            try:
                found.append(UUID(line.strip()))
            except ValueError:
                raise InvalidError(f"{file.name}, line {number}: this is no id.") from None
    return found


def common(function: Command) -> Command:
    """Add the options of every command: `--purpose` and `--json`."""
    function = click.option(
        "--purpose",
        default="operations",
        show_default=True,
        callback=_purpose,
        metavar="PURPOSE",
        help="Why content is read: matter, compliance, data-subject-request, operations, "
        "training or compensation; a detail may follow a colon.",
    )(function)
    return click.option(
        "--json", "as_json", is_flag=True, help="Write one JSON document to standard output."
    )(function)


def by_token(function: Command) -> Command:
    """Add the option to act as somebody else than `local`."""
    return click.option(
        "--by-token",
        is_flag=True,
        help="Act as the user of a token, which is read from standard input's first line, in "
        "place of local.",
    )(function)


@contextmanager
def acting(by_token: bool) -> "Iterator[tuple[Archive, Actor]]":
    """Open the archive for whoever acts on it: `local`, or the user of a token."""
    token = sys.stdin.readline().strip() if by_token else None
    with opened() as archive:
        actor = LOCAL_ACTOR
        if token is not None:
            archive.follow()
            actor = archive.entrance.by_token(token, LOCAL_ACTOR.address)
        yield archive, actor


def settings() -> "Settings":
    """Read the settings of this process; SettingError names the one that is wrong."""
    from archive.settings import Settings

    return Settings.load(os.environ, Path.cwd())


def publish(archive: "Archive") -> None:
    """Bring the log up to date unless a service does; what stands in the way is said."""
    try:
        archive.publish()
    except MunimentError as error:
        click.echo(f"The log is not up to date: {error}", err=True)


@contextmanager
def opened() -> "Iterator[Archive]":
    """Open the archive that the settings name, as whoever holds its key."""
    from api.opening import open_for_questions

    with open_for_questions(settings()) as archive:
        yield archive
