# Generated from `_async/run_actions.py` by tools/sync_client.py: change that file and run `make format`.
"""The calls that change runs. `ref` is a full id or a unique ending of it with at least four characters; `project` is
the client's own by default. Every call is idempotent by its `key`: with the same key it takes effect once."""

from __future__ import annotations

from collections.abc import Sequence

from trainyard.client import requests
from trainyard.client._sync.resource import Resource
from trainyard.client.models import BulkAction, BulkAnswer, CloneRun, EditRun, Lineage, Run, RunToken, TagRun

__all__ = ["RunActions"]


class RunActions(Resource):
    """The calls that change runs; a subclass adds those that create and read them."""

    def approve(self, ref: str, message: str = "", *, project: str | None = None, key: str = "") -> Run:
        """Approve a run that waits for approval. Raises Conflict for one that does not."""
        return self._act_on(ref, "approve", message, project, key)

    def stop(self, ref: str, message: str = "", *, project: str | None = None, key: str = "") -> Run:
        """Stop a run: at once if it has not started, else its program is told to end and killed if it does not."""
        return self._act_on(ref, "stop", message, project, key)

    def skip(self, ref: str, message: str = "", *, project: str | None = None, key: str = "") -> Run:
        """Skip a run that no agent has been assigned. Raises Conflict for one that has an agent."""
        return self._act_on(ref, "skip", message, project, key)

    def archive(self, ref: str, message: str = "", *, project: str | None = None, key: str = "") -> Run:
        """Move a run to the archive; nothing else about it changes."""
        return self._act_on(ref, "archive", message, project, key)

    def restore(self, ref: str, message: str = "", *, project: str | None = None, key: str = "") -> Run:
        """Take a run out of the archive."""
        return self._act_on(ref, "restore", message, project, key)

    def tag(
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
        return self._client.send(requests.tag_run(self._project(project), ref, body, key=key))

    def edit(self, ref: str, body: EditRun, *, project: str | None = None, key: str = "", match: str = "") -> Run:
        """Change the fields that are given. With `match`, an ETag, raises Conflict when the run has changed since."""
        return self._client.send(requests.edit_run(self._project(project), ref, body, key=key, match=match))

    def delete(self, ref: str, *, project: str | None = None, key: str = "") -> None:
        """Delete a run that has ended, with everything that it tracked. Raises Conflict for a run that has not ended or
        that other runs need."""
        self._client.send(requests.delete_run(self._project(project), ref, key=key))

    def restart(self, ref: str, body: CloneRun | None = None, *, project: str | None = None, key: str = "") -> Run:
        """Create a run of the same operation; the body replaces what it gives."""
        return self._clone(ref, "restart", body, project, key)

    def resume(self, ref: str, body: CloneRun | None = None, *, project: str | None = None, key: str = "") -> Run:
        """Create a run that continues one that has ended: after its last step, or after the `step` in the body."""
        return self._clone(ref, "resume", body, project, key)

    def copy(self, ref: str, body: CloneRun | None = None, *, project: str | None = None, key: str = "") -> Run:
        """Create a run of the same operation that starts with the artifacts of one that has ended."""
        return self._clone(ref, "copy", body, project, key)

    def act(self, body: BulkAction, *, project: str | None = None, key: str = "") -> BulkAnswer:
        """Do one action on many runs in one transaction. The answer has the result for each run."""
        return self._client.send(requests.act_on_runs(self._project(project), body, key=key))

    def lineage(self, ref: str, *, project: str | None = None) -> Lineage:
        """The runs that a run comes from and leads to, and the artifacts that it used and made."""
        return self._client.send(requests.read_lineage(self._project(project), ref))

    def renew_token(self, ref: str, *, project: str | None = None) -> RunToken:
        """A new token for the run; the client must hold the run's own token."""
        return self._client.send(requests.renew_run_token(self._project(project), ref))

    def _act_on(self, ref: str, verb: str, message: str, project: str | None, key: str) -> Run:
        return self._client.send(requests.act_on_run(self._project(project), ref, verb, message, key=key))

    def _clone(self, ref: str, kind: str, body: CloneRun | None, project: str | None, key: str) -> Run:
        request = requests.clone_run(self._project(project), ref, kind, body or CloneRun(), key=key)
        return self._client.send(request)
