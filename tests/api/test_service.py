"""Health, readiness, metrics, and the API's description of itself."""

import re


def test_healthz_needs_no_token(client):
    answer = client.get("/healthz")
    assert (answer.status_code, answer.text) == (200, "ok\n")


def test_readyz_says_how_far_the_followers_are(client, legal):
    answer = client.get("/readyz", headers=legal)
    assert answer.status_code == 200
    assert answer.json["ready"] is True
    assert answer.json["followers"][0]["name"] == "index"


def test_readyz_gives_its_reasons(client, legal, stand_in):
    stand_in.not_ready = ("The index is 12 events behind.",)
    answer = client.get("/readyz", headers=legal)
    assert (answer.status_code, answer.json["type"]) == (503, "urn:muniment:problem:not-ready")
    assert answer.json["problems"] == ["The index is 12 events behind."]
    assert "Retry-After" in answer.headers


def test_metrics_are_for_those_who_operate(client, administrator, legal, capture):
    capture()
    answer = client.get("/metrics", headers=administrator)
    assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    samples = dict(line.split(" ") for line in answer.text.splitlines() if line[0] != "#")
    assert samples == {
        "muniment_ready": "1",
        "muniment_events_total": "1",
        'muniment_follower_position{follower="index"}': "1",
        'muniment_follower_lag_events{follower="index"}': "0",
        "muniment_erasures_pending": "0",
    }
    assert client.get("/metrics", headers=legal).status_code == 403


def routes(app):
    return {
        re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule)
        for rule in app.url_map.iter_rules()
        if rule.endpoint.split(".")[0] not in ("console", "reference", "static")
    }


def test_the_document_names_every_route(app, client, legal):
    document = client.get("/openapi.json", headers=legal).get_json()
    assert document["openapi"].startswith("3.1")
    assert set(document["paths"]) == routes(app)


def references(value):
    if isinstance(value, dict):
        for key, part in value.items():
            if key == "$ref":
                yield part
            else:
                yield from references(part)
    elif isinstance(value, list):
        for part in value:
            yield from references(part)


def test_every_reference_in_the_document_leads_somewhere(client, legal):
    document = client.get("/openapi.json", headers=legal).get_json()
    schemas = {f"#/components/schemas/{name}" for name in document["components"]["schemas"]}
    found = set(references(document))
    assert found
    assert found <= schemas


def test_operations_are_told_apart_and_refuse_in_the_one_envelope(client, legal):
    document = client.get("/openapi.json", headers=legal).get_json()
    operations = [
        operation for methods in document["paths"].values() for operation in methods.values()
    ]
    names = [operation["operationId"] for operation in operations]
    assert len(set(names)) == len(names)
    for operation in operations:
        for status, response in operation["responses"].items():
            if int(status) >= 400:
                assert list(response["content"]) == ["application/problem+json"]


def test_the_docs_page_shows_every_operation_without_script_or_style(client, legal):
    page = client.get("/docs", headers=legal).text
    document = client.get("/openapi.json", headers=legal).get_json()
    for path in document["paths"]:
        assert path in page
    assert "<script" not in page
    assert "style=" not in page
