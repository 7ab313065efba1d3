"""The environment that tests start programs in."""

from __future__ import annotations

import os


def without_stoker(**settings: str) -> dict[str, str]:
    """This process's environment without any STOKER variable, and `settings`.

    A calibration of this machine decides only where a test says so.
    """
    kept = {key: value for key, value in os.environ.items() if not key.startswith("STOKER")}
    return kept | {"STOKER_CALIBRATION": "shipped"} | settings
