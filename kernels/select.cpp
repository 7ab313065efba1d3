#include "kernels/select.h"

namespace stoker::kernels {

Selection select(std::span<const Row> rows, const MatmulProblem& problem, jit::Isa isa,
                 const Calibration& calibration, Policy policy) noexcept {
  if (rows.empty()) return {nullptr, "no row for this operator yet"};
  // Of several reasons: that a row could compute it says more than that another one could not.
  const char* reason = "no row for this dtype";
  bool computable = false;
  for (const Row& row : rows) {
    if (row.multiply != problem.multiply) continue;
    const char* why = row.unsupported(problem);
    if (why == nullptr && isa < row.needs) why = "unsupported: this CPU lacks the instructions";
    if (why != nullptr) {
      if (!computable) reason = why;
      continue;
    }
    computable = true;
    if (policy == Policy::kAlways) return {&row};
    if (const Rule* rule = calibration.rule(row.name, problem)) {
      return {&row, nullptr, rule->rows_before_pack};
    }
    reason = kUnprofitable;
  }
  return {nullptr, reason};
}

}  // namespace stoker::kernels
