#include "aten/weight_product.h"

#include <vector>

#include "aten/generated_rows.h"
#include "aten/onednn_rows.h"
#include "kernels/linear/table.h"

namespace stoker::aten {
namespace {

std::vector<kernels::Row>& table() {
  static auto* const rows = new std::vector<kernels::Row>();  // leaked: used during shutdown
  return *rows;
}

}  // namespace

const char* collect_weight_rows() {
  const char* absent = find_onednn_operators();
  std::vector<kernels::Row>& rows = table();
  if (!rows.empty()) return absent;
  const auto generated = kernels::linear::rows();
  rows.assign(generated.begin(), generated.end());
  rows.insert(rows.end(), onednn_rows().begin(), onednn_rows().end());
  return absent;
}

std::span<const kernels::Row> weight_rows() noexcept { return table(); }

RowResult run_weight_row(const kernels::Row& row, const WeightProduct& product) {
  return row.generated ? run_generated(*row.generated, product) : run_onednn(product);
}

}  // namespace stoker::aten
