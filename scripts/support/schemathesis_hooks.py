"""What Schemathesis cannot make of the OpenAPI document alone: bodies of lines."""

import json

import schemathesis
from hypothesis import strategies as st


def _line(number: int, text: str) -> bytes:
    document = {
        "source": "lines",
        "native_id": str(number),
        "channel": "chat",
        "occurred_at": "2024-05-06T07:08:09Z",
        "participants": [{"role": "author", "name": "Ann"}],
        "text": text,
    }
    return json.dumps(document).encode()


_LINES = st.builds(_line, st.integers(0, 99), st.text(max_size=20)) | st.binary(max_size=40)

schemathesis.openapi.media_type(
    "application/x-ndjson", st.lists(_LINES, max_size=5).map(b"\n".join)
)
