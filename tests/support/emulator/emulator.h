// Runs generated code that this machine's CPU cannot run: AVX2, AVX-512, AVX512_BF16, AMX.
#pragma once

namespace stoker::tests {

// Interprets `code`, a void(const void*) without calls into other libraries, to its end, on a stack
// of its own. What it cannot interpret, and what a CPU would refuse, is printed and ends the test.
void emulate(const void* code, const void* argument);

// From now on, in every thread, a function that meets an instruction this CPU lacks is interpreted
// from there until it returns (its vector registers are lost, as the System V ABI lets them be).
// Other illegal instructions end the process as before. Idempotent.
void install_emulator();

}  // namespace stoker::tests
