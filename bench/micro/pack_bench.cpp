// Packing cold weights and copying as many bytes in turns, on one pinned thread: `of_memcpy` and
// `of_stream_copy` are the shares of the copies' bandwidth that the packer reaches (medians).
#include <benchmark/benchmark.h>
#include <emmintrin.h>
#include <sched.h>
#include <sys/mman.h>
#include <time.h>

#include <algorithm>
#include <cstring>
#include <new>
#include <string>
#include <vector>

#include "jit/isa.h"
#include "kernels/linear/pack.h"

namespace stoker::bench {
namespace {

using jit::GemmMath;
using kernels::DataType;
using kernels::linear::Layout;
using kernels::linear::Matrix;

// More than the L3 of one core complex, of sources as of packs.
constexpr size_t kColdBytes = size_t{160} << 20;

struct Conversion {
  const char* name;
  DataType type;
  GemmMath math;
};
constexpr Conversion kConversions[] = {
    {"f32_to_f32", DataType::kFloat32, GemmMath::kF32},
    {"f32_to_bf16", DataType::kFloat32, GemmMath::kBf16Wide},
    {"bf16_to_bf16", DataType::kBFloat16, GemmMath::kBf16Wide},
    {"f16_to_f16", DataType::kFloat16, GemmMath::kF16},
};

struct Side {
  int64_t n, k;
};
constexpr Side kSides[] = {{768, 3072}, {3072, 768}, {4096, 4096}, {384, 1536}};

// Touched memory in small pages, as a heap gives; unmapped at the end.
class Memory {
 public:
  explicit Memory(size_t bytes) : bytes_(bytes) {
    void* const memory =
        mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) throw std::bad_alloc();
    data_ = static_cast<char*>(memory);
    std::memset(data_, 1, bytes);
  }
  Memory(const Memory&) = delete;
  Memory& operator=(const Memory&) = delete;
  ~Memory() { munmap(data_, bytes_); }
  char* data() const { return data_; }

 private:
  size_t bytes_;
  char* data_;
};

double thread_seconds() {
  timespec time;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

// Of this thread: what others do on the core meanwhile does not count.
double seconds_of(const auto& work) {
  const double start = thread_seconds();
  work();
  return thread_seconds() - start;
}

double median(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + values.size() / 2, values.end());
  return values[values.size() / 2];
}

void pin_to_this_core() {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(sched_getcpu(), &set);
  sched_setaffinity(0, sizeof set, &set);
}

// Streaming stores, which write without reading first; glibc's memcpy takes them only beyond a good
// part of the L3.
void stream_copy(char* to, const char* from, size_t bytes) {
  for (size_t i = 0; i + 64 <= bytes; i += 64) {
    for (size_t j = i; j < i + 64; j += 16) {
      _mm_stream_si128(reinterpret_cast<__m128i*>(to + j),
                       _mm_loadu_si128(reinterpret_cast<const __m128i*>(from + j)));
    }
  }
  _mm_sfence();
}

// The time of an iteration is that of packing one matrix.
void pack_cold(benchmark::State& state, Conversion c, int width, Side side, bool along_n) {
  pin_to_this_core();
  const Layout layout{c.math, width};
  const size_t from_bytes = side.n * side.k * (c.type == DataType::kFloat32 ? 4 : 2);
  const size_t to_bytes = layout.bytes(side.n, side.k);
  const size_t copy_bytes = (from_bytes + to_bytes) / 2;  // as many read and written as packing
  const size_t slot = std::max(from_bytes, to_bytes), count = kColdBytes / from_bytes + 1;
  const Memory from(count * slot), to(count * slot);
  std::vector<double> of_memcpy, of_stream;
  size_t turn = 0;
  const auto next = [&] { return ++turn % count * slot; };
  for (auto _ : state) {
    const size_t at = next();
    const Matrix weight{from.data() + at,    c.type, side.n, side.k, along_n ? 1 : side.k,
                        along_n ? side.n : 1};
    bool done = false;
    const double packing =
        seconds_of([&] { done = kernels::linear::pack(layout, weight, to.data() + at, {}); });
    if (!done) return state.SkipWithError("the kernel was not generated");
    const size_t place = next(), other = next();
    of_memcpy.push_back(
        seconds_of([&] { std::memcpy(to.data() + place, from.data() + place, copy_bytes); }) /
        packing);
    of_stream.push_back(
        seconds_of([&] { stream_copy(to.data() + other, from.data() + other, copy_bytes); }) /
        packing);
    state.SetIterationTime(packing);
  }
  state.counters["of_memcpy"] = median(of_memcpy);
  state.counters["of_stream_copy"] = median(of_stream);
  state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(from_bytes + to_bytes));
}

const bool registered = [] {
  if (jit::host_cpu().isa < jit::Isa::kAvx2) return false;
  for (const Conversion& c : kConversions) {
    for (const Side& side : kSides) {
      for (const bool along_n : {false, true}) {
        for (const int width : {16, 64}) {
          const std::string name = std::string("pack/") + c.name + "/" + std::to_string(side.n) +
                                   "x" + std::to_string(side.k) +
                                   (along_n ? "/along_n" : "/along_k") + "/width" +
                                   std::to_string(width);
          benchmark::RegisterBenchmark(name.c_str(), pack_cold, c, width, side, along_n)
              ->UseManualTime()
              ->MinTime(0.2)
              ->Unit(benchmark::kMicrosecond);
        }
      }
    }
  }
  return true;
}();

}  // namespace
}  // namespace stoker::bench
