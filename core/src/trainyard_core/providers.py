"""The offers of one capability: which plugins offer it by which name, and whose is used."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Generic, Protocol, TypeVar

from trainyard_core.errors import StartRefused, choice

__all__ = ["Offers", "Provider", "Providers", "lacking"]


class Provider(Protocol):
    """What every provider has."""

    @property
    def name(self) -> str: ...

    @property
    def build(self) -> Callable[..., Any]: ...


class Named(Protocol):
    """What every offer has."""

    @property
    def name(self) -> str: ...


P = TypeVar("P", bound="Named")
T = TypeVar("T", bound=Named)


class Offers(Generic[T]):
    """What each plugin offers of one capability, by a name that is the plugin's own."""

    def __init__(self, capability: str, *, most: int = 0) -> None:
        """`most` is how many a plugin may offer; 0: any number."""
        self.capability, self._most = capability, most
        self._offered: dict[str, dict[str, T]] = {}

    def add(self, plugin: str, offer: T) -> None:
        """Add what a plugin offers. Raises ValueError when the plugin offers the name twice, or too many."""
        offers = self._offered.setdefault(plugin, {})
        if self._most and len(offers) >= self._most:
            raise ValueError(f"it offers {self.capability} more than once")
        if offer.name in offers:
            raise ValueError(f"it offers the {self.capability} '{offer.name}' twice")
        offers[offer.name] = offer

    def remove(self, plugin: str) -> None:
        """Forget all that a plugin offers."""
        self._offered.pop(plugin, None)

    def of(self, plugin: str) -> list[T]:
        """What one plugin offers."""
        return [*self._offered.get(plugin, {}).values()]

    def __bool__(self) -> bool:
        return any(self._offered.values())

    def __iter__(self) -> Iterator[tuple[str, T]]:
        """Each offer with its plugin, in the order of the plugins' names."""
        for plugin, offers in sorted(self._offered.items()):
            for offer in offers.values():
                yield plugin, offer


class Providers(Generic[P]):
    """The providers of one capability by name, or other items that have one name among all plugins, and which plugin
    brought each. Where several plugins offer one name, the first of `prefer` among them is used, and without one of
    these none of them."""

    def __init__(self, capability: str, prefer: Sequence[str] = ()) -> None:
        self.capability = capability
        self._prefer = prefer
        self.offered: dict[str, dict[str, P]] = {}

    def add(self, plugin: str, provider: P) -> None:
        """Add what a plugin offers. Raises ValueError when the plugin offers the name twice."""
        offers = self.offered.setdefault(provider.name, {})
        if plugin in offers:
            raise ValueError(f"it offers the {self.capability} '{provider.name}' twice")
        offers[plugin] = provider

    def remove(self, plugin: str) -> None:
        """Forget all that a plugin offers."""
        kept = {name: {p: each for p, each in offers.items() if p != plugin} for name, offers in self.offered.items()}
        self.offered = {name: offers for name, offers in kept.items() if offers}

    @property
    def by_name(self) -> dict[str, tuple[str, P]]:
        """The plugin and the provider of each name that can be used."""
        chosen = {name: self._chosen(offers) for name, offers in self.offered.items()}
        return {name: (plugin, self.offered[name][plugin]) for name, plugin in chosen.items() if plugin}

    @property
    def contested(self) -> dict[str, str]:
        """The names that several plugins offer and no setting decides, each with a sentence that says so."""
        return {
            name: f"{self.capability} '{name}' is offered by {' and '.join(sorted(offers))}; neither is used"
            for name, offers in self.offered.items()
            if not self._chosen(offers)
        }

    def get(self, name: str) -> tuple[str, P]:
        """The plugin and the provider of that name. Raises StartRefused, naming what is installed."""
        found = self.by_name
        if name in found:
            return found[name]
        if name in self.offered:
            raise StartRefused(self.contested[name], fix="name the plugin to use in the setting `prefer`")
        detail = choice(self.capability, name, found)
        raise StartRefused(detail, fix=f"install a plugin that offers it, or set `{self.capability}` to another")

    def _chosen(self, offers: Mapping[str, P]) -> str:
        if len(offers) == 1:
            return next(iter(offers))
        return next((plugin for plugin in self._prefer if plugin in offers), "")


def lacking(made: object, contract: type) -> str:
    """What a builder gave and which methods of its contract that lacks, in words; empty when it has them all."""
    wanted: frozenset[str] = getattr(contract, "__abstractmethods__", frozenset())
    missing = sorted(name for name in wanted if not callable(getattr(made, name, None)))
    if not missing:
        return ""
    return f"its builder gave {type(made).__name__}; wanted is a {contract.__name__}: it lacks {', '.join(missing)}"
