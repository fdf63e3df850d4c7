"""The early-stopping policies that are installed. Those of the operation language are called at once; those of other
plugins in a thread and with a deadline, and whatever they do, the sweep goes on."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence

import structlog

from trainyard.client.models import FieldProblem
from trainyard.matrix.stopping import Rule, TrialRule
from trainyard_core.contracts.optimizer import StopTrial
from trainyard_core.errors import choice
from trainyard_sweeps.policies import DifferencePolicy, MedianPolicy, TruncationPolicy
from trainyard_sweeps.policy import DEADLINE, StoppingPolicy
from trainyard_sweeps.rules import TrialProgress, ends_trials, policy_of

__all__ = ["InstalledPolicies", "PolicyFailed"]

OURS = (MedianPolicy, TruncationPolicy, DifferencePolicy)
LONGEST = 200
"""Characters of a failure that are told."""
log = structlog.get_logger("trainyard.sweeps")


class PolicyFailed(Exception):
    """A policy that cannot say which trials are to stop. `str()` says why, in one line."""


class InstalledPolicies:
    """All policies by name. `deadline` is in seconds."""

    def __init__(self, policies: Mapping[str, StoppingPolicy], *, deadline: float = DEADLINE) -> None:
        self._policies, self._deadline = policies, deadline
        self._late: dict[str, asyncio.Future[list[StopTrial]]] = {}

    def check(self, rules: Sequence[Rule]) -> Iterator[FieldProblem]:
        """Rules whose policy is not installed."""
        for rule in rules:
            if isinstance(rule, TrialRule) and (name := policy_of(rule)[0]) not in self._policies:
                yield FieldProblem(
                    field="matrix.earlyStopping",
                    message=choice("policy", name, self._policies),
                    fix="install a plugin that offers it on the server, or take another policy",
                )

    async def ends(self, rule: TrialRule, trials: Sequence[TrialProgress]) -> list[StopTrial]:
        """The running trials that a rule ends now. Raises PolicyFailed."""
        name, _ = policy_of(rule)
        policy = self._policies.get(name)
        if policy is None:
            raise PolicyFailed(f"the policy '{name}' is not installed any more")
        if isinstance(policy, OURS):
            return [*ends_trials(rule, policy, trials)]
        return await self._in_time(name, rule, policy, trials)

    async def _in_time(
        self, name: str, rule: TrialRule, policy: StoppingPolicy, trials: Sequence[TrialProgress]
    ) -> list[StopTrial]:
        if name in self._late:
            if not self._late[name].done():
                raise PolicyFailed(f"the policy '{name}' has not come back yet")
            self._late.pop(name).exception()  # nobody waits for its answer any more
        call = asyncio.ensure_future(asyncio.to_thread(lambda: [*ends_trials(rule, policy, trials)]))
        done, _ = await asyncio.wait([call], timeout=self._deadline)
        if not done:
            self._late[name] = call
            log.warning("an early-stopping policy is late", policy=name, seconds=self._deadline)
            raise PolicyFailed(f"the policy '{name}' did not return within {self._deadline:g} s")
        if (error := call.exception()) is not None:
            log.warning("an early-stopping policy failed", policy=name, exc_info=error)
            raise PolicyFailed(f"the policy '{name}' failed: {type(error).__name__}: {error}".splitlines()[0][:LONGEST])
        return call.result()
