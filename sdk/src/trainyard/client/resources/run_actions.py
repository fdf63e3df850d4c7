"""What is done to runs, for both clients side by side. `ref` is a full id or a unique ending of one of at least four
characters; `project` is the client's own unless it is given. Every verb may be sent again: by the same `key` it has its
effect once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from trainyard.client import requests
from trainyard.client.models import BulkAction, BulkResult, CloneRun, EditRun, Lineage, RunRecord, RunToken, TagRun

if TYPE_CHECKING:
    from trainyard.client.async_client import AsyncClient
    from trainyard.client.client import Client

__all__ = ["AsyncRunActions", "RunActions"]


class RunActions:
    """The verbs that change runs."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def approve(self, ref: str, message: str = "", *, project: str | None = None, key: str = "") -> RunRecord:
        """Let a run go on that is held for approval. Raises Conflict for one that is not."""
        return self._client.send(requests.act_on_run(self._in(project), ref, "approve", message, key=key))

    def stop(self, ref: str, message: str = "", *, project: str | None = None, key: str = "") -> RunRecord:
        """Stop a run: at once if it has not started, else its program is asked to end and then killed."""
        return self._client.send(requests.act_on_run(self._in(project), ref, "stop", message, key=key))

    def skip(self, ref: str, message: str = "", *, project: str | None = None, key: str = "") -> RunRecord:
        """Never run a run that no agent has taken yet. Raises Conflict for one that was."""
        return self._client.send(requests.act_on_run(self._in(project), ref, "skip", message, key=key))

    def archive(self, ref: str, message: str = "", *, project: str | None = None, key: str = "") -> RunRecord:
        """Put a run away; nothing else about it changes."""
        return self._client.send(requests.act_on_run(self._in(project), ref, "archive", message, key=key))

    def restore(self, ref: str, message: str = "", *, project: str | None = None, key: str = "") -> RunRecord:
        """Take a run out of the archive."""
        return self._client.send(requests.act_on_run(self._in(project), ref, "restore", message, key=key))

    def tag(
        self,
        ref: str,
        add: Sequence[str] = (),
        remove: Sequence[str] = (),
        *,
        project: str | None = None,
        key: str = "",
    ) -> RunRecord:
        """Add and remove tags."""
        wish = TagRun(add=[*add], remove=[*remove])
        return self._client.send(requests.tag_run(self._in(project), ref, wish, key=key))

    def edit(self, ref: str, wish: EditRun, *, project: str | None = None, key: str = "", match: str = "") -> RunRecord:
        """Change what is given. With `match`, an ETag, only if the run has not changed since."""
        return self._client.send(requests.edit_run(self._in(project), ref, wish, key=key, match=match))

    def delete(self, ref: str, *, project: str | None = None, key: str = "") -> None:
        """Delete a run that has ended, with all that it tracked. Raises Conflict for one that has not, or that others
        need."""
        self._client.send(requests.delete_run(self._in(project), ref, key=key))

    def restart(
        self, ref: str, wish: CloneRun | None = None, *, project: str | None = None, key: str = ""
    ) -> RunRecord:
        """Make a new run of the same operation; what the wish names is given anew."""
        return self._client.send(requests.clone_run(self._in(project), ref, "restart", wish or CloneRun(), key=key))

    def resume(self, ref: str, wish: CloneRun | None = None, *, project: str | None = None, key: str = "") -> RunRecord:
        """Make a new run that continues one that has ended, up to the wish's `step` if it names one."""
        return self._client.send(requests.clone_run(self._in(project), ref, "resume", wish or CloneRun(), key=key))

    def copy(self, ref: str, wish: CloneRun | None = None, *, project: str | None = None, key: str = "") -> RunRecord:
        """Make a new run of the same operation that begins with the artifacts of one that has ended."""
        return self._client.send(requests.clone_run(self._in(project), ref, "copy", wish or CloneRun(), key=key))

    def act(self, wish: BulkAction, *, project: str | None = None, key: str = "") -> BulkResult:
        """One action on many runs, in one transaction; the answer says what became of each."""
        return self._client.send(requests.act_on_runs(self._in(project), wish, key=key))

    def lineage(self, ref: str, *, project: str | None = None) -> Lineage:
        """The runs around a run, and the artifacts that it took and made."""
        return self._client.send(requests.read_lineage(self._in(project), ref))

    def renew_token(self, ref: str, *, project: str | None = None) -> RunToken:
        """A new token for the run's own token that this client holds."""
        return self._client.send(requests.renew_run_token(self._in(project), ref))

    def _in(self, project: str | None) -> str:
        return project or self._client.endpoint.project


