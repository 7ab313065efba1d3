#include "kernels/select.h"

namespace stoker::kernels {

Selection select(std::span<const Row> rows, const MatmulProblem& problem, jit::Isa isa,
                 const Calibration& calibration, Policy policy) noexcept {
  if (rows.empty()) return {nullptr, "no row for this operator yet"};
  const char* reason = "no row for this dtype";
  for (const Row& row : rows) {
    if (row.multiply != problem.multiply) continue;
    if (isa < row.needs) {
      reason = "unsupported: this CPU lacks the instructions";
      continue;
    }
    if (const char* why = row.unsupported(problem)) {
      reason = why;
      continue;
    }
    if (policy == Policy::kAlways) return {&row};
    if (const Rule* rule = calibration.rule(row.name, problem)) {
      return {&row, nullptr, rule->rows_before_pack};
    }
    reason = "unprofitable: not measured faster than stock at this size on this CPU";
  }
  return {nullptr, reason};
}

}  // namespace stoker::kernels
