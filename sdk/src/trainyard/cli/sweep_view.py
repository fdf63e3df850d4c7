"""What `yard sweep` shows: lines of text made of a sweep, its trials and its front. Pure; when to draw is `sweep`'s."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from trainyard.cli import output
from trainyard.cli.sweep_plot import improvements, is_log, plot

if TYPE_CHECKING:
    from trainyard.client.models import Sweep, Trial

__all__ = ["SweepState", "by_figure", "trial_line", "view"]

MOST_COLUMNS = 8
"""Params, and figures where there is no objective, that have a column each; more params are in one."""


class SweepState(NamedTuple):
    """A sweep with its trials, and those on its front when it has several objectives."""

    sweep: Sweep
    trials: Sequence[Trial]
    front: Sequence[Trial] = ()


def view(shown: SweepState, *, sort: str, most: int, width: int) -> list[str]:
    """Everything: the sweep in brief, the best so far as a plot, its front, and its trials, at most so many of each.
    Trials are sorted by `number`, or by `value`: those that go on first, then the best."""
    sweep = shown.sweep
    drawn = _plotted(shown, width)
    lines = [*_brief(sweep), *(["", *drawn] if drawn else [])]
    if shown.front:
        lines += ["", f"{len(shown.front)} trials that no other beats:"]
        lines += _table(sweep, shown.front, most)
    chosen = shown.trials if sort == "number" else sorted(shown.trials, key=lambda trial: _rank(sweep, trial))
    return [*lines, "", *_table(sweep, chosen, most)] if chosen else lines


def by_figure(shown: SweepState, by: str) -> SweepState:
    """The same, judged by a figure instead: the lowest is best, with a `-` before its name the highest. What limits say
    still holds."""
    import msgspec

    from trainyard.client.models import SweepObjective

    name, highest = by.removeprefix("-"), by.startswith("-")
    replace = msgspec.structs.replace
    trials = [replace(each, value=_ended(each).get(name)) for each in shown.trials]
    valued = [each for each in trials if each.value is not None and each.feasible]
    sweep = replace(shown.sweep, objectives=[SweepObjective(name=name, goal="maximize" if highest else "minimize")])
    best = min(valued, key=lambda each: _rank(sweep, each), default=None)
    return SweepState(replace(sweep, best=best), trials)


def _ended(trial: Trial) -> dict[str, float]:
    return trial.figures if trial.phase == "succeeded" else {}


def trial_line(sweep: Sweep, trial: Trial) -> str:
    """A trial that has ended, in a line."""
    figures = [f"{name}={output.number(value)}" for name, value in trial.figures.items()]
    params = [f"{name}={_value(value)}" for name, value in trial.params.items()]
    words = [f"trial {trial.number}", _phase(trial), *figures, *params, _why(trial)]
    return output.Styled("  ".join(output.clean(word) for word in words if word))


def _brief(sweep: Sweep) -> list[str]:
    counts = {
        "succeeded": sweep.succeeded, "failed": sweep.failed, "stopped": sweep.stopped, "running": sweep.running,
        "prepared": sweep.prepared,
    }  # fmt: skip
    of = "" if sweep.planned is None else f" of {sweep.planned}"
    parts = ", ".join(f"{count} {name}" for name, count in counts.items() if count)
    words = [sweep.name or "sweep", sweep.short_id, sweep.algorithm, output.status(sweep.status)]
    head = output.Styled("  ".join(map(output.clean, words)))
    ended = f"{sweep.ended}{of} trials have ended{f' ({parts})' if parts else ''}"
    said = ": ".join(part for part in (sweep.reason, sweep.message) if part and sweep.status != "succeeded")
    return [output.clean(line) for line in (head, ended, said, _best(sweep)) if line]


def _best(sweep: Sweep) -> str:
    if sweep.best is None:
        return ""
    best, params = sweep.best, [f"{name}={_value(value)}" for name, value in sweep.best.params.items()]
    figures = [f"{name} {output.number(value)}" for name, value in best.figures.items()]
    run = "" if best.run is None else f", run {best.run[-8:]}"
    return f"best: {', '.join(figures)}  (trial {best.number}{run})  {' '.join(params)}"


def _plotted(shown: SweepState, width: int) -> list[str]:
    sweep = shown.sweep
    points = [(each.number, each.value) for each in shown.trials if each.value is not None and each.feasible]
    if not points or not sweep.objectives:
        return []
    objective = sweep.objectives[0]
    steps = improvements(points, highest=objective.goal == "maximize")
    drawn = plot(steps, last=max(number for number, _ in points), width=width)
    scale = ", logarithmic" if is_log([value for _, value in steps]) else ""
    return [output.clean(f"best {objective.name} so far, by trial{scale}"), *drawn] if drawn else []


def _rank(sweep: Sweep, trial: Trial) -> tuple[int, float, int]:
    """Those that go on, then by value, then those without one, the newest first."""
    if trial.phase == "running":
        return (0, 0.0, trial.number)
    if trial.value is None:
        return (2, 0.0, -trial.number)
    best_high = bool(sweep.objectives) and sweep.objectives[0].goal == "maximize"
    return (1, -trial.value if best_high else trial.value, trial.number)


def _table(sweep: Sweep, trials: Sequence[Trial], most: int) -> list[str]:
    figures = [*dict.fromkeys([*(each.name for each in sweep.objectives), *(each.name for each in sweep.limits)])]
    if not figures:
        figures = [*dict.fromkeys(name for trial in trials[:most] for name in trial.figures)][:MOST_COLUMNS]
    params = [*dict.fromkeys(name for trial in trials[:most] for name in trial.params)]
    together = len(params) > MOST_COLUMNS
    heads = ("TRIAL", "RUN", "STATUS", *figures, *(("PARAMS",) if together else params), "WHY")
    rows = [_row(trial, figures, params, together=together) for trial in trials[:most]]
    lines = output.aligned([output.clean(head) for head in heads], rows)
    left = len(trials) - most
    return [*lines, f"and {left} more"] if left > 0 else lines


def _row(trial: Trial, figures: Sequence[str], params: Sequence[str], *, together: bool) -> list[str]:
    values = [_value(trial.params[name]) if name in trial.params else "-" for name in params]
    if together:
        values = [" ".join(f"{name}={_value(value)}" for name, value in trial.params.items())]
    return [
        str(trial.number),
        trial.run[-8:] if trial.run else "-",
        _phase(trial),
        *(output.number(trial.figures.get(name)) for name in figures),
        *values,
        _why(trial),
    ]


def _phase(trial: Trial) -> str:
    """Where it is: its run's status while it goes on; whether it breaks a limit."""
    word = trial.status or trial.phase if trial.phase == "running" else trial.phase
    return output.status(word) if trial.feasible else output.Styled(f"{output.status(word)}, not feasible")


def _why(trial: Trial) -> str:
    said = ": ".join(part for part in (trial.reason, trial.message) if part)
    return said if trial.phase != "succeeded" and said else trial.note


def _value(value: object) -> str:
    return output.number(value) if isinstance(value, float) else output.value(value)
