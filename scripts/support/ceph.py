"""A real S3 server of one's own: a Ceph object gateway on free ports, gone when it is left.

One monitor, one storage daemon that keeps everything in memory, one gateway, without any manager.
It stands on its own folder and ports, so that several run beside each other. On Debian it needs
the packages `ceph-mon ceph-osd radosgw ceph-common`.
"""

import os
import shutil
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from scripts.support.parts import Embedded
from scripts.support.ports import free_ports

PROGRAMS = ("ceph-mon", "ceph-osd", "radosgw", "radosgw-admin", "ceph", "ceph-authtool")
PACKAGES = "ceph-mon ceph-osd radosgw ceph-common"
ACCESS_KEY = "AK"
SECRET_KEY = "SK"
_PATIENCE = 180.0

_CONFIGURATION = """\
[global]
fsid = {fsid}
mon initial members = a
mon host = v2:127.0.0.1:{monitor_port}
keyring = {folder}/keyring
auth cluster required = cephx
auth service required = cephx
auth client required = cephx
ms bind ipv6 = false
ms bind msgr1 = false
public addr = 127.0.0.1
cluster addr = 127.0.0.1
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 8
osd pool default pgp num = 8
osd pool default pg autoscale mode = off
osd crush chooseleaf type = 0
mon allow pool size one = true
osd objectstore = memstore
memstore device bytes = 4294967296
run dir = {folder}
admin socket =
log file = {folder}/$name.log
pid file =
mon data = {folder}/mon
osd data = {folder}/osd
[client.admin]
rgw frontends = beast endpoint=127.0.0.1:{gateway_port}
rgw data = {folder}/rgw
"""


class CephError(Exception):
    """The gateway cannot be started; the message says what is missing or what went wrong."""


@dataclass(frozen=True)
class Gateway:
    """A running gateway, and how to reach it."""

    endpoint: str

    @property
    def environment(self) -> Mapping[str, str]:
        """What a process needs in its environment to reach the gateway."""
        return {
            "MUNIMENT_S3_ENDPOINT": self.endpoint,
            "AWS_ACCESS_KEY_ID": ACCESS_KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
            "AWS_DEFAULT_REGION": "us-east-1",
            # No other credentials and settings of this machine take part.
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        }

    def make_bucket(self, name: str, *, lock: bool = True) -> str:
        """Make a bucket, with Object Lock (and so with versions) or without; return its URL."""
        client(self.endpoint).create_bucket(Bucket=name, ObjectLockEnabledForBucket=lock)
        return f"s3://{name}"


def client(endpoint: str):  # type: ignore[no-untyped-def]
    """Return an S3 client of boto3's that speaks for the gateway's user."""
    import boto3
    from botocore.config import Config

    return boto3.session.Session(ACCESS_KEY, SECRET_KEY, region_name="us-east-1").client(
        "s3",
        endpoint_url=endpoint,
        config=Config(
            s3={"addressing_style": "path"},
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        ),
    )


def missing() -> list[str]:
    """Return the programs that are needed and not installed."""
    return [name for name in PROGRAMS if shutil.which(name) is None]


class OnGateway(Embedded):
    """SQLite in the home folder, and the bucket on such a server."""

    def __init__(self, home: Path, gateway: Gateway) -> None:
        super().__init__(home)
        bucket = gateway.make_bucket("bench")
        self.settings = {"MUNIMENT_BUCKET": bucket, **gateway.environment}


@contextmanager
def gateway(folder: Path) -> Iterator[Gateway]:
    """Start a gateway in an empty folder, which takes some ten seconds, and stop it at the end.

    Raises:
        CephError: a program is missing, or one of them does not start.
    """
    if missing():
        raise CephError(f"needs {', '.join(missing())} (on Debian: {PACKAGES})")
    with ExitStack() as stack:
        cluster = _Cluster(folder, stack)
        cluster.start_monitor()
        cluster.start_storage()
        yield cluster.start_gateway()


