"""The settings that decide what happens to a run: retries, back-off, how long silence is borne, and its tracker."""

from __future__ import annotations

import msgspec

__all__ = ["Policy"]


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """What the rules go by; numbers are in seconds but for the count of retries. `tracker` is the name of the one that
    keeps the data of new runs.

    `tracked_silence` is after how long without a frame a run that is only tracked has failed (0: never); at half of
    it the run counts as unreachable.

    `platform_retries` is how often a run may be tried again after the platform's failures (a lost process, a full
    disk), `drain` how long more of an ended attempt is waited for after its last frame or part of a file, `silence`
    after how long without a word an agent counts as unreachable, and `lost_after` after how long its attempts are given
    up (0: never, a person decides).
    """

    platform_retries: int = 3
    backoff_first: float = 1.0
    backoff_most: float = 60.0
    drain: float = 60.0
    silence: float = 15.0
    lost_after: float = 0.0
    tracked_silence: float = 0.0
    tracker: str = ""
