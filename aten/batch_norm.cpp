#include "aten/batch_norm.h"

#include <ATen/EmptyTensor.h>
#include <ATen/ops/all.h>
#include <ATen/ops/batch_norm.h>
#include <ATen/ops/isfinite.h>
#include <torch/csrc/jit/frontend/function_schema_parser.h>

#include <bit>
#include <cmath>
#include <vector>

#include "aten/numerics.h"

namespace stoker::aten {
namespace {

template <class T>
void widen(const at::Tensor& from, double* to, int64_t first, int64_t count) {
  const T* values = from.const_data_ptr<T>() + first;
  for (int64_t i = 0; i < count; ++i) to[i] = static_cast<double>(static_cast<float>(values[i]));
}

// Elements [first, first + count) of the memory of a tensor without gaps.
void read(const at::Tensor& from, double* to, int64_t first, int64_t count) {
  if (from.scalar_type() == at::kFloat) return widen<float>(from, to, first, count);
  if (from.scalar_type() == at::kHalf) return widen<at::Half>(from, to, first, count);
  widen<at::BFloat16>(from, to, first, count);
}

std::vector<double> read(const at::Tensor& from) {
  std::vector<double> values(static_cast<size_t>(from.numel()));
  read(from, values.data(), 0, from.numel());
  return values;
}

// s of every output; `weight` may be null.
std::vector<double> scales(const at::Tensor* weight, const at::Tensor& var, double eps) {
  std::vector<double> s = read(var);
  for (double& value : s) value = 1 / std::sqrt(value + eps);
  if (weight == nullptr) return s;
  const std::vector<double> gamma = read(*weight);
  for (size_t i = 0; i < s.size(); ++i) s[i] *= gamma[i];
  return s;
}

// False where one of them is not finite.
bool narrow(const double* from, float* to, size_t count) {
  bool finite = true;
  for (size_t i = 0; i < count; ++i) {
    to[i] = static_cast<float>(from[i]);
    finite &= std::isfinite(to[i]);
  }
  return finite;
}

// Of mean, variance, weight and bias of the norm if it has them, and the bias before it if any.
Packed pack_bias(std::span<const at::Tensor> sources, const void* context) {
  const auto& norm = *static_cast<const BatchNorm*>(context);
  const size_t of_norm = norm.weight ? 4 : 2;
  const std::vector<double> mean = read(sources[0]);
  std::vector<double> b = scales(norm.weight ? &sources[2] : nullptr, sources[1], norm.eps);
  const std::vector<double> none(b.size());
  const std::vector<double> after = norm.bias ? read(sources[3]) : none;
  const std::vector<double> before = sources.size() > of_norm ? read(sources[of_norm]) : none;
  for (size_t i = 0; i < b.size(); ++i) b[i] = (before[i] - mean[i]) * b[i] + after[i];
  at::Tensor folded = at::detail::empty_cpu({static_cast<int64_t>(b.size())}, at::kFloat);
  const bool finite = narrow(b.data(), folded.mutable_data_ptr<float>(), b.size());
  return finite ? Packed{std::move(folded)} : Packed{{}, "the folded bias is not finite"};
}

}  // namespace

// torch's parser knows no default for a list of tensors, its schemas do.
c10::FunctionSchema schema_with_norm(const std::string& text) {
  const c10::FunctionSchema schema = torch::jit::parseSchema(text);
  std::vector<c10::Argument> arguments = schema.arguments();
  for (c10::Argument& argument : arguments) {
    if (argument.name() != "norm") continue;
    argument = c10::Argument("norm", argument.type(), std::nullopt, c10::List<at::Tensor>(),
                             /*kwarg_only=*/true);
  }
  return schema.cloneWithArguments(std::move(arguments));
}

void check_batch_norm(const char* op, at::TensorList norm) {
  TORCH_CHECK(norm.empty() || norm.size() == 2 || norm.size() == 4, op,
              ": expected no norm, or its mean and variance, or its weight, "
              "bias, mean and variance, got ",
              norm.size(), " tensors");
}

at::Tensor stock_batch_norm(const at::Tensor& y, at::TensorList norm, double eps) {
  if (norm.empty()) return y;
  const bool affine = norm.size() == 4;
  const std::optional<at::Tensor> none;
  return at::batch_norm(y, affine ? norm[0] : none, affine ? norm[1] : none, norm[norm.size() - 2],
                        norm[norm.size() - 1], /*training=*/false,
                        /*momentum=*/0, eps, /*cudnn_enabled=*/false);
}

const char* read_batch_norm(BatchNorm& norm, at::TensorList tensors, double eps, int64_t outputs) {
  if (tensors.size() != 2 && tensors.size() != 4) return "a norm has two tensors or four";
  for (const at::Tensor& tensor : tensors) {
    if (!has_data_type(tensor.scalar_type())) return "dtype is not float32, bfloat16 or float16";
    if (tensor.dim() != 1 || tensor.size(0) != outputs || !tensor.is_contiguous()) {
      return "a tensor of the norm is not a vector of the output size";
    }
  }
  norm.eps = eps;
  norm.mean = &tensors[tensors.size() - 2];
  norm.var = &tensors[tensors.size() - 1];
  if (tensors.size() == 4) norm.weight = &tensors[0], norm.bias = &tensors[1];
  return nullptr;
}

FoldedSources folded_sources(const Source& weight, const BatchNorm* norm) {
  FoldedSources sources{weight};
  if (norm == nullptr) return sources;
  for (const at::Tensor* tensor : {norm->weight, norm->var}) {
    if (tensor == nullptr) continue;
    sources.push_back({tensor, tensor->size(0), 1, 1, 1});
  }
  return sources;
}

at::Tensor fold_weight(std::span<const at::Tensor> sources, double eps) {
  const at::Tensor& weight = sources[0];
  const int64_t columns = weight.size(1);
  const std::vector<double> s =
      scales(sources.size() > 2 ? &sources[1] : nullptr, sources.back(), eps);
  at::Tensor folded = at::detail::empty_cpu(weight.sizes(), at::kFloat);
  float* to = folded.mutable_data_ptr<float>();
  std::vector<double> row(static_cast<size_t>(columns));
  for (size_t i = 0; i < s.size(); ++i, to += columns) {
    read(weight, row.data(), static_cast<int64_t>(i) * columns, columns);
    for (double& value : row) value *= s[i];
    if (!narrow(row.data(), to, row.size())) return at::Tensor();
  }
  return folded;
}

at::Tensor finite_weight(std::span<const at::Tensor> sources, const double* eps,
                         at::ScalarType multiplied) {
  const at::Tensor weight = eps ? fold_weight(sources, *eps) : sources[0];
  if (!weight.defined()) return weight;
  at::Tensor rounded = weight.to(multiplied);
  return at::isfinite(rounded).all().item<bool>() ? rounded : at::Tensor();
}

Packed folded_bias(const BatchNorm& norm, const at::Tensor* bias, uint32_t sightings, int64_t rows,
                   int64_t rows_before_pack) {
  const int64_t outputs = norm.var->size(0);
  FoldedSources sources;
  for (const at::Tensor* tensor : {norm.mean, norm.var, norm.weight, norm.bias, bias}) {
    if (tensor != nullptr) sources.push_back({tensor, outputs, 1, 1, 1});
  }
  const Packed packed =
      get_packed({.recipe = Recipe::kFoldedBias,
                  .sources = sources,
                  .pack = &pack_bias,
                  .bytes = outputs * 4,
                  .sightings = sightings,
                  .rows = rows,
                  .rows_before_pack = rows_before_pack,
                  .variant = {std::bit_cast<int64_t>(norm.eps), norm.weight != nullptr},
                  .context = &norm});
  if (packed.refusal == nullptr) return packed;
  // Not worth a pack, or not allowed one: what the tensors hold now.
  c10::SmallVector<at::Tensor, kMaxSources> now;
  for (const Source& source : sources) now.push_back(*source.tensor);
  return pack_bias(now, &norm);
}

}  // namespace stoker::aten
