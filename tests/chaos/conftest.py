"""Chaos on real databases."""

from trainyard_core.testing.databases import postgres, postgres_url, valkey_url

__all__ = ["postgres", "postgres_url", "valkey_url"]
