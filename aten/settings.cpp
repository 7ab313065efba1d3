#include "aten/settings.h"

#include <c10/util/Exception.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>

namespace stoker::aten {
namespace {

std::string_view env(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

std::vector<std::string> split(std::string_view list) {
  std::vector<std::string> items;
  while (!list.empty()) {
    const size_t comma = std::min(list.find(','), list.size());
    if (comma > 0) items.emplace_back(list.substr(0, comma));
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
  return items;
}

// Where `stoker calibrate` writes (XDG Base Directory Specification), one file a CPU model and ISA.
std::string calibration_file(jit::Isa isa) {
  std::string base(env("XDG_CACHE_HOME"));
  if (base.empty() && !env("HOME").empty()) base = std::string(env("HOME")) + "/.cache";
  if (base.empty()) return "";
  const jit::CpuInfo& cpu = jit::host_cpu();
  return base + "/stoker/calibration-" + cpu.vendor + "-" + std::to_string(cpu.family) + "-" +
         std::to_string(cpu.model) + "-" + jit::isa_name(isa) + ".txt";
}

void read_into(Settings& s) {
  s.off = env("STOKER") == "0";
  s.disabled = split(env("STOKER_DISABLE"));
  s.verbose = !env("STOKER_VERBOSE").empty() && env("STOKER_VERBOSE") != "0";
  if (!env("STOKER_PACK_BUDGET").empty()) s.pack_budget = parse_bytes(env("STOKER_PACK_BUDGET"));
  s.pack_mapped = env("STOKER_PACK_MAPPED") != "0";
  const std::string_view select = env("STOKER_SELECT");
  TORCH_CHECK(select.empty() || select == "calibrated" || select == "always", "STOKER_SELECT is '",
              select, "', expected 'calibrated' or 'always'");
  if (select == "always") s.policy = kernels::Policy::kAlways;
  const std::string_view dtype = env("STOKER_DTYPE");
  TORCH_CHECK(dtype.empty() || dtype == "float32" || dtype == "bfloat16", "STOKER_DTYPE is '",
              dtype, "', expected 'float32' or 'bfloat16'");
  if (dtype == "bfloat16") s.dtype = kernels::DataType::kBFloat16;
  s.force = env("STOKER_FORCE") == "1";
  if (const std::string_view name = env("STOKER_MAX_ISA"); !name.empty()) {
    const std::optional<jit::Isa> most = jit::isa_named(name);
    TORCH_CHECK(most, "STOKER_MAX_ISA is '", name, "', expected avx2, avx512, avx512_bf16 or amx");
    s.isa = std::min(s.isa, *most);
  }
  s.inspection = {std::string(env("STOKER_JIT_DUMP")), env("STOKER_PERF_MAP") == "1"};
  s.report = !env("STOKER_REPORT").empty() && env("STOKER_REPORT") != "0";
  s.calibration = env("STOKER_CALIBRATION").empty() ? calibration_file(s.isa)
                                                    : std::string(env("STOKER_CALIBRATION"));
}

Settings read() {
  Settings s;
  try {
    read_into(s);
  } catch (const c10::Error& error) {
    s.error = error.what_without_backtrace();
  }
  return s;
}

}  // namespace

bool Settings::operator_disabled(std::string_view name) const {
  return std::find(disabled.begin(), disabled.end(), name) != disabled.end();
}

const Settings& settings() {
  static const Settings* const instance = new Settings(read());  // leaked: read during shutdown
  return *instance;
}

int64_t parse_bytes(std::string_view text) {
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const std::string_view suffix = text.substr(static_cast<size_t>(end - text.data()));
  int shift = -1;
  if (suffix.empty()) shift = 0;
  if (suffix == "K") shift = 10;
  if (suffix == "M") shift = 20;
  if (suffix == "G") shift = 30;
  TORCH_CHECK(error == std::errc() && shift >= 0 && value >= 0 && value <= INT64_MAX >> shift,
              "STOKER_PACK_BUDGET is '", text, "', expected a number of bytes such as 512M or 2G");
  return value << shift;
}

}  // namespace stoker::aten
