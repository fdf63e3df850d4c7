"""The kinds of matrix and of early-stopping policy that there are: those of the language, and those that installed
distributions offer in the entry point groups `trainyard.matrix` and `trainyard.policy`."""

from __future__ import annotations

from trainyard.spec.installed import InstalledKinds
from trainyard.spec.matrix.base import Matrix
from trainyard.spec.matrix.stopping import Policy

__all__ = ["MATRICES", "POLICIES"]

MATRICES = InstalledKinds(
    "trainyard.matrix",
    Matrix,
    {
        "mapping": ("matrix.listing", "ListMatrix"),
        "grid": ("matrix.listing", "GridMatrix"),
        "random": ("matrix.listing", "RandomMatrix"),
        "hyperband": ("matrix.guided", "HyperbandMatrix"),
        "bayes": ("matrix.guided", "BayesMatrix"),
        "tpe": ("matrix.guided", "TpeMatrix"),
        "hyperopt": ("matrix.guided", "HyperoptMatrix"),
        "iterative": ("matrix.tuner", "IterativeMatrix"),
    },
    wanted="trainyard.spec.matrix.Matrix",
)
POLICIES = InstalledKinds(
    "trainyard.policy",
    Policy,
    {
        "median": ("matrix.stopping", "MedianPolicy"),
        "truncation": ("matrix.stopping", "TruncationPolicy"),
        "diff": ("matrix.stopping", "DiffPolicy"),
    },
    wanted="trainyard.spec.matrix.Policy",
)
