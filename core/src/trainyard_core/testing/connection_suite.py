"""The conformance suite of the `ConnectionKind` contract: subclass `ConnectionKindSuite` and provide the fixtures
`kind` and `example`, and for a kind with a required secret the fixture `required`."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import pytest
from msgspec.structs import replace

from trainyard_core.contracts.connection import Connection, ConnectionKind
from trainyard_core.contracts.needs import Needs, SecretFiles, merge
from trainyard_core.contracts.secret import SecretRef
from trainyard_core.work.connection_fields import field_problems

__all__ = ["ConnectionKindSuite"]


class ConnectionKindSuite:
    """The promises of `contracts.connection`, as tests that any kind runs."""

    @pytest.fixture
    def kind(self) -> ConnectionKind:
        """The kind that is tested."""
        raise NotImplementedError

    @pytest.fixture
    def example(self) -> Connection:
        """A connection of that kind without problems, with as many fields and secrets as it can have."""
        raise NotImplementedError

    @pytest.fixture
    def required(self) -> tuple[str, ...]:
        """The secrets that the example cannot do without."""
        return ()

    def test_the_model_describes_every_field(self, kind: ConnectionKind) -> None:
        assert [name for name, field in kind.fields.model_fields.items() if not field.description] == []

    def test_the_purpose_of_each_secret_is_said(self, kind: ConnectionKind, example: Connection) -> None:
        purposes = kind.secrets()
        assert all(purposes.values())
        assert {*example.secrets} <= {*purposes} or "*" in purposes

    def test_the_example_has_no_problems(self, kind: ConnectionKind, example: Connection) -> None:
        assert example.kind == kind.name
        assert field_problems(example.fields, kind.fields) == []
        assert kind.check(example) == []

    def test_an_unknown_field_is_refused_by_the_model(self, kind: ConnectionKind, example: Connection) -> None:
        fields = {**example.fields, "no_such_field": "hunter2"}
        (problem,) = field_problems(fields, kind.fields)
        assert problem.field == "fields.no_such_field"
        assert "hunter2" not in str(problem)

    def test_check_and_needs_are_pure(self, kind: ConnectionKind, example: Connection) -> None:
        before = msgspec.json.encode(example)
        assert kind.check(example) == kind.check(example)
        assert kind.needs(example) == kind.needs(example)
        assert msgspec.json.encode(example) == before

    def test_a_required_secret_that_is_missing_is_reported(
        self, kind: ConnectionKind, example: Connection, required: tuple[str, ...]
    ) -> None:
        for name in required:
            rest = {each: ref for each, ref in example.secrets.items() if each != name}
            problems = kind.check(replace(example, secrets=rest))
            assert [problem for problem in problems if name in problem.field and problem.fix], name

    def test_the_needs_are_the_connections(self, kind: ConnectionKind, example: Connection) -> None:
        assert kind.needs(example).owner == f"connection '{example.name}'"

    def test_all_references_of_the_needs_are_those_of_the_connection(
        self, kind: ConnectionKind, example: Connection
    ) -> None:
        assert {*_references(kind.needs(example))} == {*example.secrets.values()}

    def test_two_connections_of_the_kind_do_not_clash(self, kind: ConnectionKind, example: Connection) -> None:
        other = self.renamed(example, "another")
        assert kind.check(other) == []
        merged = merge([kind.needs(example), kind.needs(other)])
        assert len(merged.mounts) == 2 * len(kind.needs(example).mounts)

    def renamed(self, example: Connection, name: str) -> Connection:
        """The example under another name. Override it for a kind whose fields must differ as well."""
        return replace(example, name=name)


def _references(needs: Needs) -> Iterator[SecretRef]:
    yield from needs.secret_env.values()
    for mount in needs.mounts:
        if isinstance(mount.source, SecretFiles):
            yield from mount.source.files.values()
