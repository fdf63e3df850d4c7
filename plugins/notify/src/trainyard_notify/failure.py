"""What a notification that was not sent raises."""

from __future__ import annotations

from trainyard_core.contracts.job import RetryLater

__all__ = ["DeliveryFailed", "ReceiverBusy"]


class DeliveryFailed(Exception):
    """A notification was not taken. The text names no secret, and no URL."""


class ReceiverBusy(DeliveryFailed, RetryLater):
    """The receiver has said after how many seconds (`delay`) it can be asked again."""
