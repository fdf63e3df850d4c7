"""What `yard doctor` asks of a server: how it sees itself, and what arrives of an upload."""

from __future__ import annotations

import hashlib

from litestar import Controller, post

from trainyard.client import models
from trainyard_core import diagnosis
from trainyard_core.api.access import ApiRequest, allow, allow_owner, runtime_of
from trainyard_core.auth import ADMIN, KNOWN

__all__ = ["Diagnoses"]


class Diagnoses(Controller):
    """`/diagnosis`."""

    path = "/diagnosis"
    tags = ("server",)

    @post(status_code=200)
    async def look(self, request: ApiRequest) -> models.Diagnosis:
        """Check the database, queue, tracker, plugins, agents and disk. The test data that the tracker stores is
        deleted again."""
        await allow_owner(request, ADMIN)
        return models.Diagnosis(items=await diagnosis.diagnose(runtime_of(request)))

    @post("/upload", status_code=200)
    async def upload(self, request: ApiRequest) -> models.UploadCheck:
        """Return the size and digest of the body, to test whether uploads arrive whole. The body is not stored."""
        await allow(request, KNOWN)
        body = await request.body()
        return models.UploadCheck(size=len(body), digest=f"sha256:{hashlib.sha256(body).hexdigest()}")
