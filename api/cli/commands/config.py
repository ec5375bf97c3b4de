"""`muniment config`: every setting, where it comes from, and what the bucket can do."""

import click

from api.cli import options, output
from archive.errors import MunimentError
from archive.model.roles import Purpose


@click.command("config")
@options.common
def command(purpose: Purpose, as_json: bool) -> None:
    """Show every setting, its value with secrets masked, and what the bucket can and cannot do."""
    from archive.clock import SystemClock
    from archive.places import look

    settings = options.settings()
    lines = settings.shown()
    abilities: tuple[str, ...] = ()
    problem = None
    try:
        abilities = look(settings, SystemClock())
    except MunimentError as error:
        problem = str(error)
    if as_json:
        output.write_json(
            {
                "settings": [
                    {"name": line.name, "value": line.value, "origin": line.origin}
                    for line in lines
                ],
                "bucket": {"abilities": list(abilities), "problem": problem},
            }
        )
        return
    output.write_table(
        ("setting", "value", "from"), [(line.name, line.value, line.origin) for line in lines]
    )
    click.echo("The bucket:")
    for sentence in (problem,) if problem else abilities:
        click.echo(f"  {output.one_line(sentence)}")
