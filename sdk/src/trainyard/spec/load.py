"""Opening an operation file: YAML or JSON text to a `Document`, within limits.

This module decides what is a readable document: at most 1 MiB of UTF-8, one YAML 1.2 document, a mapping at its top.
It leaves the meaning of the fields to `check.py`. Every problem is a `SpecError` with the place and a fix.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from trainyard.spec.document import Document
from trainyard.spec.error import Finding, SpecError
from trainyard.spec.node import Table
from trainyard.spec.scan import scan

__all__ = ["MAX_BYTES", "load_file", "load_text"]

MAX_BYTES = 1024 * 1024


def load_file(path: str | Path) -> Document:
    """Read one file. A file that is too large is refused by its size, before a byte of it is read."""
    name = str(path)
    try:
        with Path(path).open("rb") as stream:
            status = os.fstat(stream.fileno())
            if stat.S_ISREG(status.st_mode) and status.st_size > MAX_BYTES:
                raise _too_large(name, status.st_size)
            content = stream.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise _problem(name, "there is no such file", "name an operation file, such as `train.yaml`") from None
    except IsADirectoryError:
        raise _problem(name, "this is a folder, not a file", "name an operation file in it") from None
    except OSError as error:
        raise _problem(name, f"cannot be read: {error.strerror}", None) from None
    return load_text(content, file=name)


def load_text(text: str | bytes, *, file: str) -> Document:
    """Read a document from text; `file` names it in messages. Raises SpecError."""
    decoded = _decode(text, file)
    top = scan(decoded, file=file)
    if not isinstance(top, Table):
        line, column = top.start
        what = "a list" if isinstance(top.value, list) else "a single value"
        fix = "start with `version: 1.1` and `kind: operation`"
        raise SpecError([Finding(f"{what} at the top; a document is a mapping", fix, "", file, line, column)])
    return Document(top.value, file=file, top=top, text=decoded)


def _decode(text: str | bytes, file: str) -> str:
    try:
        content = text.encode() if isinstance(text, str) else text
        if len(content) > MAX_BYTES:
            raise _too_large(file, len(content))
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        column = error.start - error.object.rfind(b"\n", 0, error.start)
        said = f"byte 0x{error.object[error.start]:02x} is not UTF-8"
        raise SpecError([Finding(said, "save the file as UTF-8", "", file, line, column)]) from None
    except UnicodeEncodeError:
        raise _problem(file, "the text holds half of a surrogate pair", "save the file as UTF-8") from None


def _too_large(file: str, size: int) -> SpecError:
    said = f"the document has {size} bytes; the limit is {MAX_BYTES}"
    return _problem(file, said, "keep data out of the operation file")


def _problem(file: str, message: str, fix: str | None) -> SpecError:
    return SpecError([Finding(message, fix, file=file)])
