"""The console's directory of people: recording, finding, giving aliases, merging, splitting."""

import re

import pytest

from archive.model.roles import Role
from tests.api.console_house import entered, sent
from tests.archive.house import create, opened


@pytest.fixture
def lawyer(tmp_path):
    create(tmp_path)
    with opened(tmp_path) as archive:
        yield entered(archive, Role.LEGAL)


def recorded(lawyer, name, aliases):
    """Record somebody; give the address of their page."""
    sent(lawyer, "/people", name=name, aliases=aliases)
    found = re.findall(
        rf'href="(/people/[0-9a-f-]+)">{re.escape(name)}<', lawyer.get("/people").text
    )
    return found[-1]


def test_people_are_recorded_found_and_given_aliases(lawyer):
    assert "Nobody is recorded." in lawyer.get("/people").text
    jeff = recorded(lawyer, "Jeff Skilling", "jeff@enron.example\r\n skilling@home.example \r\n")
    page = sent(lawyer, f"{jeff}/aliases", aliases="jeffs\n")
    assert "3 aliases" in page and "<code>skilling@home.example</code>" in page
    assert "<strong>1</strong> person" in lawyer.get("/people?find=SKILLING@home").text
    assert "<strong>0</strong> people" in lawyer.get("/people?find=lay").text
    refused = sent(lawyer, "/people", 409, name="Jeff <2>", aliases="jeffs")
    assert 'role="alert"' in refused and 'value="Jeff &lt;2&gt;"' in refused
    assert 'role="alert"' in sent(lawyer, f"{jeff}/aliases", 400, aliases="a\x00b")


def test_two_are_one_and_one_is_two(lawyer):
    jeff = recorded(lawyer, "Jeff", "jeff@a.example\ninfo@a.example")
    other = recorded(lawyer, "J. Skilling", "js@b.example")
    found = lawyer.get(f"{jeff}?find=skilling").text
    assert f'value="{other.removeprefix("/people/")}"' in found
    assert "Nobody else is found." in lawyer.get(f"{jeff}?find=nobody").text
    assert 'role="alert"' in sent(lawyer, f"{jeff}/merge", 400)
    page = sent(lawyer, f"{jeff}/merge", other=other.removeprefix("/people/"))
    assert "3 aliases" in page
    assert lawyer.get(other).status_code == 404
    assert 'role="alert"' in sent(lawyer, f"{jeff}/split", 400, name="Desk")
    page = sent(lawyer, f"{jeff}/split", name="Desk", alias="info@a.example")
    assert "<h1>Desk</h1>" in page and "1 alias<" in page
    assert "2 aliases" in lawyer.get(jeff).text


def test_who_does_not_see_people_has_no_way_there(tmp_path):
    create(tmp_path)
    with opened(tmp_path) as archive:
        for role in (Role.TRAINER, Role.ADMINISTRATOR):
            client = entered(archive, role)
            assert ">Directory</a>" not in client.get("/status").text
            assert client.get("/people").status_code == 403
        assert ">Directory</a>" in entered(archive, Role.LEGAL).get("/status").text
