// Tables of rows and the choice among them: a pure function of its arguments, so that any machine
// can be asked what another one would choose.
#pragma once

#include <cstddef>
#include <optional>
#include <span>

#include "jit/gen/gemm.h"
#include "jit/isa.h"
#include "kernels/calibration.h"
#include "kernels/problem.h"

namespace stoker::kernels {

// One way to compute a problem. `name` is the contract: library or ISA, packing, types.
struct Row {
  const char* name;
  jit::Isa needs;
  DataType multiply;
  // Null when the row computes `problem` exactly; else why it cannot.
  const char* (*unsupported)(const MatmulProblem& problem) noexcept;
  std::optional<jit::GemmMath> generated;  // by which kernels; none: by a library
};

enum class Policy {
  kCalibrated,  // a row runs only where the calibration says it was measured faster
  kAlways,      // any row that computes the problem runs; for tests
};

struct Selection {
  const Row* row = nullptr;
  const char* reason = nullptr;  // why no row was chosen, when row is null
  int64_t rows_before_pack = 0;  // from the rule that chose it
};

// The first row (rows are best first) that supports `problem` on `isa` and that `calibration`
// calls faster than stock. Never throws, never allocates.
Selection select(std::span<const Row> rows, const MatmulProblem& problem, jit::Isa isa,
                 const Calibration& calibration, Policy policy) noexcept;

}  // namespace stoker::kernels
