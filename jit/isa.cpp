#include "jit/isa.h"

#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstring>
#include <fstream>

namespace stoker::jit {
namespace {

using Registers = CpuSource::Registers;

constexpr Isa kAll[] = {Isa::kAvx2, Isa::kAvx512, Isa::kAvx512Bf16, Isa::kAmx};

bool has(uint32_t word, int bit) { return (word >> bit & 1) != 0; }

// The bits of XCR0 (Intel SDM vol. 1, 13.3): which registers the operating system saves.
constexpr uint64_t kAvxState = 0x6, kAvx512State = 0xE6, kAmxState = 0x60000;

// Feature bits by Intel SDM vol. 2A, CPUID, leaves 1 and 7. Hypervisors mask features one by one,
// so every one of a group is looked at.
struct Leaves {
  Registers one, seven, seven_one;
  uint64_t xcr0 = 0;

  explicit Leaves(const CpuSource& source) {
    const uint32_t most = source.cpuid(0, 0).eax;
    one = source.cpuid(1, 0);
    if (most >= 7) seven = source.cpuid(7, 0);
    if (seven.eax >= 1) seven_one = source.cpuid(7, 1);
    if (has(one.ecx, 27)) xcr0 = source.xcr0();
  }
  bool saves(uint64_t state) const { return (xcr0 & state) == state; }
  bool avx2() const {
    return saves(kAvxState) && has(one.ecx, 28) && has(seven.ebx, 5) && has(one.ecx, 12) &&
           has(one.ecx, 29);  // AVX, AVX2, FMA, F16C
  }
  bool avx512() const {
    return avx2() && saves(kAvx512State) && has(seven.ebx, 16) && has(seven.ebx, 17) &&
           has(seven.ebx, 28) && has(seven.ebx, 30) && has(seven.ebx, 31);  // F, DQ, CD, BW, VL
  }
  bool avx512_bf16() const { return avx512() && has(seven_one.eax, 5); }
  bool amx_tile() const { return saves(kAmxState) && has(seven.edx, 24); }
};

void read_features(const CpuSource& source, const Leaves& leaves, CpuInfo& cpu) {
  if (leaves.avx2()) cpu.isa = Isa::kAvx2;
  if (leaves.avx512()) cpu.isa = Isa::kAvx512;
  if (leaves.avx512_bf16()) cpu.isa = Isa::kAvx512Bf16;
  Features& f = cpu.features;
  f.avx_vnni = leaves.avx2() && has(leaves.seven_one.eax, 4);
  f.avx512_vnni = leaves.avx512() && has(leaves.seven.ecx, 11);
  f.avx512_fp16 = leaves.avx512() && has(leaves.seven.edx, 23);
  if (!leaves.amx_tile() || !source.request_amx_permission()) return;
  f.amx_bf16 = has(leaves.seven.edx, 22);
  f.amx_int8 = has(leaves.seven.edx, 25);
  f.amx_fp16 = has(leaves.seven_one.eax, 21);
  if (f.amx_bf16 && cpu.isa == Isa::kAvx512Bf16) cpu.isa = Isa::kAmx;
}

Registers host_cpuid(uint32_t leaf, uint32_t subleaf) noexcept {
  Registers r;
  __get_cpuid_count(leaf, subleaf, &r.eax, &r.ebx, &r.ecx, &r.edx);
  return r;
}

uint64_t host_xcr0() noexcept {
  uint32_t eax = 0, edx = 0;
  asm volatile("xgetbv" : "=a"(eax), "=d"(edx) : "c"(0));
  return static_cast<uint64_t>(edx) << 32 | eax;
}

// Linux gives a process the 8 KiB of tile state when it asks (Documentation/arch/x86/xstate.rst).
bool host_amx_permission() noexcept {
  constexpr long kRequestPermission = 0x1023, kTileData = 18;
  return syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
}

// xbyak 6.68 knows no cache sizes of AMD CPUs, and glibc's sysconf none under some hypervisors.
int64_t cache_bytes(int index) {
  const std::string folder =
      "/sys/devices/system/cpu/cpu0/cache/index" + std::to_string(index) + "/";
  std::string type, size;
  std::ifstream(folder + "type") >> type;
  std::ifstream(folder + "size") >> size;  // "512K"
  if ((type != "Data" && type != "Unified") || size.size() < 2 || size.back() != 'K') return 0;
  return std::strtoll(size.c_str(), nullptr, 10) << 10;
}

CpuInfo detect_host() {
  CpuInfo cpu = detect_cpu({&host_cpuid, &host_xcr0, &host_amx_permission});
  // Linux lists L1 data, L1 instruction, L2, L3.
  if (const int64_t l1 = cache_bytes(0); l1 > 0) cpu.l1_bytes = l1;
  if (const int64_t l2 = cache_bytes(2); l2 > 0) cpu.l2_bytes = l2;
  return cpu;
}

}  // namespace

CpuInfo detect_cpu(const CpuSource& source) {
  CpuInfo cpu;
  const Registers zero = source.cpuid(0, 0);
  char vendor[13] = {};
  std::memcpy(vendor, &zero.ebx, 4);
  std::memcpy(vendor + 4, &zero.edx, 4);
  std::memcpy(vendor + 8, &zero.ecx, 4);
  cpu.vendor = vendor;
  const Leaves leaves(source);
  cpu.family = display_family(leaves.one.eax);
  cpu.model = display_model(leaves.one.eax);
  read_features(source, leaves, cpu);
  return cpu;
}

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
  static const CpuInfo* const cpu = new CpuInfo(detect_host());  // leaked: read during shutdown
  return *cpu;
}

std::optional<Isa> isa_named(std::string_view name) noexcept {
  for (const Isa isa : kAll) {
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
    case Isa::kAmx:
      return "amx";
  }
  return "unknown";
}

}  // namespace stoker::jit
