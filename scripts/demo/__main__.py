"""The demo from a shell: `python -m scripts.demo --out DIR`, or `scripts/serve --demo`.

--out DIR      the folder, muniment-demo unless said; it is the archive's home folder
--fresh        make it anew even if it is there
--seed N       other people and other words
--today DATE   the last day that the demo tells of, not included
--serve        serve it afterwards; other arguments then go to `muniment serve`
--exports DIR  write the exports alone, into a new folder, and make no archive
"""

import argparse
import os
import shlex
import sys
from datetime import date
from pathlib import Path

from archive.clock import SystemClock
from archive.errors import MunimentError
from archive.model.roles import GRANTS, READ_FOR, Role
from scripts.demo import exports, filling
from scripts.demo.company import NAME, Company
from scripts.demo.timeline import everything
from scripts.demo.tour import SUGGESTIONS
from scripts.support.home import COMMAND


def main() -> int:
    """Make the demo, or find it, and serve it if told to."""
    options, others = _parsed()
    today = options.today or SystemClock().now().date()
    company = Company(options.seed, today)
    if options.exports is not None:
        count = exports.write(options.exports, company, everything(company))
        _say(f"{count:,} records as exports in {options.exports}")
        return 0
    home = options.out.absolute()
    demo = None if options.fresh else filling.find(home)
    if demo is None or demo.seed != options.seed:
        demo = filling.make(home, company, _say)
    host, port = _address(others)
    _introduce(demo, f"http://{host}:{port}/" if options.serve else None)
    if options.serve:
        sys.stdout.flush()
        os.execve(COMMAND[0], [*COMMAND, "serve", *others], filling.environment(home))
    return 0


def _parsed() -> tuple[argparse.Namespace, list[str]]:
    parser = argparse.ArgumentParser(prog="scripts/serve --demo", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--out", type=Path, default=Path("muniment-demo"), help=argparse.SUPPRESS)
    parser.add_argument("--seed", type=int, default=1, help=argparse.SUPPRESS)
    parser.add_argument("--today", type=date.fromisoformat, help=argparse.SUPPRESS)
    parser.add_argument("--fresh", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--exports", type=Path, help=argparse.SUPPRESS)
    options, others = parser.parse_known_args()
    if others and not options.serve:
        parser.error(f"unknown: {shlex.join(others)}")
    return options, others


def _address(words: list[str]) -> tuple[str, str]:
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", default="8080")
    known, _ = parser.parse_known_args(words)
    return known.host, known.port


def _introduce(demo: filling.Demo, address: str | None) -> None:
    lines = [
        "",
        f"{NAME}, a company that does not exist: {demo.records:,} records up to {demo.today}.",
        f"Home folder: {demo.home} (the tokens stand in {filling.MARK} there; it is a sandbox)",
        "",
        "Sign in with a token" + (f" at {address}" if address else ""),
    ]
    for name, token in demo.tokens.items():
        role = Role(name)
        reads = f"; reads for {', '.join(sorted(READ_FOR[role]))}" if READ_FOR[role] else ""
        lines.append(f"  {name:20} {token}  may {', '.join(sorted(GRANTS[role]))}{reads}")
    lines += ["", "Searches worth trying, as legal:"]
    lines += [f"  {each.query:52} {each.leads_to}" for each in SUGGESTIONS]
    print("\n".join((*lines, "")))


def _say(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except MunimentError as error:
        _say(f"demo: {error}")
        sys.exit(1)
    except KeyboardInterrupt:
        _say("interrupted; the next start makes the demo anew")
        sys.exit(130)
