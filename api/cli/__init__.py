"""The command line `muniment`.

Commands are imported when they are called, so that help and wrong use answer at once.
"""

import io
import signal
import sys
from collections.abc import Sequence
from typing import NoReturn

import click

from api.cli.group import CommandGroup
from api.cli.output import pointed
from archive.errors import InvalidError, MunimentError, SettingError, unforeseen
from archive.tuning import spare_the_collector

EXIT_PROBLEM = 1
EXIT_WRONG_USE = 2
EXIT_INTERRUPTED = 130
PROGRAM = "muniment"


@click.group(cls=CommandGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name=PROGRAM, prog_name=PROGRAM)
def muniment() -> None:
    """Muniment: an archive of everything an organisation says and is told.

    Settings come from the environment (MUNIMENT_HOME and others) or muniment.toml in the home
    folder; `muniment config` shows them.
    """


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run a command and leave with its status: 0 done, 1 something wrong, 2 wrong use."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A terminal that lacks a letter shows a mark for it; it is no reason to stop.
        sys.stdout.reconfigure(errors="replace")
    for number in (signal.SIGTERM, signal.SIGHUP):
        # As Ctrl-C, so that nothing is left behind; what nohup(1) ignores stays ignored.
        if signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, signal.default_int_handler)
    # Loading makes little else than what stays, and that goes with the process in the end: to look
    # through it for cycles, then and meanwhile, takes a fifth of what a short command takes.
    spare_the_collector(collect=False)
    status = run(arguments)
    spare_the_collector(collect=False)
    sys.exit(status)


def run(arguments: Sequence[str] | None = None) -> int:
    """Run a command and give its status; errors are one sentence on standard error."""
    given = None if arguments is None else list(arguments)
    try:
        status = muniment.main(args=given, prog_name=PROGRAM, standalone_mode=False)
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("interrupted", err=True)
        return EXIT_INTERRUPTED
    except (InvalidError, SettingError) as error:
        if isinstance(error, InvalidError) and error.query is not None and error.column is not None:
            click.echo(pointed(error.query, error.column), err=True)
        click.echo(f"{PROGRAM}: {error}", err=True)
        return EXIT_WRONG_USE
    except MunimentError as error:
        click.echo(f"{PROGRAM}: {error}", err=True)
        return EXIT_PROBLEM
    except Exception as error:
        click.echo(f"{PROGRAM}: {_unforeseen(error)}", err=True)
        return EXIT_PROBLEM
    return status if isinstance(status, int) else 0


def _unforeseen(error: Exception) -> str:
    """Tell of a defect by class and place; its message might hold what was being read."""
    if isinstance(error, OSError) and error.strerror:
        name = f": {error.filename}" if error.filename else ""
        return f"{error.strerror}{name}."
    return f"{unforeseen(error)}; please report it."
