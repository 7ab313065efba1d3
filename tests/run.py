"""Runs every test of the tree and closes with one line, "N passed, N failed".

Contract tests first: when torch changed under us, nothing after them means much. Each folder is a
process of its own, because some set Stoker's environment before torch is imported.
"""

from __future__ import annotations

import os
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "build" / "results"
FOLDERS = ["contract", "house", "activation", "operators", "weights"]


def run(name: str, command: list[str]) -> tuple[int, int]:
    """(passed, failed) of one runner; a runner that dies without a report is one failure."""
    report = RESULTS / f"{name}.xml"
    report.unlink(missing_ok=True)
    print(f"== {name}", flush=True)
    code = subprocess.run([*command, str(report)], cwd=ROOT).returncode
    if not report.exists():
        return 0, 1
    root = ElementTree.parse(report).getroot()
    suites = [root] if root.tag == "testsuite" else list(root.iter("testsuite"))
    total, failed = (
        sum(int(suite.get(key, 0)) for suite in suites for key in keys)
        for keys in (("tests",), ("failures", "errors", "skipped", "disabled"))
    )
    return total - failed, failed if failed or code == 0 else 1


def main() -> int:
    RESULTS.mkdir(parents=True, exist_ok=True)
    binary = Path(sys.executable).parent
    os.environ["PATH"] = f"{binary}{os.pathsep}{os.environ['PATH']}"
    counts = [run("cpp", ["ctest", "--test-dir", "build/release", "--output-on-failure", "-Q",
                          "--no-tests=error", "--output-junit"])]  # fmt: skip
    for folder in FOLDERS:
        command = [sys.executable, "-m", "pytest", "-q", "-rA", "--tb=short", f"tests/{folder}"]
        counts.append(run(folder, [*command, "-o", "junit_family=xunit2", "--junitxml"]))
    passed, failed = (sum(column) for column in zip(*counts, strict=True))
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
