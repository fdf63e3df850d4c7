"""Each kind passes the suite of the contract, and needs nothing in attempts."""

from __future__ import annotations

import pytest

from trainyard_core.contracts.connection import Connection
from trainyard_core.contracts.needs import Needs
from trainyard_core.contracts.secret import SecretRef
from trainyard_core.testing.connection_suite import ConnectionKindSuite
from trainyard_notify.kinds import KINDS, Email, PagerDuty, Webhook

REF = SecretRef(env="TEST_SECRET")
MAIL = {"host": "smtp.example.com", "port": 2525, "security": "tls", "user": "ada", "sender": "yard@example.com"}
EXAMPLES = {
    "webhook": ({"url": "https://hooks.example.com/x"}, "key"),
    "slack": ({}, "url"),
    "teams": ({}, "url"),
    "discord": ({}, "url"),
    "mattermost": ({}, "url"),
    "pagerduty": ({"url": "https://events.eu.pagerduty.com/v2/enqueue"}, "routing_key"),
    "email": (MAIL, "password"),
}


class KindSuite(ConnectionKindSuite):
    """A kind that is used by the server, and by no attempt."""

    @pytest.fixture(params=KINDS, ids=lambda kind: kind.name)
    def kind(self, request):
        return request.param

    @pytest.fixture
    def example(self, kind):
        fields, secret = EXAMPLES[kind.name]
        return Connection(name="alerts", kind=kind.name, fields=fields, secrets={secret: REF})

    @pytest.fixture
    def required(self, kind):
        return (EXAMPLES[kind.name][1],)

    def test_all_references_of_the_needs_are_those_of_the_connection(self, kind, example):
        """No attempt is given the secrets."""
        assert kind.needs(example) == Needs(owner="connection 'alerts'")


class TestKinds(KindSuite):
    pass


def test_there_is_an_example_of_every_kind():
    assert {kind.name for kind in KINDS} == {*EXAMPLES}


@pytest.mark.parametrize("kind", [Webhook(), PagerDuty()], ids=lambda kind: kind.name)
@pytest.mark.parametrize(
    "url", ["https://ada:hunter2@example.com/x", "https://hunter2@example.com", "ftp://hunter2/x", "http://[hunter2"]
)
def test_a_url_that_cannot_be_used_is_refused_and_not_repeated(kind, url):
    secret = EXAMPLES[kind.name][1]
    connection = Connection(name="x", kind=kind.name, fields={"url": url}, secrets={secret: REF})
    (problem,) = kind.check(connection)
    assert problem.field == "fields.url"
    assert "hunter2" not in str(problem)


def test_a_password_of_mail_needs_a_user_and_encryption():
    def fields(secrets=None, **changed):
        given = {name: value for name, value in {**MAIL, **changed}.items() if value}
        connection = Connection(name="x", kind="email", fields=given, secrets=secrets or {})
        return [problem.field for problem in Email().check(connection)]

    assert fields(user="") == []
    assert fields() == ["secrets.password"]
    assert fields({"password": REF}, user="") == ["fields.user"]
    assert fields({"password": REF}, security="none") == ["fields.security"]
