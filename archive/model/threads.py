"""Which records belong to one conversation.

Each record has keys, and records that share a key stand in one conversation; joining them up
through chains of keys is the catalog's work. Keys are scoped by source, so that two exports
never meet by chance.

Whatever the channel, a record is joined by the conversation that the source names, by its own id,
and by the ids that it answers to: a call about a ticket stands in the ticket's conversation. Mail
that names nothing else is joined by subject too, since two discussions may share a subject.

An id of mail has an @ (RFC 5322 section 3.6.4). What has neither that nor a digit was typed by
somebody: git asks for an id, and people answer `yes`. Mail that has an id is not joined by it.
"""

import re

from archive.model.interaction import Channel, Content

# Reply and forward marks in the languages that the big mail readers write. A list's tag in
# brackets is part of the subject and stays, whether the mark stands before it or after it.
_MARK = re.compile(r"(\[[^\[\]]*\] ?)?(?:re|fw|fwd|aw|sv)(?:\[[0-9]+\])? ?: ?")
_ID = re.compile(r"[@0-9]")
_REPEATED_TAG = re.compile(r"(\[[^\[\]]*\] )\1+")


def thread_keys(content: Content) -> tuple[str, ...]:
    """Return the keys that join a record with the others of its conversation, own key first.

    A record without any id or subject has no keys and stands alone.
    """
    own = [f"id:{content.native_id}"] if content.native_id else []
    named = [f"conversation:{content.conversation}"] if content.conversation else []
    answered = [*content.references, *([content.in_reply_to] if content.in_reply_to else [])]
    if content.channel is Channel.EMAIL and "@" in content.native_id:
        answered = [other for other in answered if _ID.search(other)]
    keys = own + named + [f"id:{other}" for other in answered]
    if content.channel is Channel.EMAIL and not named and not answered:
        subject = normalised_subject(content.subject or "")
        keys += [f"subject:{subject}"] if subject else []
    return tuple(f"{content.source}\n{key}" for key in dict.fromkeys(keys))


def normalised_subject(subject: str) -> str:
    """Return a subject as all mails of a discussion share it.

    Lower-cased, white space collapsed, and every leading reply or forward mark taken away.
    """
    text = " ".join(subject.split()).lower()
    while (mark := _MARK.match(text)) is not None:
        text = (mark[1] or "") + text[mark.end() :]
    return _REPEATED_TAG.sub(r"\1", text).strip()
