"""How modules are captured in this process: what `stoker run` and the calls of stoker set."""

from __future__ import annotations

import dataclasses
import os

SECONDS = 2.0  # of eager calls before a module is captured; a capture costs about as much


@dataclasses.dataclass
class Settings:
    """``everything``: capture every module, not only those given to stoker.optimize();
    ``after``: seconds a module spends in eager mode first; ``verbose``: say each capture."""

    everything: bool = False
    after: float = SECONDS
    verbose: bool = False


current = Settings()


def allowed() -> bool:
    """False where STOKER_GRAPH=0 forbids graphs, whatever the program asks for."""
    return os.environ.get("STOKER_GRAPH", "1") != "0"


def from_environment() -> Settings:
    """What `stoker run` passed on. Raises ValueError for a time that is no number."""
    text = os.environ.get("STOKER_GRAPH_AFTER", "")
    try:
        after = float(text) if text else SECONDS
    except ValueError:
        after = -1.0
    if not after >= 0:
        raise ValueError(f"STOKER_GRAPH_AFTER is {text!r}, expected seconds such as 2.0")
    return Settings(allowed(), after, os.environ.get("STOKER_VERBOSE", "0") not in ("", "0"))
