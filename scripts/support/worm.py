"""Every way that S3 knows to undo a lock, tried with the owner's own key."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from scripts.support.show import Failed

Attempt = Callable[[], object]


def attempts(
    client: Any,
    bucket: str,
    name: str,
    version: str,
    until: datetime,
    bypasses: Iterable[bool] = (False, True),
) -> Iterator[tuple[str, Attempt]]:
    """Give every way to lift a lock until `until`, or to destroy what is under it.

    `bypasses` says whether to try without and with the header that bypasses governance.
    """
    place: Mapping[str, str] = {"Bucket": bucket, "Key": name, "VersionId": version}

    def retain(mode: str, moment: datetime, bypass: bool) -> Attempt:
        return lambda: client.put_object_retention(
            **place,
            Retention={"Mode": mode, "RetainUntilDate": moment},
            BypassGovernanceRetention=bypass,
        )

    for bypass in bypasses:
        by = "with the bypass header" if bypass else "plainly"
        for sooner in (timedelta(seconds=1), timedelta(days=15)):
            moment = until - sooner
            yield f"shorten it by {sooner} {by}", retain("COMPLIANCE", moment, bypass)
        yield f"weaken it to governance {by}", retain("GOVERNANCE", until, bypass)
        yield (
            f"delete the version {by}",
            partial(client.delete_object, **place, BypassGovernanceRetention=bypass),
        )
        yield (
            f"delete it among others {by}",
            partial(_deleted_among_others, client, bucket, name, version, bypass),
        )
    yield (
        "remove the retention",
        lambda: client.put_object_retention(
            **place, Retention={}, BypassGovernanceRetention=any(bypasses)
        ),
    )


def _deleted_among_others(client: Any, bucket: str, name: str, version: str, bypass: bool) -> None:
    """Delete by the request that takes many names, which tells of failures inside its answer."""
    answer = client.delete_objects(
        Bucket=bucket,
        Delete={"Objects": [{"Key": name, "VersionId": version}]},
        BypassGovernanceRetention=bypass,
    )
    for error in answer.get("Errors", ()):
        raise Failed(error["Code"])


def refused(attempt: Attempt) -> bool:
    """Say whether the server refused an attempt."""
    from botocore.exceptions import ClientError

    try:
        attempt()
    except (ClientError, Failed):
        return True
    return False
