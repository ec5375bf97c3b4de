"""How commands tell where a version of a policy or a retention event stands."""

from typing import TYPE_CHECKING

from api.cli import output

if TYPE_CHECKING:
    from policies.answers import DecidedAnswer


def stands(what: str, version: "DecidedAnswer") -> str:
    """Tell of a version, which is called so, where it stands."""
    match version.state.value:
        case "waiting":
            return f"{what} waits for approval by somebody else, because {version.shortens}."
        case "scheduled":
            return f"{what} takes effect on {output.utc_time(version.effective_at)}."
        case "in-force":
            return f"{what} is in force since {output.utc_time(version.effective_at)}."
        case "replaced":
            return f"{what} was in force from {output.utc_time(version.effective_at)} on."
        case _:
            return f"{what} was withdrawn by {version.withdrawn_by}."
