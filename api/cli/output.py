"""How commands write: JSON for programs, tables and plain text for people.

What people said may hold escape sequences that would move a terminal's cursor or change its title,
and marks that turn the direction of writing; none of them reach a terminal.
"""

import json
import re
import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from pydantic import BaseModel

_UNBOUNDED = 10_000
_UNSAFE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def printable(text: str) -> str:
    """Give text without control characters, keeping line ends and tabs; others become U+FFFD."""
    return _UNSAFE.sub("\ufffd", text.replace("\r\n", "\n"))


def one_line(text: str) -> str:
    """Give printable text with its white space run together."""
    return " ".join(printable(text).split())


def pointed(query: str, column: int) -> str:
    """Give a query with a caret under the place that is wrong."""
    # One character for one, so that the caret stands where the column says.
    shown = "".join(" " if letter.isspace() else printable(letter) for letter in query)
    return f"  {shown}\n  {' ' * (column - 1)}^"


def utc_time(value: datetime | None) -> str:
    """Write a time in UTC to the minute, or that there is none."""
    return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M") if value else "undated"


def write_json(value: "BaseModel | dict[str, Any]") -> None:
    """Write the one JSON document of a command."""
    text = (
        json.dumps(value, ensure_ascii=False)
        if isinstance(value, dict)
        else value.model_dump_json(by_alias=True)
    )
    # As bytes: JSON is UTF-8 (RFC 8259) whatever the terminal's encoding is.
    click.echo(text.encode())


def write_table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Write a table for a person; cells are made printable and never read as markup."""
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(Text(printable(cell)) for cell in row))
    # Into a file or a pipe a row stays one line, whatever its length.
    width = None if sys.stdout.isatty() else _UNBOUNDED
    Console(highlight=False, width=width).print(table)


def write_facts(facts: Iterable[tuple[str, str]]) -> None:
    """Write names and values, one a line, aligned."""
    pairs = [(name, one_line(value)) for name, value in facts if value]
    width = max((len(name) for name, _ in pairs), default=0)
    for name, value in pairs:
        click.echo(f"{name:<{width}}  {value}")
