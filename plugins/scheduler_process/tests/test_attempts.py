"""Folders of attempts: capacity, devices, and releases beside each other."""

from __future__ import annotations

import asyncio
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from trainyard.runner.layout import fold
from trainyard_core.contracts.scheduler import SchedulerRefused
from trainyard_core.contracts.workload import Code, Phase
from trainyard_core.testing.scheduler_tools import clear, ended, observed, opened, shell, until
from trainyard_scheduler_process import attempts
from trainyard_scheduler_process.machine import machine_of
from trainyard_scheduler_process.manifest import manifest_of
from trainyard_scheduler_process.settings import Settings


async def test_many_lives_watched_and_released_beside_each_other(site: Any) -> None:
    async with opened(site) as scheduler:
        workloads = [shell("true") for _ in range(24)]
        left = {workload.run for workload in workloads}
        await asyncio.gather(*(scheduler.submit(workload) for workload in workloads))
        stream = scheduler.watch()
        async with asyncio.timeout(60):
            async for seen in stream:
                if seen.exit is not None:
                    left.discard(seen.ref.run)
                    await asyncio.gather(scheduler.release(seen.ref), asyncio.to_thread(attempts.tidy, site.root))
                if not left:
                    break
        await stream.aclose()
        assert await scheduler.adopt() == []


def test_rubbish_and_old_tombstones_go_and_young_ones_stay(tmp_path: Path) -> None:
    released = tmp_path / ".released"
    (released / "a.1.5.rubbish" / "sub").mkdir(parents=True)
    for name, age in (("old.1", 30 * 86400), ("young.1", 60)):
        (released / name).touch()
        then = (released / name).stat().st_mtime - age
        os.utime(released / name, (then, then))
    attempts.tidy(tmp_path)
    assert [path.name for path in released.iterdir()] == ["young.1"]


async def test_devices_are_named_as_the_machine_names_them(site: Any) -> None:
    async with opened(site) as scheduler:
        workload = shell(f"echo $CUDA_VISIBLE_DEVICES > {site.scratch}/seen", gpus=(1,))
        await scheduler.submit(workload)
        await ended(scheduler, workload.ref)
        assert (site.scratch / "seen").read_text() == "1\n"
        await scheduler.release(workload.ref)


@pytest.mark.parametrize(
    ("workload", "words"),
    [
        (shell("", gpus=(7,)), "no gpu 7 on this machine, it has 2"),
        (shell("", command=()), "needs a command"),
        (shell("", code=Code(kind="zip")), "no code kind 'zip'; there are none, folder, git"),
        (shell("", run="../x"), "is no run id"),
    ],
)
def test_what_can_never_run_here_is_refused_in_words(workload: Any, words: str) -> None:
    with pytest.raises(SchedulerRefused, match=words):
        manifest_of(workload, ("0", "1"))


@pytest.mark.parametrize(
    ("section", "environ", "devices"),
    [
        ({"gpu": 2}, {}, ("0", "1")),
        ({}, {"CUDA_VISIBLE_DEVICES": "2,5"}, ("2", "5")),
        ({"gpu": 1}, {"CUDA_VISIBLE_DEVICES": "2,5"}, ("2",)),
        ({}, {"CUDA_VISIBLE_DEVICES": ""}, ()),
        ({"gpu": 0}, {}, ()),
    ],
)
def test_devices_come_from_settings_and_environment(
    section: dict[str, Any], environ: dict[str, str], devices: tuple[str, ...]
) -> None:
    assert machine_of(Settings(**section), environ).devices == devices


def test_memory_may_be_written_with_a_unit() -> None:
    assert machine_of(Settings.model_validate({"memory": "1.5Gi", "gpu": 0}), {}).capacity.memory == 3 * 2**29


def test_a_machine_has_what_its_settings_say_beside() -> None:
    whole = machine_of(Settings(gpu=0, resources={"licence": 2}), {}).capacity
    assert whole.other == {"licence": 2.0}


