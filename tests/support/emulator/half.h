// What two files need of fp16.
#pragma once

#include <cstdint>

namespace stoker::tests::emulator {

float from_f16(uint16_t x);

}  // namespace stoker::tests::emulator
