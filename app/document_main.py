"""The process that reads a large document: ``python -m suyuan.app.document_main ASSIGNMENT-JSON PROFILES PREFIXES``.

Only the server starts it (`suyuan.trace.capture_desk`), with the folder of profiles and the list of company prefixes
that it has itself, or empty words. It writes parts as frames to its standard output: a 4-byte
big-endian length and MessagePack. After a first pass a byte on its standard input asks for the second. It holds no
lock and writes nothing else, so it may be killed at any time; when its parent dies the pipe breaks, and it ends.
"""

from __future__ import annotations

import gc
import os
import signal
import struct
import sys

import msgspec

from suyuan.app.company_prefixes import load_company_prefixes
from suyuan.app.profiles import load_profiles
from suyuan.trace.document_parts import Assignment, DocumentReader

_LENGTH = struct.Struct(">I")


def main() -> int:
    """Write every part; a broken pipe is the end of the parent."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)  # the parent kills it
    gc.disable()  # decoded events hold no cycles
    os.nice(5)  # requests come first
    assignment = msgspec.json.decode(sys.argv[1], type=Assignment)
    leniency = msgspec.structs.replace(
        assignment.leniency, profiles=load_profiles(sys.argv[2]), company_prefixes=load_company_prefixes(sys.argv[3])
    )
    reader = DocumentReader(msgspec.structs.replace(assignment, leniency=leniency))
    try:
        _write_parts(reader)
        if sys.stdin.buffer.read(1):
            reader.go_on()
            _write_parts(reader)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    return 0


def _write_parts(reader: DocumentReader) -> None:
    for part in reader.parts():
        body = msgspec.msgpack.encode(part)
        sys.stdout.buffer.write(_LENGTH.pack(len(body)) + body)
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    sys.exit(main())
