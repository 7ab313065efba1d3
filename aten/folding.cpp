#include "aten/folding.h"

#include <ATen/EmptyTensor.h>
#include <ATen/ops/isfinite.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <vector>

namespace stoker::aten {
namespace {

using Doubles = std::vector<double>;
using Tensors = std::span<const at::Tensor>;

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

Doubles read(const at::Tensor& from) {
  Doubles values(static_cast<size_t>(from.numel()));
  read(from, values.data(), 0, from.numel());
  return values;
}

// The next of the sources.
Doubles take(Tensors& sources) {
  const at::Tensor& taken = sources[0];
  sources = sources.subspan(1);
  return read(taken);
}

// s of every channel, from variance and weight if any.
Doubles take_scales(const BatchNorm& norm, Tensors& sources) {
  Doubles s = take(sources);
  for (double& value : s) value = 1 / std::sqrt(value + norm.eps);
  if (norm.weight == nullptr) return s;
  const Doubles gamma = take(sources);
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

bool finite_as_float(const Doubles& values) {
  return std::all_of(values.begin(), values.end(),
                     [](double value) { return std::isfinite(static_cast<float>(value)); });
}

// The channel of the input that a weight multiplies: first(output) + within[column].
struct Channels {
  Channels(const Folding& folding, const at::Tensor& weight)
      : of_group(weight.size(1) / folding.taps),
        outputs_of_group(weight.size(0) / folding.groups),
        within(static_cast<size_t>(weight.size(1))) {
    for (size_t i = 0; i < within.size(); ++i) {
      within[i] = folding.taps_first ? i % of_group : i / static_cast<size_t>(folding.taps);
    }
  }
  size_t first(size_t output) const { return output / outputs_of_group * of_group; }

  size_t of_group, outputs_of_group;
  std::vector<size_t> within;
};

// A norm, and how large what it reads and what it gives is, squared: its mean square over whatever
// its statistics were made of.
struct Norm {
  Doubles s, t, given, left;
};

// Those that are not null.
void append_vectors(FoldedSources& sources, std::initializer_list<const at::Tensor*> vectors) {
  for (const at::Tensor* tensor : vectors) {
    if (tensor != nullptr) sources.push_back({tensor, tensor->size(0), 1, 1, 1});
  }
}

Norm take_norm(const BatchNorm& norm, Tensors& sources) {
  const Doubles var = read(sources[0]);
  Norm n;
  n.s = take_scales(norm, sources);
  const Doubles mean = take(sources);
  const Doubles bias = norm.bias ? take(sources) : Doubles(mean.size());
  for (size_t i = 0; i < mean.size(); ++i) {
    const double scale = n.s[i] * n.s[i];
    n.t.push_back(bias[i] - mean[i] * n.s[i]);
    n.given.push_back(scale * (var[i] + mean[i] * mean[i]));
    n.left.push_back(scale * var[i] + bias[i] * bias[i]);
  }
  return n;
}

constexpr const char* kBiasNotFinite = "the folded bias is not finite";
// Of the root mean squares; errors of the products grow as much.
constexpr double kMostTaken = 4;

// Adds the sums of W t. Null, or why that must not be folded.
const char* add_shifts(Doubles& b, const Norm& norm, const at::Tensor& weight,
                       const Folding& folding) {
  if (!finite_as_float(norm.s) || !finite_as_float(norm.t)) return kBiasNotFinite;
  const Channels channels(folding, weight);
  const size_t columns = channels.within.size();
  Doubles row(columns);
  for (size_t o = 0; o < b.size(); ++o) {
    read(weight, row.data(), static_cast<int64_t>(o * columns), weight.size(1));
    const size_t first = channels.first(o);
    double given = 0, left = 0;
    for (size_t i = 0; i < columns; ++i) {
      const size_t channel = first + channels.within[i];
      b[o] += row[i] * norm.t[channel];
      given += row[i] * row[i] * norm.given[channel];
      left += row[i] * row[i] * norm.left[channel];
    }
    if (given > kMostTaken * kMostTaken * left) return "a norm takes away most of its input";
  }
  return nullptr;
}

// Of the norm after, the norm before and the weight, the bias; those that there are.
Packed pack_bias(Tensors sources, const void* context) {
  const auto& folding = *static_cast<const Folding*>(context);
  Norm after, before;
  if (folding.after) after = take_norm(*folding.after, sources);
  if (folding.before) before = take_norm(*folding.before, sources);
  const at::Tensor weight = folding.before ? sources[0] : at::Tensor();
  if (folding.before) sources = sources.subspan(1);
  const size_t outputs = folding.after ? after.s.size() : static_cast<size_t>(weight.size(0));
  Doubles b = sources.empty() ? Doubles(outputs) : take(sources);
  if (folding.before) {
    if (const char* why = add_shifts(b, before, weight, folding)) return {{}, why};
  }
  if (folding.after) {
    for (size_t i = 0; i < outputs; ++i) b[i] = b[i] * after.s[i] + after.t[i];
  }
  at::Tensor folded = at::detail::empty_cpu({static_cast<int64_t>(outputs)}, at::kFloat);
  const bool finite = narrow(b.data(), folded.mutable_data_ptr<float>(), outputs);
  return finite ? Packed{std::move(folded)} : Packed{{}, kBiasNotFinite};
}

}  // namespace

const char* read_norms(Folding& folding, const NormArgument& after, int64_t outputs,
                       const NormArgument& before, int64_t channels, kernels::DataType multiplied) {
  if (before.given()) {
    if (const char* why = read_batch_norm(folding.before.emplace(), before, channels)) return why;
  }
  if (!after.given()) return nullptr;
  // Scaled values of the weight may lie below what float16 holds.
  if (multiplied == kernels::DataType::kFloat16) return "norms are not folded into float16 weights";
  return read_batch_norm(folding.after.emplace(), after, outputs);
}

void append_identity(PackVariant& variant, const Folding& folding) {
  if (folding.empty()) return;
  int64_t present = 0;
  for (const auto* norm : {&folding.before, &folding.after}) {
    present = present * 3 + (*norm ? 1 + ((*norm)->weight != nullptr) : 0);
  }
  variant.push_back(present);
  for (const auto* norm : {&folding.before, &folding.after}) {
    if (*norm) variant.push_back(std::bit_cast<int64_t>((*norm)->eps));
  }
  if (folding.before) variant.append({folding.groups, folding.taps, folding.taps_first});
}

FoldedSources folded_sources(const Source& weight, const Folding& folding) {
  FoldedSources sources{weight};
  for (const auto* norm : {&folding.after, &folding.before}) {
    if (*norm) append_vectors(sources, {(*norm)->var, (*norm)->weight});
  }
  return sources;
}

at::Tensor fold_weight(Tensors sources, const Folding& folding) {
  const at::Tensor& weight = sources[0];
  Tensors norms = sources.subspan(1);
  const size_t outputs = static_cast<size_t>(weight.size(0));
  const Doubles after = folding.after ? take_scales(*folding.after, norms) : Doubles(outputs, 1.0);
  const Doubles before = folding.before ? take_scales(*folding.before, norms) : Doubles();
  const Channels channels(folding, weight);
  at::Tensor folded = at::detail::empty_cpu(weight.sizes(), at::kFloat);
  float* to = folded.mutable_data_ptr<float>();
  Doubles row(channels.within.size());
  for (size_t o = 0; o < outputs; ++o, to += row.size()) {
    read(weight, row.data(), static_cast<int64_t>(o * row.size()), weight.size(1));
    for (double& value : row) value *= after[o];
    if (folding.before) {
      const double* s = before.data() + channels.first(o);
      for (size_t i = 0; i < row.size(); ++i) row[i] *= s[channels.within[i]];
    }
    if (!narrow(row.data(), to, row.size())) return at::Tensor();
  }
  return folded;
}

at::Tensor finite_weight(Tensors sources, const Folding& folding, at::ScalarType multiplied) {
  const at::Tensor weight = folding.empty() ? sources[0] : fold_weight(sources, folding);
  if (!weight.defined()) return weight;
  at::Tensor rounded = weight.to(multiplied);
  return at::isfinite(rounded).all().item<bool>() ? rounded : at::Tensor();
}

Packed folded_bias(const Folding& folding, const Source& weight, const at::Tensor* bias,
                   uint32_t sightings, int64_t rows, int64_t rows_before_pack) {
  FoldedSources sources;
  for (const auto* norm : {&folding.after, &folding.before}) {
    if (!*norm) continue;
    const BatchNorm& n = **norm;
    append_vectors(sources, {n.var, n.weight, n.mean, n.bias});
  }
  if (folding.before) sources.push_back(weight);
  append_vectors(sources, {bias});
  PackVariant variant;
  append_identity(variant, folding);
  const Packed packed = get_packed({.recipe = Recipe::kFoldedBias,
                                    .sources = sources,
                                    .pack = &pack_bias,
                                    .bytes = weight.rows * 4,
                                    .sightings = sightings,
                                    .rows = rows,
                                    .rows_before_pack = rows_before_pack,
                                    .variant = variant,
                                    .context = &folding});
  if (packed.refusal == nullptr || folding.before) return packed;
  // Not worth a pack, or not allowed one: what the tensors hold now.
  c10::SmallVector<at::Tensor, kMaxSources> now;
  for (const Source& source : sources) now.push_back(*source.tensor);
  return pack_bias(now, &folding);
}

}  // namespace stoker::aten