class _Cluster:
    """The daemons and their folder; `stack` ends what was started."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self._folder = folder
        self._stack = stack
        self._ports = free_ports(2)
        self._configuration = folder / "ceph.conf"
        self._fsid = str(uuid4())
        for name in ("mon", "osd", "rgw"):
            (folder / name).mkdir(parents=True)
        self._configuration.write_text(
            _CONFIGURATION.format(
                fsid=self._fsid,
                folder=folder,
                monitor_port=self._ports[0],
                gateway_port=self._ports[1],
            )
        )

    def start_monitor(self) -> None:
        keyring, plan = self._folder / "keyring", self._folder / "monmap"
        may_all: tuple[str, ...] = ("--cap", "mon", "allow *")
        self._run("ceph-authtool", "-C", keyring, "--gen-key", "-n", "mon.", *may_all)
        may_all += ("--cap", "osd", "allow *")
        self._run("ceph-authtool", keyring, "--gen-key", "-n", "client.admin", *may_all)
        address = f"[v2:127.0.0.1:{self._ports[0]}]"
        fsid = ("--fsid", self._fsid)
        self._run("monmaptool", "--create", *fsid, "--addv", "a", address, plan)
        self._run("ceph-mon", "-i", "a", "--mkfs", "--monmap", plan, "--keyring", keyring)
        self._daemon("ceph-mon", "-i", "a")

    def start_storage(self) -> None:
        osd = str(uuid4())
        self._run("ceph", "osd", "new", osd)
        capabilities = ("mon", "allow profile osd", "osd", "allow *")
        key = self._run("ceph", "auth", "get-or-create", "osd.0", *capabilities)
        with (self._folder / "keyring").open("ab") as keyring:
            keyring.write(key)
        (self._folder / "osd" / "type").write_text("memstore\n")
        self._run("ceph-osd", "-i", "0", "--mkfs", "--osd-uuid", osd)
        self._daemon("ceph-osd", "-i", "0")

    def start_gateway(self) -> Gateway:
        found = Gateway(f"http://127.0.0.1:{self._ports[1]}")
        process = self._daemon("radosgw", "-n", "client.admin")
        until = time.monotonic() + _PATIENCE
        while not _answers(found.endpoint):
            if process.poll() is not None or time.monotonic() > until:
                raise CephError(f"the gateway does not start; see {self._folder}/*.log")
            time.sleep(0.1)
        user = ("--uid=show", "--display-name=show")
        keys = (f"--access-key={ACCESS_KEY}", f"--secret-key={SECRET_KEY}")
        self._run("radosgw-admin", "user", "create", *user, *keys)
        return found

    def _run(self, program: str, *arguments: object) -> bytes:
        try:
            done = subprocess.run(
                self._command(program, *arguments), capture_output=True, timeout=_PATIENCE
            )
        except subprocess.TimeoutExpired as error:
            raise CephError(f"{program} does not end; see {self._folder}/*.log") from error
        if done.returncode:
            raise CephError(f"{program}: {done.stderr.decode(errors='replace').strip()}")
        return done.stdout

    def _daemon(self, program: str, *arguments: object) -> "subprocess.Popen[bytes]":
        # The kernel ends a daemon whose parent was killed and could not.
        guard = ("setpriv", "--pdeathsig", "KILL")
        output = self._stack.enter_context((self._folder / f"{program}.out").open("wb"))
        process = subprocess.Popen(
            [*guard, *self._command(program, "-f", *arguments)],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self._stack.callback(_end, process)
        return process

    def _command(self, program: str, *arguments: object) -> list[str]:
        if program in ("ceph-authtool", "monmaptool"):
            return [program, *map(str, arguments)]
        return [program, "-c", str(self._configuration), *map(str, arguments)]


def _end(process: "subprocess.Popen[bytes]") -> None:
    # What it keeps is in memory and nobody's any more.
    with suppress(ProcessLookupError):
        process.kill()
    process.wait()


def _answers(endpoint: str) -> bool:
    try:
        with urllib.request.urlopen(endpoint, timeout=2):
            return True
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
