"""Each kind passes the suite of the contract, and refuses what would leak a secret or clash."""

from __future__ import annotations

import asyncio
import subprocess

import pytest
from msgspec.structs import replace

from trainyard_connections.custom import Custom
from trainyard_connections.database import Database
from trainyard_connections.git import Git
from trainyard_connections.host_path import HostPath
from trainyard_connections.registry import Registry
from trainyard_core.contracts.connection import Connection
from trainyard_core.contracts.secret import SecretRef
from trainyard_core.testing.connection_suite import ConnectionKindSuite

PASSWORD = {"password": SecretRef(env="TEST_PASSWORD")}


class TestGit(ConnectionKindSuite):
    @pytest.fixture
    def kind(self):
        return Git()

    @pytest.fixture
    def example(self):
        fields = {"url": "https://git.example.com/ada/model.git", "user": "ada"}
        return Connection(name="code", kind="git", fields=fields, secrets=PASSWORD)


class TestHostPath(ConnectionKindSuite):
    @pytest.fixture
    def kind(self):
        return HostPath()

    @pytest.fixture
    def example(self):
        return Connection(name="data", kind="host_path", fields={"path": "/srv/data", "read_only": False})


class TestCustom(ConnectionKindSuite):
    @pytest.fixture
    def kind(self):
        return Custom()

    @pytest.fixture
    def example(self):
        secrets = {"S3_KEY": SecretRef(file="/run/secrets/key")}
        return Connection(name="s3", kind="custom", fields={"env": {"S3_REGION": "eu"}}, secrets=secrets)


class TestDatabase(ConnectionKindSuite):
    @pytest.fixture
    def kind(self):
        return Database()

    @pytest.fixture
    def example(self):
        fields = {"engine": "postgresql", "host": "db.example.com", "port": 5433, "database": "lab", "user": "ada"}
        return Connection(name="lab", kind="database", fields=fields, secrets=PASSWORD)

    @pytest.fixture
    def required(self):
        return ("password",)


class TestRegistry(ConnectionKindSuite):
    @pytest.fixture
    def kind(self):
        return Registry()

    @pytest.fixture
    def example(self):
        fields = {"url": "https://registry.example.com", "user": "ada"}
        return Connection(name="images", kind="registry", fields=fields, secrets=PASSWORD)

    @pytest.fixture
    def required(self):
        return ("password",)


@pytest.mark.parametrize("kind", [Git(), Registry()], ids=lambda kind: kind.name)
def test_a_password_in_a_url_is_refused_and_not_repeated(kind):
    connection = Connection(name="x", kind=kind.name, fields={"url": "https://ada:hunter2@example.com/x"})
    problem = next(each for each in kind.check(connection) if each.field == "fields.url")
    assert "a secret in plain text" in problem.message
    assert "hunter2" not in str(problem)


def test_a_url_of_ssh_in_its_short_form_is_a_url_of_git():
    assert Git().check(Connection(name="x", kind="git", fields={"url": "git@git.example.com:ada/x.git"})) == []


@pytest.mark.parametrize("variable", ["TRAINYARD_TOKEN", "A B", "trainyard_url", ""])
def test_custom_sets_no_variable_of_trainyard_and_none_without_a_name(variable):
    plain = Connection(name="x", kind="custom", fields={"env": {variable: "1"}})
    secret = Connection(name="x", kind="custom", secrets={variable: SecretRef(env="A")})
    assert Custom().check(plain)
    assert Custom().check(secret)


def test_a_database_by_url_has_no_other_parts():
    whole = Connection(name="lab", kind="database", secrets={"url": SecretRef(env="LAB")})
    assert Database().check(whole) == []
    assert Database().needs(whole).secret_env == {"LAB_URL": SecretRef(env="LAB")}
    assert Database().check(replace(whole, fields={"host": "db"}))


def test_the_helper_of_git_gives_the_password_that_is_in_the_file(tmp_path):
    connection = Connection(name="code", kind="git", fields={"url": "https://x.example/y", "user": "ada"},
                            secrets=PASSWORD)  # fmt: skip
    needs = Git().needs(connection)
    file = tmp_path / "password"
    file.write_text("pa ss;$(id)")
    env = {"CODE_PASSWORD_FILE": str(file), "PATH": "/usr/bin:/bin", "HOME": str(tmp_path)}
    asked = subprocess.run(
        ["git", "-c", "credential.helper=", "-c", f"credential.helper={needs.env['CODE_HELPER']}", "credential",
         "fill"],
        input="protocol=https\nhost=x.example\n\n", capture_output=True, text=True, env=env, check=True,
    )  # fmt: skip
    assert {"username=ada", "password=pa ss;$(id)"} <= {*asked.stdout.splitlines()}


async def test_a_host_that_does_not_answer_is_told_and_one_that_does_is_fine():
    server = await asyncio.start_server(lambda reader, writer: writer.close(), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    connection = Connection(name="x", kind="registry", fields={"url": f"http://127.0.0.1:{port}"})
    async with server:
        assert await Registry().probe(connection, {}) == ""
    assert f"127.0.0.1:{port} does not answer" in await Registry().probe(connection, {})
