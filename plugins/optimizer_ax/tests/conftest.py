"""One worker for all tests of a process, warm: Ax is imported once. Nothing here waits for a clock."""

import pytest

from trainyard_optimizer_ax.shared import Lease


@pytest.fixture(scope="session")
def warm_worker():
    lease = Lease()
    lease.worker.warm()
    yield lease.worker
    lease.release()
