"""The asynchronous client and its resources, one module a resource. `_sync` is generated from this package."""
