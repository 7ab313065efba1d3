#include "aten/machine.h"

#include <cstdio>
#include <fstream>
#include <sstream>

#include "aten/settings.h"

namespace stoker::aten {
namespace {

// What `stoker calibrate` measured on this machine, else what is shipped for such a CPU. A file
// that cannot be understood costs a line, not the speed-up.
const kernels::Calibration* choose_calibration() {
  const std::string& path = settings().calibration;
  std::ifstream file(path == "shipped" ? "" : path);
  if (file) {
    try {
      std::ostringstream text;
      text << file.rdbuf();
      auto* const measured = new kernels::Calibration(kernels::parse_calibration(text.str()));
      measured->complete(kernels::calibration_for(jit::host_cpu()));
      return measured;
    } catch (const std::exception& error) {
      std::fprintf(stderr, "stoker: %s is ignored: %s; run `stoker calibrate` again\n",
                   path.c_str(), error.what());
    }
  }
  return &kernels::calibration_for(jit::host_cpu());
}

// Has the row instructions for bf16, and the fastest of this CPU? oneDNN takes tiles by itself.
bool is_made_for_bf16(const kernels::Row& row) {
  if (!row.generated) return row.needs >= jit::Isa::kAvx512Bf16 && row.needs <= machine().isa;
  const bool tiles = machine().isa == jit::Isa::kAmx;
  return *row.generated == (tiles ? jit::GemmMath::kBf16Amx : jit::GemmMath::kBf16Dot);
}

}  // namespace

const Machine& machine() {
  // Leaked: kernels may run during shutdown.
  static const Machine* const instance = new Machine{settings().isa, choose_calibration(),
                                                     settings().policy, jit::host_cpu().l2_bytes};
  return *instance;
}

bool multiplies_bf16() {
  const jit::Isa isa = machine().isa;
  return isa == jit::Isa::kAmx ||
         (isa == jit::Isa::kAvx512Bf16 && jit::host_cpu().vendor == "AuthenticAMD");
}

kernels::Selection select_row(std::span<const kernels::Row> rows,
                              const kernels::MatmulProblem& problem) {
  const Machine& m = machine();
  return kernels::select(rows, problem, m.isa, *m.calibration, m.policy);
}

kernels::Selection select_rounded(std::span<const kernels::Row> rows,
                                  const kernels::MatmulProblem& problem) {
  const kernels::Selection measured = select_row(rows, problem);
  const bool has_bf16_tensor = problem.input == kernels::DataType::kBFloat16 ||
                               problem.output == kernels::DataType::kBFloat16;
  if (measured.row != nullptr || !has_bf16_tensor || !multiplies_bf16()) return measured;
  for (const kernels::Row& row : rows) {
    if (is_made_for_bf16(row) && row.multiply == problem.multiply &&
        row.unsupported(problem) == nullptr) {
      return {&row};
    }
  }
  return measured;
}

}  // namespace stoker::aten
