"""When a record may go: the named cases, and random ones against the naive evaluator."""

import os
from random import Random
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.policies.retention_cases import CASES, at, both, random_case, run, written

COUNT = int(os.environ.get("MUNIMENT_TEST_EVALUATIONS", "200"))


@pytest.mark.parametrize("each", CASES, ids=lambda each: each.name)
def test_each_sentence_of_the_rules(each):
    ours, theirs, expected = run(each)
    assert {key: ours[key] for key in expected} == expected
    assert ours == theirs


def test_no_two_cases_have_one_name():
    names = [each.name for each in CASES]
    assert len(set(names)) == len(names)


@settings(max_examples=COUNT)
@given(st.integers(0, 2**64))
def test_the_naive_evaluator_agrees(seed):
    record, policies, rest = random_case(Random(seed))
    _, ours, theirs = both(record, policies, **rest)
    assert ours == theirs


@settings(max_examples=COUNT)
@given(st.integers(0, 2**64))
def test_no_other_version_shortens_what_one_is_kept_for(seed):
    record, policies, rest = random_case(Random(seed))
    edited, _, _ = both(record, policies, **rest)
    assert len({(each.policy, each.kind) for each in edited.demands}) == len(edited.demands)
    for policy in policies:
        for place in range(len(policy["earlier"])):
            one = {**policy, "earlier": policy["earlier"][place : place + 1], "shown": False}
            alone, _, _ = both(record, [one], **rest)
            assert edited.indefinite or not alone.indefinite
            if not edited.indefinite and alone.retain_until is not None:
                assert edited.retain_until >= alone.retain_until


def test_the_order_of_policies_does_not_matter():
    random = Random(7)
    for _ in range(100):
        record, policies, rest = random_case(random)
        _, ours, _ = both(record, policies, **rest)
        random.shuffle(policies)
        assert both(record, policies, **rest)[1] == ours


def test_a_demand_names_the_event_that_started_it_or_that_it_waits_for():
    policies = list(written(["A min 3y event at:2021-01-01", "B max 7y event", "C max 9y"]))
    record = {"occurred": None, "captured": at("2020-01-02")}
    found, _, _ = both(record, policies, now=record["captured"])
    told = [(d.policy, d.event, d.started_by, d.starts_at, d.binding) for d in found.demands]
    assert told == [
        ("a", "employee-left", UUID(int=1), at("2021-01-01"), True),
        ("b", "employee-left", None, None, False),
        ("c", None, None, record["captured"], True),
    ]


def test_every_demand_names_its_policy_and_version():
    policies = list(written(["A min 3y", "B min 6y", "C max 5y", "D max 9y"]))
    record = {"occurred": None, "captured": at("2020-01-02")}
    found, _, _ = both(record, policies, now=record["captured"])
    told = {(d.policy, d.version, d.kind, d.binding, d.conflicting) for d in found.demands}
    assert told == {
        ("a", 1, "minimum", False, False),
        ("b", 2, "minimum", True, False),
        ("c", 3, "maximum", True, True),
        ("d", 4, "maximum", False, False),
    }
