"""How the API writes times and cursors, for the handlers of plugins."""

from __future__ import annotations

from trainyard_core.clock import instant, rfc3339
from trainyard_core.keyset import decode as decode_cursor
from trainyard_core.keyset import encode as encode_cursor

__all__ = ["decode_cursor", "encode_cursor", "instant", "rfc3339"]
