"""`muniment config`: every setting, and where it comes from."""

import click

from api.cli import options, output
from archive.access.roles import Purpose


@click.command("config")
@options.common
def command(purpose: Purpose, as_json: bool) -> None:
    """Show every setting, its value with secrets masked, and where it comes from."""
    lines = options.settings().shown()
    if as_json:
        output.write_json(
            {
                "settings": [
                    {"name": line.name, "value": line.value, "origin": line.origin}
                    for line in lines
                ]
            }
        )
        return
    output.write_table(
        ("setting", "value", "from"), [(line.name, line.value, line.origin) for line in lines]
    )
