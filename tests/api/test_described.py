"""The OpenAPI document says what there is."""

import pytest

from api.v1 import tokens, users
from archive.access.answers import RecordAnswer, SearchAnswer
from archive.model.interaction import IncomingInteraction
from archive.users.answers import TokensAnswer, UsersAnswer

MODELS = [
    *((model, "validation") for model in (IncomingInteraction, *users.BODIES, *tokens.BODIES)),
    *((m, "serialization") for m in (RecordAnswer, SearchAnswer, TokensAnswer, UsersAnswer)),
]


@pytest.fixture
def document(client, legal):
    return client.get("/openapi.json", headers=legal).get_json()


@pytest.mark.parametrize(("model", "mode"), MODELS, ids=lambda each: getattr(each, "__name__", ""))
def test_no_schema_stands_under_the_name_of_another(document, model, mode):
    there = document["components"]["schemas"]
    for name, schema in model.model_json_schema(mode=mode).get("$defs", {}).items():
        assert there[name].get("enum") == schema.get("enum"), name
        assert there[name].get("properties", {}).keys() == schema.get("properties", {}).keys(), name
