"""Reading sweeps."""

from __future__ import annotations

import pytest
from fake_sweeps import state, trial

from trainyard.client.errors import Conflict

RUN = "0" * 28 + "abcd1234"


@pytest.fixture
def sweep(platform):
    platform.add_run(RUN, kind="sweep", status="running")
    platform.sweeps[RUN] = [state(RUN, *(trial(number, value=number / 10) for number in range(1, 6)))]
    return platform


def test_a_sweep_is_read(sweep, client):
    found = client.sweeps.get("abcd1234")
    assert (found.run, found.short_id, found.ended, found.is_final) == (RUN, "abcd1234", 5, False)
    assert client.sweeps.best(RUN).number == 5
    assert [each.number for each in client.sweeps.trials(RUN)] == [1, 2, 3, 4, 5]
    assert client.sweeps.page(RUN, sort="-number", limit=1).items[0].has_ended
    assert len(client.sweeps.front(RUN).items) == 5
    sweep.add_run("f" * 36)
    with pytest.raises(Conflict, match="is no sweep but a job"):
        client.sweeps.get("f" * 36)
