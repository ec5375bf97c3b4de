"""The provider: where it is asked, what it is asked, and what of its answers is believed.

OpenID Connect Core 1.0 (authorization code, section 3.1; refreshing, section 12), Discovery 1.0,
PKCE (RFC 7636), the issuer in the answer (RFC 9207). An ID token counts if a key of the provider
signed it by an asymmetric algorithm and it says this provider, this client and this time.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from authlib.oauth2.auth import ClientAuth
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri, prepare_token_request
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError

from api.openid.documents import ProviderDocuments
from api.openid.pause import PAUSE_SECONDS, Pause
from archive.clock import Clock
from archive.errors import UnauthenticatedError, UnavailableError
from archive.provider_settings import ProviderSettings, is_safe_address
from archive.users.provided import Vouched
from archive.users.user import ProvidedIdentity

SCOPE: Final = "openid profile offline_access"
ALGORITHMS: Final = (
    *("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
    *("ES256", "ES384", "ES512", "EdDSA"),
)
SKEW_SECONDS: Final = 60
_LONGEST_TEXT: Final = 255
_MOST_GROUPS: Final = 10_000
_REFUSED: Final = "The provider's answer does not check; sign in anew."


@dataclass(frozen=True, slots=True)
class Grant:
    """Whom the provider vouches for, and what it can be asked again with."""

    vouched: Vouched
    refresh_token: str | None


class Provider:
    """A provider as one process knows it.

    Every method that asks it raises UnavailableError where it does not answer, and
    UnauthenticatedError where it refuses or does not check.
    """

    def __init__(self, settings: ProviderSettings, clock: Clock) -> None:
        self.settings = settings
        self._clock = clock
        self._documents = ProviderDocuments(settings.issuer, clock)
        self._refresh_pause = Pause(clock)

    @property
    def name(self) -> str:
        """What people know the provider by: the host of its address."""
        return urlsplit(self.settings.issuer).hostname or self.settings.issuer

    def authorization(self, *, redirect_uri: str, state: str, nonce: str, verifier: str) -> str:
        """Return where the browser goes to have its user vouched for."""
        return str(
            prepare_grant_uri(
                self._documents.description()["authorization_endpoint"],
                client_id=self.settings.client_id,
                response_type="code",
                redirect_uri=redirect_uri,
                scope=SCOPE,
                state=state,
                nonce=nonce,
                code_challenge=create_s256_code_challenge(verifier),
                code_challenge_method="S256",
            )
        )

    def check_issuer(self, issuer: str | None) -> None:
        """Refuse an answer that another provider sent (RFC 9207)."""
        promised = (
            self._documents.description().get("authorization_response_iss_parameter_supported")
            is True
        )
        if (issuer is None and promised) or issuer not in (None, self.settings.issuer):
            raise UnauthenticatedError("The answer is not that of this provider.")

    def exchange(self, code: str, *, redirect_uri: str, verifier: str, nonce: str) -> Grant:
        """Return whom a code of the provider's stands for."""
        answer = self._token(
            "authorization_code", code=code, redirect_uri=redirect_uri, code_verifier=verifier
        )
        claims = self._claims(answer, nonce=nonce)
        return self._grant(claims, answer, None)

    def refresh(self, refresh_token: str, subject: str) -> Grant:
        """Return what the provider says now of somebody it has vouched for before.

        For a while after it has not answered it is not asked this, so that sessions that are due do
        not keep everybody waiting.
        """
        with self._refresh_pause.after(UnavailableError):
            return self._refreshed(refresh_token, subject)

    def _refreshed(self, refresh_token: str, subject: str) -> Grant:
        answer = self._token("refresh_token", refresh_token=refresh_token)
        if "id_token" in answer:
            claims = self._claims(answer, nonce=None)
            if claims["sub"] != subject:
                raise UnauthenticatedError("The provider answered about somebody else.")
        else:
            claims = self._userinfo(answer, subject)
        return self._grant(claims, answer, refresh_token)

    def logout_address(self) -> str | None:
        """Return where the provider signs people out, as far as that is known already."""
        address = self._documents.known().get("end_session_endpoint")
        return address if isinstance(address, str) and is_safe_address(address) else None

    def _grant(
        self, claims: Mapping[str, Any], answer: Mapping[str, Any], before: str | None
    ) -> Grant:
        name = self.settings.groups_claim
        if name not in claims:
            claims = {**self._userinfo(answer, claims["sub"]), **claims}
        called = next(
            (
                text
                for key in ("preferred_username", "name", "email")
                if isinstance(text := claims.get(key), str) and text.strip()
            ),
            "",
        )
        vouched = Vouched(
            identity=ProvidedIdentity(self.settings.issuer, claims["sub"]),
            called=called,
            groups=_groups(claims.get(name)),
        )
        renewed = answer.get("refresh_token")
        return Grant(vouched, renewed if isinstance(renewed, str) and renewed else before)

    def _token(self, grant_type: str, **parameters: str) -> dict[str, Any]:
        """Ask the token endpoint, as the client that we are."""
        document = self._documents.description()
        offered = document.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
        way = "client_secret_basic" if "client_secret_basic" in offered else "client_secret_post"
        secret = ClientAuth(self.settings.client_id, self.settings.client_secret, way)
        url, headers, body = secret.prepare(
            "POST",
            document["token_endpoint"],
            {"Content-Type": "application/x-www-form-urlencoded"},
            prepare_token_request(grant_type, **parameters),
        )
        status, answer = self._documents.ask(url, body=body, headers=headers)
        if status != 200:
            raise UnauthenticatedError("The provider does not vouch for you any more; sign in.")
        return answer

    def _userinfo(self, answer: Mapping[str, Any], subject: str) -> dict[str, Any]:
        """Return what the provider tells beside the ID token, of the same person (Core, 5.3.2)."""
        url, token = (
            self._documents.description().get("userinfo_endpoint"),
            answer.get("access_token"),
        )
        if not isinstance(url, str) or not isinstance(token, str) or not token.isascii():
            raise UnauthenticatedError(_REFUSED)
        status, told = self._documents.ask(url, headers={"Authorization": f"Bearer {token}"})
        if status != 200 or told.get("sub") != subject:
            raise UnauthenticatedError(_REFUSED)
        return told

    def _claims(self, answer: Mapping[str, Any], *, nonce: str | None) -> CodeIDToken:
        """Return the claims of an ID token that checks."""
        text = answer.get("id_token")
        if not isinstance(text, str):
            raise UnauthenticatedError(_REFUSED)
        try:
            decoded = self._decoded(text)
            options = {
                "iss": {"essential": True, "value": self.settings.issuer},
                "aud": {"essential": True, "value": self.settings.client_id},
            }
            parameters = {
                "nonce": nonce,
                "client_id": self.settings.client_id,
                "access_token": answer.get("access_token"),
            }
            claims = CodeIDToken(decoded.claims, decoded.header, options, parameters)
            claims.validate(now=int(self._clock.now().timestamp()), leeway=SKEW_SECONDS)
        except (JoseError, ValueError, TypeError) as error:
            raise UnauthenticatedError(_REFUSED) from error
        audience, subject = claims["aud"], claims["sub"]
        if isinstance(audience, list) and len(audience) > 1 and "azp" not in claims:
            raise UnauthenticatedError(_REFUSED)
        if not isinstance(subject, str) or not 0 < len(subject) <= _LONGEST_TEXT:
            raise UnauthenticatedError(_REFUSED)
        return claims

    def _decoded(self, text: str) -> jwt.Token:
        """Read a signed token; with keys read anew where those that are kept do not fit it."""
        keys = self._documents.keys()
        try:
            return jwt.decode(text, keys, algorithms=ALGORITHMS)
        except (JoseError, ValueError):
            newer = self._documents.keys(PAUSE_SECONDS)
            if newer is keys:
                raise
        return jwt.decode(text, newer, algorithms=ALGORITHMS)


def _groups(told: object) -> frozenset[str]:
    """Return the groups of a claim, which is a list or, at some providers, one name."""
    listed = [told] if isinstance(told, str) else told if isinstance(told, list) else []
    return frozenset(each for each in listed[:_MOST_GROUPS] if isinstance(each, str))
