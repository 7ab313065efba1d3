"""The C++ tests on a CPU without AVX-512, which qemu pretends: a newer instruction is a SIGILL."""

from __future__ import annotations

import re
import signal
import subprocess
from pathlib import Path

TESTS = Path(__file__).resolve().parents[2] / "build/release/tests/stoker_kernel_tests"
HASWELL = ["qemu-x86_64", "-cpu", "Haswell"]  # AVX2, FMA, F16C; 2013


# Every generator, in the tests whose reference twins take little: interpreted, doubles and libm's
# functions take a hundred times as long. The others would install the emulator, which runs what is
# a SIGILL here.
TESTED = ":".join(
    f"*{name}*avx2*"
    for name in (
        "LinearJit", "LinearEpilogue", "Elementary", "EmbeddingBagJit", "RnnJit.Projects",
        "ConvJit.IsInvariant", "MatmulJit.Agrees", "MatmulJit.Repeats",
    )
)  # fmt: skip


def test_avx2_kernels_use_avx2_only():
    command = [*HASWELL, TESTS, f"--gtest_filter={TESTED}:Isa.*:Arena.*:CodeCache.*:Float16.*"]
    result = subprocess.run(command, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout[-3000:] + result.stderr
    compared = dict(re.findall(r"^(\w+): (\d+) elements compared, .*native$", result.stdout, re.M))
    print(f"{sum(map(int, compared.values()))} elements compared: {compared}")
    assert compared.keys() == {"avx2_f32", "avx2_bf16_wide", "avx2_f16"}
    assert "avx2 epilogues, native" in result.stdout
    assert "emulated" not in result.stdout
    assert re.search(r"host: .* avx2$", result.stdout, re.M)


def test_the_check_would_notice_avx512(tmp_path):
    source = 'int main() { asm volatile("vpxord %zmm0, %zmm0, %zmm0"); }\n'
    (tmp_path / "program.cpp").write_text(source)
    subprocess.run(["g++", tmp_path / "program.cpp", "-o", tmp_path / "program"], check=True)
    result = subprocess.run([*HASWELL, tmp_path / "program"], capture_output=True)
    assert result.returncode == -signal.SIGILL
