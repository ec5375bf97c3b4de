"""How commands tell what a change of a policy or a retention event would do."""

from typing import TYPE_CHECKING

import click

from api.cli import output

if TYPE_CHECKING:
    from policies.answers import Effect, Simulation

_SHOWN_GROUPS = 30


def write_simulation(name: str, answer: "Simulation") -> None:
    """Write what a change of a name would do."""
    click.echo(
        f"{name}: of {answer.records:,} records, {answer.in_scope_before:,} are in its "
        f"scope now and {answer.in_scope_after:,} would be."
    )
    if answer.shortens:
        click.echo(f"Somebody else must approve it, because {answer.shortens}.")
    click.echo(f"Decided now, it takes effect on {output.utc_time(answer.effective_at)}.")
    for count, what in (
        (answer.unsettled, "of which it is not known, because words could not be read"),
        (answer.unopened, "that could not be opened"),
    ):
        if count:
            click.echo(f"{count:,} records {what}.")
    _write_effect("could go sooner", answer.sooner)
    _write_effect("would be kept longer", answer.longer)
    _write_effect("would be due on that day", answer.due)


def _write_effect(what: str, effect: "Effect") -> None:
    click.echo(f"\n{effect.records:,} records ({effect.bytes:,} bytes) {what}.")
    if not effect.groups:
        return
    output.write_table(
        ("class", "year", "records", "bytes"),
        [
            (each.channel, str(each.year), f"{each.records:,}", f"{each.bytes:,}")
            for each in effect.groups[:_SHOWN_GROUPS]
        ],
    )
    left = len(effect.groups) - _SHOWN_GROUPS
    if left > 0:
        click.echo(f"and {left} lines more: --json has them all")
    click.echo("for example: " + ", ".join(str(each.id) for each in effect.sample[:5]))
