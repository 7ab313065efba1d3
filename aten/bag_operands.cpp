#include "aten/bag_operands.h"

#include <limits>

#include "aten/numerics.h"

namespace stoker::aten {

const char* read_weight(Bags& bags, const at::Tensor& weight) {
  if (!has_data_type(weight.scalar_type())) return "dtype is not float32, bfloat16 or float16";
  if (weight.dim() != 2) return "weight is not one dense matrix";
  if (weight.numel() == 0) return "an operand is empty";
  if (weight.stride(1) != 1 && weight.size(1) != 1) return "weight is not one dense matrix";
  bags.table = weight.const_data_ptr();
  bags.type = data_type(weight);
  bags.rows = weight.size(0);
  bags.columns = weight.size(1);
  bags.row_stride = weight.stride(0);
  return nullptr;
}

const char* read_indices(Bags& bags, const at::Tensor& indices, const at::Tensor& offsets,
                         bool include_last) {
  constexpr int64_t kMost = std::numeric_limits<int32_t>::max();
  const c10::ScalarType type = indices.scalar_type();
  if (type != at::kLong && type != at::kInt) return "indices are no integers";
  if (offsets.scalar_type() != type) return "dtypes differ";
  if (indices.dim() != 1 || offsets.dim() != 1) return "indices or offsets are not a vector";
  if (!indices.is_contiguous() || !offsets.is_contiguous()) return "input is not contiguous";
  bags.index_bytes = type == at::kLong ? 8 : 4;
  bags.indices = indices.const_data_ptr();
  bags.offsets = offsets.const_data_ptr();
  bags.count = indices.numel();
  bags.bags = offsets.numel() - (include_last ? 1 : 0);
  if (bags.bags <= 0) return "an operand is empty";
  if (bags.count > kMost || bags.rows > kMost) return "more indices or rows than int32 counts";
  // What stock does with indices after the last offset depends on the mode.
  if (include_last &&
      kernels::embedding_bag::integer_at(bags.offsets, bags.bags, bags.index_bytes) != bags.count) {
    return "the last offset is not the number of indices";
  }
  return nullptr;
}

}  // namespace stoker::aten
