"""Which policies can be in conflict, told from what they say alone."""

import pytest

from archive.events.policy_events import Terms
from policies.conflicts import Conflict, conflicts


def terms(name, **fields):
    return Terms.model_validate({"name": name, "scope": "*", **fields})


@pytest.mark.parametrize(
    ("keeps", "deletes", "found"),
    [
        ({"minimum": "5y"}, {"maximum": "3y"}, True),
        ({"minimum": "3y"}, {"maximum": "3y"}, False),
        ({"minimum": "3y"}, {"maximum": "5y"}, False),
        ({"minimum": "1y"}, {"maximum": "365d"}, True),
        ({"minimum": "365d"}, {"maximum": "1y"}, False),
        ({"minimum": "3y", "clock": "captured"}, {"maximum": "5y"}, True),
        ({"minimum": "3y"}, {"maximum": "5y", "clock": "captured"}, False),
        ({"minimum": "3y", "clock": "event:left"}, {"maximum": "9y"}, True),
        ({"minimum": "3y"}, {"maximum": "9y", "clock": "event:left"}, True),
        ({"minimum": "3y", "clock": "event:a"}, {"maximum": "9y", "clock": "event:b"}, True),
        ({"minimum": "3y", "clock": "event:a"}, {"maximum": "9y", "clock": "event:a"}, False),
        ({"maximum": "5y"}, {"maximum": "3y"}, False),
        ({"minimum": "5y"}, {"minimum": "3y"}, False),
    ],
)
def test_a_minimum_against_the_maximum_of_another(keeps, deletes, found):
    in_force = {"a": terms("a", **keeps), "b": terms("b", **deletes)}
    assert conflicts(in_force) == ([Conflict("a", "b")] if found else [])


def test_both_ways_and_never_with_itself():
    both = {
        name: terms(name, minimum="3y", maximum=end) for name, end in (("a", "4y"), ("b", "9y"))
    }
    assert conflicts(both) == []
    both["b"] = terms("b", minimum="5y", maximum="9y")
    assert conflicts(both) == [Conflict("b", "a")]


@pytest.mark.parametrize(
    ("keeps", "deletes", "found"),
    [
        ("channel:voice", "channel:chat", False),
        ("channel:voice AND fee", "(channel:chat OR channel:email) AND rebate", False),
        ("channel:voice", "channel:chat OR channel:voice", True),
        ("channel:voice", "channel:chat OR fee", True),
        ("channel:voice", "NOT channel:voice", True),
        ("channel:voice", "channel:VOICE", True),
        ("fee", "rebate", True),
    ],
)
def test_scopes_that_ask_for_other_channels_are_apart(keeps, deletes, found):
    in_force = {
        "a": terms("a", scope=keeps, minimum="5y"),
        "b": terms("b", scope=deletes, maximum="3y"),
    }
    assert bool(conflicts(in_force)) is found
