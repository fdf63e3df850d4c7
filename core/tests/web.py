"""The API in process, by the name that core's tests have for it."""

from __future__ import annotations

from trainyard_core.testing.server import BASE, Connect, Web, serving, token_of

__all__ = ["BASE", "Connect", "Web", "serving", "token_of"]
