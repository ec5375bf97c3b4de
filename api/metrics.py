"""The Prometheus text form (version 0.0.4) of how the service is.

Figures of the archive and not of one process, so that whichever web worker answers says the same.
"""

from collections.abc import Iterable

from archive.health import Health

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def exposition(health: Health) -> str:
    """Write the figures; positions and lags are counted in events."""
    return "".join(
        (
            _family(
                "muniment_ready", "gauge", "1 if the service can answer.", [("", health.ready)]
            ),
            _family(
                "muniment_events_total",
                "counter",
                "The newest event's sequence number.",
                [("", health.last_seq)],
            ),
            _family(
                "muniment_follower_position",
                "gauge",
                "The sequence number up to which a follower has come.",
                [(_follower(state.name), state.position) for state in health.followers],
            ),
            _family(
                "muniment_follower_lag_events",
                "gauge",
                "How many events a follower is behind.",
                [(_follower(state.name), state.lag) for state in health.followers],
            ),
            _family(
                "muniment_erasures_pending",
                "gauge",
                "How many erasures are condemned and not destroyed yet.",
                [("", health.erasures_pending)],
            ),
        )
    )


def _follower(name: str) -> str:
    escaped = name.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'{{follower="{escaped}"}}'


def _family(name: str, kind: str, help_text: str, samples: Iterable[tuple[str, int]]) -> str:
    lines = [f"# HELP {name} {help_text}", f"# TYPE {name} {kind}"]
    lines += [f"{name}{labels} {int(value)}" for labels, value in samples]
    return "\n".join(lines) + "\n"
