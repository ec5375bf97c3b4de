"""The pages for users say everything that there is: routes, problems, commands, options."""

import re
from pathlib import Path

import click
import pytest

from api.cli import muniment
from api.cli.group import COMMANDS
from api.console.views import blueprint as console
from api.problems import TYPES

DOCS = Path(__file__).parents[2] / "docs"


def page(name):
    return (DOCS / name).read_text(encoding="utf-8")


def test_every_route_is_in_api_md(app):
    text = page("api.md")
    for rule in app.url_map.iter_rules():
        if rule.endpoint == "static":
            continue
        path = re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule)
        methods = sorted(rule.methods - {"HEAD", "OPTIONS"})
        if rule.endpoint.split(".")[0] in (console.name, "reference"):
            assert f"`{path}`" in text, path
        else:
            assert all(f"`{method} {path}`" in text for method in methods), path


def test_every_problem_is_in_api_md_with_its_status():
    text = page("api.md")
    for kind in TYPES:
        assert f"| `{kind.uri}` | {kind.status} |" in text, kind.name


def test_every_search_parameter_is_in_api_md(client, legal):
    text = page("api.md")
    document = client.get("/openapi.json", headers=legal).get_json()
    for parameter in document["paths"]["/v1/search"]["get"]["parameters"]:
        assert parameter["name"] in text


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_and_option_is_in_cli_md(name):
    text = page("cli.md")
    section = re.search(rf"^## `muniment {name}\b.*?(?=^## |\Z)", text, re.M | re.S)
    assert section, name
    general = text.partition("\n## ")[0]
    command = muniment.get_command(click.Context(muniment), name)
    assert command is not None
    for each, called in _commands(command, name):
        assert called == name or f"`{called} " in section[0] or f"`{called}`" in section[0], called
        for parameter in each.params:
            if isinstance(parameter, click.Option):
                place = general if parameter.name in ("purpose", "as_json") else section[0]
                assert any(
                    f"`{option}" in place or f"[{option}" in place for option in parameter.opts
                ), (called, parameter.opts)


def _commands(command, name):
    """A command and those within it, each as it is called."""
    yield command, name
    if isinstance(command, click.Group):
        for inner in command.commands.values():
            yield inner, f"{name} {inner.name}"
