"""What enqueues jobs: it knows which there are, and checks what they are given."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from trainyard.client.models import FieldProblem
from trainyard_core.clock import LATEST, SECOND, Clock
from trainyard_core.contracts.job import Job
from trainyard_core.db import jobs as rows
from trainyard_core.db.engine import Tx
from trainyard_core.errors import Invalid, choice

__all__ = ["JobQueue"]

KEY_CHARS = 200
ARGS_BYTES = 64 * 1024
_encode = msgspec.json.Encoder(decimal_format="number").encode


class JobQueue:
    """The kinds of jobs of one process, by (plugin, name)."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.known: dict[tuple[str, str], Job] = {}

    def add(self, plugin: str, job: Job) -> None:
        """Know a kind of job."""
        self.known[plugin, job.name] = job

    def remove(self, plugin: str) -> None:
        """Forget the jobs of a plugin: those that wait stay, and nobody runs them."""
        for key in [key for key in self.known if key[0] == plugin]:
            del self.known[key]

    async def enqueue(
        self, tx: Tx, plugin: str, job: str, key: str = "", args: Mapping[str, object] | None = None, *, at: int = 0
    ) -> None:
        """Enqueue a job in the caller's transaction, to run now or at a time. Raises Invalid for a job that the plugin
        does not have, a key that is too long, `args` that are no JSON or too large, and a time that is none."""
        kind = self.known.get((plugin, job))
        if kind is None:
            have = [name for owner, name in self.known if owner == plugin]
            raise Invalid(f"plugin '{plugin}': {choice('job', job, have)}", fix="register it in `register_jobs`")
        if kind.is_periodic and (key or args):
            raise _invalid("key", f"the job '{job}' is periodic and has no key and no arguments", "leave both empty")
        if len(key) > KEY_CHARS:
            raise _invalid("key", f"it has {len(key)} characters", f"use at most {KEY_CHARS}")
        if not 0 <= at <= LATEST:
            raise _invalid("at", f"{at} is no time", "use microseconds since 1970, as `platform.clock.now()` gives")
        await rows.enqueue(
            tx,
            rows.NewJob(
                plugin=plugin,
                name=job,
                key=key,
                args=_text(args or {}),
                delay=max(0, at - self._clock.now()) if at else 0,
                timeout=int(kind.timeout * SECOND),
                at=self._clock.now(),
            ),
        )


def _text(args: Mapping[str, object]) -> str:
    try:
        text = _encode(dict(args))
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        raise _invalid("args", f"they are no JSON: {error}", "pass texts, numbers, lists and mappings") from error
    if len(text) > ARGS_BYTES:
        raise _invalid("args", f"they have {len(text)} bytes", f"use at most {ARGS_BYTES}, or store them in a table")
    return text.decode()


def _invalid(field: str, said: str, fix: str) -> Invalid:
    return Invalid(f"`{field}`: {said}", fix=fix, problems=[FieldProblem(field=field, message=said, fix=fix)])