class AsyncRunActions:
    """The verbs that change runs."""

    def __init__(self, client: AsyncClient) -> None:
        self._client = client

    async def approve(self, ref: str, message: str = "", *, project: str | None = None, key: str = "") -> RunRecord:
        """Let a run go on that is held for approval. Raises Conflict for one that is not."""
        return await self._client.send(requests.act_on_run(self._in(project), ref, "approve", message, key=key))

    async def stop(self, ref: str, message: str = "", *, project: str | None = None, key: str = "") -> RunRecord:
        """Stop a run: at once if it has not started, else its program is asked to end and then killed."""
        return await self._client.send(requests.act_on_run(self._in(project), ref, "stop", message, key=key))

    async def skip(self, ref: str, message: str = "", *, project: str | None = None, key: str = "") -> RunRecord:
        """Never run a run that no agent has taken yet. Raises Conflict for one that was."""
        return await self._client.send(requests.act_on_run(self._in(project), ref, "skip", message, key=key))

    async def archive(self, ref: str, message: str = "", *, project: str | None = None, key: str = "") -> RunRecord:
        """Put a run away; nothing else about it changes."""
        return await self._client.send(requests.act_on_run(self._in(project), ref, "archive", message, key=key))

    async def restore(self, ref: str, message: str = "", *, project: str | None = None, key: str = "") -> RunRecord:
        """Take a run out of the archive."""
        return await self._client.send(requests.act_on_run(self._in(project), ref, "restore", message, key=key))

    async def tag(
        self,
        ref: str,
        add: Sequence[str] = (),
        remove: Sequence[str] = (),
        *,
        project: str | None = None,
        key: str = "",
    ) -> RunRecord:
        """Add and remove tags."""
        wish = TagRun(add=[*add], remove=[*remove])
        return await self._client.send(requests.tag_run(self._in(project), ref, wish, key=key))

    async def edit(
        self, ref: str, wish: EditRun, *, project: str | None = None, key: str = "", match: str = ""
    ) -> RunRecord:
        """Change what is given. With `match`, an ETag, only if the run has not changed since."""
        return await self._client.send(requests.edit_run(self._in(project), ref, wish, key=key, match=match))

    async def delete(self, ref: str, *, project: str | None = None, key: str = "") -> None:
        """Delete a run that has ended, with all that it tracked. Raises Conflict for one that has not, or that others
        need."""
        await self._client.send(requests.delete_run(self._in(project), ref, key=key))

    async def restart(
        self, ref: str, wish: CloneRun | None = None, *, project: str | None = None, key: str = ""
    ) -> RunRecord:
        """Make a new run of the same operation; what the wish names is given anew."""
        return await self._client.send(
            requests.clone_run(self._in(project), ref, "restart", wish or CloneRun(), key=key)
        )

    async def resume(
        self, ref: str, wish: CloneRun | None = None, *, project: str | None = None, key: str = ""
    ) -> RunRecord:
        """Make a new run that continues one that has ended, up to the wish's `step` if it names one."""
        return await self._client.send(
            requests.clone_run(self._in(project), ref, "resume", wish or CloneRun(), key=key)
        )

    async def copy(
        self, ref: str, wish: CloneRun | None = None, *, project: str | None = None, key: str = ""
    ) -> RunRecord:
        """Make a new run of the same operation that begins with the artifacts of one that has ended."""
        return await self._client.send(requests.clone_run(self._in(project), ref, "copy", wish or CloneRun(), key=key))

    async def act(self, wish: BulkAction, *, project: str | None = None, key: str = "") -> BulkResult:
        """One action on many runs, in one transaction; the answer says what became of each."""
        return await self._client.send(requests.act_on_runs(self._in(project), wish, key=key))

    async def lineage(self, ref: str, *, project: str | None = None) -> Lineage:
        """The runs around a run, and the artifacts that it took and made."""
        return await self._client.send(requests.read_lineage(self._in(project), ref))

    async def renew_token(self, ref: str, *, project: str | None = None) -> RunToken:
        """A new token for the run's own token that this client holds."""
        return await self._client.send(requests.renew_run_token(self._in(project), ref))

    def _in(self, project: str | None) -> str:
        return project or self._client.endpoint.project
