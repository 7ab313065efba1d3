// Loading the library is enough: its one constructor reads the settings, looks at torch and the
// CPU, registers the overrides and turns them on. Whatever goes wrong leaves torch as it was.
#include <ATen/core/dispatch/Dispatcher.h>
#include <c10/util/Exception.h>
#include <torch/library.h>
#include <torch/version.h>

#include <cstdio>
#include <memory>
#include <mutex>
#include <sstream>

#include "aten/convolution_rows.h"
#include "aten/machine.h"
#include "aten/numerics.h"
#include "aten/override.h"
#include "aten/packed_weights.h"
#include "aten/provenance.h"
#include "aten/register.h"
#include "aten/settings.h"
#include "aten/stoker.h"
#include "aten/torch_private.h"
#include "aten/weight_product.h"

namespace stoker::aten {
namespace {

struct Libraries {
  torch::Library composite, cpu, autocast;
};

struct State {
  std::mutex mutex;
  std::unique_ptr<Libraries> libraries;
  // Never taken back: Python and captured graphs keep handles on the operators defined in it.
  std::unique_ptr<torch::Library> stoker;
  std::string why = "not enabled yet";
  std::map<std::string, std::string> left_alone;  // operator -> why it was not registered
};

State& state() {
  static State* const instance = new State();  // leaked: kernels may outlive static destructors
  return *instance;
}

// A torch of the same minor has the same inline layouts; another one has not.
bool same_minor(const std::string& running) {
  const std::string minor =
      std::to_string(TORCH_VERSION_MAJOR) + "." + std::to_string(TORCH_VERSION_MINOR) + ".";
  return running.rfind(minor, 0) == 0;
}

void register_all() {
  State& s = state();
  if (s.libraries) return;
  if (const char* absent = collect_weight_rows()) s.left_alone["onednn rows"] = absent;
  if (const char* absent = collect_convolution_rows()) {
    s.left_alone["onednn convolutions"] = absent;
  }
  // torch warns once for each overridden key: the overriding is meant.
  struct Silent : c10::WarningHandler {
    void process(const c10::Warning&) override {}
  } handler;
  const c10::WarningUtils::WarningHandlerGuard guard(&handler);
  auto libraries = std::make_unique<Libraries>(Libraries{
      torch::Library(torch::Library::IMPL, "aten", c10::DispatchKey::CompositeImplicitAutograd,
                     __FILE__, __LINE__),
      torch::Library(torch::Library::IMPL, "aten", c10::DispatchKey::CPU, __FILE__, __LINE__),
      torch::Library(torch::Library::IMPL, "aten", c10::DispatchKey::AutocastCPU, __FILE__,
                     __LINE__)});
  register_linear(libraries->composite);
  register_rnn(libraries->composite);
  register_matmul(libraries->cpu);
  register_embedding_bag(libraries->cpu);
  register_convolution(libraries->cpu);
  register_lazy_clone(libraries->cpu);
  register_recorded_composites(libraries->cpu);
  register_autocast(libraries->autocast);
  register_autocast_convolutions(libraries->autocast);
  s.libraries = std::move(libraries);
  if (s.stoker) return;
  s.stoker = std::make_unique<torch::Library>(torch::Library::DEF, "stoker", std::nullopt, __FILE__,
                                              __LINE__);
  register_stoker(*s.stoker);
  register_stoker_bags(*s.stoker);
  register_stoker_convolution(*s.stoker);
  register_stoker_norms(*s.stoker);
}

void check_environment() {
  TORCH_CHECK(settings().error.empty(), settings().error);
  const std::string running = torch_private::torch_version();
  TORCH_CHECK(same_minor(running), "built for torch ", TORCH_VERSION_MAJOR, ".",
              TORCH_VERSION_MINOR, ", found ", running);
  TORCH_CHECK(jit::host_cpu().isa >= jit::Isa::kAvx2, "this CPU has no AVX2, FMA and F16C");
}

void enable_locked(State& s) {
  try {
    check_environment();
    jit::set_inspection(settings().inspection);
    register_all();
    s.why.clear();
    active.store(true, std::memory_order_relaxed);
  } catch (const c10::Error& error) {
    s.why = error.what_without_backtrace();
    throw std::runtime_error(s.why);
  }
}

// A wish that cannot be granted costs a line; the fp32 rows stay on.
void apply_dtype(const Settings& wish) {
  try {
    set_dtype(Dtype::kBFloat16, wish.force);
  } catch (const std::runtime_error& error) {
    std::fprintf(stderr, "stoker: float32 instead of bfloat16: %s\n", error.what());
  }
}

__attribute__((constructor)) void activate() noexcept {
  try {
    State& s = state();
    const std::lock_guard lock(s.mutex);
    if (settings().off) {
      s.why = "STOKER=0";
      return;
    }
    enable_locked(s);
    if (settings().dtype == kernels::DataType::kBFloat16) apply_dtype(settings());
  } catch (const std::exception& error) {
    const auto* torch_error = dynamic_cast<const c10::Error*>(&error);
    state().why = torch_error ? torch_error->what_without_backtrace() : error.what();
    std::fprintf(stderr, "stoker: off: %s\n", state().why.c_str());
  }
}

std::string cpu_name() {
  const jit::CpuInfo& cpu = jit::host_cpu();
  return cpu.vendor + " " + std::to_string(cpu.family) + "/" + std::to_string(cpu.model);
}

std::map<std::string, std::vector<std::string>> rows_of_this_cpu() {
  using enum kernels::DataType;
  const auto rows = [](auto input, auto multiply, auto output) {
    return runnable_rows(
        {.m = 64, .n = 256, .k = 256, .input = input, .multiply = multiply, .output = output});
  };
  return {{"float32", rows(kFloat32, kFloat32, kFloat32)},
          {"bfloat16", rows(kBFloat16, kBFloat16, kBFloat16)},
          {"float16", rows(kFloat16, kFloat16, kFloat16)},
          {"bfloat16 mode", rows(kFloat32, kBFloat16, kFloat32)}};
}

}  // namespace

bool may_override(const char* op, const char* overload, c10::DispatchKey key) {
  std::string name = *overload ? std::string(op) + "." + overload : op;
  if (key == c10::DispatchKey::AutocastCPU) name = "autocast." + name;
  if (settings().operator_disabled(op) || settings().operator_disabled(name)) {
    state().left_alone[name] = "STOKER_DISABLE";
    return false;
  }
  // torch's own kernels are registered from its generated files; anything else is somebody's work.
  const auto handle = c10::Dispatcher::singleton().findSchemaOrThrow(
      (std::string("aten::") + op).c_str(), overload);
  std::istringstream kernels(handle.dumpState());
  const std::string key_name = c10::toString(key);
  for (std::string line; std::getline(kernels, line);) {
    if (line.rfind(key_name, 0) != 0 || line.find("(inactive)") != std::string::npos) continue;
    if (line.find("/aten/src/ATen/Register") != std::string::npos) continue;
    if (line.find("/aten/src/ATen/autocast_mode.") != std::string::npos) continue;
    state().left_alone[name] = "overridden by someone else: " + line;
    return false;
  }
  return true;
}

}  // namespace stoker::aten

