"""Asks the resolvers of plugins what the references of an operation mean.

A resolver that fails, answers with what is no answer, or takes longer than `DEADLINE` makes the operation fail for now:
to go on without it would tell whoever wrote the operation that something does not exist which does.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from functools import lru_cache

import structlog

from trainyard.client.distributions import serving
from trainyard.compile.reference import Library, Reference, ReferenceUse, ResolvedReference
from trainyard.spec.document import Document
from trainyard.spec.error import SpecError
from trainyard.spec.load import load_text
from trainyard_core.auth import Actor
from trainyard_core.authorization import no_project
from trainyard_core.contracts import plugin as contract
from trainyard_core.contracts.plugin import Refusal, Resolution, Resolver
from trainyard_core.db import projects
from trainyard_core.db.engine import Database
from trainyard_core.errors import Invalid, TrainyardError, Unavailable
from trainyard_core.hook_guard import gist
from trainyard_core.plugin_host.platforms import Platforms
from trainyard_core.registry import Registry

__all__ = ["DEADLINE", "PluginReferences"]

DEADLINE = 5.0
"""Seconds that one resolver has for the references of an operation."""
MOST_SIZE = 4 * 1024 * 1024
"""Characters of all that is referred to at once."""
SMALL = 16 * 1024
"""Characters of a content that is kept once it was read."""
Answer = Resolution | Refusal
log = structlog.get_logger("trainyard.plugins")


class PluginReferences:
    """What plugins know of references; a `work.compilation.ReferenceLookup`."""

    def __init__(self, database: Database, registry: Registry, platforms: Platforms) -> None:
        self._database, self._registry, self._platforms = database, registry, platforms

    async def find(self, project: str, actor: Actor, references: Sequence[Reference]) -> Library:
        """See `ReferenceLookup`. A plugin is asked about what those before it do not know."""
        answers: dict[Reference, Answer] = {}
        for plugin, resolver in self._registry.resolvers:
            unanswered = [each for each in references if each not in answers and each.kind in resolver.kinds]
            if unanswered:
                questions = [
                    contract.Reference(kind=each.kind, text=str(each), project=project, actor=actor)
                    for each in unanswered
                ]
                found = zip(unanswered, await self._ask(plugin, resolver, questions), strict=True)
                answers |= {each: answer for each, answer in found if answer is not None}
        if len(answers) < len(references) or any(isinstance(each, Refusal) for each in answers.values()):
            await self._check_project(project)
        return _library({each: answers.get(each) or self._unknown(each) for each in references})

    async def _ask(
        self, plugin: str, resolver: Resolver, references: Sequence[contract.Reference]
    ) -> Sequence[Answer | None]:
        try:
            async with asyncio.timeout(DEADLINE):
                answers = await resolver.resolve(self._platforms.of(plugin), references)
            return _checked(answers, len(references))
        except TrainyardError:
            raise
        except Exception as error:
            said = f"no answer within {DEADLINE:g} seconds" if isinstance(error, TimeoutError) else gist(error)
            log.warning("a plugin could not resolve references", plugin=plugin, resolver=resolver.name, error=said)
            kinds = " and ".join(sorted({f"{each.kind}s" for each in references}))
            raise Unavailable(
                f"{kinds} cannot be looked up at the moment",
                fix=f"try again; if it stays so, an admin looks for plugin '{plugin}' in the server's log",
            ) from None

    async def _check_project(self, project: str) -> None:
        if await self._database.read(lambda tx: projects.get(tx, project)) is None:
            raise no_project(project)

    def _unknown(self, reference: Reference) -> Refusal:
        kind = reference.kind
        if any(kind in resolver.kinds for _, resolver in self._registry.resolvers):
            return Refusal(message=f"no {kind} '{reference}'", fix=f"see yard {kind}s ls")
        distribution = serving(f"{kind}s")
        return Refusal(
            message=f"{kind} '{reference}' cannot be looked up: the server has no plugin for {kind}s",
            fix=f"have it installed where the server runs: pip install {distribution}",
        )


def _checked(answers: object, count: int) -> Sequence[Answer | None]:
    """What a resolver gave, if these are answers. Raises TypeError."""
    if not isinstance(answers, list | tuple) or len(answers) != count:
        raise TypeError(f"it gave {type(answers).__name__}; wanted is a list with an answer for each reference")
    for answer in answers:
        if not isinstance(answer, Resolution | Refusal | None):
            raise TypeError(f"it gave a {type(answer).__name__}; wanted is a Resolution, a Refusal or None")
    return answers


def _library(answers: Mapping[Reference, Answer]) -> Library:
    _check_size([each for each in answers.values() if isinstance(each, Resolution)])
    found: dict[Reference, ResolvedReference] = {}
    refused: dict[Reference, tuple[str, str]] = {}
    for reference, answer in answers.items():
        if isinstance(answer, Refusal):
            refused[reference] = (answer.message, answer.fix)
            continue
        try:
            found[reference] = _resolved(reference, answer)
        except SpecError as error:
            refused[reference] = (f"{reference.kind} '{reference}' cannot be read: {error.findings[0]}", "correct it")
    return Library(found, refused)


def _check_size(resolutions: Sequence[Resolution]) -> None:
    size = sum(len(each.content) for each in resolutions)
    if size > MOST_SIZE:
        said = f"the operation refers to {size} characters of components and presets; the limit is {MOST_SIZE}"
        raise Invalid(said, fix="keep data out of them, or refer to fewer")


def _resolved(reference: Reference, answer: Resolution) -> ResolvedReference:
    use = ReferenceUse(reference.kind, answer.name, answer.version, answer.digest)
    return ResolvedReference(use, _document(answer.content, f"{use.name}:{use.version}"), answer.warning)


def _document(content: str, file: str) -> Document:
    """Contents never change, so small ones are read once."""
    return _kept(content, file) if len(content) <= SMALL else load_text(content, file=file)


@lru_cache(maxsize=256)
def _kept(content: str, file: str) -> Document:
    return load_text(content, file=file)
