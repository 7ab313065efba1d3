// The texts of kernels/calibration/*.txt, as compiled in by CMakeLists.txt.
#pragma once

#include <span>
#include <string_view>

namespace stoker::kernels {

// Exactly one of them names neither CPU nor ISA: the prior for CPUs that were never measured.
std::span<const std::string_view> shipped_calibrations() noexcept;

}  // namespace stoker::kernels
