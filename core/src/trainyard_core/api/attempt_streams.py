"""Streams to the live attempt of a run: its scheduler's log, a program beside it, a connection to one of its ports."""

from __future__ import annotations

from litestar import Controller, delete, get, post
from litestar.params import FromPath, JSONBody

from trainyard.client import models
from trainyard_core.api.access import ApiRequest, allow_agent, find_run, runtime_of
from trainyard_core.auth import READ, WRITE
from trainyard_core.db.engine import Row

__all__ = ["AgentStreams", "RunStreams"]


class RunStreams(Controller):
    """`/projects/{project}/runs/{ref}/attempt-streams`, for whoever asks for one."""

    path = "/projects/{project:str}/runs/{ref:str}/attempt-streams"
    tags = ("runs",)

    @post()
    async def open(
        self,
        request: ApiRequest,
        project: FromPath[str],
        ref: FromPath[str],
        data: JSONBody[models.NewAttemptStream],
    ) -> models.AttemptStream:
        """Ask the scheduler of the run's current attempt for its log, to run a program beside it, or to connect to one
        of its ports. A log may be read by readers of the project, the others are for its writers."""
        row = await find_run(request, project, ref, READ if data.kind == "logs" else WRITE)
        return await runtime_of(request).attempt_streams.open(row, data, actor=request.user.name)

    @get("/{stream:str}/output")
    async def output(
        self,
        request: ApiRequest,
        project: FromPath[str],
        ref: FromPath[str],
        stream: FromPath[str],
        after: int = 0,
        wait: float = 0.0,
    ) -> models.StreamFrames:
        """Return the frames of output after a number, and forget the others; waited for at most 20 seconds."""
        row = await _of_run(request, project, ref, stream)
        found = await runtime_of(request).attempt_streams.get(row, "output", after=after, wait=wait)
        return models.StreamFrames(items=found)

    @post("/{stream:str}/input", status_code=204)
    async def input(
        self,
        request: ApiRequest,
        project: FromPath[str],
        ref: FromPath[str],
        stream: FromPath[str],
        data: JSONBody[models.StreamFrames],
    ) -> None:
        """Send frames of input. Idempotent by their numbers."""
        row = await _of_run(request, project, ref, stream, WRITE)
        await runtime_of(request).attempt_streams.put(row, "input", data.items)

    @delete("/{stream:str}")
    async def end(self, request: ApiRequest, project: FromPath[str], ref: FromPath[str], stream: FromPath[str]) -> None:
        """End a stream; the agent ends what it has started for it."""
        await runtime_of(request).attempt_streams.end(await _of_run(request, project, ref, stream))


class AgentStreams(Controller):
    """`/agents/{name}/attempt-streams`, for the agent that opens them."""

    path = "/agents/{name:str}/attempt-streams/{stream:str}"
    tags = ("agent protocol",)

    @get("/input")
    async def input(
        self, request: ApiRequest, name: FromPath[str], stream: FromPath[str], after: int = 0, wait: float = 0.0
    ) -> models.StreamFrames:
        """Open a stream, and return the frames of input after a number; waited for at most 20 seconds."""
        await allow_agent(request, name)
        streams = runtime_of(request).attempt_streams
        row = await streams.find(stream, agent=name)
        return models.StreamFrames(items=await streams.get(row, "input", after=after, wait=wait))

    @post("/output", status_code=204)
    async def output(
        self, request: ApiRequest, name: FromPath[str], stream: FromPath[str], data: JSONBody[models.StreamFrames]
    ) -> None:
        """Send frames of output. Idempotent by their numbers."""
        await allow_agent(request, name)
        streams = runtime_of(request).attempt_streams
        await streams.put(await streams.find(stream, agent=name), "output", data.items)


async def _of_run(request: ApiRequest, project: str, ref: str, stream: str, action: str = READ) -> Row:
    """A stream of the run that is meant, for whoever has asked for it. Raises NotFound."""
    row = await find_run(request, project, ref, action)
    return await runtime_of(request).attempt_streams.find(stream, run=row["id"], created_by=request.user.name)
