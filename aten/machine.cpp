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

}  // namespace stoker::aten
