"""A token that was made narrow stays narrow, as its holder finds at the command line."""

from __future__ import annotations

import json


def test_a_narrow_token_ends_with_the_one_that_made_it_and_ends_no_other(yard):
    made = json.loads(yard.command("tokens", "create", "--name", "day", "--expires-in", "24h", "--json"))
    day = {"TRAINYARD_TOKEN": made["token"], "TRAINYARD_URL": yard.url}
    reader = json.loads(yard.command("tokens", "create", "--name", "reader", "--scope", "read", "--json", **day))
    assert reader["expires_at"] == made["expires_at"]
    assert reader["parent"] == made["id"]
    assert "expires at" in yard.command("tokens", "create", "--expires-in", "48h", code=None, **day)
    narrow = {**day, "TRAINYARD_TOKEN": reader["token"]}
    refused = yard.command("tokens", "revoke", made["id"], code=None, **narrow)
    assert "revokes itself only" in refused
    assert "default" in yard.command("projects", "ls", **narrow)
    yard.command("tokens", "revoke", made["id"])
    for gone in (day, narrow):
        assert "revoked" in yard.command("projects", "ls", code=None, **gone)
    assert "default" in yard.command("projects", "ls")
