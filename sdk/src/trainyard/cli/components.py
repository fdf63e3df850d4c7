"""`yard components` and `yard presets`: the same commands for operations, and for parts of operations that are patched
onto others. Both are registered by name and version in a project.

REF is `name:version`; for reading also `name`, which is the newest version that is not archived.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from trainyard.cli import output
from trainyard.cli.options import confirmed, json_option, with_client

if TYPE_CHECKING:
    from trainyard.client import Client
    from trainyard.client.models import Component, EditComponent
    from trainyard.client.resources import Components

__all__ = ["components", "presets"]

STAGES = ("testing", "staging", "production")
_ref = click.argument("ref")
_archived = click.option("--archived", is_flag=True, help="Archived versions too.")


def _registry(noun: str) -> click.Group:
    """The commands for `components` or `presets`."""

    @click.group(noun, help=f"Register {noun} by name and version, and look them up.")
    def group() -> None:
        """Only a name for its commands."""

    for add in (_ls, _get, _versions, _register, _stage, _deprecate, _archive, _restore, _rm):
        group.add_command(add(noun))
    return group


def _ls(noun: str) -> click.Command:
    @click.command("ls", help=f"List {noun}: the newest version of each.")
    @_archived
    @json_option
    @with_client
    def ls(client: Client, *, archived: bool, as_json: bool) -> None:
        return _table(list(_of(client, noun).list(archived=archived)), as_json=as_json)

    return ls


def _get(noun: str) -> click.Command:
    @click.command("get", help="Show one version; with --content only its text, as it was registered.")
    @_ref
    @click.option("--content", is_flag=True, help="Print the text and nothing else.")
    @json_option
    @with_client
    def get(client: Client, *, ref: str, content: bool, as_json: bool) -> None:
        name, version = _split(ref)
        found = _of(client, noun).get(name, version)
        if content:
            for line in (found.content or "").removesuffix("\n").split("\n"):
                output.recorded(line)
            return None
        return _show(found, as_json=as_json)

    return get


def _versions(noun: str) -> click.Command:
    @click.command("versions", help="List the versions of a name, newest first.")
    @click.argument("name")
    @_archived
    @json_option
    @with_client
    def versions(client: Client, *, name: str, archived: bool, as_json: bool) -> None:
        return _table(list(_of(client, noun).versions(name, archived=archived)), as_json=as_json)

    return versions


def _register(noun: str) -> click.Command:
    @click.command("register", help="Register a file as a version. The same content again changes nothing.")
    @_ref
    @click.option("-f", "--file", "file", required=True, type=click.Path(path_type=Path), help="The YAML file.")
    @click.option("--description", default="", help="A description of the version.")
    @click.option("--tag", "tags", multiple=True, help="A tag; may be repeated.")
    @json_option
    @with_client
    def register(
        client: Client, *, ref: str, file: Path, description: str, tags: tuple[str, ...], as_json: bool
    ) -> None:
        from trainyard.client.models import RegisterComponent

        name, version = _exact(ref)
        content = _checked(noun, file)
        request = RegisterComponent(
            name=name, version=version, content=content, file=file.name, description=description, tags=list(tags)
        )
        component = _of(client, noun).register(request)
        if as_json:
            return output.json_document(component)
        return output.line(f"{noun[:-1]} {component.name}:{component.version} is registered ({component.digest[:19]})")

    return register


def _stage(noun: str) -> click.Command:
    @click.command("stage", help="Set the stage of a version: testing, staging or production.")
    @_ref
    @click.argument("stage", type=click.Choice(STAGES))
    @json_option
    @with_client
    def stage(client: Client, *, ref: str, stage: str, as_json: bool) -> None:
        return _edit(client, noun, ref, as_json, stage=stage)

    return stage


def _deprecate(noun: str) -> click.Command:
    @click.command("deprecate", help="Mark a version as deprecated; whoever uses it is shown the message.")
    @_ref
    @click.option("-m", "--message", help="What to use instead; it becomes the description.")
    @click.option("--undo", is_flag=True, help="Remove the mark.")
    @json_option
    @with_client
    def deprecate(client: Client, *, ref: str, message: str | None, undo: bool, as_json: bool) -> None:
        return _edit(client, noun, ref, as_json, deprecated=not undo, description=message)

    return deprecate


def _archive(noun: str) -> click.Command:
    @click.command("archive", help="Let no new run use a version. Runs that were made with it can be restarted.")
    @_ref
    @json_option
    @with_client
    def archive(client: Client, *, ref: str, as_json: bool) -> None:
        return _edit(client, noun, ref, as_json, archived=True)

    return archive


def _restore(noun: str) -> click.Command:
    @click.command("restore", help="Let new runs use an archived version again.")
    @_ref
    @json_option
    @with_client
    def restore(client: Client, *, ref: str, as_json: bool) -> None:
        return _edit(client, noun, ref, as_json, archived=False)

    return restore


def _rm(noun: str) -> click.Command:
    @click.command("rm", help="Delete a version that no run was made with.")
    @_ref
    @confirmed(f"delete {noun[:-1]} {{ref}}")
    @with_client
    def rm(client: Client, *, ref: str) -> None:
        name, version = _exact(ref)
        _of(client, noun).delete(name, version)
        output.line(f"{noun[:-1]} {ref} is deleted")

    return rm


def _of(client: Client, noun: str) -> Components:
    return client.components if noun == "components" else client.presets


def _edit(client: Client, noun: str, ref: str, as_json: bool, **change: Any) -> None:
    name, version = _exact(ref)
    return _show(_of(client, noun).edit(name, version, _change()(**change)), as_json=as_json)


def _change() -> Callable[..., EditComponent]:
    from trainyard.client.models import EditComponent

    return EditComponent


def _checked(noun: str, file: Path) -> str:
    """The text of a file whose content may be registered. Raises SpecError with every finding."""
    from trainyard.compile.content import content_digest
    from trainyard.spec.load import load_file

    content_digest("component" if noun == "components" else "preset", load_file(file))
    return file.read_text(encoding="utf-8")


def _split(ref: str) -> tuple[str, str]:
    name, _, version = ref.partition(":")
    return name, version


def _exact(ref: str) -> tuple[str, str]:
    name, version = _split(ref)
    if not name or not version or version == "latest":
        raise click.UsageError(f"{ref!r} names no version; write name:version, such as {name or 'train'}:1.0")
    return name, version


def _table(found: list[Component], *, as_json: bool) -> None:
    if as_json:
        return output.json_document({"items": found})
    rows = [
        (one.name, one.version, one.stage, _state(one), one.created_at, one.created_by, one.description)
        for one in found
    ]
    return output.table(("NAME", "VERSION", "STAGE", "STATE", "CREATED", "BY", "DESCRIPTION"), rows)


def _state(one: Component) -> str:
    return "archived" if one.archived else "deprecated" if one.deprecated else ""


def _show(one: Component, *, as_json: bool) -> None:
    if as_json:
        return output.json_document(one)
    return output.fields(
        [
            ("name", f"{one.name}:{one.version}"),
            ("description", one.description),
            ("stage", one.stage),
            ("state", _state(one)),
            ("tags", ", ".join(one.tags)),
            ("digest", one.digest),
            ("created", f"{one.created_at} by {one.created_by}"),
        ]
    )


components = _registry("components")
presets = _registry("presets")
