"""Taking one person out of what a record tells (docs/erasure.md, "Redacted"). Pure.

What the person said goes whole, and so does what nobody can say they did not say: a text that
nobody else wrote, what a text quotes, attachments. In what others wrote a mark takes the place of
every word that names the person.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from archive.access.passages import Said, passages
from archive.access.views.finding import naming, replaced
from archive.access.views.names import Names, people_names
from archive.access.views.patterns import ADDRESS
from archive.access.views.pseudonyms import Pseudonyms, Stands, address_key, is_number, name_key
from archive.model.interaction import Attachment, Content, Participant, ParticipantRole
from archive.query.analysis import value

MARK: Final = "[redacted]"
"""What takes the place of a name, an address or a text."""
_WRITING: Final = frozenset({ParticipantRole.FROM, ParticipantRole.AUTHOR})


@dataclass(frozen=True, slots=True)
class Masked:
    """A record without the person: its content, custodian and labels."""

    content: Content
    custodian: str | None
    labels: dict[str, str]


class Masking:
    """Takes a person out, who is known by `aliases` as these are compared, and called `name`.

    `pseudonyms` stand for native ids that name the person, so that they still meet each other.
    """

    def __init__(self, name: str, aliases: frozenset[str], pseudonyms: Pseudonyms) -> None:
        self._name = name
        self._aliases = aliases
        self._pseudonyms = pseudonyms

    def masked(
        self, versions: Iterable[Content], custodian: str | None, labels: dict[str, str]
    ) -> Masked:
        """Return what is left of a record's newest version; by earlier ones names are known too."""
        *earlier, content = versions
        told = [one for each in (*earlier, content) for one in each.participants]
        theirs = [(one.name, one.address) for one in told if self._is(one)]
        known = [
            (None, alias) if "@" in alias or is_number(alias) else (alias, None)
            for alias in sorted(self._aliases)
        ]
        people = [(self._name, None), *known, *theirs]
        names = people_names(people, self._pseudonyms)
        written = _Writing(names)
        labelled = {key: written(text) for key, text in labels.items() if not written.names(key)}
        custody = custodian if custodian and not written.names(custodian) else None
        return Masked(self._content(content, written, _whole(people, names)), custody, labelled)

    def _content(self, content: Content, written: "_Writing", whole: "_Writing") -> Content:
        writers = [one for one in content.participants if one.role in _WRITING]
        # Where nobody is said to have written it, they may have.
        by_others = bool(writers) and not any(map(self._is, writers))
        said = written.others if by_others else _withheld
        titled = written if by_others else _withheld
        worded = bool(content.text and content.text.strip())
        metrics = content.metrics
        outcome = metrics.outcome if metrics else None

        def id_of(text: str | None) -> str | None:
            if text is None or not written.names(text):
                return text
            return f"redacted-{self._pseudonyms.of(Stands.ID, text)}"

        return content.model_copy(
            update={
                "native_id": id_of(content.native_id),
                "conversation": id_of(content.conversation),
                "in_reply_to": id_of(content.in_reply_to),
                "references": tuple(filter(None, map(id_of, content.references))),
                "participants": tuple(
                    Participant(role=one.role, name=MARK) if self._is(one) else _other(one, whole)
                    for one in content.participants
                ),
                "subject": content.subject and titled(content.subject),
                "text": content.text and said(content.text),
                # Beside a text it says the same, with quotations that nothing marks.
                "html_text": None if worded else content.html_text and said(content.html_text),
                "location": content.location and written(content.location),
                "attachments": tuple(_attached(one, written) for one in content.attachments),
                "metrics": metrics
                and metrics.model_copy(update={"outcome": outcome and written(outcome)}),
                "problems": tuple(map(written, content.problems)),
            }
        )

    def _is(self, one: Participant) -> bool:
        """Say whether somebody who takes part is the person."""
        known = one.address or one.name
        if known and value(known) in self._aliases:
            return True
        return not one.address and name_key(one.name or "") == name_key(self._name) != ""


class _Writing:
    """Writes texts with a mark in place of what names the person."""

    def __init__(self, names: Names) -> None:
        self._names = names

    def __call__(self, text: str) -> str:
        """Return a text without what names the person."""
        spans = naming(text, self._names)
        return replaced(text, [span._replace(pseudonym=MARK) for span in spans])

    def address(self, text: str) -> str:
        """Return an address but for the person's; a longer one that holds it is somebody else's."""
        is_other = ADDRESS.fullmatch(text) and address_key(text) not in self._names.addresses
        return text if is_other else self(text)

    def others(self, text: str) -> str:
        """Return what others wrote: quotations go whole, since nobody knows whose they are."""
        pieces: list[str] = []
        for each in passages(text):
            piece = text[each.start : each.end]
            pieces.append(f"{MARK}\n" if each.said is Said.QUOTED else piece)
        return self("".join(pieces))

    def names(self, text: str) -> bool:
        """Say whether a text names the person."""
        return bool(naming(text, self._names))


def _whole(people: Iterable[tuple[str | None, str | None]], names: Names) -> _Writing:
    """Return what masks whole names and addresses: others may share a word of them."""
    wholes = {tuple(name_key(name).split()) for name, _ in people if name}
    phrases = {phrase: told for phrase, told in names.phrases.items() if phrase in wholes}
    firsts = frozenset(phrase[0] for phrase in phrases)
    return _Writing(Names(phrases, names.addresses, names.domains, firsts))


def _other(one: Participant, whole: _Writing) -> Participant:
    """Return somebody else who takes part."""
    fields = ("name", "organisation", "department", "location")
    told = {name: found and whole(found) for name in fields if (found := getattr(one, name))}
    return one.model_copy(update={**told, "address": one.address and whole.address(one.address)})


def _attached(one: Attachment, written: Callable[[str], str]) -> Attachment:
    """Return that something was attached: its name, its kind and its size."""
    return Attachment(
        filename=one.filename and written(one.filename),
        media_type=one.media_type,
        size=one.size,
        sha256="",
        part=one.part,
    )


def _withheld(_text: str) -> str:
    return MARK
