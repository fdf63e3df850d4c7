"""The brackets of Hyperband as numbers: Li et al., "Hyperband: A Novel Bandit-Based Approach to Hyperparameter
Optimization", JMLR 18 (2018), Algorithm 1. In fractions throughout, for the logarithm of 243 to base 3 is 5 and not
4.999.
"""

from __future__ import annotations

import math
from fractions import Fraction

import msgspec

__all__ = ["Bracket", "brackets", "keep"]


class Bracket(msgspec.Struct, frozen=True):
    """One bracket: its number s, the trials it begins with, and the resource of each trial, rung by rung."""

    s: int
    trials: int
    resources: tuple[Fraction, ...]


def brackets(most: float, eta: float) -> list[Bracket]:
    """The brackets for at most this much resource a trial, the one with most trials first: s from s_max = log_eta(R) to
    0, n = ceil((s_max + 1) / (s + 1) * eta^s) trials, and R * eta^(i - s) resource in rung i."""
    resource, base = Fraction(repr(most)), Fraction(repr(eta))
    deepest = 0
    while base ** (deepest + 1) <= resource:
        deepest += 1
    return [
        Bracket(
            s=s,
            trials=math.ceil(Fraction(deepest + 1, s + 1) * base**s),
            resources=tuple(resource * base ** (rung - s) for rung in range(s + 1)),
        )
        for s in range(deepest, -1, -1)
    ]


def keep(trials: int, eta: float, rung: int) -> int:
    """How many of a bracket's trials run in this rung, from 0: floor(n * eta^-i)."""
    return math.floor(trials / Fraction(repr(eta)) ** rung)
