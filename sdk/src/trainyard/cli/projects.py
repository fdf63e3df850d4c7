"""`yard projects`: what there is, what its runs may use, and its end."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from trainyard.cli import output
from trainyard.cli.options import confirmed, json_option, with_client

if TYPE_CHECKING:
    from trainyard.client import Client
    from trainyard.client.models import Project

__all__ = ["projects"]

_name = click.argument("name")


@click.group()
def projects() -> None:
    """List, create and change projects."""


@projects.command("ls")
@json_option
@with_client
def list_projects(client: Client, *, as_json: bool) -> None:
    """List the projects that you may see, and your role in each."""
    found = list(client.projects.list())
    if as_json:
        return output.json_document({"items": found})
    rows = [(p.name, p.role, "archived" if p.archived else "", p.created_at, p.description) for p in found]
    return output.table(("PROJECT", "ROLE", "STATE", "CREATED", "DESCRIPTION"), rows)


@projects.command("get")
@_name
@json_option
@with_client
def get_project(client: Client, *, name: str, as_json: bool) -> None:
    """Show one project and what its runs may use."""
    return _show(client.projects.get(name), as_json=as_json)


@projects.command("create")
@_name
@click.option("--description", default="", help="What it is about.")
@json_option
@with_client
def create_project(client: Client, *, name: str, description: str, as_json: bool) -> None:
    """Create a project. You become its admin."""
    created = client.projects.create(name, description)
    if as_json:
        return output.json_document(created)
    return output.line(f"project {created.name} is created; use it: -p {created.name}")


@projects.command("edit")
@_name
@click.option("--description", help="What it is about.")
@click.option(
    "--queue", "queues", multiple=True, metavar="PATTERN", help="Queues that its runs may use [again for more]."
)
@click.option(
    "--connection", "connections", multiple=True, metavar="PATTERN", help="Connections that its runs may use [again]."
)
@click.option("--weight", type=float, metavar="NUMBER", help="Its share against other projects; 1 at first.")
@click.option(
    "--quota", multiple=True, metavar="NAME=AMOUNT", help="What its live runs may hold together, such as gpu=4 [again]."
)
@click.option("--no-quota", is_flag=True, help="Take all quotas away.")
@json_option
@with_client
def edit_project(client: Client, *, name: str, as_json: bool, no_quota: bool, **given: object) -> None:
    """Change a project. What is given replaces what it has; limits are for admins of the deployment."""
    from trainyard.client.models import EditProject

    quota = dict(_amount(pair) for pair in _many(given["quota"]))
    if no_quota and quota:
        raise click.UsageError("give --quota or --no-quota, not both")
    change = EditProject(
        description=_text(given["description"]),
        queues=_many(given["queues"]) or None,
        connections=_many(given["connections"]) or None,
        weight=given["weight"] if isinstance(given["weight"], float) else None,
        quota={} if no_quota else quota or None,
    )
    if change == EditProject():
        raise click.UsageError("nothing is to be changed; see `yard projects edit --help`")
    return _show(client.projects.edit(name, change), as_json=as_json)


@projects.command("archive")
@_name
@click.option("--undo", is_flag=True, help="Open it again.")
@json_option
@with_client
def archive_project(client: Client, *, name: str, undo: bool, as_json: bool) -> None:
    """Close a project for new runs. What it has stays."""
    from trainyard.client.models import EditProject

    changed = client.projects.edit(name, EditProject(archived=not undo))
    if as_json:
        return output.json_document(changed)
    return output.line(f"project {name} is {'open again' if undo else 'archived: it takes no new runs'}")


@projects.command("rm")
@_name
@confirmed("remove project {name} and its members; the name is not used again")
@with_client
def remove_project(client: Client, *, name: str) -> None:
    """Remove a project that has no runs. Its name is not used again."""
    client.projects.delete(name)
    output.line(f"project {name} is removed")


def _show(project: Project, *, as_json: bool) -> None:
    if as_json:
        return output.json_document(project)
    return output.fields(
        [
            ("project", project.name),
            ("description", project.description),
            ("state", "archived" if project.archived else "open"),
            ("your role", project.role),
            ("queues", ", ".join(project.queues)),
            ("connections", ", ".join(project.connections)),
            ("weight", f"{project.weight:g}"),
            ("quota", ", ".join(f"{name}={amount:g}" for name, amount in sorted(project.quota.items()))),
            ("created", project.created_at),
        ]
    )


def _many(given: object) -> list[str]:
    return [str(item) for item in given] if isinstance(given, tuple) else []


def _text(given: object) -> str | None:
    return given if isinstance(given, str) else None


def _amount(pair: str) -> tuple[str, float]:
    """`cpu=8`, `memory=64Gi`."""
    from trainyard.spec.quantity import cores, memory_bytes

    name, _, amount = pair.partition("=")
    try:
        return name, float(memory_bytes(amount) if name == "memory" else cores(amount))
    except ValueError as error:
        raise click.BadParameter(f"{pair!r}: {error}; write NAME=AMOUNT, such as gpu=4 or memory=64Gi") from error
