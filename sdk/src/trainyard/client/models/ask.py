"""Sweeps whose trials a program outside runs: how one is made, what it asks for, and what it tells."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from trainyard.client.models.number import Number

__all__ = ["AskTrials", "NewSweep", "SuggestedTrial", "TellTrial", "TrialBatch"]


class NewSweep(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """A sweep without an operation. `matrix` is written as in a file. `types` says of which type the values of a param
    are (`int`, `float`, `str`, `bool`, `any`) where its shape does not; `metric` (name and optimization) is what trials
    are judged by and `trials` how many there are at most, whatever the kind of the matrix calls them."""

    matrix: dict[str, Any]
    types: dict[str, str] = {}
    metric: dict[str, str] | None = None
    trials: int | None = None
    name: str = ""
    description: str = ""
    tags: list[str] = []


class AskTrials(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """At most `count` trials more. `asker` names the program that will run them; the trials of `gone` askers, whose
    programs have died, are given up first."""

    count: int = 1
    asker: str = ""
    gone: list[str] = []


class SuggestedTrial(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A trial to run. `run` is its run, to which it tracks; `continues` is the key of the trial that it goes on from,
    `note` a sentence of the algorithm's for whoever reads it."""

    key: str
    number: int
    run: str
    name: str
    params: dict[str, Any]
    continues: str = ""
    note: str = ""


class TrialBatch(msgspec.Struct, frozen=True, kw_only=True):
    """The trials that were asked for, fewer when there are no more now. `over`: there will be none after these;
    otherwise, ask again when trials have ended: `open` are the keys of those that go on. `status` and `message` are the
    sweep's."""

    items: list[SuggestedTrial]
    over: bool
    open: list[str] = []
    status: str = ""
    message: str = ""


class TellTrial(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """How a trial ended, and what it came to: `values` are finite numbers by the names of objectives and limits."""

    values: dict[str, Number] = {}
    status: Literal["succeeded", "failed", "stopped"] = "succeeded"
    message: str = ""
