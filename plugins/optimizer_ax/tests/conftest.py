"""One worker for all tests of a process, warm: Ax is imported once. Nothing here waits for a clock."""

import pytest

from trainyard_optimizer_ax.shared import WorkerLease


@pytest.fixture(scope="session")
def warm_worker():
    lease = WorkerLease()
    lease.worker.warm()
    yield lease.worker
    lease.release()
