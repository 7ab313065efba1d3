#include "aten/weight_product.h"

#include <vector>

#include "aten/generated_rows.h"
#include "aten/machine.h"
#include "aten/onednn_rows.h"
#include "kernels/linear/table.h"

namespace stoker::aten {
namespace {

using kernels::DataType;

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
  kernels::MatmulProblem& problem = product.problem;
  product.sightings = product.known_weight ? kWeightSightings : kActivationSightings;
  const bool rounds_weight = problem.multiply == DataType::kBFloat16 &&
                             product.weights[0].tensor->scalar_type() == at::kFloat;
  const bool in_bf16_mode = rounds_weight && !product.autocast;
  // oneDNN's rows pack a weight in the type it has.
  const std::span<const kernels::Row> rows = rounds_weight ? kernels::linear::rows() : table();
  kernels::Selection chosen =
      in_bf16_mode ? select_rounded(rows, problem) : select_row(rows, problem);
  if (chosen.row == nullptr && in_bf16_mode && problem.input == DataType::kFloat32) {
    problem.multiply = DataType::kFloat32;
    chosen = select_row(table(), problem);
  } else if (in_bf16_mode) {
    // Who asks for bf16 gets it from the first call on: results do not change on the way.
    if (product.known_weight) product.sightings = 1;
    chosen.rows_before_pack = 0;
  } else if (rounds_weight && product.known_weight) {
    // Stock casts this weight on every call, which costs about as much as the pack does once.
    chosen.rows_before_pack = 0;
  }
  if (chosen.row == nullptr) return chosen.reason;
  row = chosen.row;
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
  return row.generated ? run_generated(*row.generated, product) : run_onednn(product);
}

}  // namespace stoker::aten
