"""Requests that nobody would think of, made from the OpenAPI document: no answer is a 5xx, and none has a status, a
content type or a shape that the document does not name. 20,000 of them at full scale, a slice otherwise."""

from __future__ import annotations

import os
import warnings
from collections import Counter
from math import ceil

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import seed as seeded
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from .stage import Stage

SCALE = float(os.environ.get("CHAOS_SCALE", "0.02"))
CASES = ceil(20_000 * SCALE)
CHECKS = (not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance)
MODES = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
PATIENCE = 30
NAMES = {"queues": "default", "agents": "local", "users": "admin"}
ENDLESS = ("/assignments",)
"""Routes that wait as long as they are asked to."""


class Walk:
    """Every operation of the document, tried with valid and with invalid input."""

    def __init__(self, url: str, token: str) -> None:
        self.url, self.session = url, requests.Session()
        self.session.headers["Authorization"] = f"Bearer {token}"
        document = self.session.get(f"{url}/api/v1/openapi.json", timeout=PATIENCE).json()
        self.schema = schemathesis.openapi.from_dict(document)
        self.schema.config.update(base_url=url)
        self.tried: Counter[str] = Counter()
        self.wrong: dict[str, str] = {}

    def go(self, cases: int) -> None:
        """At least so many cases; operations with little to vary are made up for by the others."""
        operations = [found.ok() for found in self.schema.get_all_operations()]
        operations = [each for each in operations if not each.path.endswith(ENDLESS)]
        round_number = 0
        while (left := cases - self.tried.total()) > 0 and round_number < 50:
            each = max(2, ceil(left / len(operations) / len(MODES)))
            for operation in operations:
                for mode in MODES:
                    self._try(operation, mode, each, round_number)
            round_number += 1

    def _there(self, path: str) -> dict[str, str]:
        """What a path may name that exists, a fresh run among it: every other request goes there, past the 404."""
        found = {"project": "default", "ref": self._run(), "principal": "admin", "version": "1", "path": "f"}
        found["name"] = next((name for word, name in NAMES.items() if f"/{word}/" in path), "f")
        if "{ident}" in path:
            found["ident"] = self._upload(found["ref"])
        return {key: value for key, value in found.items() if f"{{{key}}}" in path}

    def _run(self) -> str:
        body = {"managed": False}
        return self.session.post(f"{self.url}/api/v1/projects/default/runs", json=body, timeout=PATIENCE).json()["id"]

    def _upload(self, run: str) -> str:
        body = {"name": "f", "size": 9, "digest": "sha256:" + "0" * 64}
        uploads = f"{self.url}/api/v1/projects/default/runs/{run}/uploads"
        return self.session.post(uploads, json=body, timeout=PATIENCE).json()["id"]

    def _try(self, operation, mode, most, number) -> None:
        there = self._there(operation.path)

        @seeded(number)
        @settings(
            max_examples=most,
            deadline=None,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
            print_blob=False,
        )
        @given(case=operation.as_strategy(generation_mode=mode))
        def try_one(case) -> None:
            self.tried[operation.label] += 1
            if self.tried[operation.label] % 2:
                case.path_parameters = {**(case.path_parameters or {}), **there}
            answer = case.call(session=self.session, timeout=PATIENCE, allow_redirects=False)
            try:
                case.validate_response(answer, checks=CHECKS)
            except BaseException as failure:
                if operation.label not in self.wrong:
                    self.wrong[operation.label] = f"{mode}: {answer.status_code}: {failure}"

        try:
            try_one()
        except Exception as error:
            if "unsatisfiable" not in type(error).__name__.lower():
                raise


@pytest.fixture
def stage(tmp_path):
    """A server on SQLite whose runs end at once without a program."""
    found = Stage(tmp_path, environ={"TRAINYARD_SCHEDULER": "instant", "TRAINYARD_RATE_LIMIT": "0"})
    found.up()
    yield found
    found.down()


def test_no_request_makes_the_server_fail_or_answer_what_is_not_documented(stage):
    walk = Walk(stage.url, (stage.data / "token").read_text().strip())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # schemathesis warns of what it cannot vary
        walk.go(CASES)
    walk.session.close()
    print(f"{walk.tried.total()} cases of {len(walk.tried)} operations")
    wrong = "\n\n".join(f"{operation}\n{what}" for operation, what in walk.wrong.items())
    assert not wrong, f"{len(walk.wrong)} operations:\n{wrong}"
    assert walk.tried.total() >= CASES
