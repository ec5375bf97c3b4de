"""`muniment people`: who is behind which addresses and names."""

import csv
import io
from pathlib import Path
from uuid import UUID

import click

from api.cli import options, output
from archive.errors import InvalidError
from archive.model.person import KnownPerson
from archive.model.roles import LOCAL_ACTOR, Purpose

ALIASES = click.argument("aliases", nargs=-1, required=True, metavar="ALIAS…")


@click.group("people")
def command() -> None:
    """Say who is behind which addresses and names."""


@command.command("list")
@click.option("--find", default="", help="Only those whose name or an alias holds this text.")
@click.option(
    "--limit", type=click.IntRange(1, 1000), default=50, show_default=True, help="A page's length."
)
@click.option("--cursor", metavar="C", help="Go on where the last page ended.")
@options.common
def everybody(find: str, limit: int, cursor: str | None, purpose: Purpose, as_json: bool) -> None:
    """List people in the order in which they were recorded."""
    with options.opened() as archive:
        page = archive.people_desk.page(LOCAL_ACTOR, purpose, find=find, limit=limit, cursor=cursor)
    if as_json:
        output.write_json(page)
        return
    for person in page.people:
        _write(person)
    if page.cursor is not None:
        click.echo(f"\nmore: --cursor {page.cursor}")


@command.command("add")
@click.argument("name")
@ALIASES
@options.common
def add(name: str, aliases: tuple[str, ...], purpose: Purpose, as_json: bool) -> None:
    """Record a person called NAME, who is known by each ALIAS."""
    with options.opened() as archive:
        person = archive.people_desk.record(LOCAL_ACTOR, purpose, name, aliases)
    _tell(person, as_json)


@command.command("alias")
@click.argument("person", type=click.UUID)
@ALIASES
@options.common
def alias(person: UUID, aliases: tuple[str, ...], purpose: Purpose, as_json: bool) -> None:
    """Give the person of id PERSON further aliases."""
    with options.opened() as archive:
        known = archive.people_desk.alias(LOCAL_ACTOR, purpose, person, aliases)
    _tell(known, as_json)


@command.command("merge")
@click.argument("person", type=click.UUID)
@click.argument("other", type=click.UUID)
@options.common
def merge(person: UUID, other: UUID, purpose: Purpose, as_json: bool) -> None:
    """Say that OTHER is PERSON: their aliases pass over, and OTHER is no more."""
    with options.opened() as archive:
        known = archive.people_desk.merge(LOCAL_ACTOR, purpose, person, other)
    _tell(known, as_json)


@command.command("split")
@click.argument("person", type=click.UUID)
@click.argument("name")
@ALIASES
@options.common
def split(
    person: UUID, name: str, aliases: tuple[str, ...], purpose: Purpose, as_json: bool
) -> None:
    """Say that each ALIAS of PERSON is somebody else's, who is recorded as NAME."""
    with options.opened() as archive:
        new = archive.people_desk.split(LOCAL_ACTOR, purpose, person, name, aliases)
    _tell(new, as_json)


@command.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@options.common
def import_people(file: Path, purpose: Purpose, as_json: bool) -> None:
    """Record the people of the CSV file FILE: a line each, the name and then the aliases."""
    rows = _rows(file)
    with options.opened() as archive:
        told = archive.people_desk.import_people(LOCAL_ACTOR, purpose, rows)
    if as_json:
        output.write_json(told)
    else:
        click.echo(
            f"{told.recorded:,} recorded, {told.extended:,} with further aliases, "
            f"{told.unchanged:,} known already, {len(told.refused):,} refused"
        )
        for refusal in told.refused:
            click.echo(f"row {refusal.row}: {output.one_line(refusal.reason)}", err=True)
    if told.refused:
        raise click.exceptions.Exit(1)


def _rows(file: Path) -> list[tuple[str, list[str]]]:
    try:
        text = file.read_text(encoding="utf-8-sig")
        lines = list(csv.reader(io.StringIO(text), strict=True))
    except (UnicodeDecodeError, csv.Error) as error:
        raise InvalidError(f"{file.name} is not CSV in UTF-8.") from error
    return [(line[0], [cell for cell in line[1:] if cell.strip()]) for line in lines if line]


def _tell(person: KnownPerson, as_json: bool) -> None:
    if as_json:
        output.write_json(person)
    else:
        _write(person)


def _write(person: KnownPerson) -> None:
    aliases = ", ".join(person.aliases) or "no aliases"
    click.echo(output.one_line(f"{person.id}  {person.name}: {aliases}"))
