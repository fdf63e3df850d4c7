"""Requests about a run's files."""

from __future__ import annotations

import hashlib
from pathlib import Path

from trainyard.client.models import Artifact, ArtifactPage
from trainyard.client.requests.path import query_of, run_path
from trainyard.client.wire import Request

__all__ = ["digest_of", "get_artifact", "list_artifacts", "put_artifact"]


def list_artifacts(project: str, ref: str) -> Request[ArtifactPage]:
    return Request("GET", run_path(project, ref, "artifacts"), ArtifactPage)


def get_artifact(project: str, ref: str, name: str) -> Request[bytes]:
    headers = {"Accept": "*/*", "Accept-Encoding": "identity"}
    return Request("GET", _artifact(project, ref, name), bytes, headers=headers)


def put_artifact(
    project: str, ref: str, name: str, source: Path | bytes, *, digest: str, kind: str = "file"
) -> Request[Artifact]:
    """Store bytes under a name. Idempotent: the digest, `sha256:` and hex, says which bytes they are."""
    size = source.stat().st_size if isinstance(source, Path) else len(source)
    return Request(
        "PUT",
        _artifact(project, ref, name),
        Artifact,
        query_of(kind=kind),
        headers={"Content-Type": "application/octet-stream", "Content-Length": str(size), "Digest": digest},
        content=b"" if isinstance(source, Path) else source,
        file=source if isinstance(source, Path) else None,
    )


def digest_of(source: Path | bytes) -> str:
    """`sha256:` and the hex digest of a file or of bytes."""
    if isinstance(source, bytes):
        return "sha256:" + hashlib.sha256(source).hexdigest()
    with source.open("rb") as stream:
        return "sha256:" + hashlib.file_digest(stream, "sha256").hexdigest()


def _artifact(project: str, ref: str, name: str) -> str:
    return run_path(project, ref, "artifacts", tail=name)
