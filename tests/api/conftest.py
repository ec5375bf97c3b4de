"""The application over the stand-in, and clients that ask in a role."""

from collections.abc import Callable
from typing import Any, cast

import pytest
from flask import Flask
from flask.testing import FlaskClient

from api.app import create_app
from tests.api import standin
from tests.api.standin import StandIn


@pytest.fixture
def stand_in() -> StandIn:
    return StandIn()


@pytest.fixture
def app(stand_in: StandIn) -> Flask:
    return create_app(lambda: cast(Any, stand_in))


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


def headers(token: str, purpose: str | None = "compliance") -> dict[str, str]:
    stated = {"Muniment-Purpose": purpose} if purpose else {}
    return {"Authorization": f"Bearer {token}", **stated}


@pytest.fixture
def legal() -> dict[str, str]:
    return headers(standin.LEGAL)


@pytest.fixture
def administrator() -> dict[str, str]:
    return headers(standin.ADMINISTRATOR)


@pytest.fixture
def capture(client: FlaskClient, legal: dict[str, str]) -> Callable[..., str]:
    def one(native_id: str = "m1", **changes: object) -> str:
        answer = client.post(
            "/v1/interactions",
            data=standin.interaction(native_id, **changes),
            content_type="application/json",
            headers=legal,
        )
        assert answer.status_code in (200, 201), answer.text
        return str(answer.get_json()["id"])

    return one
