"""A provider is set rightly, or the setting that is wrong is named; the secret is never shown."""

from pathlib import Path

import pytest

from archive.errors import ConfigurationError
from archive.model.roles import Role
from archive.provider_settings import ProviderSettings
from archive.settings import Settings

WHOLE = {
    "ISSUER": "https://id.example.org/realms/bank",
    "CLIENT_ID": "muniment",
    "CLIENT_SECRET": "h1dden",
    "ROLES": "Legal team=legal, compliance-officer; audit=auditor",
}


def provider(folder: Path, **changes: str) -> ProviderSettings:
    openid = load(folder, **changes).openid
    assert openid is not None
    return openid


def load(folder: Path, **changes: str) -> Settings:
    given = {f"MUNIMENT_OPENID_{name}": value for name, value in {**WHOLE, **changes}.items()}
    return Settings.load({"MUNIMENT_HOME": str(folder), **given}, folder)


def test_groups_give_roles(tmp_path):
    openid = provider(tmp_path)
    assert openid.groups_claim == "groups"
    assert openid.roles == {
        "Legal team": (Role.LEGAL, Role.COMPLIANCE_OFFICER),
        "audit": (Role.AUDITOR,),
    }


def test_the_secret_is_not_shown(tmp_path):
    settings = load(tmp_path)
    shown = {line.name: line.value for line in settings.shown()}
    assert shown["MUNIMENT_OPENID_CLIENT_SECRET"] == "***"
    assert "h1dden" not in repr(settings) + str(shown)


def test_the_secret_may_stand_in_a_file(tmp_path):
    place = tmp_path / "secret"
    place.write_text("h1dden\n")
    openid = provider(tmp_path, CLIENT_SECRET=f"file:{place}")
    assert openid.client_secret == "h1dden"
    assert openid.shown()["MUNIMENT_OPENID_CLIENT_SECRET"] == f"file:{place}"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ISSUER", "http://id.example.org"),
        ("ISSUER", "https://user:pass@id.example.org"),
        ("ISSUER", "https://id.example.org/?a=b"),
        ("ISSUER", "https://id.example.org/#a"),
        ("ISSUER", "ftp://id.example.org"),
        ("ISSUER", "https://"),
        ("CLIENT_ID", ""),
        ("CLIENT_SECRET", ""),
        ("CLIENT_SECRET", "file:/nowhere/at/all"),
        ("ROLES", ""),
        ("ROLES", "audit"),
        ("ROLES", "audit=nobody"),
        ("ROLES", "audit=local"),
        ("ROLES", "audit=auditor,legal"),
        ("ROLES", "=legal"),
        ("ROLES", "audit=auditor; audit=legal"),
    ],
)
def test_what_is_wrong_is_named(tmp_path, name, value):
    with pytest.raises(ConfigurationError, match=f"MUNIMENT_OPENID_{name}"):
        load(tmp_path, **{name: value})


def test_without_an_issuer_there_is_none(tmp_path):
    assert load(tmp_path, ISSUER="").openid is None
