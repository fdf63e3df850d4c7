"""Amounts as Kubernetes writes them."""

from __future__ import annotations

import pytest

from trainyard.spec.quantity import cores, devices, memory_bytes

MEMORY = [
    ("128974848", 128974848),
    ("129e6", 129_000_000),
    ("129M", 129_000_000),
    ("123Mi", 128974848),
    ("1Gi", 1 << 30),
    ("1.5Gi", 3 << 29),
    ("1k", 1000),
    ("128974848000m", 128974848),
    ("1m", 1),
    (1024, 1024),
]


@pytest.mark.parametrize("text, expected", MEMORY)
def test_memory_in_bytes(text: str | int, expected: int) -> None:
    assert memory_bytes(text) == expected


@pytest.mark.parametrize(
    "text, expected", [("500m", 0.5), ("2", 2.0), (0.1, 0.1), ("100m", 0.1), (".5", 0.5), ("0", 0)]
)
def test_cpu_in_cores(text: str | float, expected: float) -> None:
    assert cores(text) == expected


@pytest.mark.parametrize(
    "text", ["", "x", "5x", "-1", "1 Gi", "1GiB", "1ki", "1e9999", "1e30", "9" * 100, "nan", "1Ki1"]
)
def test_other_text_is_no_amount(text: str) -> None:
    with pytest.raises(ValueError, match=r"is not an amount|larger than any machine"):
        memory_bytes(text)


def test_a_part_of_a_device_is_refused() -> None:
    assert devices("2") == 2
    with pytest.raises(ValueError, match="not a whole number of devices"):
        devices("500m")
