"""Policies to begin with, each a YAML document with its citation (docs/retention.md, "Presets")."""

from importlib.resources import files

from archive.errors import NotFoundError


def preset_names() -> list[str]:
    """Return the names of all presets, in order."""
    found = (each.name for each in files(__name__).iterdir())
    return sorted(name.removesuffix(".yaml") for name in found if name.endswith(".yaml"))


def preset(name: str) -> str:
    """Return a preset's YAML, with its comments; NotFoundError if there is none of this name."""
    if name not in preset_names():
        raise NotFoundError(f"There is no preset {name}; there are {', '.join(preset_names())}.")
    return files(__name__).joinpath(f"{name}.yaml").read_text(encoding="utf-8")
