#include "aten/weight_product.h"

#include <vector>

#include "aten/generated_rows.h"
#include "aten/machine.h"
#include "aten/onednn_rows.h"
#include "aten/weight_choice.h"
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

const char* choose_row(WeightProduct& product, const kernels::Row*& row) {
  const WeightUse use{product.weights[0].tensor->scalar_type() == at::kFloat, product.known_weight,
                      product.autocast, product.in_graph};
  // oneDNN's rows pack a weight in the type it has.
  const auto [chosen, sightings] =
      choose_for_weight(table(), kernels::linear::rows(), product.problem, use);
  if (chosen.row == nullptr) return chosen.reason;
  row = chosen.row;
  product.sightings = sightings;
  product.rows_before_pack = chosen.rows_before_pack;
  return nullptr;
}

std::vector<std::string> runnable_rows(const kernels::MatmulProblem& problem) {
  std::vector<std::string> names;
  for (const kernels::Row& row : table()) {
    if (row.multiply == problem.multiply && row.needs <= machine().isa &&
        row.unsupported(problem) == nullptr) {
      names.emplace_back(row.name);
    }
  }
  return names;
}

RowResult<at::Tensor> run_row(const kernels::Row& row, const WeightProduct& product) {
  const auto run = [&](const WeightProduct& one) {
    return row.generated ? run_generated(*row.generated, one) : run_onednn(one);
  };
  // Rounded to bf16 before their mean is taken off, values would lose more than after it.
  const bool folds = product.problem.multiply == kernels::DataType::kFloat32 &&
                     product.weights.size() == 1 && product.weights[0].col_stride == 1;
  return run_folded(product, folds, run, [](const at::Tensor& x, const BatchNorm& norm) {
    return stock_norm_of_columns(x, norm);
  });
}

}  // namespace stoker::aten
