"""Policies as YAML (docs/retention.md, "A policy"): strict, with the line in every refusal."""

from datetime import UTC, tzinfo
from typing import Any, Final

import yaml
from pydantic import ValidationError

from archive.asked import why
from archive.errors import InvalidError
from archive.events.policy_events import Terms
from policies.terms import settled

LONGEST: Final = 64 * 1024
_DEEPEST: Final = 4
_CANNOT_BE: Final = {
    "clock": "it is occurred, captured, or event: with the name of what starts it, as in "
    "event:employee-left",
    "lock": "it is none, governance or compliance",
}
_PLAIN: Final = {
    "missing": "it is missing",
    "extra_forbidden": "there is no such field",
    "string_type": "it is a text",
    "tuple_type": "it is a list",
    "model_type": "it is a list of fields",
    "too_long": "there are too many",
}


def read_policy(text: str, zone: tzinfo = UTC) -> Terms:
    """Return the policy that a YAML document says, its scope in canonical form.

    Raises InvalidError, which names the line, for whatever is not such a policy.
    """
    if len(text) > LONGEST:
        raise InvalidError(f"A policy has up to {LONGEST:,} characters.")
    lines: dict[tuple[str | int, ...], int] = {}
    fields = _document(text, lines)
    try:
        terms = Terms.model_validate(fields)
    except ValidationError as error:
        raise InvalidError(_told(error, lines)) from None
    try:
        return settled(terms, zone)
    except InvalidError as error:
        if error.column is None:
            raise
        raise InvalidError(
            f"Line {lines[('scope',)]}: scope, column {error.column} of the query: "
            f"{str(error).removeprefix('The scope: ')}",
            column=error.column,
            query=error.query,
        ) from error


def write_policy(terms: Terms) -> str:
    """Return a policy as YAML: `read_policy(write_policy(terms)) == terms`."""
    fields = terms.model_dump(mode="json", exclude_none=True)
    shown = {name: value for name, value in fields.items() if value not in ("", [])}
    if terms.lock == "none":
        del shown["lock"]
    text: str = yaml.safe_dump(shown, sort_keys=False, allow_unicode=True, width=10_000)
    return text


def _document(text: str, lines: dict[tuple[str | int, ...], int]) -> dict[str, Any]:
    """Return the document's fields, all as texts, and note the line of each."""
    try:
        _check_events(text)
        node = yaml.compose(text, Loader=yaml.BaseLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = f"Line {mark.line + 1}: " if mark else ""
        raise InvalidError(f"{line}this is not YAML: {error.problem}.") from None
    except (yaml.YAMLError, UnicodeError):
        raise InvalidError(
            "This is not YAML: it holds characters that YAML does not take."
        ) from None
    if not isinstance(node, yaml.MappingNode):
        raise InvalidError("A policy is a list of fields, each with its value, as in scope: '*'.")
    value = _value(node, (), lines)
    assert isinstance(value, dict)
    return value


def _check_events(text: str) -> None:
    """Refuse what could stand for more than is written, before anything is put together."""
    depth = 0
    for event in yaml.parse(text, Loader=yaml.BaseLoader):
        line = event.start_mark.line + 1
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise InvalidError(f"Line {line}: anchors (& and *) are not taken; quote a '*'.")
        if getattr(event, "tag", None):
            raise InvalidError(f"Line {line}: tags (!) are not taken.")
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > _DEEPEST:
            raise InvalidError(f"Line {line}: this is nested too deeply for a policy.")


def _value(
    node: yaml.Node, place: tuple[str | int, ...], lines: dict[tuple[str | int, ...], int]
) -> object:
    lines[place] = node.start_mark.line + 1
    if isinstance(node, yaml.SequenceNode):
        return [_value(each, (*place, at), lines) for at, each in enumerate(node.value)]
    if isinstance(node, yaml.MappingNode):
        fields: dict[str, object] = {}
        for key, value in node.value:
            line = key.start_mark.line + 1
            if not isinstance(key, yaml.ScalarNode):
                raise InvalidError(f"Line {line}: a field has a plain name.")
            if key.value in fields:
                raise InvalidError(f"Line {line}: {key.value} stands here for a second time.")
            fields[key.value] = _value(value, (*place, key.value), lines)
        return fields
    if not node.value:
        name = place[-1] if place else "the document"
        raise InvalidError(f"Line {lines[place]}: {name} is empty; leave the line out.")
    return str(node.value)


def _told(error: ValidationError, lines: dict[tuple[str | int, ...], int]) -> str:
    """Tell of the first fault, by line and field; what was written is not repeated."""
    first = error.errors(include_url=False, include_input=False)[0]
    place = first["loc"]
    known = next(
        (lines[place[:end]] for end in range(len(place), -1, -1) if place[:end] in lines), 1
    )
    name = ".".join(str(part) for part in place)
    reason = _CANNOT_BE.get(name) or _PLAIN.get(first["type"]) or why(first)
    return f"Line {known}: {name}: {reason}."
