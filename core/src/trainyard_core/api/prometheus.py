"""The platform's own numbers for an operator's Prometheus. The metrics of runs are `tracking`."""

from __future__ import annotations

from litestar import Controller, Response, get

from trainyard_core import prometheus
from trainyard_core.api.access import ApiRequest, allow, runtime_of
from trainyard_core.auth import READ

__all__ = ["Prometheus"]


class Prometheus(Controller):
    """`/prometheus`."""

    path = "/prometheus"
    tags = ("server",)

    @get(media_type="text/plain")
    async def scrape(self, request: ApiRequest) -> Response[bytes]:
        """Return metrics of this process and the platform in the text format of Prometheus: requests, transactions,
        queues, runs, agents, streams. They are not the metrics that runs log."""
        await allow(request, READ)
        runtime = runtime_of(request)
        at = runtime.clock.now()
        now = await runtime.database.read(lambda tx: prometheus.read_counts(tx, at=at))
        return Response(prometheus.exposition(now, runtime.gauges()), media_type=prometheus.CONTENT_TYPE)
