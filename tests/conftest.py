"""What the tests of the whole share: real servers in processes of their own, and waiting for what can be seen."""

from __future__ import annotations

from trainyard_core.testing.databases import postgres, postgres_url

__all__ = ["postgres", "postgres_url"]
