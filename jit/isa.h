// What the CPU and the operating system let us execute.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace stoker::jit {

// Composed groups, each containing the ones before it.
enum class Isa : uint8_t {
  kBaseline,    // less than AVX2, FMA and F16C: Stoker stays off
  kAvx2,        // AVX2, FMA, F16C
  kAvx512,      // F, BW, DQ, VL, CD
  kAvx512Bf16,  // + AVX512_BF16
};

struct CpuInfo {
  std::string vendor;  // "GenuineIntel", "AuthenticAMD", ...
  int family = 0;      // display family (base + extended)
  int model = 0;       // display model
  Isa isa = Isa::kBaseline;
  int64_t l2_bytes = 1 << 20;  // of one core
};

// Reads CPUID once; OS support of the vector state is included.
const CpuInfo& host_cpu() noexcept;

const char* isa_name(Isa isa) noexcept;

// The other way round; none for a name that no kernel can be limited to.
std::optional<Isa> isa_named(std::string_view name) noexcept;

// Display family and model from CPUID leaf 1 EAX (Intel SDM vol. 2A, CPUID; AMD APM vol. 3, E.3.2).
int display_family(uint32_t leaf1_eax) noexcept;
int display_model(uint32_t leaf1_eax) noexcept;

}  // namespace stoker::jit
