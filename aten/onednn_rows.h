// Rows that run torch's own oneDNN on a packed weight, through its private mkldnn:: operators.
#pragma once

#include <ATen/core/dispatch/Dispatcher.h>

#include <optional>
#include <span>

#include "aten/weight_product.h"
#include "kernels/select.h"

namespace stoker::aten {

// The operator of that name and overload; none where its schema is not that text.
template <class Schema>
std::optional<c10::TypedOperatorHandle<Schema>> find_operator(const char* name, const char* schema,
                                                              const char* overload = "") {
  const auto handle = c10::Dispatcher::singleton().findSchema({name, overload});
  if (!handle || c10::toString(handle->schema()) != schema) return std::nullopt;
  return handle->typed<Schema>();
}

// Looks the operators up and checks their schemas. Null, or why the rows are absent.
const char* find_onednn_operators();

// Rows for WeightProduct, best first; empty when the operators are absent.
std::span<const kernels::Row> onednn_rows() noexcept;

// Does stock hand bf16 operands to oneDNN on this CPU?
bool onednn_takes_bf16();

RowResult<at::Tensor> run_onednn(const WeightProduct& product);

}  // namespace stoker::aten
