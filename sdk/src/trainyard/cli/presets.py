"""`yard presets`: parts of operations that are patched onto others, by the commands of `yard components`."""

from __future__ import annotations

from trainyard.cli.components import registry

__all__ = ["presets"]

presets = registry("presets")
