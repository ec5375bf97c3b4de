"""Bytecode as installing writes it, so that nothing is compiled while something is timed."""

import os
import subprocess
import sys

from scripts.support.show import REPOSITORY


def compile_programs() -> None:
    """Write the bytecode of the programs, and let processes that are started from now on use it."""
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    compiling = [sys.executable, "-m", "compileall", "-q", "api", "archive", "policies"]
    subprocess.run(compiling, cwd=REPOSITORY, check=True)
