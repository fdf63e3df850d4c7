"""The early-stopping policies that are installed. Those of the operation language are called at once; those of other
plugins in a thread and with a deadline, and whatever they do, the sweep goes on."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence

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
log = structlog.get_logger("trainyard.sweeps")


class PolicyFailed(Exception):
    """A policy that cannot say which trials are to stop. `str()` says why, in one line."""


class InstalledPolicies:
    """All policies by name. `call` is `Platform.call_blocking`; `deadline` is in seconds."""

    def __init__(
        self,
        policies: Mapping[str, StoppingPolicy],
        call: Callable[..., Awaitable[list[StopTrial]]],
        *,
        deadline: float = DEADLINE,
    ) -> None:
        self._policies, self._call, self._deadline = policies, call, deadline

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
        try:
            return await self._call(name, lambda: [*ends_trials(rule, policy, trials)], deadline=self._deadline)
        except TimeoutError as error:
            log.warning("an early-stopping policy is late", policy=name, error=str(error))
            raise PolicyFailed(f"the policy '{name}': {error}") from error
        except Exception as error:
            log.warning("an early-stopping policy failed", policy=name, exc_info=error)
            said = f"the policy '{name}' failed with {type(error).__name__}; the server's log says more"
            raise PolicyFailed(said) from error
