#include "kernels/calibration.h"

#include <limits>

namespace stoker::kernels {
namespace {

constexpr int64_t kAny = std::numeric_limits<int64_t>::max();
// Packing a weight costs as much as a product with about 217 rows in fp32 and 67 in bf16 (Intel
// 207: 1.2 GB/s of pack, 130 and 80 GFLOP/s stock). A pack waits until the rows seen, times the
// share of time that the rule saves, exceed that: a program that stops right after packing has then
// lost no more than it could have won (the ski-rental bound). At the second sight, as was tried, a
// 25-batch sentence encoder lost 4 %.
constexpr int64_t kSmallGain = 3'000;  // fp32, 1.05-1.1x
constexpr int64_t kMediumGain = 500;   // bf16, 1.2x
constexpr int64_t kLargeGain = 300;    // fp32, 2x

constexpr std::string_view kF32 = "onednn_packed_f32";
constexpr std::string_view kBf16 = "onednn_packed_bf16";

// Intel family 6 models 143 (Sapphire Rapids) and 207 (Emerald Rapids). Measured on model 207
// without AMX (masked by the hypervisor), torch 2.13.0, one pinned thread, cold weights, 384x384 to
// 4096x4096. MKL is near its peak here: fp32 loses below M = 4 (0.7-1.0x) and for 384x384 below
// M = 16; it wins 1.1-1.6x at M = 8..64 and 1.03-1.1x up to M = 256. At M = 512 it is a
// tie: 1.03-1.07x for weights up to 768x768 in one run, 0.98-0.99x in three others.
constexpr Rule kIntelSapphireRules[] = {
    {kF32, 8, 256, 450'000, kAny, 0, kSmallGain},
    {kF32, 4, 7, 2'000'000, kAny, 0, kSmallGain},
    {kF32, 16, 256, 140'000, kAny, 0, kSmallGain},
    {kBf16, 1, 256, 140'000, kAny, 0, kMediumGain},
};

// AMD family 26 (Zen 5), EPYC, torch 2.13.0, one pinned thread, cold weights: MKL takes its AVX2
// path there (80-100 of 234 GFLOP/s), so packed oneDNN wins by 1.3-3x. The fixed cost of a call
// through the dispatcher is about 10 us, which min_macs covers.
constexpr Rule kAmdZen5Rules[] = {
    {kF32, 1, 1, 1'000'000, kAny, 0, kLargeGain},
    {kF32, 2, kAny, 140'000, kAny, 1'000'000, kLargeGain},
    {kBf16, 1, 128, 140'000, kAny, 1'000'000, kMediumGain},
};

// Never measured: only where every measured CPU won clearly.
constexpr Rule kPriorRules[] = {
    {kF32, 16, 64, 450'000, kAny, 0, kSmallGain},
    {kBf16, 4, 64, 450'000, kAny, 0, kSmallGain},
};

constexpr Calibration kIntelSapphire{"Intel Sapphire/Emerald Rapids", kIntelSapphireRules};
constexpr Calibration kAmdZen5{"AMD Zen 5", kAmdZen5Rules};
constexpr Calibration kPrior{"conservative prior", kPriorRules};

}  // namespace

const Rule* Calibration::rule(std::string_view row, const MatmulProblem& problem) const noexcept {
  const int64_t weight = problem.n * problem.k;
  for (const Rule& rule : rules) {
    if (rule.row == row && problem.m >= rule.min_m && problem.m <= rule.max_m &&
        weight >= rule.min_weight && weight <= rule.max_weight &&
        problem.m * weight >= rule.min_macs) {
      return &rule;
    }
  }
  return nullptr;
}

const Calibration& calibration_for(const jit::CpuInfo& cpu) noexcept {
  if (cpu.vendor == "GenuineIntel" && cpu.family == 6 && (cpu.model == 143 || cpu.model == 207)) {
    return kIntelSapphire;
  }
  if (cpu.vendor == "AuthenticAMD" && cpu.family == 26) return kAmdZen5;
  return kPrior;
}

}  // namespace stoker::kernels
