"""The view for training: people, organisations and numbers are replaced by pseudonyms.

What is searched is what is shown: a query meets the texts with holes where names stood, so that
neither results nor totals tell whose name it was.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from archive.access.views.finding import replaced, spans
from archive.access.views.names import Names, names_of
from archive.access.views.pseudonyms import Pseudonyms, Stands, name_key
from archive.access.views.viewer import Viewer, hidden
from archive.model.interaction import Attachment, Content, Participant
from archive.model.record import Record
from archive.model.roles import View
from archive.query.fields import Askable

# A letter that no language writes any more: no query finds it.
_HOLE: Final = "\ua66e"
_LONGEST_ENDING: Final = 8


class Pseudonymised(Viewer):
    """What was said and how it went, without who it was."""

    view = View.PSEUDONYMISED
    askable = Askable(
        frozenset(
            {None, "subject", "body", "attachment", "channel", "kind", "direction", "language"}
            | {"outcome", "has", "is", "sent", "captured", "size"}
        ),
        "This purpose shows pseudonyms, and what would tell who is behind them is not searched.",
    )
    facets = frozenset(
        {"channel", "kind", "direction", "language", "outcome", "has", "is", "year", "month"}
    )
    rewritten = True

    def __init__(self, pseudonyms: Pseudonyms) -> None:
        self._pseudonyms = pseudonyms

    def shown(self, record: Record) -> Record:
        content, pseudonyms = record.content, self._pseudonyms
        names = self._names(record)

        def written(text: str | None) -> str | None:
            return text and replaced(text, spans(text, names, pseudonyms))

        def attached(one: Attachment) -> dict[str, object]:
            return {
                "filename": one.filename and pseudonyms.of(Stands.FILE, one.filename),
                "media_type": written(one.media_type),
                "sha256": "",
            }

        update = _texts(content, written, attached) | {
            "source": written(content.source) or "",
            "native_id": self._id(content.native_id) or "",
            "in_reply_to": self._id(content.in_reply_to),
            "conversation": self._id(content.conversation),
            "references": (),
            "participants": tuple(self._participant(one, names) for one in content.participants),
            "location": None,
            "problems": (),
        }
        custodian = record.custodian and self._who(record.custodian, names)
        return replace(hidden(record, update), custodian=custodian)

    def searched(self, record: Record) -> Record:
        content, pseudonyms = record.content, self._pseudonyms
        names = self._names(record)

        def holed(text: str | None) -> str | None:
            return text and replaced(text, spans(text, names, pseudonyms), _HOLE)

        # Departments stay: they are what somebody's sight may be restricted to.
        people = tuple(
            Participant(role=one.role, department=one.department) for one in content.participants
        )
        update = _texts(content, holed, lambda _: {"filename": None}) | {
            "participants": people,
            "location": None,
        }
        return replace(record, content=content.model_copy(update=update))

    def _names(self, record: Record) -> Names:
        content = record.content
        texts = (content.text, content.html_text, *(each.text for each in content.attachments))
        return names_of(record, self._pseudonyms, [text for text in texts if text])

    def _participant(self, one: Participant, names: Names) -> Participant:
        pseudonyms = self._pseudonyms
        known = one.address and pseudonyms.person(one.address, None)
        return Participant(
            role=one.role,
            address=one.address and pseudonyms.address(one.address),
            name=one.name and (known or self._who(one.name, names)),
            organisation=one.organisation
            and pseudonyms.of(Stands.ORGANISATION, name_key(one.organisation)),
        )

    def _who(self, name: str, names: Names) -> str:
        """Return the pseudonym of somebody of whom there is no more than a name, or an address."""
        if "@" in name:
            return self._pseudonyms.person(name, None)
        known = names.phrases.get(tuple(name_key(name).split()))
        return known or self._pseudonyms.person(None, name)

    def _id(self, text: str | None) -> str | None:
        return text and self._pseudonyms.of(Stands.ID, text)


def _texts(
    content: Content,
    change: Callable[[str | None], str | None],
    attached: Callable[[Attachment], dict[str, object]],
) -> dict[str, object]:
    """Return what is changed of a content whose texts are changed."""
    return {
        "subject": change(content.subject),
        "text": change(content.text),
        "html_text": change(content.html_text),
        "attachments": tuple(
            each.model_copy(update={"text": change(each.text), **attached(each)})
            for each in content.attachments
        ),
    }
