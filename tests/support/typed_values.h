// Operands of kernels in any of their types.
#pragma once

#include <cmath>
#include <cstdint>
#include <memory>
#include <random>
#include <vector>

#include "kernels/bfloat16.h"
#include "kernels/float16.h"
#include "kernels/problem.h"
#include "tests/support/guarded_buffer.h"

namespace stoker::tests {

// Normal values of that type where readable memory ends.
class TypedValues {
 public:
  TypedValues(kernels::DataType type, int64_t count, unsigned seed) : type_(type) {
    std::vector<float> values(static_cast<size_t>(count));
    std::mt19937 random(seed);
    std::normal_distribution<float> normal;
    for (float& value : values) value = normal(random);
    set(values);
  }

  void set(const std::vector<float>& values) {
    values_ = values;
    floats_ = std::make_unique<GuardedBuffer<float>>(values);
    if (type_ == kernels::DataType::kFloat32) return;
    const auto count = static_cast<int64_t>(values.size());
    halves_ = std::make_unique<GuardedBuffer<uint16_t>>(values.size());
    type_ == kernels::DataType::kFloat16
        ? kernels::narrow_f16_row(values.data(), halves_->data(), count)
        : kernels::narrow_row(values.data(), halves_->data(), count);
  }
  void take_magnitudes() {
    for (float& value : values_) value = std::fabs(value);
    set(std::vector<float>(values_));
  }
  // As it was rounded to its type.
  double value(size_t i) const {
    if (type_ == kernels::DataType::kFloat32) return values_[i];
    float wide = 0;
    type_ == kernels::DataType::kFloat16 ? kernels::widen_f16_row(halves_->data() + i, &wide, 1)
                                         : kernels::widen_row(halves_->data() + i, &wide, 1);
    return wide;
  }
  const void* data() const {
    return type_ == kernels::DataType::kFloat32 ? static_cast<const void*>(floats_->data())
                                                : halves_->data();
  }

 private:
  kernels::DataType type_;
  std::vector<float> values_;
  std::unique_ptr<GuardedBuffer<float>> floats_;
  std::unique_ptr<GuardedBuffer<uint16_t>> halves_;
};

// Where a kernel writes results of that type: in front of the end of memory, and what is written
// before them is noticed.
class TypedResults {
 public:
  TypedResults(kernels::DataType type, size_t count)
      : type_(type), floats_(is_f32() ? count : 0, 77, 64), halves_(is_f32() ? 0 : count, 77, 64) {}

  void* data() const { return is_f32() ? static_cast<void*>(floats_.data()) : halves_.data(); }
  bool slack_untouched() const { return floats_.slack_untouched() && halves_.slack_untouched(); }
  // In fp32.
  std::vector<float> values() const {
    if (is_f32()) return floats_.values();
    const std::vector<uint16_t> half = halves_.values();
    std::vector<float> wide(half.size());
    const auto count = static_cast<int64_t>(half.size());
    type_ == kernels::DataType::kFloat16 ? kernels::widen_f16_row(half.data(), wide.data(), count)
                                         : kernels::widen_row(half.data(), wide.data(), count);
    return wide;
  }

 private:
  bool is_f32() const { return type_ == kernels::DataType::kFloat32; }

  kernels::DataType type_;
  GuardedBuffer<float> floats_;
  GuardedBuffer<uint16_t> halves_;
};

}  // namespace stoker::tests
