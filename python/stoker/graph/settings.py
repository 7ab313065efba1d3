"""How modules are captured in this process: what `stoker run` and the calls of stoker set."""

from __future__ import annotations

import dataclasses
import os

# Of calls as plain Python before a module is captured. Importing Dynamo and capturing take 3 to
# 20 s: any sooner, and programs that end soon would pay for graphs they never use.
SECONDS = 10.0


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
        raise ValueError(f"STOKER_GRAPH_AFTER is {text!r}, expected seconds such as 10")
    return Settings(allowed(), after, os.environ.get("STOKER_VERBOSE", "0") not in ("", "0"))
