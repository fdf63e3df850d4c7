"""Amounts of CPU, memory and GPU as Kubernetes writes them: `500m`, `1Gi`, `2`.

The grammar is that of Kubernetes' resource.Quantity: a decimal number with an exponent or one suffix. Exact decimal
arithmetic throughout, so that `0.1` is a tenth. An amount that no machine has (above 2**60) is refused.
"""

from __future__ import annotations

import re
from decimal import ROUND_CEILING, Decimal

__all__ = ["amount", "cores", "devices", "memory_bytes"]

_FORM = re.compile(r"([0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE]([-+]?[0-9]{1,3})|([numkMGTPE]|[KMGTPE]i)?)")
_POWERS = {"n": -9, "u": -6, "m": -3, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_SUFFIX = {suffix: Decimal(10) ** power for suffix, power in _POWERS.items()} | {
    f"{suffix}i": Decimal(1024) ** power for power, suffix in enumerate("KMGTPE", start=1)
}
_CEILING = Decimal(2**60)


def amount(value: str | int | float) -> float:
    """An amount of anything. Raises ValueError."""
    return float(_amount(value, "a number such as `2`"))


def cores(value: str | int | float) -> float:
    """CPU in cores: `500m` is 0.5. Raises ValueError."""
    return float(_amount(value, "`500m`, `2` or `1.5`"))


def memory_bytes(value: str | int | float) -> int:
    """Memory in bytes, rounded up: `1Gi` is 1073741824. Raises ValueError."""
    return int(_amount(value, "`512Mi`, `2Gi` or a number of bytes").to_integral_value(ROUND_CEILING))


def devices(value: str | int | float) -> int:
    """Whole devices. Raises ValueError for a part of one."""
    amount = _amount(value, "a whole number such as `1`")
    if amount != amount.to_integral_value():
        raise ValueError(f"{value!r} is not a whole number of devices; write a whole number such as `1`")
    return int(amount)


def _amount(value: str | int | float, examples: str) -> Decimal:
    text = value.strip() if isinstance(value, str) else repr(value)
    found = _FORM.fullmatch(text) if len(text) <= 64 else None
    if not found or isinstance(value, bool):
        raise ValueError(f"{text[:64]!r} is not an amount; write {examples}")
    amount = Decimal(found[1]) * (Decimal(10) ** int(found[2]) if found[2] else _SUFFIX.get(found[3] or "", Decimal(1)))
    if amount > _CEILING:
        raise ValueError(f"{text[:64]!r} is larger than any machine; write {examples}")
    return amount
