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
  kAmx,         // + AMX_TILE, AMX_BF16, and the kernel's permission to use tiles
};

// Features one by one, for what the groups do not say. Each includes the operating system's support
// of the registers it needs.
struct Features {
  bool avx_vnni = false;     // VPDPBUSD in VEX encoding
  bool avx512_vnni = false;  // and in EVEX encoding
  bool avx512_fp16 = false;
  bool amx_bf16 = false, amx_int8 = false, amx_fp16 = false;
};

struct CpuInfo {
  std::string vendor;  // "GenuineIntel", "AuthenticAMD", ...
  int family = 0;      // display family (base + extended)
  int model = 0;       // display model
  Isa isa = Isa::kBaseline;
  Features features = {};
  int64_t l1_bytes = 32 << 10, l2_bytes = 1 << 20;  // data caches of one core
};

// Where detect_cpu() gets its facts; tests bring those of other machines.
struct CpuSource {
  struct Registers {
    uint32_t eax = 0, ebx = 0, ecx = 0, edx = 0;
  };
  Registers (*cpuid)(uint32_t leaf, uint32_t subleaf) noexcept;
  uint64_t (*xcr0)() noexcept;                // XGETBV(0); asked only where OSXSAVE is set
  bool (*request_amx_permission)() noexcept;  // asked only where AMX is there
};

CpuInfo detect_cpu(const CpuSource& source);

// This machine, read once. Asks Linux for the use of AMX tiles where the CPU has them.
const CpuInfo& host_cpu() noexcept;

const char* isa_name(Isa isa) noexcept;

// The other way round; none for a name that no kernel can be limited to.
std::optional<Isa> isa_named(std::string_view name) noexcept;

// Display family and model from CPUID leaf 1 EAX (Intel SDM vol. 2A, CPUID; AMD APM vol. 3, E.3.2).
int display_family(uint32_t leaf1_eax) noexcept;
int display_model(uint32_t leaf1_eax) noexcept;

}  // namespace stoker::jit
