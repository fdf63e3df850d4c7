"""The synchronous client and its resources, generated from `_async` by tools/sync_client.py."""
