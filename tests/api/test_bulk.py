"""Bulk capture: a result for each line, flat memory, nothing lost in silence."""

import io
import json
import threading
from concurrent.futures import Future
from contextlib import contextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api import gathering
from api.bodies import FAST_SHARE
from api.gathering import Gathering
from api.lines import read_lines
from api.v1 import bulk
from archive.errors import UnavailableError
from tests.api.standin import LEGAL, interaction
from tests.waiting import PATIENCE

URL = "/v1/interactions/bulk"


def send(client, headers, body):
    return client.post(URL, data=body, content_type="application/x-ndjson", headers=headers)


def results(answer):
    assert answer.mimetype == "application/x-ndjson"
    return [json.loads(line) for line in answer.text.splitlines()]


def test_every_line_has_its_result_and_a_bad_one_stops_nothing(client, legal):
    lines = [interaction("a"), b"{broken", b"  ", interaction("a"), interaction("b")]
    answer = send(client, legal, b"\n".join(lines))
    found = [(result["line"], result["status"]) for result in results(answer)]
    assert found == [(1, "archived"), (2, "rejected"), (4, "already"), (5, "archived")]


def test_many_batches_come_back_in_order(client, legal, stand_in):
    count = bulk.BATCH_LINES * 2 + 7
    answer = send(client, legal, b"".join(interaction(f"n{n}") + b"\n" for n in range(count)))
    assert [result["line"] for result in results(answer)] == list(range(1, count + 1))
    assert len(stand_in.records) == count


def test_each_batch_may_be_held_up_before_it_is_read(client, legal, stand_in):
    count = bulk.BATCH_LINES + 1
    answer = send(client, legal, b"".join(interaction(f"n{n}") + b"\n" for n in range(count)))
    assert len(results(answer)) == count
    assert stand_in.held_up == 2


def test_a_line_that_is_too_long_is_rejected_alone(client, legal, monkeypatch):
    monkeypatch.setattr(bulk, "LINE_LIMIT", 1_000)
    answer = send(
        client, legal, interaction("a") + b"\n" + b"x" * 200_000 + b"\n" + interaction("b")
    )
    assert [result["status"] for result in results(answer)] == ["archived", "rejected", "archived"]


def test_a_failure_on_the_way_is_the_last_line(client, legal, stand_in):
    stand_in.fault = UnavailableError("The committer does not answer.")
    stand_in.fault_after = 1
    count = bulk.BATCH_LINES + 3
    answer = send(client, legal, b"\n".join(interaction(f"n{n}") for n in range(count)))
    found = results(answer)
    assert len(found) == bulk.BATCH_LINES + 1
    assert found[-1]["status"] == "failed"
    assert found[-1]["line"] == bulk.BATCH_LINES + 1
    assert found[-1]["type"] == "urn:muniment:problem:unavailable"
    assert "The committer does not answer." in found[-1]["reason"]


def test_a_defect_on_the_way_tells_no_details(client, legal, stand_in):
    stand_in.fault = ValueError("secret content")
    stand_in.fault_after = 1
    count = bulk.BATCH_LINES + 1
    answer = send(client, legal, b"\n".join(interaction(f"n{n}") for n in range(count)))
    assert results(answer)[-1]["type"] == "urn:muniment:problem:internal"
    assert "secret content" not in answer.text


def test_a_failure_before_any_answer_is_a_problem_document(client, legal, stand_in):
    stand_in.fault = UnavailableError("The committer does not answer.", retry_after=7)
    answer = send(client, legal, interaction())
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "7")


def test_an_upload_ends_with_its_token(client, legal, stand_in, monkeypatch):
    monkeypatch.setattr(bulk, "BATCH_LINES", 1)
    commit = stand_in.commit

    def once(batch):
        stand_in.revoked.add(LEGAL)
        return commit(batch)

    monkeypatch.setattr(stand_in, "commit", once)
    answer = send(client, legal, b"\n".join(interaction(f"n{n}") for n in range(20)))
    *archived, last = results(answer)
    assert (last["status"], last["type"]) == ("failed", "urn:muniment:problem:unauthenticated")
    # Those that had begun by then may take place.
    assert 1 <= len(archived) == len(stand_in.records) <= bulk.BATCHES_AT_ONCE


def test_nothing_in_gives_nothing_out(client, legal):
    assert send(client, legal, b"").data == b""


