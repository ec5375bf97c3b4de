"""The OpenAPI document says what there is: refusals and headers, schemas, and what leads on."""

import pytest

from api.v1 import access_requests, erasures, tokens, users
from archive.access.answers import RecordAnswer
from archive.access.search_answers import SearchAnswer
from archive.model.interaction import IncomingInteraction
from archive.users.answers import TokensAnswer, UsersAnswer
from policies.access_requests.answers import AccessRecordsAnswer, AccessRequestAnswer
from policies.answers import RetentionAnswer
from policies.erasures.answers import CaseAnswer, CaseRecordsAnswer

MODELS = [
    *((model, "validation") for model in (IncomingInteraction, *users.BODIES, *tokens.BODIES)),
    *((model, "validation") for model in (*erasures.BODIES, *access_requests.BODIES)),
    *((m, "serialization") for m in (RecordAnswer, SearchAnswer, TokensAnswer, UsersAnswer)),
    *((m, "serialization") for m in (RetentionAnswer, CaseAnswer, CaseRecordsAnswer)),
    *((m, "serialization") for m in (AccessRequestAnswer, AccessRecordsAnswer)),
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


def operations(document):
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", path, operation


def test_every_operation_declares_the_problems_that_it_may_answer(document):
    for name, path, operation in operations(document):
        expected = {"400", "429", "431", "500", "503"}
        expected |= {"401", "403"} if operation.get("security") else set()
        expected |= {"408", "413", "415"} if "requestBody" in operation else set()
        expected |= {"404"} if "{" in path else set()
        assert expected <= set(operation["responses"]), name
        for status, response in operation["responses"].items():
            if int(status) >= 400:
                (content,) = response["content"].items()
                assert content == (
                    "application/problem+json",
                    {"schema": {"$ref": "#/components/schemas/Problem"}},
                ), name


def test_every_answer_declares_the_headers_that_it_comes_with(document):
    added = {"401": "WWW-Authenticate", "429": "Retry-After", "503": "Retry-After"}
    for name, _, operation in operations(document):
        for status, response in operation["responses"].items():
            expected = {"X-Request-ID"} | ({added[status]} if status in added else set())
            assert expected <= {*response["headers"]}, (name, status)


def test_only_what_answers_everybody_is_declared_as_open(app, document):
    opened = {name for name, _, operation in operations(document) if not operation.get("security")}
    assert opened == {
        "GET /healthz",
        "GET /log/checkpoint",
        "GET /log/checkpoints/{name}",
        "GET /log/tile/{path}",
        "GET /log/timestamps/{timestamp}",
        "GET /log/vkey",
    }


def test_links_lead_from_an_id_to_every_operation_that_takes_it(document):
    known = {operation["operationId"]: path for _, path, operation in operations(document)}
    found = document["paths"]["/v1/search"]["get"]["responses"]["200"]["links"]
    assert {known[link["operationId"]] for link in found.values()} >= {
        "/v1/interactions/{id}",
        "/v1/interactions/{id}/original",
        "/v1/interactions/{id}/history",
        "/v1/interactions/{id}/proof",
        "/v1/conversations/{id}",
    }
    assert all(
        link["parameters"] == {"id": "$response.body#/results/0/id"} for link in found.values()
    )


@pytest.mark.parametrize("path", ["/v1/audit", "/v1/audit/export"])
def test_a_time_is_not_a_number(client, administrator, path):
    answer = client.get(f"{path}?until=0.5", headers=administrator)
    assert answer.status_code == 400 and "a time is written as" in answer.text
