"""Rows are always chosen in this process, and weights are packed at first sight."""

import os
import sys

assert "torch" not in sys.modules, "run tests/operators in a pytest process of its own"
os.environ["STOKER_SELECT"] = "always"
