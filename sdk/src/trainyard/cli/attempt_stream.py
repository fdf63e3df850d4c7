"""`yard exec` and `yard proxy`: a program beside a run, and a local port that leads to one of the run's."""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Protocol

import click

from trainyard.cli import output
from trainyard.cli.options import find, run_argument, with_client

if TYPE_CHECKING:
    from trainyard.client import Client
    from trainyard.client.models import AttemptStream

__all__ = ["execute", "print_scheduler_log", "proxy"]

PIECE = 64 * 1024
STAY = 15.0
CUT = 1
"""The exit code when a stream ended before its program did."""


@click.command("exec", context_settings={"ignore_unknown_options": True})
@run_argument
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
@with_client
def execute(client: Client, *, ref: str, command: tuple[str, ...]) -> None:
    """Run a program where a live run runs.

    It has the folder and the environment of the run, but not the values of its secrets. Input is passed on; the exit
    code is the program's."""
    from trainyard.client.models import NewAttemptStream

    for number in (signal.SIGTERM, signal.SIGHUP):  # the program ends with this command, whoever ends that
        signal.signal(number, lambda number, _: sys.exit(128 + number))
    stream = client.attempt_streams.open(find(client, ref), NewAttemptStream(kind="exec", command=[*command]))
    threading.Thread(target=_send_all, args=(client, stream, sys.stdin.buffer), daemon=True).start()
    sys.exit(_receive(client, stream, sys.stdout.buffer, sys.stderr.buffer))


@click.command("proxy")
@run_argument
@click.argument("port", type=click.IntRange(1, 65535))
@click.option("--local", type=click.IntRange(0, 65535), default=0, metavar="PORT", help="The local port; default: any.")
@with_client
def proxy(client: Client, *, ref: str, port: int, local: int) -> None:
    """Lead a port of this machine to a port of a live run.

    Listens on 127.0.0.1 only, until interrupted."""
    run = find(client, ref)
    with socket.create_server(("127.0.0.1", local)) as server:
        output.line(f"127.0.0.1:{server.getsockname()[1]} leads to port {port} of run {run[-8:]}")
        sys.stdout.flush()
        while True:
            connection, _ = server.accept()
            threading.Thread(target=_lead, args=(client, run, port, connection), daemon=True).start()


def print_scheduler_log(client: Client, run: str, *, tail: int | None, follow: bool) -> None:
    """Print what the scheduler of a live run has of its output."""
    from trainyard.client.models import NewAttemptStream

    asked = NewAttemptStream(kind="logs", follow=follow, tail=1000 if tail is None else tail)
    stream = client.attempt_streams.open(run, asked)
    if code := _receive(client, stream, sys.stdout.buffer, sys.stderr.buffer):
        sys.exit(code)


class Sink(Protocol):
    """What takes output."""

    def write(self, data: bytes, /) -> object: ...

    def flush(self) -> None: ...


class Source(Protocol):
    """What gives input."""

    def fileno(self) -> int: ...


def _lead(client: Client, run: str, port: int, connection: socket.socket) -> None:
    from trainyard.client.errors import ClientError
    from trainyard.client.models import NewAttemptStream

    with connection, connection.makefile("rb", buffering=0) as taken, connection.makefile("wb", buffering=0) as given:
        try:
            stream = client.attempt_streams.open(run, NewAttemptStream(kind="proxy", port=port))
        except ClientError as error:
            output.line(f"yard proxy: {error}", err=True)
            return
        threading.Thread(target=_send_all, args=(client, stream, taken), daemon=True).start()
        _receive(client, stream, given, None)
        with suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)


def _receive(client: Client, stream: AttemptStream, out: Sink, err: Sink | None) -> int:
    """Write all output, and end the stream; the exit code to end with."""
    from trainyard.client.errors import ClientError, NotFound

    over = threading.Event()
    threading.Thread(target=_stay, args=(client, stream, over), daemon=True).start()
    try:
        for frame in client.attempt_streams.output(stream):
            if frame.channel == "end":
                if frame.error:
                    output.line(f"yard: {frame.error}", err=True)
                    return CUT
                return frame.exit_code or 0
            target = err if frame.channel == "stderr" and err is not None else out
            target.write(frame.data)
            target.flush()
        return CUT
    except ClientError as error:
        output.line(f"yard: the stream was cut: {error}", err=True)
        return CUT
    except OSError:  # nobody reads any more
        return CUT
    finally:
        over.set()
        with suppress(ClientError, NotFound):
            client.attempt_streams.end(stream)


def _stay(client: Client, stream: AttemptStream, over: threading.Event) -> None:
    """Let the server know that this side is there, also while nobody reads what it prints."""
    from trainyard.client.errors import ClientError

    with suppress(ClientError):
        while not over.wait(STAY):
            client.attempt_streams.send(stream, [])


def _send_all(client: Client, stream: AttemptStream, source: Source) -> None:
    """Send all input, until there is no more or the stream has ended."""
    from trainyard.client.errors import ClientError
    from trainyard.client.models import StreamFrame

    seq = 0
    with suppress(ClientError, OSError, ValueError):
        while True:
            seq += 1
            data = os.read(source.fileno(), PIECE)
            frame = StreamFrame(seq=seq, channel="stdin", data=data) if data else StreamFrame(seq=seq, channel="end")
            client.attempt_streams.send(stream, [frame])
            if not data:
                return
