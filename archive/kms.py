"""A KEK that is kept in AWS KMS and never leaves it (docs/formats.md, "Keyring").

KMS makes a random data key for a slot and gives it out twice: in clear, which is not kept, and
wrapped under the KMS key, which stands in the slot. Opening asks KMS to unwrap it. Both name the
archive as the encryption context, so that what is wrapped for one archive unwraps for no other, and
so that KMS's own trail says which archive was opened.
"""

import base64
import binascii
import re
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from archive.errors import ConfigurationError, CorruptError, SettingError, UnavailableError
from archive.sealing.kek import Kek, Parameters
from archive.sealing.primitives import KEY_SIZE

_ARN = re.compile(r"arn:aws[a-z-]*:kms:([a-z0-9-]+):[0-9]{12}:(?:key|alias)/[A-Za-z0-9/_-]+")
_CONTEXT = "muniment:archive"
_CONNECT_SECONDS = 5
_READ_SECONDS = 10
_ATTEMPTS = 3
_REFUSALS = {
    "AccessDeniedException": "AWS does not let these credentials use it",
    "DisabledException": "it is disabled",
    "KMSInvalidStateException": "it is disabled or about to be deleted",
    "NotFoundException": "there is no such key in that region and account",
    "InvalidKeyUsageException": "it is not for encrypting and decrypting",
    "UnrecognizedClientException": "AWS does not know these credentials",
    "InvalidClientTokenId": "AWS does not know these credentials",
    "InvalidSignatureException": "the secret of these credentials is wrong",
    "ExpiredTokenException": "these credentials have expired",
}
_OTHER_KEY = frozenset({"IncorrectKeyException", "InvalidCiphertextException"})


class KmsKek(Kek):
    """A key in KMS, by its ARN. It serves the archive that `of_archive` names."""

    kind = "kms"
    opens = frozenset({"kms"})

    def __init__(self, arn: str, archive_id: UUID | None = None) -> None:
        match = _ARN.fullmatch(arn)
        if match is None:
            raise SettingError(
                "A key in KMS is named by its ARN: kms:arn:aws:kms:REGION:ACCOUNT:key/ID."
            )
        self._arn = arn
        self._region = match[1]
        self._archive_id = archive_id

    def of_archive(self, archive_id: UUID) -> "KmsKek":
        return KmsKek(self._arn, archive_id)

    def parameters(self) -> Parameters:
        made = self._ask("generate_data_key", NumberOfBytes=KEY_SIZE)
        return {"wrapped": base64.b64encode(made["CiphertextBlob"]).decode("ascii")}

    def secret(self, salt: bytes, parameters: Parameters) -> bytes:
        wrapped = parameters.get("wrapped")
        try:
            blob = base64.b64decode(wrapped if isinstance(wrapped, str) else "", validate=True)
        except (binascii.Error, ValueError):
            blob = b""
        if not blob or len(parameters) != 1:
            raise CorruptError("A kms slot has parameters that are not known.")
        # The key is the one of the settings, whatever the slot holds: whoever may write to the
        # bucket must not make us use a key of their own.
        secret = bytes(self._ask("decrypt", CiphertextBlob=blob)["Plaintext"])
        if len(secret) != KEY_SIZE:
            raise CorruptError("A kms slot holds a secret of another size.")
        return secret

    def _ask(self, call: str, **arguments: Any) -> Mapping[str, Any]:
        """Ask KMS; its errors come out as what can be done about them."""
        # Loaded here, because only those who keep their KEK in KMS should wait for it.
        from botocore.exceptions import (
            BotoCoreError,
            ClientError,
            ConnectionError,
            HTTPClientError,
            NoCredentialsError,
            PartialCredentialsError,
        )

        context = {_CONTEXT: str(self._archive_id)}
        try:
            answer: Mapping[str, Any] = getattr(self._client(), call)(
                KeyId=self._arn, EncryptionContext=context, **arguments
            )
        except (NoCredentialsError, PartialCredentialsError):
            raise ConfigurationError(
                f"There are no AWS credentials for {self}: set AWS_ACCESS_KEY_ID and "
                "AWS_SECRET_ACCESS_KEY, or a profile or role."
            ) from None
        except ClientError as error:
            raise self._refused(error.response.get("Error", {}).get("Code", "")) from None
        except (ConnectionError, HTTPClientError):
            raise UnavailableError(f"KMS does not answer for {self}.") from None
        except (BotoCoreError, ValueError) as error:
            raise ConfigurationError(
                f"KMS cannot be asked for {self} with these settings ({type(error).__name__}): "
                "check AWS_*."
            ) from None
        return answer

    def _refused(self, code: str) -> Exception:
        if code in _OTHER_KEY:
            return ConfigurationError(
                f"What stands in the keyring was not wrapped by {self}, or for another archive: "
                "set MUNIMENT_KEK to the key that wrapped it."
            )
        reason = _REFUSALS.get(code)
        if reason is None:
            return UnavailableError(f"KMS refused {self}: {code or 'without a reason'}.")
        return ConfigurationError(f"KMS refused {self}: {reason}.")

    def _client(self) -> Any:
        import boto3
        from botocore.config import Config

        config = Config(
            connect_timeout=_CONNECT_SECONDS,
            read_timeout=_READ_SECONDS,
            retries={"mode": "standard", "total_max_attempts": _ATTEMPTS},
        )
        session: Any = boto3.session.Session()
        return session.client("kms", region_name=self._region, config=config)

    def __str__(self) -> str:
        return f"the KMS key {self._arn}"
