"""The view for somebody who asks for their own data: they stay, everybody else has a pseudonym.

It is the view for training but for the person themselves (docs/access-requests.md, "Who is somebody
else"). Whoever is named in one record is replaced in all that are given together, so `Elsewhere` is
shown all of them first.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final

from archive.access.views.finding import replaced, spans
from archive.access.views.names import Names, Phrase, names_of
from archive.access.views.pseudonymised import Pseudonymised
from archive.access.views.pseudonyms import (
    OWN,
    Pseudonyms,
    Stands,
    address_key,
    digits,
    is_number,
    name_key,
)
from archive.events.identity import Identity
from archive.model.interaction import Participant, ParticipantRole
from archive.model.record import Record
from archive.query.analysis import normalise, words

_WROTE: Final = frozenset({ParticipantRole.FROM, ParticipantRole.AUTHOR, ParticipantRole.SPEAKER})
_SHORTEST_ALONE: Final = 4
_WORD: Final = re.compile(r"(?<![\w.@+-])[^\W\d_]{4,}(?![\w@]|[.+-]\w)")


class OwnPseudonyms(Pseudonyms):
    """Gives pseudonyms to all but one person, who is known by `aliases` and called `name`.

    `others` are names or addresses of people who take part in no record.
    """

    def __init__(
        self,
        identity: Identity,
        scope: str,
        name: str,
        aliases: Iterable[str],
        others: Iterable[str] = (),
    ) -> None:
        super().__init__(identity, scope)
        known = tuple(aliases)
        self._keys = {address_key(each) for each in known} | {name_key(each) for each in known}
        self._keys = (self._keys | {name_key(name)}) - {""}
        self._numbers = {digits(each) for each in known if is_number(address_key(each))}
        self.own_words = frozenset(word.folded for word in words(name))
        self._others = tuple(
            Participant(role=ParticipantRole.MEMBER, address=each)
            if "@" in each
            else Participant(role=ParticipantRole.MEMBER, name=each)
            for each in others
        )
        self._person = tuple(
            Participant(role=ParticipantRole.MEMBER, name=name, address=each)
            for each in (None, *sorted(each for each in known if "@" in each))
        )

    def is_own(self, one: Participant) -> bool:
        """Say whether a participant is the person: by the address, or by the name without one."""
        if one.address:
            return address_key(one.address) in self._keys
        return bool(one.name) and name_key(one.name or "") in self._keys

    def joined(self, record: Record) -> Record:
        """Return a record in which the person, and the others, are among those whom it names."""
        content = record.content
        people = (*content.participants, *self._person, *self._others)
        return replace(record, content=content.model_copy(update={"participants": people}))

    def of(self, stands: Stands, text: str) -> str:
        if stands is Stands.PERSON and text in self._keys:
            return OWN
        return super().of(stands, text)

    def address(self, address: str) -> str:
        return OWN if address_key(address) in self._keys else super().address(address)

    def number(self, text: str) -> str:
        return OWN if digits(text) in self._numbers else super().number(text)


class Elsewhere:
    """Gathers whom the records of a package name, each by the words that name them in all."""

    def __init__(self, pseudonyms: OwnPseudonyms) -> None:
        self._pseudonyms = pseudonyms
        self._named: dict[Phrase, set[str]] = defaultdict(set)
        self._written: Counter[str] = Counter()

    def add(self, record: Record) -> None:
        """Take down whom a record names, and how its texts write words."""
        texts = _texts(record)
        own = self._pseudonyms.own_words
        names = names_of(self._pseudonyms.joined(record), self._pseudonyms, texts)
        for phrase, pseudonym in names.phrases.items():
            alone = len(phrase) == 1
            if pseudonym == OWN or (alone and phrase[0] in own):
                continue
            if not alone or (len(phrase[0]) >= _SHORTEST_ALONE and phrase[0].isalpha()):
                self._named[phrase].add(pseudonym)
        for text in texts:
            for word in _WORD.findall(text):
                folded = name_key(word)
                self._written[folded] += -1 if word.islower() else 1

    def phrases(self) -> Mapping[Phrase, str]:
        """Return the pseudonyms by what names somebody in every record."""
        return {
            phrase: next(iter(found))
            if len(found) == 1
            else self._pseudonyms.of(Stands.PERSON, " ".join(phrase))
            for phrase, found in self._named.items()
            if len(phrase) > 1 or self._written[phrase[0]] > 0
        }


class ForSubject(Pseudonymised):
    """What is kept about a person, shown to them."""

    def __init__(self, pseudonyms: OwnPseudonyms, elsewhere: Mapping[Phrase, str]) -> None:
        super().__init__(pseudonyms)
        self._own = pseudonyms
        self._elsewhere: dict[str, dict[Phrase, str]] = defaultdict(dict)
        for phrase, pseudonym in elsewhere.items():
            self._elsewhere[phrase[0]][phrase] = pseudonym
        self._everybody = Names(elsewhere, {}, frozenset(), frozenset(self._elsewhere))

    def shown(self, record: Record) -> Record:
        shown, content = super().shown(record), record.content
        wrote = any(one.role in _WROTE and self._own.is_own(one) for one in content.participants)
        # What was read out of files is a part of them, and they are given as they are or not.
        update = {
            # By whom all records name, so that a source has one name in them all.
            "source": replaced(content.source, spans(content.source, self._everybody, self._own)),
            "location": content.location if wrote else None,
            "attachments": tuple(
                each.model_copy(update={"text": None}) for each in shown.content.attachments
            ),
        }
        return replace(shown, content=shown.content.model_copy(update=update))

    def _names(self, record: Record) -> Names:
        names = super()._names(self._own.joined(record))
        said = {word for text in _texts(record) for word in normalise(text).folded.split()}
        elsewhere = {
            phrase: pseudonym
            for word in said & self._elsewhere.keys()
            for phrase, pseudonym in self._elsewhere[word].items()
        }
        phrases = {**elsewhere, **names.phrases}
        firsts = frozenset(phrase[0] for phrase in phrases)
        return Names(phrases, names.addresses, names.domains, firsts)

    def _participant(self, one: Participant, names: Names) -> Participant:
        return one if self._own.is_own(one) else super()._participant(one, names)

    def _who(self, name: str, names: Names) -> str:
        address = name if "@" in name else None
        one = Participant(role=ParticipantRole.MEMBER, name=name, address=address)
        return name if self._own.is_own(one) else super()._who(name, names)


def _texts(record: Record) -> list[str]:
    content = record.content
    return [text for text in (content.subject, content.text, content.html_text) if text]
