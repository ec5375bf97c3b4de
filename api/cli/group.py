"""The list of commands, each in a module of its own that is imported when it is called."""

from importlib import import_module
from typing import cast

import click

# The help of each stands here too, so that listing the commands imports none of them.
COMMANDS = {
    "init": ("init", "Make a new archive and print its first tokens."),
    "import": ("import_paths", "Archive files, mailboxes and folders of them."),
    "search": ("search", "Find records by a query."),
    "searches": ("searches", "Save searches, report on them, and see what they cannot find."),
    "people": ("people", "Say who is behind which addresses and names."),
    "show": ("show", "Show one record, or its captured bytes."),
    "similar": ("similar", "Find the records that are likest to one."),
    "history": ("history", "List what happened to one record."),
    "why": ("why", "Say why one record is still here."),
    "prove": ("prove", "Prove that one record is in the log."),
    "checkpoint": ("checkpoint", "Write the log's newest signed checkpoint."),
    "log": ("log", "Write the log's verifier key."),
    "verify": ("verify", "Check the archive against its own bytes."),
    "rebuild": ("rebuild", "Make the database and the index anew from the bucket."),
    "collect": ("collect", "Remove what was written to the bucket and never committed."),
    "pack": ("pack", "Gather small, cold segments into large ones."),
    "lock-records": ("lock_records", "Lock in the bucket what policies demand."),
    "policy": ("policy", "Say how long records are kept."),
    "retention-event": ("retention_event", "Say what happened that clocks of policies start at."),
    "hold": ("hold", "Keep records whatever policies say."),
    "disposition": ("disposition", "Review what is due before it goes."),
    "matter": ("matter", "Keep together what belongs to one case, and who works on it."),
    "purge": ("purge", "Destroy what is due."),
    "erasure": ("erasure", "Work on requests of people to be erased."),
    "access-request": ("access_request", "Work on requests of people for their data."),
    "certificate": ("certificate", "Read certificates of destruction."),
    "user": ("user", "Say who may come in, and as what."),
    "token": ("token", "Give out tokens for programs, and revoke them."),
    "audit": ("audit", "Read the audit trail, export it, and report from it."),
    "keys": ("keys", "See and change the keys that all others rest on."),
    "serve": ("serve", "Serve the API and the console."),
    "worker": ("worker", "Run the followers and schedules alone."),
    "config": ("config", "Show every setting and where it comes from."),
}


class CommandGroup(click.Group):
    """A group that knows its commands by name and imports one when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Give the names, in the order in which a newcomer needs them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import one command."""
        if cmd_name not in COMMANDS:
            return None
        module = import_module(f"api.cli.commands.{COMMANDS[cmd_name][0]}")
        return cast(click.Command, module.command)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands for the help."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])
