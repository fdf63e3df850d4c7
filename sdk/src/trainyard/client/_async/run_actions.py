"""The calls that change runs. `ref` is a full id or a unique ending of it with at least four characters; `project` is
the client's own by default. Every call is idempotent by its `key`: with the same key it takes effect once."""

from __future__ import annotations

from collections.abc import Sequence

from trainyard.client import requests
from trainyard.client._async.resource import AsyncResource
from trainyard.client.models import BulkAction, BulkAnswer, CloneRun, EditRun, Lineage, Run, RunToken, TagRun

__all__ = ["AsyncRunActions"]


class AsyncRunActions(AsyncResource):
    """The calls that change runs; a subclass adds those that create and read them."""

    async def approve(self, ref: str, message: str = "", *, project: str | None = None, key: str = "") -> Run:
        """Approve a run that waits for approval. Raises Conflict for one that does not."""
        return await self._act_on(ref, "approve", message, project, key)

    async def stop(self, ref: str, message: str = "", *, project: str | None = None, key: str = "") -> Run:
        """Stop a run: at once if it has not started, else its program is told to end and killed if it does not."""
        return await self._act_on(ref, "stop", message, project, key)

    async def skip(self, ref: str, message: str = "", *, project: str | None = None, key: str = "") -> Run:
        """Skip a run that no agent has been assigned. Raises Conflict for one that has an agent."""
        return await self._act_on(ref, "skip", message, project, key)

    async def archive(self, ref: str, message: str = "", *, project: str | None = None, key: str = "") -> Run:
        """Move a run to the archive; nothing else about it changes."""
        return await self._act_on(ref, "archive", message, project, key)

    async def restore(self, ref: str, message: str = "", *, project: str | None = None, key: str = "") -> Run:
        """Take a run out of the archive."""
        return await self._act_on(ref, "restore", message, project, key)

    async def tag(
        self,
        ref: str,
        add: Sequence[str] = (),
        remove: Sequence[str] = (),
        *,
        project: str | None = None,
        key: str = "",
    ) -> Run:
        """Add and remove tags."""
        body = TagRun(add=[*add], remove=[*remove])
        return await self._client.send(requests.tag_run(self._project(project), ref, body, key=key))

    async def edit(self, ref: str, body: EditRun, *, project: str | None = None, key: str = "", match: str = "") -> Run:
        """Change the fields that are given. With `match`, an ETag, raises Conflict when the run has changed since."""
        return await self._client.send(requests.edit_run(self._project(project), ref, body, key=key, match=match))

    async def delete(self, ref: str, *, project: str | None = None, key: str = "") -> None:
        """Delete a run that has ended, with everything that it tracked. Raises Conflict for a run that has not ended or
        that other runs need."""
        await self._client.send(requests.delete_run(self._project(project), ref, key=key))

    async def restart(
        self, ref: str, body: CloneRun | None = None, *, project: str | None = None, key: str = ""
    ) -> Run:
        """Create a run of the same operation; the body replaces what it gives."""
        return await self._clone(ref, "restart", body, project, key)

    async def resume(self, ref: str, body: CloneRun | None = None, *, project: str | None = None, key: str = "") -> Run:
        """Create a run that continues one that has ended: after its last step, or after the `step` in the body."""
        return await self._clone(ref, "resume", body, project, key)

    async def copy(self, ref: str, body: CloneRun | None = None, *, project: str | None = None, key: str = "") -> Run:
        """Create a run of the same operation that starts with the artifacts of one that has ended."""
        return await self._clone(ref, "copy", body, project, key)

    async def act(self, body: BulkAction, *, project: str | None = None, key: str = "") -> BulkAnswer:
        """Do one action on many runs in one transaction. The answer has the result for each run."""
        return await self._client.send(requests.act_on_runs(self._project(project), body, key=key))

    async def lineage(self, ref: str, *, project: str | None = None) -> Lineage:
        """The runs that a run comes from and leads to, and the artifacts that it used and made."""
        return await self._client.send(requests.read_lineage(self._project(project), ref))

    async def renew_token(self, ref: str, *, project: str | None = None) -> RunToken:
        """A new token for the run; the client must hold the run's own token."""
        return await self._client.send(requests.renew_run_token(self._project(project), ref))

    async def _act_on(self, ref: str, verb: str, message: str, project: str | None, key: str) -> Run:
        return await self._client.send(requests.act_on_run(self._project(project), ref, verb, message, key=key))

    async def _clone(self, ref: str, kind: str, body: CloneRun | None, project: str | None, key: str) -> Run:
        request = requests.clone_run(self._project(project), ref, kind, body or CloneRun(), key=key)
        return await self._client.send(request)
