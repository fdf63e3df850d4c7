"""Query parameters that a route does not know are refused: a filter with a wrong name would otherwise silently let
everything through."""

from __future__ import annotations

from functools import lru_cache

from litestar.constants import RESERVED_KWARGS
from litestar.handlers import BaseRouteHandler
from litestar.params import BodyKwarg, HeaderParameter, ParameterKwarg, PathParameter

from trainyard_core.api.access import ApiRequest
from trainyard_core.errors import Invalid, choice

__all__ = ["refuse_unknown"]


async def refuse_unknown(request: ApiRequest) -> None:
    """Before a handler is called. Raises Invalid with what the route knows."""
    if not request.url.query:
        return
    known = _known(request.route_handler)
    for name in request.query_params:
        if name not in known:
            raise Invalid(choice("query parameter", name[:80], known), fix="correct its name, or leave it out")


@lru_cache(maxsize=1024)
def _known(handler: BaseRouteHandler) -> frozenset[str]:
    """What a handler takes of the query, by itself and by what is injected into it."""
    dependencies = handler.resolve_dependencies()
    signatures = [handler.parsed_fn_signature, *(each.parsed_fn_signature for each in dependencies.values())]
    return frozenset(
        _named(name, found.kwarg_definition)
        for signature in signatures
        for name, found in signature.parameters.items()
        if name not in (*RESERVED_KWARGS, *dependencies)
        and not isinstance(found.kwarg_definition, BodyKwarg | HeaderParameter | PathParameter)
    )


def _named(name: str, definition: object) -> str:
    """The name in the address, where it is another than the argument's."""
    return (definition.query or definition.name or name) if isinstance(definition, ParameterKwarg) else name
