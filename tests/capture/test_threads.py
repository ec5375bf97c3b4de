"""Records that share a key are one conversation."""

import pytest

from archive.model.interaction import Channel, Content
from archive.model.threads import normalised_subject, thread_keys


def mail(**fields) -> Content:
    return Content(
        **{"source": "s", "native_id": "own@x", "channel": Channel.EMAIL, "subject": "Re: Fee"}
        | fields
    )


def test_a_reply_is_joined_by_ids_alone():
    keys = thread_keys(mail(references=("a@x", "b@x"), in_reply_to="b@x"))
    assert keys == ("s\nid:own@x", "s\nid:a@x", "s\nid:b@x")


def test_mail_that_names_no_other_is_joined_by_subject_too():
    assert thread_keys(mail()) == ("s\nid:own@x", "s\nsubject:fee")
    assert thread_keys(mail(subject="RE: ")) == ("s\nid:own@x",)
    assert thread_keys(mail(native_id="", subject=None)) == ()


@pytest.mark.parametrize("typed", ["yes", "y", "No", "your-message"])
def test_what_somebody_typed_where_an_id_was_asked_for_joins_nothing(typed):
    series = mail(subject="[PATCH 0/2] Fee", in_reply_to=typed)
    assert thread_keys(series) == ("s\nid:own@x", "s\nsubject:[patch 0/2] fee")
    assert thread_keys(mail(references=("a@x", typed), in_reply_to=typed)) == (
        "s\nid:own@x",
        "s\nid:a@x",
    )


def test_ids_without_an_at_sign_join():
    assert thread_keys(mail(references=("200301012.AA123",))) == (
        "s\nid:own@x",
        "s\nid:200301012.AA123",
    )
    # A source whose own ids have none.
    assert thread_keys(mail(native_id="b", in_reply_to="a")) == ("s\nid:b", "s\nid:a")
    assert thread_keys(mail(channel=Channel.CHAT, in_reply_to="yes"))[1:] == ("s\nid:yes",)


def test_sources_do_not_meet():
    assert not set(thread_keys(mail())) & set(thread_keys(mail(source="t")))


@pytest.mark.parametrize("channel", Channel)
def test_what_the_source_names_joins_across_channels(channel):
    named = mail(channel=channel, conversation="C1", in_reply_to="a@x")
    assert thread_keys(named) == ("s\nid:own@x", "s\nconversation:C1", "s\nid:a@x")
    assert thread_keys(mail(channel=channel, in_reply_to="a@x")) == ("s\nid:own@x", "s\nid:a@x")


def test_only_mail_is_joined_by_subject():
    assert thread_keys(mail(channel=Channel.CHAT)) == ("s\nid:own@x",)
    assert thread_keys(mail(conversation="C1")) == ("s\nid:own@x", "s\nconversation:C1")


@pytest.mark.parametrize(
    ("subject", "shared"),
    [
        ("Re: FW:  re : The\t Fee", "the fee"),
        ("Fwd: Re[2]: Fee", "fee"),
        ("AW: SV: Fee", "fee"),
        ("Re: [list] Re: Fee", "[list] fee"),
        ("[list] Re: [list] Fee", "[list] fee"),
        ("[list] Fee", "[list] fee"),
        ("Regarding: fee", "regarding: fee"),
        ("Re:", ""),
    ],
)
def test_subjects(subject, shared):
    assert normalised_subject(subject) == shared
