"""Where `muniment serve` cannot listen, it says so and starts nothing."""

import os
import signal
import socket
import subprocess
import sys

import pytest

from api.cli import run
from api.serve import supervisor
from api.serve.address import held_address


@pytest.fixture
def refused(tmp_path, monkeypatch, capfd):
    """Serve, and give what was said when nothing came of it."""
    monkeypatch.setenv("MUNIMENT_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(supervisor._Child, "start", pytest.fail)

    def serve(host, port=8080):
        status = run(["serve", "--create", "--host", host, "--port", str(port)])
        said = capfd.readouterr()
        assert (status, said.out) == (1, "")
        assert not (tmp_path / "home").exists()
        return said.err

    return serve


@pytest.mark.parametrize(
    ("host", "family"), [("127.0.0.1", socket.AF_INET), ("::1", socket.AF_INET6)]
)
@pytest.mark.parametrize("shares", [False, True])
def test_a_port_that_is_taken(refused, host, family, shares):
    with socket.socket(family) as other:
        if shares:
            # As the web server of another `muniment serve` holds it.
            other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            other.bind((host, 0))
        except OSError:
            pytest.skip("skipped: needs IPv6")
        other.listen()
        port = other.getsockname()[1]
        assert refused(host, port) == (
            f"muniment: Port {port} of {host} is in use: stop what listens there, or choose "
            "another with --port.\n"
        )


def test_an_address_of_another_machine(refused):
    # RFC 5737: addresses for documentation, which no machine has.
    assert "192.0.2.1 is no address of this machine" in refused("192.0.2.1")


@pytest.mark.parametrize("host", ["", "a..b"])
def test_what_is_no_address(refused, host):
    assert f"{host!r} names no address; choose another with --host." in refused(host)


def test_a_port_is_held_before_the_web_server_takes_it(refused):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with held_address("127.0.0.1", port):
        assert "is in use" in refused("127.0.0.1", port)
        # The web server of the same service shares it, and is answered by alone.
        with socket.socket() as web:
            for option in (socket.SO_REUSEPORT, socket.SO_REUSEADDR):
                web.setsockopt(socket.SOL_SOCKET, option, 1)
            web.bind(("127.0.0.1", port))
            web.listen()
            for _ in range(8):
                with socket.create_connection(("127.0.0.1", port), 5):
                    web.accept()[0].close()
    with held_address("127.0.0.1", port):
        pass


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="skipped: needs Linux")
@pytest.mark.parametrize("name", ["committer", "worker", "web"])
def test_a_child_whose_supervisor_is_gone_ends_at_once(tmp_path, name):
    environ = os.environ | {"MUNIMENT_HOME": str(tmp_path / "home")}
    command = [sys.executable, "-m", "api.serve", name, "1"]
    done = subprocess.run(command, env=environ, capture_output=True, timeout=60, check=False)
    number = signal.SIGKILL if name == "web" else signal.SIGTERM
    assert (done.returncode, done.stderr) == (-number, b"")
