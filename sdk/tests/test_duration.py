"""Durations have one form everywhere."""

import pytest

from trainyard.duration import to_coarse_text, to_text

CASES = [
    (0, "0s", "0s"),
    (0.004, "0s", "0s"),
    (0.4217, "0.42s", "0s"),
    (0.996, "1s", "1s"),
    (4.25, "4.2s", "4s"),
    (9.96, "10s", "10s"),
    (42.4, "42s", "42s"),
    (59.6, "1m00s", "1m00s"),
    (61, "1m01s", "1m01s"),
    (200, "3m20s", "3m"),
    (3600, "1h00m", "1h00m"),
    (86400 * 3 + 7200, "3d02h", "3d"),
    (86400 * 400, "400d00h", "400d"),
]


@pytest.mark.parametrize(("seconds", "text", "coarse"), CASES, ids=str)
def test_a_duration_as_text(seconds, text, coarse):
    assert (to_text(seconds), to_coarse_text(seconds)) == (text, coarse)
