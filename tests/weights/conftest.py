"""Rows are always chosen here, and weights are packed at first sight."""

import os
import sys

assert "torch" not in sys.modules, "run tests/weights in a pytest process of its own"
os.environ["STOKER_SELECT"] = "always"
