// What a generated kernel costs before it runs.
#include <benchmark/benchmark.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <map>
#include <string>

#include "bench/micro/micro.h"
#include "jit/gen/gemm.h"
#include "jit/inspect.h"

namespace stoker::bench {
namespace {

using jit::GemmConfig;
using jit::GemmMath;
using jit::Isa;

constexpr int kGenerations = 20;

// The same code under another key of the code cache, which never generates a configuration twice:
// without prefetched lines, how far they would be does not matter. False when none is left.
bool next_key(GemmConfig& config) {
  static std::map<std::string, int> used;
  const int key = ++used[jit::gemm_name(config)];
  config.prefetch_far = static_cast<uint8_t>(key);
  return key < 256;
}

int64_t code_bytes(GemmConfig config) {
  const auto folder =
      std::filesystem::temp_directory_path() / ("stoker_micro_" + std::to_string(getpid()));
  std::filesystem::create_directory(folder);
  jit::set_inspection({.dump_dir = folder});
  const bool made = next_key(config) && jit::get_gemm(config) != nullptr;
  jit::set_inspection({});
  const auto file = folder / (jit::gemm_name(config) + ".bin");
  const auto bytes = made ? static_cast<int64_t>(std::filesystem::file_size(file)) : 0;
  std::filesystem::remove_all(folder);
  return bytes;
}

void generate(benchmark::State& state, GemmConfig config) {
  for (auto _ : state) {
    if (!next_key(config)) return state.SkipWithError("every key of the code cache is used");
    const auto start = std::chrono::steady_clock::now();
    const jit::GemmKernel kernel = jit::get_gemm(config);
    const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - start;
    if (kernel == nullptr) return state.SkipWithError("the kernel was not generated");
    state.SetIterationTime(spent.count());
  }
  state.counters["code_bytes"] = static_cast<double>(code_bytes(config));
}

}  // namespace

void register_generation() {
  for (const Isa isa : {Isa::kAvx2, Isa::kAvx512, Isa::kAvx512Bf16}) {
    if (isa > jit::host_cpu().isa) continue;
    for (const GemmMath math :
         {GemmMath::kF32, GemmMath::kBf16Wide, GemmMath::kBf16Dot, GemmMath::kF16}) {
      if (math == GemmMath::kBf16Dot && isa < Isa::kAvx512Bf16) continue;
      const int vectors = jit::gemm_panel(isa) / jit::gemm_lanes(isa);
      const int most = jit::gemm_max_rows(isa, math, vectors);
      for (const int rows : {1, most}) {
        GemmConfig config{.isa = isa,
                          .math = math,
                          .rows = static_cast<uint8_t>(rows),
                          .vectors = static_cast<uint8_t>(vectors)};
        benchmark::RegisterBenchmark(("generate/" + jit::gemm_name(config)).c_str(), &generate,
                                     config)
            ->UseManualTime()
            ->Iterations(kGenerations)
            ->Unit(benchmark::kMicrosecond);
      }
    }
  }
}

}  // namespace stoker::bench
