#include "aten/numerics.h"

#include <ATen/Context.h>
#include <ATen/autocast_mode.h>

namespace stoker::aten {
namespace {

using kernels::DataType;

constexpr const char* kOddType = "dtype is not float32, bfloat16 or float16";

bool known(c10::ScalarType type) { return type == at::kFloat || type == at::kBFloat16; }

const char* not_ieee(at::Float32Op op) {
  const auto precision = at::globalContext().float32Precision(at::Float32Backend::MKLDNN, op);
  const bool ieee =
      precision == at::Float32Precision::IEEE || precision == at::Float32Precision::NONE;
  return ieee ? nullptr : "fp32_precision is not ieee";
}

}  // namespace

ComputeType compute_type(c10::ScalarType input, c10::ScalarType weight, bool autocast) {
  if (input == at::kHalf && weight == at::kHalf && !autocast) {
    return {DataType::kFloat16, DataType::kFloat16};
  }
  if (!known(input) || !known(weight)) return {{}, {}, kOddType};
  if (autocast) {
    if (at::autocast::get_autocast_dtype(at::kCPU) != at::kBFloat16) {
      return {{}, {}, "autocast is to another dtype than bfloat16"};
    }
    return {DataType::kBFloat16, DataType::kBFloat16};
  }
  if (input != weight) return {{}, {}, "dtypes differ"};
  if (input == at::kBFloat16) return {DataType::kBFloat16, DataType::kBFloat16};
  return {bf16_mode() ? DataType::kBFloat16 : DataType::kFloat32, DataType::kFloat32};
}

ComputeType graph_compute_type(c10::ScalarType input, c10::ScalarType weight) {
  const bool rounded = input == at::kBFloat16 && weight == at::kFloat;
  if (rounded && bf16_mode()) return {DataType::kBFloat16, DataType::kBFloat16};
  return compute_type(input, weight, /*autocast=*/false);
}

at::Tensor as_wide_as(const at::Tensor& weight, const at::Tensor& input) {
  const bool rounded = input.scalar_type() == at::kBFloat16 && weight.scalar_type() == at::kFloat;
  return rounded ? input.to(at::kFloat) : input;
}

const char* convolution_precision() { return not_ieee(at::Float32Op::CONV); }

const char* precision_switches() {
  const at::Context& context = at::globalContext();
  if (context.deterministicAlgorithms()) return "deterministic algorithms were asked for";
  if (!context.userEnabledMkldnn()) return "torch.backends.mkldnn is disabled";
  return not_ieee(at::Float32Op::MATMUL);
}

}  // namespace stoker::aten
