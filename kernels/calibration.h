// Where a row was measured faster than stock PyTorch, per CPU family.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "jit/isa.h"
#include "kernels/problem.h"

namespace stoker::kernels {

// A region in which `row` won by more than the noise of the measurement (the next rule of the same
// row is another region). Bounds are inclusive.
struct Rule {
  std::string_view row;
  int64_t min_m, max_m;
  int64_t min_weight, max_weight;  // elements of the weight, N * K
  int64_t min_macs;                // M * N * K
  int64_t rows_before_pack;        // sum of M to see with a weight before a pack pays for itself
};

struct Calibration {
  std::string_view family;  // what was measured, for status(); "conservative prior" otherwise
  std::span<const Rule> rules;

  // The rule by which `row` beats stock on `problem`, or null.
  const Rule* rule(std::string_view row, const MatmulProblem& problem) const noexcept;
};

// The shipped calibration of that CPU, or the conservative prior where it was never measured.
const Calibration& calibration_for(const jit::CpuInfo& cpu) noexcept;

}  // namespace stoker::kernels
