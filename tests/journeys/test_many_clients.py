"""Sixty-four clients that write whatever they like at the same time: no answer but yes, 409, 412 and 429; and every run
that was accepted is there."""

from __future__ import annotations

import asyncio
import random
from collections import Counter

import httpx

from trainyard.client.models import BulkAction

CLIENTS, EACH = 64, 12
FINE = {200, 201, 204, 409, 412, 429}
OPERATION = {
    "version": 1.1,
    "kind": "component",
    "run": {"kind": "job", "container": {"command": ["true"], "resources": {"requests": {"cpu": "100m"}}}},
}
RUNS = "/projects/default/runs"
QUEUE = "many"


class Writer:
    """One client with its own dice, its own runs, and a share in what all of them fight for."""

    def __init__(self, number: int, http: httpx.AsyncClient, answers: Counter[tuple[str, int]], odd: list[str]) -> None:
        self.dice, self.http, self.answers, self.odd = random.Random(number), http, answers, odd
        self.number, self.runs, self.etag = number, [], ""

    async def write(self) -> None:
        """Its share of writes, each chosen by the dice."""
        await self.create()
        for _ in range(EACH):
            await self.dice.choice(
                (
                    self.create,
                    self.create,
                    self.stop,
                    self.edit,
                    self.tag,
                    self.queue,
                    self.project,
                    self.token,
                    self.member,
                )
            )()

    async def create(self) -> None:
        key = f"{self.number}-{len(self.runs)}"
        body = {"operation": {**OPERATION, "queue": QUEUE}, "name": f"run-{key}"}
        for _ in range(1 + self.dice.randrange(2)):  # the same request may be sent twice
            answer = await self.ask("POST", RUNS, body, headers={"Idempotency-Key": key})
        if answer.status_code in (200, 201):
            self.runs.append(answer.json()["id"])

    async def stop(self) -> None:
        await self.ask("POST", f"{RUNS}/{self.dice.choice(self.runs)}/stop", {})

    async def edit(self) -> None:
        run = self.dice.choice(self.runs)
        seen = await self.ask("GET", f"{RUNS}/{run}")
        await self.ask("PATCH", f"{RUNS}/{run}", {"description": "edited"}, headers={"If-Match": seen.headers["etag"]})

    async def tag(self) -> None:
        await self.ask("POST", f"{RUNS}/{self.dice.choice(self.runs)}/tag", {"add": [f"by-{self.number}"]})

    async def queue(self) -> None:
        await self.ask("PUT", f"/queues/{QUEUE}", {"concurrency": self.dice.randrange(1, 9)})

    async def project(self) -> None:
        name = f"shared-{self.dice.randrange(20)}"
        await self.ask("POST", "/projects", {"name": name})
        await self.ask("PATCH", f"/projects/{name}", {"description": f"by {self.number}"})

    async def token(self) -> None:
        made = await self.ask("POST", "/tokens", {"name": f"of {self.number}"})
        await self.ask("DELETE", f"/tokens/{made.json()['id']}")

    async def member(self) -> None:
        await self.ask("POST", "/users", {"name": "everybody"})
        await self.ask("PUT", "/projects/default/members/everybody", {"role": self.dice.choice(["viewer", "member"])})

    async def ask(self, method: str, path: str, body: object = None, **more) -> httpx.Response:
        answer = await self.http.request(method, path, json=body, **more)
        self.answers[f"{method} {path.split('/')[1]}", answer.status_code] += 1
        if answer.status_code not in FINE:
            self.odd.append(f"{method} {path}: {answer.status_code}: {answer.text[:300]}")
        return answer


async def storm(url: str, token: str) -> tuple[list[str], Counter[tuple[str, int]], list[str]]:
    """All writers at once; their runs, and what was answered."""
    answers: Counter[tuple[str, int]] = Counter()
    odd: list[str] = []
    limits = httpx.Limits(max_connections=CLIENTS)
    headers = {"Authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(
        base_url=f"{url}/api/v1", headers=headers, limits=limits, timeout=120, trust_env=False
    ) as http:
        writers = [Writer(number, http, answers, odd) for number in range(CLIENTS)]
        await http.put(f"/queues/{QUEUE}", json={"concurrency": 4})
        await asyncio.gather(*(writer.write() for writer in writers))
    return [run for writer in writers for run in writer.runs], answers, odd


def test_sixty_four_clients_write_at_once_and_nothing_accepted_is_lost(yard, client):
    token = (yard.data / "token").read_text().strip()
    accepted, answers, odd = asyncio.run(storm(yard.url, token))
    assert not odd, f"{len(odd)} of {answers.total()}:\n" + "\n".join(odd[:20])
    assert len(accepted) == len(set(accepted)) >= CLIENTS
    there = {run.id for run in client.runs.list()}
    assert set(accepted) <= there
    named = Counter(run.name for run in client.runs.list() if run.name.startswith("run-"))
    assert max(named.values()) == 1, "an idempotency key made two runs"
    client.runs.act(BulkAction(action="stop", q=f"queue:{QUEUE}", limit=500))  # of those that have not ended yet
