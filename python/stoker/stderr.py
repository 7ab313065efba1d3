"""What Stoker says of itself while somebody else's program runs."""

from __future__ import annotations

import io
import sys


def write(text: str) -> None:
    """Write to stderr, or nowhere: never raises, whatever has become of the stream.

    Past its buffer: what cannot be written (a closed descriptor, a full disk) would stay there, be
    tried again at exit, and make 120 of the program's exit status.
    """
    try:
        stream = sys.stderr  # None under hosts like pythonw
        if not isinstance(stream, io.TextIOWrapper):
            stream.write(text)  # a notebook's
            stream.flush()
            return
        stream.flush()
        left = memoryview(text.encode(stream.encoding, "backslashreplace"))
        raw = getattr(stream.buffer, "raw", stream.buffer)
        while left and (written := raw.write(left)):  # None: would block
            left = left[written:]
    except Exception:
        return
