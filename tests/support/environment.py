"""Programs that tests start: in what environment, and those that end silently if all is right."""

from __future__ import annotations

import os
import subprocess
import sys


def without_stoker(**settings: str) -> dict[str, str]:
    """This process's environment without any STOKER variable, and `settings`.

    A calibration of this machine decides only where a test says so. Python's streams are buffered,
    as they are for most users: what is left in a buffer at exit decides how a program ends.
    """
    kept = {
        key: value
        for key, value in os.environ.items()
        if not key.startswith("STOKER") and key != "PYTHONUNBUFFERED"
    }
    return kept | {"STOKER_CALIBRATION": "shipped"} | settings


def ends_silently(*arguments: str | os.PathLike, **settings: str) -> None:
    """Python with these arguments, in an environment of `settings`, ends with status 0 and has not
    printed a word: a program that asserts what it is to show."""
    done = subprocess.run(
        [sys.executable, *arguments],
        env=without_stoker(**settings), capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
