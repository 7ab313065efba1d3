// linear by every row of the table that this CPU runs, torch-free and on one thread.
#include <benchmark/benchmark.h>
#include <sys/mman.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <memory>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

#include "bench/micro/micro.h"
#include "bench/micro/sampling.h"
#include "kernels/bfloat16.h"
#include "kernels/float16.h"
#include "kernels/linear/jit.h"
#include "kernels/linear/linear.h"
#include "kernels/linear/table.h"

namespace stoker::bench {
namespace {

using kernels::DataType;
using kernels::Row;

constexpr unsigned kSeed = 23;
constexpr int64_t kMostCopies = 8192;  // of a tiny weight

// Values rounded to `type`, in it and as fp32.
struct Values {
  std::vector<float> floats;
  std::vector<uint16_t> half;

  Values(DataType type, int64_t count, std::mt19937& random) : floats(count) {
    std::normal_distribution<float> normal;
    for (float& value : floats) value = normal(random);
    if (type == DataType::kFloat32) return;
    half.resize(floats.size());
    if (type == DataType::kFloat16) {
      kernels::narrow_f16_row(floats.data(), half.data(), count);
      kernels::widen_f16_row(half.data(), floats.data(), count);
    } else {
      kernels::narrow_row(floats.data(), half.data(), count);
      kernels::widen_row(half.data(), floats.data(), count);
    }
  }
  const void* data() const {
    return half.empty() ? static_cast<const void*>(floats.data()) : half.data();
  }
};

// Copies of a packed weight, more than the caches hold.
class Packs {
 public:
  Packs(const kernels::linear::Layout& layout, const Values& weight, DataType type,
        const Shape& shape)
      : bytes_((layout.bytes(shape.n, shape.k) + 63) / 64 * 64),
        copies_(std::min(kMostCopies, cold_bytes() / bytes_ + 1)) {
    void* const memory = mmap(nullptr, static_cast<size_t>(bytes_ * copies_),
                              PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) throw std::bad_alloc();
    memory_ = static_cast<char*>(memory);
    kernels::linear::pack(layout, {weight.data(), type, shape.n, shape.k, shape.k, 1}, memory_,
                          kernels::Parallel());
    for (int64_t i = 1; i < copies_; ++i) {
      std::memcpy(memory_ + i * bytes_, memory_, static_cast<size_t>(bytes_));
    }
  }
  ~Packs() { munmap(memory_, static_cast<size_t>(bytes_ * copies_)); }
  Packs(const Packs&) = delete;
  Packs& operator=(const Packs&) = delete;

  const char* next() { return memory_ + bytes_ * (position_++ % copies_); }
  const char* first() const { return memory_; }
  int64_t bytes() const { return bytes_; }
  // Tiny weights stay in the caches, whatever is done.
  bool cold() const { return bytes_ * copies_ >= cold_bytes(); }

 private:
  const int64_t bytes_, copies_;
  int64_t position_ = 0;
  char* memory_;
};

// A row on a shape, with its weights.
struct Subject {
  const Row& row;
  const Shape shape;
  const DataType type;  // of X and Y
  const kernels::linear::JitOptions options;
  Values weight;
  Packs packs;

  Subject(const Row& row, const Shape& shape, std::mt19937 random)
      : row(row),
        shape(shape),
        type(type_of(row)),
        options{isa(), layout_of(row), jit::host_cpu().l2_bytes},
        weight(row.multiply, shape.n * shape.k, random),
        packs(options.layout, weight, row.multiply, shape) {}

  static jit::Isa isa() { return std::min(jit::host_cpu().isa, jit::Isa::kAvx512Bf16); }

  static kernels::linear::Layout layout_of(const Row& row) {
    return kernels::linear::Layout::of(isa(), *row.generated);
  }

  // 16-bit rows that cannot give 16-bit results multiply fp32 operands.
  static DataType type_of(const Row& row) {
    const kernels::MatmulProblem half{.m = 1,
                                      .n = 1,
                                      .k = 1,
                                      .input = row.multiply,
                                      .multiply = row.multiply,
                                      .output = row.multiply};
    return row.unsupported(half) == nullptr ? row.multiply : DataType::kFloat32;
  }

