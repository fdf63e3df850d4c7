"""`yard jobs`: the server's background work, and trying again what failed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from trainyard.cli import output
from trainyard.cli.moment import local
from trainyard.cli.options import confirmed, json_option, with_client

if TYPE_CHECKING:
    from trainyard.client import Client
    from trainyard.client.models import Job

__all__ = ["jobs"]

_job = click.argument("job", type=int)


@click.group()
def jobs() -> None:
    """List background jobs, and retry those that failed."""


@jobs.command("ls")
@click.option("--state", type=click.Choice(["waiting", "running", "dead"]), help="Only jobs in this state.")
@click.option("--plugin", metavar="NAME", default="", help="Only jobs of this plugin; `core` for the core's own.")
@json_option
@with_client
def list_jobs(client: Client, *, state: str | None, plugin: str, as_json: bool) -> None:
    """List jobs that wait, run or are dead, oldest first."""
    found = list(client.jobs.list(state=state or "", plugin=plugin))
    if as_json:
        return output.json_document({"items": found})
    headers = ("JOB", "PLUGIN", "NAME", "KEY", "STATE", "TRIES", "DUE", "ERROR")
    return output.table(headers, [_row(job) for job in found])


@jobs.command("retry")
@_job
@json_option
@with_client
def retry_job(client: Client, *, job: int, as_json: bool) -> None:
    """Run a job now that waits or is dead, as if it were new."""
    found = client.jobs.retry(job)
    if as_json:
        return output.json_document(found)
    return output.line(f"job {found.id} ({found.plugin} {found.name}) is due now")


@jobs.command("rm")
@_job
@confirmed("delete job {job}: what it was to do is not done")
@with_client
def remove_job(client: Client, *, job: int) -> None:
    """Delete a job that does not run."""
    client.jobs.remove(job)
    output.line(f"job {job} is deleted")


def _row(job: Job) -> tuple[str, ...]:
    due = "" if job.state == "dead" else local(job.due_at)
    error = job.error if job.known else "no plugin that is loaded has this job"
    tries = str(job.attempt) if job.attempt else ""
    return (str(job.id), job.plugin, job.name, job.key, job.state, tries, due, error)
