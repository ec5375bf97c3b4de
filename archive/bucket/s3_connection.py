"""The way to an S3 server: one client a process, made when it is first needed.

What can go wrong on the way is bounded here: how long a request may take, and how often it is
made again (botocore's standard mode: timeouts, broken connections, 5xx and throttling, with a
growing random pause). At worst a request takes `_ATTEMPTS` times its timeouts, some fifty seconds;
one that is refused at once, as by a server that is down, some three.
"""

import os
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

import boto3.session
from botocore.config import Config
from botocore.exceptions import BotoCoreError

from archive.bucket.s3_listing import keep_order_of_versions
from archive.clock import Clock
from archive.errors import ConfigurationError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

CONNECTIONS = 32
_ATTEMPTS = 3
_CONNECT_SECONDS = 3
_READ_SECONDS = 15
_REGION = "us-east-1"
_SECOND = timedelta(seconds=1)
_SKEW_KEPT_SECONDS = 600.0


class Connection:
    """Reaches the server at `endpoint`, or Amazon's where it is None.

    Keys and region come from where boto3 looks for them: `AWS_*`, its files, the machine's role.
    Safe for threads, and across a fork: a process never uses a client that another one made.
    """

    def __init__(self, bucket: str, clock: Clock, endpoint: str | None) -> None:
        self._bucket = bucket
        self._clock = clock
        self._endpoint = endpoint
        # Swapped as one, without a lock: a lock that a thread held at a fork would stay locked in
        # the child. Two threads that come first may make a client each, and the later one stays.
        self._made: tuple[int, S3Client] | None = None
        self._skew: tuple[float, timedelta] | None = None

    @property
    def client(self) -> "S3Client":
        """This process's client. Raises `ConfigurationError` when none can be made."""
        made = self._made
        if made is None or made[0] != os.getpid():
            made = self._made = os.getpid(), self._make()
        return made[1]

    def _make(self) -> "S3Client":
        # S3 alone is asked to check what it receives by SHA-256, which every server does: newer
        # checksums in trailers are not known to all of them.
        config = Config(
            connect_timeout=_CONNECT_SECONDS,
            read_timeout=_READ_SECONDS,
            max_pool_connections=CONNECTIONS,
            retries={"mode": "standard", "total_max_attempts": _ATTEMPTS},
            tcp_keepalive=True,
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
            s3={
                "payload_signing_enabled": True,
                "addressing_style": "path" if self._endpoint else "auto",
            },
        )
        try:
            session = boto3.session.Session()
            client = session.client(
                "s3",
                endpoint_url=self._endpoint,
                region_name=session.region_name or _REGION,
                config=config,
            )
        except (BotoCoreError, ValueError) as error:
            raise ConfigurationError(
                "S3 cannot be reached with these settings: check MUNIMENT_S3_ENDPOINT (as "
                "https://HOST:PORT) and AWS_*."
            ) from error
        keep_order_of_versions(client)
        return client

    def now(self) -> datetime:
        """Return the server's time, in UTC, to within a second."""
        kept = self._skew
        if kept is None or self._clock.monotonic() - kept[0] > _SKEW_KEPT_SECONDS:
            self.skew()
            kept = self._skew
        assert kept is not None
        return self._clock.now() + kept[1]

    def skew(self) -> timedelta:
        """Ask the server for its time and return by how much it is ahead of ours, at least.

        Its answer is to the second, and was made at some moment between question and answer: of
        all differences that fit that, the one nearest to none.
        """
        asked = self._clock.now()
        answer: Mapping[str, Any] = self.client.head_bucket(Bucket=self._bucket)
        answered = self._clock.now()
        found = timedelta(0)
        stated = answer["ResponseMetadata"]["HTTPHeaders"].get("date", "")
        try:
            theirs = parsedate_to_datetime(stated).astimezone(UTC)
        except (TypeError, ValueError):
            pass  # A server that tells no time is taken at ours.
        else:
            least, most = theirs - answered, theirs + _SECOND - asked
            found = min(max(timedelta(0), least), most)
        self._skew = self._clock.monotonic(), found
        return found
