"""`muniment policy`: how long records are kept, and who decides."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from api.cli import options, output
from api.cli.simulations import write_simulation
from api.cli.versions import stands
from archive.errors import InvalidError
from archive.model.roles import Actor, Purpose

if TYPE_CHECKING:
    from archive.events.policy_events import Terms
    from archive.opening import Archive
    from policies.answers import LockEffect, PolicyAnswer, VersionAnswer
    from policies.governance import Governance
    from policies.policy import Policy


@click.group("policy")
def command() -> None:
    """Say how long records are kept."""


@command.command("list")
@options.common
def everything(purpose: Purpose, as_json: bool) -> None:
    """List all policies."""
    from policies.answers import PoliciesAnswer, people

    with _opened(False) as (archive, governance, actor):
        book = governance.book(actor)
        names = archive.administration.names(people(list(book.policies.values())))
        answer = PoliciesAnswer.of(book, archive.clock.now(), names)
    if as_json:
        output.write_json(answer)
        return
    if answer.unreadable:
        click.echo("An event of the policies cannot be read: nothing may go.", err=True)
    output.write_table(
        ("name", "state", "version", "minimum", "maximum", "clock", "scope", "locked"),
        [_row(policy) for policy in answer.policies],
    )


@command.command("show")
@click.argument("id")
@options.common
def show(id: str, purpose: Purpose, as_json: bool) -> None:
    """Show the policy ID: all its versions, and the newest as YAML."""
    with _opened(False) as (archive, governance, actor):
        answer = _answer(archive, governance.policy(actor, id))
    if as_json:
        output.write_json(answer)
        return
    for version in answer.versions:
        click.echo(output.one_line(_sentence(version)))
    if answer.locked_at is not None:
        click.echo(f"Locked by {answer.locked_by} on {output.utc_time(answer.locked_at)}.")
    newest = answer.versions[-1]
    if newest.terms is not None:
        from policies.form import write_policy

        click.echo("\n" + output.printable(write_policy(newest.terms)), nl=False)


@command.command("presets")
@click.argument("name", required=False)
@options.common
def presets(name: str | None, purpose: Purpose, as_json: bool) -> None:
    """List the policies to begin with, or write the one of NAME as YAML."""
    from policies.presets import preset, preset_names

    if name is not None:
        text = preset(name)
        if as_json:
            output.write_json({"name": name, "yaml": text})
        else:
            click.echo(text, nl=False)
    elif as_json:
        output.write_json({"presets": preset_names()})
    else:
        for each in preset_names():
            click.echo(each)


@command.command("apply")
@click.argument("file", type=options.FILE)
@options.by_token
@options.common
def apply(file: Path, by_token: bool, purpose: Purpose, as_json: bool) -> None:
    """Propose the policy in the YAML file FILE, or the change of the one of its name."""
    with _opened(by_token) as (archive, governance, actor):
        policy = governance.propose(actor, _read(archive, file))
        _tell(archive, policy, as_json)


@command.command("approve")
@click.argument("id")
@click.option("--version", type=click.IntRange(min=1), help="Only if it is this one that waits.")
@options.by_token
@options.common
def approve(id: str, version: int | None, by_token: bool, purpose: Purpose, as_json: bool) -> None:
    """Approve the change of the policy ID that waits; not by whoever proposed it."""
    with _opened(by_token) as (archive, governance, actor):
        _tell(archive, governance.approve(actor, id, version), as_json)


@command.command("withdraw")
@click.argument("id")
@click.option("--version", type=click.IntRange(min=1), help="Only if it is this one that pends.")
@options.by_token
@options.common
def withdraw(id: str, version: int | None, by_token: bool, purpose: Purpose, as_json: bool) -> None:
    """Withdraw the change of the policy ID that has not taken effect."""
    with _opened(by_token) as (archive, governance, actor):
        _tell(archive, governance.withdraw(actor, id, version), as_json)


@command.command("disable")
@click.argument("id")
@options.by_token
@options.common
def disable(id: str, by_token: bool, purpose: Purpose, as_json: bool) -> None:
    """Propose that the policy ID ends."""
    with _opened(by_token) as (archive, governance, actor):
        _tell(archive, governance.disable(actor, id), as_json)


@command.command("lock")
@click.argument("id")
@click.option("--yes", is_flag=True, help="Do not ask whether it is meant.")
@options.by_token
@options.common
def lock(id: str, yes: bool, by_token: bool, purpose: Purpose, as_json: bool) -> None:
    """Let the policy ID only get longer or wider from now on, for ever."""
    if not yes and sys.stdin.isatty():
        click.confirm(f"Nobody can ever undo the lock of {id}. Lock it?", abort=True, err=True)
    with _opened(by_token) as (archive, governance, actor):
        _tell(archive, governance.lock(actor, id), as_json)


@command.command("simulate")
@click.argument("file", type=options.FILE)
@options.by_token
@options.common
def simulate(file: Path, by_token: bool, purpose: Purpose, as_json: bool) -> None:
    """Say what the policy in FILE would do if it were approved now; nothing is altered."""
    from policies.desk import retention_desk

    with _opened(by_token) as (archive, _, actor):
        archive.follow()
        answer = retention_desk(archive).simulate(actor, purpose, _read(archive, file))
    if as_json:
        output.write_json(answer)
    else:
        write_simulation(answer.policy, answer)
        _write_lock(answer.lock)


@contextmanager
def _opened(by_token: bool) -> "Iterator[tuple[Archive, Governance, Actor]]":
    """Open the archive, its policies, and whoever acts on them."""
    from policies.desk import governance_of

    with options.acting(by_token) as (archive, actor):
        yield archive, governance_of(archive), actor


def _read(archive: "Archive", file: Path) -> "Terms":
    from policies.form import read_policy

    try:
        text = file.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise InvalidError(f"{file.name} is not UTF-8 text.") from None
    return read_policy(text, archive.settings.timezone)


def _answer(archive: "Archive", policy: "Policy") -> "PolicyAnswer":
    from policies.answers import PolicyAnswer, people

    names = archive.administration.names(people([policy]))
    return PolicyAnswer.of(policy, archive.clock.now(), names)


def _tell(archive: "Archive", policy: "Policy", as_json: bool) -> None:
    answer = _answer(archive, policy)
    if as_json:
        output.write_json(answer)
        return
    click.echo(f"{answer.name}: {output.one_line(_sentence(answer.versions[-1]))}")
    if answer.locked_at is not None:
        click.echo(f"{answer.name} is locked.")


def _sentence(version: "VersionAnswer") -> str:
    """Tell where a version stands."""
    what = f"Version {version.version}" + ("" if version.terms else ", by which it ends,")
    by = f" Proposed by {version.proposed_by} on {output.utc_time(version.proposed_at)}"
    by += f", approved by {version.approved_by}." if version.approved_by else "."
    return stands(what, version) + by


def _row(policy: "PolicyAnswer") -> tuple[str, ...]:
    shown = policy.versions[(policy.in_force or policy.pending or len(policy.versions)) - 1]
    state = shown.state.value
    if policy.in_force and policy.pending:
        state += f", version {policy.pending} {policy.versions[-1].state.value}"
    terms = shown.terms
    if terms is None:
        return (policy.name, "ended", str(shown.version), "", "", "", "", "")
    return (
        policy.name,
        state,
        str(shown.version),
        terms.minimum.text if terms.minimum else "none",
        terms.maximum.text if terms.maximum else "none",
        terms.clock,
        terms.scope,
        "yes" if policy.locked_at else "no",
    )


def _write_lock(lock: "LockEffect") -> None:
    if lock.records and lock.first_until and lock.last_until:
        click.echo(
            f"\n{lock.records:,} records would be locked in the bucket, the first until "
            f"{output.utc_time(lock.first_until)}, the last until "
            f"{output.utc_time(lock.last_until)}: {lock.evidence:,} segments and blobs, to the end "
            f"of that month, and {lock.locked_keys:,} objects of locked keys. {lock.warning}"
        )