  kernels::linear::Product product(int64_t m, const void* x, void* y) const {
    return {.x = x,
            .x_type = type,
            .ldx = shape.k,
            .packed = packs.first(),
            .bias = nullptr,
            .bias_type = type,
            .y = y,
            .y_type = type,
            .ldy = shape.n,
            .m = m,
            .n = shape.n,
            .k = shape.k};
  }
};

// The last one is kept: its weights serve every M.
Subject& subject_of(const Row& row, const Shape& shape) {
  static std::unique_ptr<Subject> last;
  if (!last || &last->row != &row || last->shape.name != shape.name) {
    last.reset();  // first, so that two sets of weights are never there at once
    last = std::make_unique<Subject>(row, shape, std::mt19937(kSeed));
  }
  return *last;
}

float value_at(DataType type, const char* y, int64_t i) {
  const char* const at = y + i * (type == DataType::kFloat32 ? 4 : 2);
  float value;
  uint16_t half;
  if (type == DataType::kFloat32) {
    std::memcpy(&value, at, 4);
    return value;
  }
  std::memcpy(&half, at, 2);
  if (type == DataType::kBFloat16) return kernels::to_float(half);
  kernels::widen_f16_row(&half, &value, 1);
  return value;
}

// The first, a middle and the last row of Y against the reference twin: fp32 sums err as sqrt(K)
// roundings, a result in 16 bits by one more.
bool agrees(const Subject& s, const Values& x, const char* y, int64_t m) {
  const int64_t n = s.shape.n, k = s.shape.k;
  const float eps = std::numeric_limits<float>::epsilon() * 2 * (1 + std::sqrt(float(k)));
  const float half_ulp = s.type == DataType::kFloat32    ? 0.0f
                         : s.type == DataType::kBFloat16 ? 1.0f / 256
                                                         : 1.0f / 2048;
  std::vector<float> exact(n), scale(n), w_size(s.weight.floats), x_size(k);
  for (float& value : w_size) value = std::fabs(value);
  for (const int64_t row : {int64_t{0}, m / 2, m - 1}) {
    std::vector<float> xs(x.floats.begin() + row * k, x.floats.begin() + (row + 1) * k);
    if (s.row.multiply == DataType::kBFloat16) kernels::round_row(xs.data(), xs.data(), k);
    for (int64_t i = 0; i < k; ++i) x_size[i] = std::fabs(xs[i]);
    kernels::linear::reference(
        {xs.data(), s.weight.floats.data(), nullptr, exact.data(), 1, n, k, k, k, n});
    kernels::linear::reference(
        {x_size.data(), w_size.data(), nullptr, scale.data(), 1, n, k, k, k, n});
    for (int64_t i = 0; i < n; ++i) {
      const float allowed = eps * scale[i] + half_ulp * std::fabs(exact[i]);
      if (!(std::fabs(value_at(s.type, y, row * n + i) - exact[i]) <= allowed)) return false;
    }
  }
  return true;
}

// Throws std::runtime_error on a wrong result: there is nothing to time then.
void run(benchmark::State& state, const Row& row, const Shape& shape, int64_t m, bool cold) {
  Subject& s = subject_of(row, shape);
  std::mt19937 random(kSeed + 1);
  const Values x(s.type, m * shape.k, random);
  std::vector<char> y(static_cast<size_t>(m * shape.n) * 4);
  kernels::linear::Product product = s.product(m, x.data(), y.data());
  const auto call = [&] { return run_jit(product, s.options, kernels::Parallel()); };
  if (!call()) return state.SkipWithError("declined");
  if (!agrees(s, x, y.data(), m)) {
    throw std::runtime_error("wrong: " + std::string(row.name) + " on " + shape.name + ", M " +
                             std::to_string(m));
  }
  Cost cost{.flops = 2.0 * m * shape.n * shape.k};
  if (cold && s.packs.cold()) cost.bytes = static_cast<double>(s.packs.bytes());
  const bool dot = row.generated == jit::GemmMath::kBf16Dot;
  measure(state, calibration_of(Subject::isa(), dot), cost, [&] {
    if (cold) product.packed = s.packs.next();
    call();
  });
}

void add(const Row& row, const Shape& shape, int64_t m, bool cold) {
  const std::string name = std::string("linear/") + row.name + '/' + shape.name + '/' +
                           std::to_string(m) + (cold ? "/cold" : "/warm");
  const auto benchmark = [&row, shape, m, cold](benchmark::State& state) {
    run(state, row, shape, m, cold);
  };
  benchmark::RegisterBenchmark(name.c_str(), benchmark)
      ->UseManualTime()
      ->Unit(benchmark::kMicrosecond);
}

}  // namespace

void register_linear(const std::vector<Shape>& shapes) {
  for (const Row& row : kernels::linear::rows()) {
    if (!row.generated || row.needs > jit::host_cpu().isa) continue;
    for (const Shape& shape : shapes) {
      const bool fits = Subject::layout_of(row).bytes(shape.n, shape.k) <= l3_bytes() / 2;
      for (const int64_t m : shape.rows) {
        if (fits) add(row, shape, m, false);
        add(row, shape, m, true);
      }
    }
  }
}

}  // namespace stoker::bench
