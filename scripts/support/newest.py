"""What PyPI says of the newest release of a package: its version and its vulnerabilities.

Source: PyPI's documentation of its JSON API, "Get a project".
"""

import json
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import Any, Final

from scripts.support.show import Failed

KNOWN: Final = ("ecdsa", "CVE-2024-23342")
"""A package with a vulnerability that its project does not mean to mend: each release has it."""
_SECONDS: Final = 30


@dataclass(frozen=True)
class Newest:
    """A release, and its vulnerabilities as pip-audit tells them, without the withdrawn."""

    version: str
    vulns: list[dict[str, Any]]


def newest(address: str, name: str) -> Newest | None:
    """Return what an index says of a package, None if it has none; Failed without an answer."""
    try:
        with urllib.request.urlopen(f"{address}/{name}/json", timeout=_SECONDS) as answer:
            told = json.load(answer)
        return Newest(
            told["info"]["version"],
            [
                {"id": each["id"], "aliases": each["aliases"]}
                for each in told["vulnerabilities"]
                if each.get("withdrawn") is None
            ],
        )
    except urllib.error.HTTPError as error:
        if error.code == 404:
            return None
        raise Failed(f"the index answers {error.code} about {name}") from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Failed(f"the index has no answer about {name}: {type(error).__name__}") from error


def knows(address: str) -> bool:
    """Say whether an index tells of vulnerabilities at all."""
    name, vulnerability = KNOWN
    told = newest(address, name)
    return told is not None and any(vulnerability in each["aliases"] for each in told.vulns)
