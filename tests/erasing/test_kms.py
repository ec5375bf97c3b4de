"""The KEK in AWS KMS: it opens its own archive and no other, and says what is wrong."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import boto3
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from api.cli import run
from archive.clock import SystemClock
from archive.creating import create_archive
from archive.errors import ConfigurationError, CorruptError, UnavailableError
from archive.keks import named_kek
from archive.model.roles import LOCAL_ACTOR
from archive.opening import open_archive
from archive.sealing.keyring import Keyring, open_keyring, seal_keyring, slot_kinds
from archive.settings import Settings
from tests.archive.house import OPERATIONS, capture, line

moto = pytest.importorskip("moto", reason="skipped: needs moto")
REGION = "eu-west-1"
CLOCK = SystemClock()


@pytest.fixture
def kms(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    for name in [name for name in os.environ if name.startswith(("AWS_", "MUNIMENT_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "a-secret-of-nobody")
    with moto.mock_aws():
        yield boto3.session.Session().client("kms", region_name=REGION)


@pytest.fixture
def arn(kms: Any) -> str:
    made: str = kms.create_key()["KeyMetadata"]["Arn"]
    return made


def sealed(arn: str) -> tuple[Keyring, bytes]:
    keyring = Keyring.generate(uuid4(), CLOCK)
    return keyring, seal_keyring(keyring, [named_kek(f"kms:{arn}", {})], CLOCK)


def test_it_opens_what_it_sealed(arn: str) -> None:
    keyring, data = sealed(arn)
    assert open_keyring(data, named_kek(f"kms:{arn}", {})) == keyring
    assert slot_kinds(data) == ("kms",)


def test_another_key_and_another_archive_open_nothing(kms: Any, arn: str) -> None:
    _, data = sealed(arn)
    other = kms.create_key()["KeyMetadata"]["Arn"]
    with pytest.raises((ConfigurationError, CorruptError)):
        open_keyring(data, named_kek(f"kms:{other}", {}))
    kek = named_kek(f"kms:{arn}", {}).of_archive(uuid4())
    stranger = kek.of_archive(uuid4())
    with pytest.raises(ConfigurationError, match="another archive"):
        stranger.secret(b"", kek.parameters())


@pytest.mark.parametrize("wrapped", ["", "not base64", 7])
def test_a_slot_of_another_form_is_damaged(arn: str, wrapped: Any) -> None:
    with pytest.raises(CorruptError):
        named_kek(f"kms:{arn}", {}).secret(b"", {"wrapped": wrapped})


@pytest.mark.parametrize("text", ["kms:", "kms:alias/mine", "kms:arn:aws:s3:::bucket"])
def test_it_is_named_by_its_arn(text: str) -> None:
    with pytest.raises(ConfigurationError, match="by its ARN"):
        named_kek(text, {})


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("DisabledException", "disabled"),
        ("AccessDeniedException", "does not let these credentials"),
        ("NotFoundException", "no such key"),
        ("UnrecognizedClientException", "does not know these credentials"),
    ],
)
def test_a_refusal_says_what_to_mend(
    arn: str, code: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise ClientError({"Error": {"Code": code, "Message": "a-secret"}}, "Decrypt")

    _, data = sealed(arn)
    monkeypatch.setattr("botocore.client.BaseClient._make_api_call", refuse)
    with pytest.raises(ConfigurationError, match=said) as caught:
        open_keyring(data, named_kek(f"kms:{arn}", {}))
    assert "a-secret" not in str(caught.value)


def test_without_an_answer_the_same_may_succeed_later(
    arn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cut(*_: Any, **__: Any) -> None:
        raise EndpointConnectionError(endpoint_url="https://kms.example.com")

    _, data = sealed(arn)
    monkeypatch.setattr("botocore.client.BaseClient._make_api_call", cut)
    with pytest.raises(UnavailableError, match="does not answer"):
        open_keyring(data, named_kek(f"kms:{arn}", {}))


def test_without_credentials_it_says_so(arn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    _, data = sealed(arn)
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nowhere")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nowhere")
    with pytest.raises(ConfigurationError, match="no AWS credentials"):
        open_keyring(data, named_kek(f"kms:{arn}", {}))


def test_an_archive_begins_and_goes_on_there(
    tmp_path: Path, arn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    environ = {"MUNIMENT_HOME": str(tmp_path / "home"), "MUNIMENT_KEK": f"kms:{arn}"}
    chosen = Settings.load(environ, tmp_path)
    create_archive(chosen, environ=environ)
    with open_archive(chosen, environ=environ) as archive:
        (record,) = capture(archive, line("1"))
        assert archive.access.show(LOCAL_ACTOR, OPERATIONS, record).text == "Good morning"
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    assert run(["keys", "rotate"]) == 0
    assert run(["keys", "status"]) == 0


def test_an_archive_goes_there_from_a_key_file(
    tmp_path: Path, arn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MUNIMENT_HOME", str(tmp_path / "home"))
    assert run(["init"]) == 0
    assert run(["keys", "rotate", "--to", f"kms:{arn}"]) == 0
    assert run(["keys", "status"]) == 1
    monkeypatch.setenv("MUNIMENT_KEK", f"kms:{arn}")
    assert run(["keys", "status"]) == 0
