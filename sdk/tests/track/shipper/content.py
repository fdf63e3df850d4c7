"""What the spools of these tests hold, and what the server has of it."""

from trainyard.track import frames
from trainyard.track.frames import Kind, Line
from trainyard.track.spool import SpoolWriter

RUN = "0190d5a4-c0de-7000-8000-00000000abcd"


def fill(root, count, *, size=20):
    writer = SpoolWriter(root, segment_size=4096)
    for n in range(count):
        writer.append(Kind.LOGS, frames.pack_lines([Line(n, 1, f"{n:0{size}d}")]))
    return writer


def texts(platform, writer):
    return [int(line.text) for f in platform.frames[writer] for line in frames.unpack_lines(f.payload)]
