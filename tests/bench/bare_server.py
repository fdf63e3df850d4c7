"""The floor's server: uvicorn with uvloop and httptools, as `yard up` has it, around Litestar handlers that do
nothing. Says `Serves at URL` when it is ready and ends on SIGTERM.
"""

from __future__ import annotations

import socket
from typing import Any

import uvicorn
import uvloop
from litestar import Litestar, Request, get, post

__all__: list[str] = []


@get("/api/v1/health")
async def health() -> dict[str, str]:
    """What the platform's own says."""
    return {"status": "ok"}


@post("/api/v1/projects/{project:str}/runs")
async def create(project: str, data: dict[str, Any]) -> dict[str, str]:
    """Decode a JSON body and encode a small one."""
    return {"id": "00000000-0000-7000-8000-000000000000", "project": project, "status": "queued"}


@post("/api/v1/projects/{project:str}/runs/{ref:str}/frames", status_code=200, request_max_body_size=1 << 30)
async def frames(request: Request[Any, Any, Any], project: str, ref: str) -> dict[str, int]:
    """Receive a body."""
    return {"durable": len(await request.body())}


class _Server(uvicorn.Server):
    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        assert sockets is not None
        print(f"Serves at http://127.0.0.1:{sockets[0].getsockname()[1]}", flush=True)


def main() -> None:
    """Serve until told to end."""
    app = Litestar([health, create, frames], openapi_config=None, logging_config=None)
    with socket.create_server(("127.0.0.1", 0), backlog=2048) as listener:
        config = uvicorn.Config(
            app, loop="none", http="httptools", ws="none", access_log=False, log_config=None, server_header=False
        )
        uvloop.run(_Server(config).serve(sockets=[listener]))


if __name__ == "__main__":
    main()
