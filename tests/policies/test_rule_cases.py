"""The rules that take an archive to be seen: each named case in a copy of a new one."""

import pytest

from tests.policies.retention_cases import CASES
from tests.policies.rule_cases import PLAIN, RULES
from tests.policies.rule_house import Template
from tests.policies.rule_sentences import SENTENCES


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    return Template.made(tmp_path_factory.mktemp("rules"))


def test_every_sentence_has_cases_that_there_are():
    known = {each.name for each in CASES} | set(RULES)
    assert all(SENTENCES.values())
    assert {name for names in SENTENCES.values() for name in names} <= known
    assert len(known) == len(CASES) + len(RULES) >= 120


@pytest.mark.slow
@pytest.mark.usefixtures("all_erasable")
@pytest.mark.parametrize("name", RULES)
def test_each_rule(template, tmp_path, name):
    with template.house(tmp_path / "copy", "plain" if name in PLAIN else "sandbox") as house:
        RULES[name](house)