@given(body=st.binary(max_size=400), chunk=st.integers(1, 50), longest=st.integers(0, 30))
def test_lines_are_those_of_split_whatever_the_chunks(body, chunk, longest):
    class Slow(io.BytesIO):
        def read(self, size=-1, /):
            return super().read(min(size, chunk))

    expected = [
        (number, line if len(line) <= longest else None)
        for number, line in enumerate(body.split(b"\n"), 1)
        if line.strip() or len(line) > longest
    ]
    found = [(line.number, line.data) for line in read_lines(Slow(body), longest=longest)]
    assert expected == found


@given(
    body=st.binary(max_size=300),
    count=st.integers(1, 5),
    size=st.integers(1, 40),
    at_once=st.integers(1, 3),
)
def test_batches_keep_every_line_in_order(body, count, size, at_once):
    lines = list(read_lines(io.BytesIO(body), longest=100))
    grouped = []

    def begin(batch):
        grouped.append(batch)
        answer: Future[str] = Future()
        answer.set_result(repr(batch))
        return answer

    with Gathering(iter(lines), begin, count=count, size=size, at_once=at_once) as begun:
        answers = list(begun.answers())
    assert [line for batch in grouped for line in batch] == lines
    assert all(0 < len(batch) <= count for batch in grouped)
    assert answers == [(batch[-1].number, repr(batch)) for batch in grouped]


class Sending:
    """A body that is still being sent, which is read as the web server has it read.

    A read waits until all the bytes that it asks for have come.
    """

    def __init__(self):
        self._come, self._ended = bytearray(), False
        self._changed = threading.Condition()

    def send(self, data):
        with self._changed:
            self._come += data
            self._changed.notify_all()

    def end(self):
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def read(self, size, /):
        with self._changed:
            assert self._changed.wait_for(
                lambda: len(self._come) >= size or self._ended, PATIENCE
            ), "It was asked for more than ever comes."
            piece = bytes(self._come[:size])
            del self._come[:size]
            return piece


@contextmanager
def sending(client, headers, first):
    """Give a body of which `first` was sent, and the lines of the answer while more may come."""
    body = Sending()
    body.send(first)
    answer = client.post(
        URL,
        content_type="application/x-ndjson",
        headers=headers,
        environ_overrides={
            "wsgi.input": body,
            "wsgi.input_terminated": True,
            "HTTP_TRANSFER_ENCODING": "chunked",
        },
    )
    pieces = iter(answer.response)
    try:
        yield body, (json.loads(line) for piece in pieces for line in piece.splitlines())
    finally:
        body.end()
        answer.close()


@pytest.mark.parametrize("count", [1, 100])
def test_who_sends_slowly_is_answered_before_more_comes(
    client, legal, stand_in, monkeypatch, count
):
    monkeypatch.setattr(gathering, "PAUSE_SECONDS", 0.05)
    first = b"".join(interaction(f"n{n}") + b"\n" for n in range(count))
    with sending(client, legal, first) as (body, answers):
        for number in range(count):
            assert next(answers)["line"] == number + 1
        assert len(stand_in.records) == count
        body.send(interaction("a") + b"\n" + interaction("b"))
        assert next(answers)["line"] == count + 1
        assert len(stand_in.records) == count + 1
        body.send(b"\n")
        assert next(answers)["line"] == count + 2
        body.end()
        assert list(answers) == []


def test_who_sends_fast_and_pauses_is_answered_to_the_last_lines(
    client, legal, stand_in, monkeypatch
):
    monkeypatch.setattr(gathering, "PAUSE_SECONDS", 0.05)
    lines = [interaction(f"n{n}") + b"\n" for n in range(bulk.BATCH_LINES + 100)]
    waiting = len(lines) // FAST_SHARE + 1
    with sending(client, legal, b"".join(lines)) as (body, answers):
        for number in range(len(lines) - waiting):
            assert next(answers)["line"] == number + 1
        body.end()
        assert len(list(answers)) == waiting


def test_a_slow_upload_ends_with_its_token(client, legal, stand_in, monkeypatch):
    monkeypatch.setattr(gathering, "PAUSE_SECONDS", 0.05)
    with sending(client, legal, interaction("a") + b"\n") as (body, answers):
        assert next(answers)["status"] == "archived"
        stand_in.revoked.add(LEGAL)
        body.send(interaction("b") + b"\n")
        failed = next(answers)
        assert (failed["line"], failed["status"]) == (2, "failed")
        # It is read to the end of what is being read, since no read can be given up.
        body.send(interaction("c") + b"\n")
        assert list(answers) == []
    assert len(stand_in.records) == 1


@pytest.mark.parametrize("media_type", ["text/csv", "application/x-www-form-urlencoded"])
def test_another_media_type_is_refused(client, legal, media_type):
    answer = client.post(URL, data=b"{}", content_type=media_type, headers=legal)
    assert answer.status_code == 415