@pytest.mark.parametrize(
    "section",
    [
        {"cpu": -1},
        {"memory": "much", "gpu": 0},
        {"resources": {"licence": -1}},
        {"cpu": 0},
        {"memory": 0},
        {"cpu": float("nan")},
    ],
)
def test_settings_that_make_no_sense_are_refused(section: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(section))):
        Settings(**section)


@pytest.mark.parametrize("names", [("lock",), ("lock", "started.json")])
async def test_an_attempt_that_a_power_loss_left_without_bytes_is_lost_and_can_be_released(
    site: Any, names: tuple[str, ...]
) -> None:
    workload = shell("true")
    folder = fold(site.root, workload.run, workload.attempt)
    folder.path.mkdir(parents=True)
    for name in names:
        (folder.path / name).touch()
    async with opened(site) as scheduler:
        told = await ended(scheduler, workload.ref)
        assert (told.code, told.reason, told.retryable) == (None, "lost", True)
        await scheduler.release(workload.ref)
        assert not folder.path.exists()


async def test_a_release_deletes_also_what_it_does_not_know_by_name(site: Any) -> None:
    async with opened(site) as scheduler:
        workload = shell("mkdir -p sub; touch sub/own; touch $TRAINYARD_OUTPUTS/kept; echo line")
        await scheduler.submit(workload)
        await ended(scheduler, workload.ref)
        await scheduler.release(workload.ref)
    assert [path.name for path in (site.root / ".released").glob("[!.]*")] == [f"{workload.run}.1"]


def test_a_removal_that_was_cut_off_before_the_runs_folder_went_is_finished(tmp_path: Path) -> None:
    folder = fold(tmp_path, "r", 1)
    folder.path.parent.mkdir(parents=True)
    attempts.release(folder)
    assert [path.name for path in tmp_path.iterdir()] == []


async def test_an_attempt_whose_folder_was_deleted_is_gone_once_its_program_is(site: Any) -> None:
    async with opened(site) as scheduler:
        script = f"touch {site.scratch}/up; until [ -e {site.scratch}/go ]; do sleep 0.05; done"
        workload = shell(script, env={"TRAINYARD_ORIGIN": "0", "TRAINYARD_SYSTEM_PERIOD": "0"})  # nobody writes into it
        await scheduler.submit(workload)
        await until((site.scratch / "up").exists, "the program to run")
        shutil.rmtree(fold(site.root, workload.run, 1).path.parent)
        assert await scheduler.observe([workload.ref]) == [], "its program lives"
        (site.scratch / "go").touch()
        gone = await observed(scheduler, workload.ref, *Phase)
        assert (gone.phase, gone.exit) == (Phase.GONE, None)


async def test_what_is_written_and_not_started_yet_is_not_gone(site: Any) -> None:
    workload = shell("true")
    async with opened(site) as scheduler:
        fold(site.root, workload.run, 1).path.mkdir(parents=True)
        assert await scheduler.observe([workload.ref]) == []


async def test_what_cannot_be_read_is_not_gone(site: Any) -> None:
    workload = shell("true")
    async with opened(site) as scheduler:
        (site.root / workload.run).write_text("no folder")
        assert await scheduler.observe([workload.ref]) == []


@pytest.mark.parametrize("again", [False, True], ids=["missing", "another"])
async def test_nothing_is_gone_while_the_root_is_taken_away(
    site: Any, again: bool, caplog: pytest.LogCaptureFixture
) -> None:
    workload, lost = shell("exit 3"), shell("true")
    async with opened(site) as scheduler:
        await scheduler.submit(workload)
        await ended(scheduler, workload.ref)
        site.root.rename(site.folder / "unmounted")
        if again:
            site.root.mkdir()
        for _ in range(2):
            assert await scheduler.observe([workload.ref, lost.ref]) == []
        assert caplog.text.count("Mount it again") == again
        if again:
            site.root.rmdir()
        (site.folder / "unmounted").rename(site.root)
        assert (await ended(scheduler, workload.ref)).code == 3
        assert [seen.phase for seen in await scheduler.observe([lost.ref])] == [Phase.GONE]
        await clear(scheduler, [workload.ref])
