"""A small OpenID Connect provider over real HTTP on loopback, and a browser's way through it."""

import json
import secrets
import threading
from base64 import b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from typing import Any
from urllib.parse import parse_qs, urlsplit

from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, RSAKey

CLIENT, SECRET = "muniment", "s3cret of / ours"


@dataclass
class Account:
    """Somebody the provider knows."""

    subject: str
    name: str
    groups: list[str]
    gone: bool = False


class SmallProvider:
    """What the provider knows, and how it lies: `lies` are claims put over those of an ID token."""

    def __init__(self, clock: Any) -> None:
        self.clock = clock
        self.issuer = ""
        self._people = count(1)
        self._first = RSAKey.generate_key(2048, {"kid": "first", "use": "sig"})
        self.begin_anew()

    def begin_anew(self) -> None:
        """Forget all lies, and know one person whom nobody has met."""
        self.key: Any = self._first
        self.shown_keys = KeySet([self.key]).as_dict(private=False)
        self.account = Account(f"s-{next(self._people)}", "ann", ["readers"])
        self.lies: dict[str, Any] = {}
        self.document_lies: dict[str, Any] = {}
        self.header: dict[str, Any] | None = None
        self.userinfo_lies: dict[str, Any] = {}
        self.groups_in_userinfo = False
        self.refresh_gives_id_token = self.refresh_gives_token = True
        self.down = self.huge = False
        self.asked: list[str] = []
        self.codes: dict[str, dict[str, str]] = {}
        self.spent: dict[str, dict[str, str]] = {}
        self.refresh_tokens: set[str] = set()

    def rotate(self) -> None:
        """Sign with a new key of another kind, and show no other."""
        self.key = ECKey.generate_key("P-256", {"kid": secrets.token_hex(4), "use": "sig"})
        self.shown_keys = KeySet([self.key]).as_dict(private=False)

    def document(self) -> dict[str, Any]:
        """Describe the provider (Discovery 1.0)."""
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "userinfo_endpoint": f"{self.issuer}/userinfo",
            "jwks_uri": f"{self.issuer}/keys",
            "end_session_endpoint": f"{self.issuer}/leave",
            **self.document_lies,
        }

    def authorize(self, address: str, **lies: str) -> str:
        """Vouch for the account at once; return the address that the browser is sent back to."""
        asked = {key: value[0] for key, value in parse_qs(urlsplit(address).query).items()}
        assert asked["response_type"] == "code" and asked["client_id"] == CLIENT
        assert asked["code_challenge_method"] == "S256" and "openid" in asked["scope"].split()
        code = secrets.token_urlsafe(8)
        self.codes[code] = asked
        answer = {"code": code, "state": asked["state"], "iss": self.issuer, **lies}
        query = "&".join(f"{key}={value}" for key, value in answer.items() if value)
        return f"{urlsplit(asked['redirect_uri']).path}?{query}"

    def token(self, form: dict[str, str], authorization: str) -> tuple[int, dict[str, Any]]:
        """Exchange a code, or a refresh token, which serves once."""
        if b64decode(authorization.removeprefix("Basic ")).decode() != f"{CLIENT}:{SECRET}":
            return 401, {"error": "invalid_client"}
        nonce = None
        if form["grant_type"] == "authorization_code":
            asked = self.codes.pop(form["code"], None)
            self.spent = {form["code"]: asked} if asked else {}
            challenge = urlsafe_b64encode(sha256(form["code_verifier"].encode()).digest())
            right = asked is not None and challenge.rstrip(b"=").decode() == asked["code_challenge"]
            if asked is None or not right or form["redirect_uri"] != asked["redirect_uri"]:
                return 400, {"error": "invalid_grant"}
            nonce = asked["nonce"]
        elif self.account.gone or form["refresh_token"] not in self.refresh_tokens:
            return 400, {"error": "invalid_grant"}
        else:
            self.refresh_tokens.discard(form["refresh_token"])
        answer: dict[str, Any] = {"access_token": "access", "token_type": "Bearer"}
        if self.refresh_gives_token:
            answer["refresh_token"] = secrets.token_urlsafe(24)
            self.refresh_tokens.add(answer["refresh_token"])
        if nonce is not None or self.refresh_gives_id_token:
            answer["id_token"] = self.id_token(nonce)
        return 200, answer

    def id_token(self, nonce: str | None) -> str:
        """Sign what the provider says of the account."""
        now = int(self.clock.now().timestamp())
        claims: dict[str, Any] = {
            "iss": self.issuer,
            "aud": CLIENT,
            "sub": self.account.subject,
            "iat": now,
            "exp": now + 300,
            "preferred_username": self.account.name,
        }
        if nonce:
            claims["nonce"] = nonce
        if not self.groups_in_userinfo:
            claims["groups"] = self.account.groups
        claims = {key: value for key, value in {**claims, **self.lies}.items() if value is not None}
        kind = "ES256" if isinstance(self.key, ECKey) else "RS256"
        if self.header is not None and self.header["alg"] in ("none", "HS256"):
            return _forged(self.header, claims, SECRET)
        return jwt.encode({"alg": kind, "kid": self.key.kid}, claims, self.key)

    def userinfo(self) -> dict[str, Any]:
        """Tell of the account beside the ID token."""
        told = {"sub": self.account.subject, "groups": self.account.groups}
        return {**told, **self.userinfo_lies}


def _forged(header: dict[str, Any], claims: dict[str, Any], secret: str) -> str:
    import hmac

    parts = [_part(header), _part(claims)]
    signed = ".".join(parts)
    if header["alg"] == "none":
        return f"{signed}."
    digest = hmac.new(secret.encode(), signed.encode(), "sha256").digest()
    return f"{signed}.{urlsafe_b64encode(digest).rstrip(b'=').decode()}"


def _part(value: dict[str, Any]) -> str:
    return urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


@contextmanager
def running(clock: Any) -> Iterator[SmallProvider]:
    """Run a provider until the block ends."""
    provider = SmallProvider(clock)
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(provider))
    server.daemon_threads = True
    provider.issuer = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()


def _handler(provider: SmallProvider) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = urlsplit(self.path).path
            provider.asked.append(path)
            if path == "/authorize":
                # A real browser is sent back at once: whoever it is has signed in there before.
                asked = parse_qs(urlsplit(self.path).query)
                back = urlsplit(asked["redirect_uri"][0])
                self.send_response(303)
                onward = provider.authorize(self.path)
                self.send_header("Location", f"{back.scheme}://{back.netloc}{onward}")
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            pages: dict[str, Callable[[], dict[str, Any]]] = {
                "/.well-known/openid-configuration": provider.document,
                "/keys": lambda: dict(provider.shown_keys),
                "/userinfo": provider.userinfo,
            }
            if path in pages:
                self._answer(200, pages[path]())
            else:
                self._answer(404, {})

        def do_POST(self) -> None:
            provider.asked.append(self.path)
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            form = {key: value[0] for key, value in parse_qs(body).items()}
            if provider.down:
                self.close_connection = True
                return
            self._answer(*provider.token(form, self.headers.get("Authorization", "")))

        def _answer(self, status: int, document: dict[str, Any]) -> None:
            if provider.down:
                self.close_connection = True
                return
            text = b"{" + b" " * 400_000 if provider.huge else json.dumps(document).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    return Handler
