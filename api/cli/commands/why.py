"""`muniment why`: why a record is still here."""

from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

import click

from api.cli import options, output
from archive.model.roles import LOCAL_ACTOR, Purpose

if TYPE_CHECKING:
    from policies.answers import RetentionAnswer


@click.command("why")
@click.argument("id", type=click.UUID)
@options.common
def command(id: UUID, purpose: Purpose, as_json: bool) -> None:
    """Say why the record ID is still here, and what must happen before it can go."""
    from policies.desk import retention_desk

    with options.opened() as archive:
        answer = retention_desk(archive).why(LOCAL_ACTOR, purpose, id)
    if as_json:
        output.write_json(answer)
        return
    output.write_facts(
        (
            ("state", answer.state),
            ("retain until", _told(answer.retain_until, _no_end(answer.indefinite))),
            ("delete at", _told(answer.delete_at, _no_deletion(answer))),
            ("due", _told(answer.due_at, "")),
            ("holds", ", ".join(answer.holds) or "none"),
            ("restricted by", ", ".join(f"case {each}" for each in answer.restricted_by)),
            ("occurred", output.utc_time(answer.occurred_at)),
            ("captured", output.utc_time(answer.captured_at)),
            ("doubt", answer.doubt or ""),
        )
    )
    if answer.demands:
        output.write_table(
            ("policy", "version", "demands", "from", "to", ""),
            [
                (
                    each.policy,
                    str(each.version),
                    f"{each.kind} {each.period}",
                    _told(each.starts_at, f"no {each.event} yet"),
                    _told(each.ends_at, "no end yet" if each.kind == "minimum" else ""),
                    "in conflict" if each.conflicting else "binding" if each.binding else "",
                )
                for each in answer.demands
            ],
        )
    for step in answer.steps:
        click.echo(f"- {step}")


def _told(moment: datetime | None, otherwise: str) -> str:
    return output.utc_time(moment) if moment else otherwise


def _no_end(indefinite: bool) -> str:
    return "no end yet" if indefinite else "no policy demands a minimum"


def _no_deletion(answer: "RetentionAnswer") -> str:
    if any(each.kind == "maximum" for each in answer.demands):
        return "no date yet"
    return "no policy demands its deletion"
