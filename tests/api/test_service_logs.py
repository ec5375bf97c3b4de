"""What a real service writes while secrets are sent to every part of it: all but the secrets."""

import json
import socket
from urllib.parse import urlsplit

import pytest

from scripts.support.home import Home
from tests.waiting import PATIENCE

pytestmark = pytest.mark.slow
SECRET = "Zq7secretX9"


def request(method: str, path: str, body: bytes = b"", /, **fields: str) -> bytes:
    head = {"Host": "localhost", "Connection": "close", "Content-Length": str(len(body))} | {
        name.replace("_", "-"): value for name, value in fields.items()
    }
    lines = "".join(f"{name}: {value}\r\n" for name, value in head.items())
    return f"{method} {path} HTTP/1.1\r\n{lines}\r\n".encode() + body


def answered(address: tuple[str, int], data: bytes) -> bytes:
    with socket.create_connection(address, timeout=PATIENCE) as connection:
        connection.sendall(data)
        answer = b""
        while piece := connection.recv(65_536):
            answer += piece
        return answer


def requests(token: str) -> list[bytes]:
    everywhere = {
        "User_Agent": SECRET,
        "Referer": f"http://{SECRET}/",
        "X_Request_ID": SECRET,
        "X_Forwarded_For": SECRET,
        "Cookie": f"muniment_session={SECRET}; {SECRET}={SECRET}",
        "Muniment_Purpose": f"matter:{SECRET}",
        "Idempotency_Key": SECRET,
        SECRET: SECRET,
    }
    known = everywhere | {"Authorization": f"Bearer {token}"}
    line = json.dumps(
        {
            "source": SECRET, "native_id": SECRET, "channel": "chat", "text": SECRET,
            "occurred_at": "2024-05-06T07:08:09Z", "custodian": SECRET,
            "participants": [{"role": "author", "address": SECRET}],
            "attachments": [{"filename": f"{SECRET}.pdf", "data": "JVBERi0xLjcK"}],
        }
    ).encode()  # fmt: skip
    paths = (f"/{SECRET}?{SECRET}={SECRET}", f"/v1/search?q={SECRET}", f"/v1/search?limit={SECRET}")
    return [
        *(request("GET", path, **fields) for path in paths for fields in (everywhere, known)),
        request("GET", f"/v1/search?q=({SECRET}", **known),
        request("GET", "/readyz", Authorization=f"Bearer {SECRET}"),
        request(SECRET, "/", **known),
        *(
            request("POST", path, body, Content_Type="application/json", **known)
            for path in ("/v1/interactions", "/v1/interactions/bulk", "/v1/users")
            for body in (line, line[:-1], SECRET.encode())
        ),
        request(
            "POST",
            "/sign-in",
            f"name={SECRET}&password={SECRET}&code={SECRET}&purpose=matter&detail={SECRET}".encode(),
            Content_Type="application/x-www-form-urlencoded",
        ),
        b"GET / HTTP/1.1\r\n" + SECRET.encode() + b"\r\n\r\n",
    ]


def test_no_secret_is_logged(tmp_path):
    home = Home.new(tmp_path / "home")
    with home.served() as service:
        split = urlsplit(service.base)
        address = (split.hostname or "", split.port or 0)
        answers = [answered(address, data) for data in requests(home.legal)]
        assert all(answer.startswith(b"HTTP/1.1 ") for answer in answers)
        assert not [answer for answer in answers if answer.startswith(b"HTTP/1.1 5")]
    (log,) = tmp_path.glob("serve-*.log")
    text = log.read_text(encoding="utf-8")
    assert SECRET not in text
    assert home.legal not in text
    lines = [json.loads(line) for line in text.splitlines() if line.startswith("{")]
    asked = [line for line in lines if line["event"] == "request"]
    assert len(asked) >= len(answers) - 2
    assert {"/v1/search", "/v1/interactions", None} <= {line["route"] for line in asked}
    assert [line for line in lines if line["event"] == "failure"] == []
