"""What a notification that was not sent raises."""

from __future__ import annotations

__all__ = ["DeliveryFailed"]


class DeliveryFailed(Exception):
    """A notification was not taken. The text names no secret, and no URL."""
