"""Requests about the artifacts of a run."""

from __future__ import annotations

import hashlib
from pathlib import Path

import msgspec

from trainyard.client.models import Artifact, ArtifactPage, NewUpload, Upload
from trainyard.client.requests.path import JSON, query_of, run_path
from trainyard.client.wire import Request

__all__ = [
    "append_upload",
    "delete_artifact",
    "delete_upload",
    "digest_of",
    "get_artifact",
    "get_tar",
    "get_upload",
    "list_artifacts",
    "open_upload",
    "put_artifact",
    "put_tar",
]

BYTES = "application/octet-stream"
UNENCODED = {"Accept": "*/*", "Accept-Encoding": "identity"}


def list_artifacts(
    project: str, ref: str, *, prefix: str = "", folder: bool = False, limit: int | None = None, cursor: str = ""
) -> Request[ArtifactPage]:
    query = query_of(prefix=prefix, folder="true" if folder else None, limit=limit, cursor=cursor)
    return Request("GET", run_path(project, ref, "artifacts"), ArtifactPage, query)


def get_artifact(project: str, ref: str, name: str) -> Request[bytes]:
    return Request("GET", _artifact(project, ref, name), bytes, headers=UNENCODED)


def get_tar(project: str, ref: str, *, prefix: str = "") -> Request[bytes]:
    return Request("GET", run_path(project, ref, "artifacts.tar"), bytes, query_of(prefix=prefix), headers=UNENCODED)


def put_tar(project: str, ref: str, source: Path, *, prefix: str = "", kind: str = "file") -> Request[ArtifactPage]:
    """Store the files of a tar, below `prefix`. Idempotent."""
    headers = {"Content-Type": "application/x-tar", "Content-Length": str(source.stat().st_size)}
    path, query = run_path(project, ref, "artifacts.tar"), query_of(prefix=prefix, kind=kind)
    return Request("POST", path, ArtifactPage, query, headers=headers, file=source)


def put_artifact(
    project: str, ref: str, name: str, source: Path | bytes, *, digest: str, kind: str = "file"
) -> Request[Artifact]:
    """Store bytes under a name. Idempotent. `digest` is `sha256:` and the hex digest of the bytes."""
    size = source.stat().st_size if isinstance(source, Path) else len(source)
    return Request(
        "PUT",
        _artifact(project, ref, name),
        Artifact,
        query_of(kind=kind),
        headers={"Content-Type": BYTES, "Content-Length": str(size), "Digest": digest},
        content=b"" if isinstance(source, Path) else source,
        file=source if isinstance(source, Path) else None,
    )


def delete_artifact(project: str, ref: str, name: str) -> Request[None]:
    return Request("DELETE", _artifact(project, ref, name), type(None))


def open_upload(project: str, ref: str, body: NewUpload) -> Request[Upload]:
    """Start an upload, or continue the one of the same bytes under the same name. Idempotent."""
    return Request("POST", run_path(project, ref, "uploads"), Upload, headers=JSON, content=msgspec.json.encode(body))


def get_upload(project: str, ref: str, ident: str) -> Request[Upload]:
    return Request("GET", run_path(project, ref, "uploads", ident), Upload)


def append_upload(project: str, ref: str, ident: str, offset: int, part: bytes) -> Request[Upload]:
    """Append bytes. Repeatable: for bytes that have arrived already the answer is a Conflict, code `upload_offset`."""
    headers = {"Content-Type": BYTES, "Upload-Offset": str(offset)}
    return Request("PATCH", run_path(project, ref, "uploads", ident), Upload, headers=headers, content=part)


def delete_upload(project: str, ref: str, ident: str) -> Request[None]:
    return Request("DELETE", run_path(project, ref, "uploads", ident), type(None))


def digest_of(source: Path | bytes) -> str:
    """`sha256:` and the hex digest of a file or of bytes."""
    if isinstance(source, bytes):
        return "sha256:" + hashlib.sha256(source).hexdigest()
    with source.open("rb") as stream:
        return "sha256:" + hashlib.file_digest(stream, "sha256").hexdigest()


def _artifact(project: str, ref: str, name: str) -> str:
    return run_path(project, ref, "artifacts", tail=name)
