"""The worker that all optimizers of this process share. It lives while any of them is open."""

from __future__ import annotations

import threading

from trainyard_optimizer_ax.process import Worker

__all__ = ["WorkerLease"]

_lock = threading.Lock()
_shared: dict[float, _Shared] = {}


class _Shared:
    def __init__(self, hold: float) -> None:
        self.worker = Worker(hold)
        self.users = 0


class WorkerLease:
    """A right to the worker that holds its answers back by so many seconds (0 but in experiments)."""

    def __init__(self, hold: float = 0.0) -> None:
        self._hold = hold
        self._open = True
        with _lock:
            shared = _shared.setdefault(hold, _Shared(hold))
            shared.users += 1
        self.worker = shared.worker

    def release(self) -> None:
        """Idempotent. The last one ends the worker."""
        with _lock:
            if not self._open:
                return
            self._open = False
            shared = _shared[self._hold]
            shared.users -= 1
            if shared.users:
                return
            del _shared[self._hold]
        self.worker.close()
