#include "jit/isa.h"

#include <cpuid.h>
#include <unistd.h>

#include <cstring>

namespace stoker::jit {
namespace {

// libgcc's cpu model already combines CPUID with XGETBV, so a feature it reports is usable.
Isa detect_isa() noexcept {
  __builtin_cpu_init();
  // Hypervisors mask features one by one: AVX2 does not promise the other two.
  if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma") ||
      !__builtin_cpu_supports("f16c")) {
    return Isa::kBaseline;
  }
  const bool avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
                      __builtin_cpu_supports("avx512cd");
  if (!avx512) return Isa::kAvx2;
  return __builtin_cpu_supports("avx512bf16") ? Isa::kAvx512Bf16 : Isa::kAvx512;
}

CpuInfo detect() {
  CpuInfo cpu;
  unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
  if (__get_cpuid(0, &eax, &ebx, &ecx, &edx)) {
    char vendor[13] = {};
    std::memcpy(vendor, &ebx, 4);
    std::memcpy(vendor + 4, &edx, 4);
    std::memcpy(vendor + 8, &ecx, 4);
    cpu.vendor = vendor;
  }
  if (__get_cpuid(1, &eax, &ebx, &ecx, &edx)) {
    cpu.family = display_family(eax);
    cpu.model = display_model(eax);
  }
  cpu.isa = detect_isa();
  const long l2 = sysconf(_SC_LEVEL2_CACHE_SIZE);  // 0 or -1 where the system does not say
  if (l2 > 0) cpu.l2_bytes = l2;
  return cpu;
}

}  // namespace

int display_family(uint32_t leaf1_eax) noexcept {
  const int base = static_cast<int>((leaf1_eax >> 8) & 0xF);
  const int extended = static_cast<int>((leaf1_eax >> 20) & 0xFF);
  return base == 0xF ? base + extended : base;
}

int display_model(uint32_t leaf1_eax) noexcept {
  const int base_family = static_cast<int>((leaf1_eax >> 8) & 0xF);
  const int base = static_cast<int>((leaf1_eax >> 4) & 0xF);
  const int extended = static_cast<int>((leaf1_eax >> 16) & 0xF);
  return base_family == 0x6 || base_family == 0xF ? (extended << 4) + base : base;
}

const CpuInfo& host_cpu() noexcept {
  static const CpuInfo cpu = detect();
  return cpu;
}

std::optional<Isa> isa_named(std::string_view name) noexcept {
  for (const Isa isa : {Isa::kAvx2, Isa::kAvx512, Isa::kAvx512Bf16}) {
    if (name == isa_name(isa)) return isa;
  }
  return std::nullopt;
}

const char* isa_name(Isa isa) noexcept {
  switch (isa) {
    case Isa::kBaseline:
      return "baseline";
    case Isa::kAvx2:
      return "avx2";
    case Isa::kAvx512:
      return "avx512";
    case Isa::kAvx512Bf16:
      return "avx512_bf16";
  }
  return "unknown";
}

}  // namespace stoker::jit
