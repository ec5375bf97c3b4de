"""Policies as YAML: in, out, and every refusal with its line."""

from datetime import UTC
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archive.errors import InvalidError
from archive.events.policy_events import Terms
from policies.form import read_policy, write_policy
from policies.presets import preset, preset_names
from policies.terms import settled

WHOLE = """\
name: brokers
title: Mail of brokers
citation: 17 CFR 240.17a-4(b)(4)
scope: channel:email AND department:brokerage
clock: captured
minimum: 3y
maximum: 7y
grace: 0d
delay: 10d
review:
- stage: records manager
- stage: counsel
  role: legal
  approve_after: 60d
lock: compliance
"""


def test_every_field_is_read_and_written():
    terms = read_policy(WHOLE)
    assert terms.model_dump(mode="json") == {
        "name": "brokers",
        "title": "Mail of brokers",
        "citation": "17 CFR 240.17a-4(b)(4)",
        "scope": "channel:email AND department:brokerage",
        "clock": "captured",
        "minimum": "3y",
        "maximum": "7y",
        "grace": "0d",
        "delay": "10d",
        "review": [
            {"stage": "records manager", "role": None, "approve_after": None},
            {"stage": "counsel", "role": "legal", "approve_after": "60d"},
        ],
        "lock": "compliance",
    }
    assert write_policy(terms) == WHOLE


def test_what_is_left_out_is_as_the_page_says():
    terms = read_policy("name: a\nscope: '*'\nminimum: 1y\n")
    assert (terms.clock, terms.grace.text, terms.delay.text) == ("occurred", "30d", "7d")
    assert terms.maximum is None and terms.review == ()


def test_scopes_are_kept_in_the_form_that_means_the_same_in_any_zone():
    terms = read_policy("name: a\nscope: sent:2001-05-01\nminimum: 1y\n", ZoneInfo("Asia/Tokyo"))
    assert "2001-04-30T15:00:00Z" in terms.scope
    assert settled(terms, UTC) == terms


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "list of fields"),
        ("- name: a", "list of fields"),
        ("name: [a\n", "Line 2: this is not YAML"),
        ("name: a\nscope: '*'\nminimum: 1y\nname: b\n", "Line 4: name stands here for a second"),
        ("name: a\nscope: '*'\nminimum: 1y\nmin: 2y\n", "Line 4: min: there is no such field"),
        ("name: a\nscope: *\nminimum: 1y\n", "Line 2"),
        ("name: a\nscope: &x y\nminimum: *x\n", "Line 2: anchors"),
        ("name: a\nscope: !!python/object:x y\nminimum: 1y\n", "Line 2: tags"),
        ("name: a\nminimum: 1y\n", "scope: it is missing"),
        ("scope: a\nminimum: 1y\n", "name: it is missing"),
        ("name: A b\nscope: a\nminimum: 1y\n", "Line 1: name: it has up to 63 small"),
        ("name: a\nscope: a\n", "minimum, a maximum, or both"),
        ("name: a\nscope: a\nminimum: 1 year\n", "Line 3: minimum: '1 year' is not a period"),
        ("name: a\nscope: a\nminimum: 101y\n", "longer than 100 years"),
        ("name: a\nscope: a\nminimum: 0d\n", "Line 3: minimum"),
        ("name: a\nscope: a\nminimum:\n", "Line 3: minimum is empty"),
        ("name: a\nscope: a\nminimum: 3y\nmaximum: 2y\n", "can end before the minimum"),
        ("name: a\nscope: a\nminimum: 1y\nmaximum: 365d\n", "can end before the minimum"),
        ("name: a\nscope: (a OR\nminimum: 1y\n", "Line 2: scope, column 1 of the query"),
        ("name: a\nscope: nofield:x\nminimum: 1y\n", "Line 2: scope, column"),
        ("name: a\nscope: a\nminimum: 1y\nclock: case-closed\n", "Line 4: clock: it is occurred"),
        (
            "name: a\nscope: a\nminimum: 1y\nclock:\n  event: case closed\n",
            "occurred, captured, or event:",
        ),
        ("name: a\nscope: a\nminimum: 1y\nlock: worm\n", "Line 4: lock: it is none, governance"),
        ("name: a\nscope: a\nmaximum: 1y\nreview: x\n", "Line 4: review: it is a list"),
        ("name: a\nscope: a\nmaximum: 1y\nreview:\n" + "  - stage: a\n" * 6, "too many"),
        ("name: a\nscope: a\nmaximum: 1y\nreview:\n" + "  - stage: a\n" * 2, "the same name"),
        ("name: a\nscope: a\nminimum: 1y\nreview:\n  - stage: a\n", "demands none"),
        (
            "name: a\nscope: a\nmaximum: 1y\nreview:\n  - stage: a\n    by: b\n",
            "Line 6: review.0.by",
        ),
        ("a: " + "[" * 50_000, "nested too deeply"),
        ("name: a\x00", "YAML"),
        ("x" * 70_000, "up to 65,536"),
    ],
)
def test_what_is_not_a_policy_is_refused_with_its_line(text, told):
    with pytest.raises(InvalidError, match=told.replace("(", r"\(")):
        read_policy(text)


lines = st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), max_size=30)
spans = st.sampled_from(["1d", "90d", "18m", "7y"])
scopes = st.sampled_from(
    ["*", "on", "yes", "2001-05-01", "null", '"a: b"', '"a # b"', "sent>=2001-05", "fee AND NOT no"]
)


@st.composite
def policies(draw):
    maximum = draw(st.none() | st.just("99y"))
    stages = st.lists(lines.filter(str.strip), max_size=5, unique=True)
    review = [
        {"stage": stage, "approve_after": draw(st.none() | spans)}
        for stage in (draw(stages) if maximum else [])
    ]
    return Terms.model_validate(
        {
            "name": draw(st.from_regex(r"[a-z0-9][a-z0-9-]{0,62}", fullmatch=True)),
            "title": draw(lines),
            "citation": draw(lines),
            "scope": draw(scopes),
            "clock": draw(st.sampled_from(["occurred", "captured"])),
            "minimum": draw(spans),
            "maximum": maximum,
            "grace": draw(spans | st.just("0d")),
            "delay": draw(spans | st.just("0d")),
            "review": review,
            "lock": draw(st.sampled_from(["none", "governance", "compliance"])),
        }
    )


@settings(max_examples=60)
@given(policies())
def test_what_is_written_is_read_back(terms):
    terms = settled(terms)
    assert read_policy(write_policy(terms)) == terms


@settings(max_examples=150)
@given(st.text(max_size=200) | st.text("-:[]{}&*!|>'\"# \n\tname: ", max_size=60))
def test_any_text_is_read_or_refused(text):
    try:
        read_policy(text)
    except InvalidError as error:
        assert str(error)


@pytest.mark.parametrize("name", preset_names())
def test_presets_are_policies_with_their_citation(name):
    text = preset(name)
    if name == "gdpr-storage-limitation":
        with pytest.raises(InvalidError, match="neither"):
            read_policy(text)
        text = text.replace("# maximum:", "maximum:")
    terms = read_policy(text)
    assert terms.name == name and terms.title
    assert bool(terms.citation) == (name != "plain")