namespace stoker {

using aten::OpId;

Status status() {
  aten::State& s = aten::state();
  const std::lock_guard lock(s.mutex);
  Status result;
  result.active = aten::active.load();
  result.why = s.why;
  result.torch = aten::torch_private::torch_version();
  result.isa = jit::isa_name(aten::settings().isa);
  result.cpu = aten::cpu_name();
  result.dtype = dtype() == Dtype::kBFloat16 ? "bfloat16" : "float32";
  result.calibration = aten::machine().calibration->family;
  result.calibration_file = aten::settings().calibration;
  result.rows = aten::rows_of_this_cpu();
  for (int i = 0; i < static_cast<int>(OpId::kCount); ++i) {
    aten::OpCounters& counts = aten::counters(static_cast<OpId>(i));
    result.operators[aten::op_name(static_cast<OpId>(i))] = {
        counts.taken.read(), counts.declined.read(), counts.taken.seconds(),
        counts.declined.seconds()};
  }
  const aten::PackTotals totals = aten::pack_totals();
  result.packed = {{"entries", totals.entries}, {"bytes", totals.bytes},
                   {"budget", totals.budget},   {"packs", totals.packs},
                   {"drops", totals.drops},     {"evictions", totals.evictions}};
  return result;
}

std::string explain() {
  const Status now = status();
  std::ostringstream out;
  out << "stoker is " << (now.active ? "active" : "off: " + now.why) << "; torch " << now.torch
      << "; " << now.cpu << ", " << now.isa << "; calibration: " << now.calibration << "\n";
  for (const auto& [name, op] : now.operators) {
    if (op.rows.empty() && op.declined.empty()) continue;
    out << name << ":\n";
    for (const auto& [row, count] : op.rows) out << "  taken by " << row << ": " << count << "\n";
    for (const auto& [why, count] : op.declined)
      out << "  declined, " << why << ": " << count << "\n";
  }
  for (const auto& [name, why] : aten::state().left_alone) {
    out << name << ": not registered, " << why << "\n";
  }
  out << "weights:\n" << aten::explain_packed();
  return out.str();
}

void enable() {
  aten::State& s = aten::state();
  const std::lock_guard lock(s.mutex);
  aten::enable_locked(s);
}

void disable() noexcept {
  aten::State& s = aten::state();
  const std::lock_guard lock(s.mutex);
  aten::active.store(false, std::memory_order_relaxed);
  if (s.why.empty()) s.why = "disabled by stoker.disable()";
}

void unregister() {
  disable();
  aten::State& s = aten::state();
  const std::lock_guard lock(s.mutex);
  s.libraries.reset();
  aten::drop_all_packed();
}

void set_dtype(Dtype dtype, bool force) {
  const bool bf16 = dtype == Dtype::kBFloat16;
  if (bf16 && !force && aten::settings().isa < jit::Isa::kAvx512Bf16) {
    throw std::runtime_error(
        "this CPU has no bfloat16 instructions (AVX512_BF16 or AMX); force it with STOKER_FORCE=1 "
        "or --force");
  }
  aten::process_dtype.store(bf16 ? kernels::DataType::kBFloat16 : kernels::DataType::kFloat32);
}

Dtype dtype() noexcept {
  const bool bf16 = aten::process_dtype.load() == kernels::DataType::kBFloat16;
  return bf16 ? Dtype::kBFloat16 : Dtype::kFloat32;
}

bool bf16_regions() noexcept {
  return aten::bf16_mode() &&
         (aten::multiplies_bf16() || aten::machine().policy == kernels::Policy::kAlways);
}

EvalScope::EvalScope() noexcept { ++aten::eval_depth; }
EvalScope::~EvalScope() { --aten::eval_depth; }

void reset_counters() noexcept {
  for (int i = 0; i < static_cast<int>(OpId::kCount); ++i) {
    aten::counters(static_cast<OpId>(i)).taken.clear();
    aten::counters(static_cast<OpId>(i)).declined.clear();
  }
}

}  // namespace stoker

extern "C" {

const char* stoker_why() noexcept { return stoker::aten::state().why.c_str(); }

void stoker_learn_slice_deleter(void* storage_impl) noexcept {
  stoker::aten::learn_slice_deleter(*static_cast<c10::StorageImpl*>(storage_impl));
}

int stoker_enter_eval() noexcept { return stoker::aten::eval_depth++; }
void stoker_leave_eval() noexcept { --stoker::aten::eval_depth; }
void stoker_restore_eval(int depth) noexcept { stoker::aten::eval_depth = depth; }

void stoker_sweep() noexcept { stoker::aten::sweep_packed(); }
}
