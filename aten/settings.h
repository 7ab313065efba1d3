// Every environment variable Stoker reads, read once when the library is loaded.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "jit/inspect.h"
#include "kernels/select.h"

namespace stoker::aten {

struct Settings {
  bool off = false;                                       // STOKER=0
  std::vector<std::string> disabled;                      // STOKER_DISABLE=linear,mm
  bool verbose = false;                                   // STOKER_VERBOSE=1
  std::optional<int64_t> pack_budget;                     // STOKER_PACK_BUDGET=bytes[K|M|G]
  bool pack_mapped = true;                                // STOKER_PACK_MAPPED=0
  kernels::Policy policy = kernels::Policy::kCalibrated;  // STOKER_SELECT=calibrated|always
  kernels::DataType dtype = kernels::DataType::kFloat32;  // STOKER_DTYPE=float32|bfloat16
  bool force = false;                                     // STOKER_FORCE=1: bf16 on any CPU
  jit::Isa isa = jit::host_cpu().isa;  // STOKER_MAX_ISA=avx2|avx512|avx512_bf16|amx: no more
  jit::Inspection inspection;          // STOKER_JIT_DUMP=FOLDER, STOKER_PERF_MAP=1
  bool report = false;      // STOKER_REPORT=1|FILE: time the operators for the report at exit
  std::string calibration;  // STOKER_CALIBRATION=FILE|shipped, else the user's cache directory

  std::string error;  // a variable that could not be understood, and what was expected

  bool operator_disabled(std::string_view name) const;
};

// Never throws; look at `error`.
const Settings& settings();

// "512M" -> 536870912. Throws c10::Error on anything else than digits and one of K, M, G.
int64_t parse_bytes(std::string_view text);

}  // namespace stoker::aten
