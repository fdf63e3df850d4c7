"""What the fake platform answers about sweeps. `platform.sweeps` has for each the states that it goes through: each
look at the sweep moves it on by one, up to the last."""

from __future__ import annotations

from typing import Any

from fake_platform import Refusal, Seen

__all__ = ["Sweeps", "state", "trial"]


def trial(number: int, phase: str = "succeeded", *, value: float | None = None, **more: Any) -> dict[str, Any]:
    """A trial on the wire."""
    figures = {} if value is None else {"accuracy": value}
    base = {"number": number, "key": str(number), "phase": phase, "params": {"lr": 0.1 * number}}
    return {**base, "run": f"{number:036x}", "values": figures, "value": value, **more}


def state(run: str, *trials: dict[str, Any], status: str = "running", **more: Any) -> dict[str, Any]:
    """A sweep as it is at one moment."""
    counts = {phase: sum(each["phase"] == phase for each in trials) for phase in ("succeeded", "failed", "running")}
    valued = [each for each in trials if each["value"] is not None]
    sweep = {
        "run": run, "project": "default", "algorithm": "random", "status": status, "name": "search", "max_trials": 9,
        "created": len(trials), "objectives": [{"name": "accuracy", "goal": "maximize"}], **counts,
        "best": max(valued, key=lambda each: each["value"], default=None), **more,
    }  # fmt: skip
    return {"sweep": sweep, "trials": list(trials)}


class Sweeps:
    """Answers from `self.platform`; sending is the handler's."""

    def sweep(self, seen: Seen, ref: str) -> None:
        states = self._states(ref)
        if self.platform.looked.get(ref, -1) < len(states) - 1:
            self.platform.looked[ref] = self.platform.looked.get(ref, -1) + 1
        self._json(states[self.platform.looked[ref]]["sweep"])

    def trials(self, seen: Seen, ref: str) -> None:
        now = self._states(ref)[self.platform.looked.get(ref, 0)]
        found = sorted(now["trials"], key=lambda each: each["number"], reverse=seen.query.get("sort") == ["-number"])
        start, size = int(seen.query.get("cursor", ["0"])[0]), min(2, int(seen.query["limit"][0]))
        after = start + size
        self._json({"items": found[start:after], "next": str(after) if after < len(found) else None})

    def front(self, seen: Seen, ref: str) -> None:
        now = self._states(ref)[self.platform.looked.get(ref, 0)]
        items = [each for each in now["trials"] if each["phase"] == "succeeded"]
        self._json({"objectives": now["sweep"]["objectives"], "items": items})

    def _states(self, ref: str) -> list[dict[str, Any]]:
        run = self.platform.find(ref)["id"]
        if run not in self.platform.sweeps:
            raise Refusal(409, "conflict", f"run {run} is no sweep but a job", fix=f"see yard get {run[-8:]}")
        return self.platform.sweeps[run]
