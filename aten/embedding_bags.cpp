// stoker::embedding_bags: the bags of several tables, side by side in one result, in one parallel
// region. A recommender's tables are independent; one call each wastes a region and a dispatch.
#include <ATen/EmptyTensor.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/embedding_bag.h>

#include <vector>

#include "aten/bag_operands.h"
#include "aten/machine.h"
#include "aten/numerics.h"
#include "aten/override.h"
#include "aten/register.h"
#include "aten/threads.h"
#include "kernels/embedding_bag/jit.h"
#include "kernels/embedding_bag/table.h"

namespace stoker::aten {
namespace {

using at::Tensor;
using at::TensorList;
using kernels::embedding_bag::Mode;
using kernels::embedding_bag::Outcome;

struct BagTables {
  std::vector<Bags> tables;
  int64_t columns = 0;  // of all tables
};

void check(TensorList weights, TensorList indices, TensorList offsets, int64_t mode) {
  TORCH_CHECK(!weights.empty(), "stoker::embedding_bags: expected at least one weight");
  TORCH_CHECK(indices.size() == weights.size() && offsets.size() == weights.size(),
              "stoker::embedding_bags: expected indices and offsets for each weight, got ",
              indices.size(), " and ", offsets.size(), " for ", weights.size(), " weights");
  TORCH_CHECK(mode >= 0 && mode <= 2, "stoker::embedding_bags: mode is ", mode,
              ", expected 0 (sum), 1 (mean) or 2 (max)");
}

// The tables are one row's or none's: a single one that stock does faster does not matter.
const char* choose_row(BagTables& call, const kernels::Row*& row) {
  const Machine& m = machine();
  for (const Bags& bags : call.tables) {
    const auto chosen = kernels::embedding_bag::select(bags, m.isa, *m.calibration, m.policy);
    row = chosen.row;
    if (chosen.row == nullptr) return chosen.reason;
  }
  return nullptr;
}

RowResult<Tensor> run_row(const kernels::Row&, const BagTables& call) {
  const Bags& first = call.tables[0];
  Tensor output = at::detail::empty_cpu({first.bags, call.columns}, scalar_type(first.type));
  std::vector<Bags> tables = call.tables;
  char* out = static_cast<char*>(output.mutable_data_ptr());
  for (Bags& bags : tables) {
    bags.out = out;
    bags.out_stride = call.columns;
    out += bags.columns * output.element_size();
  }
  switch (kernels::embedding_bag::run_jit(tables, machine().isa, torch_threads())) {
    case Outcome::kNoKernel:
      return {{}, "no memory for a generated kernel"};
    case Outcome::kInvalid:
      return {{}, "an index is outside the table or offsets do not ascend"};
    case Outcome::kDone:
      break;
  }
  return {std::move(output), nullptr};
}

struct EmbeddingBags : ReturnsResult<BagTables> {
  using Schema = Tensor(TensorList, TensorList, TensorList, int64_t, bool);
  static constexpr OpId id = OpId::kStokerEmbeddingBags;

  static Tensor stock(TensorList weights, TensorList indices, TensorList offsets, int64_t mode,
                      bool include_last_offset) {
    check(weights, indices, offsets, mode);
    std::vector<Tensor> parts;
    for (size_t i = 0; i < weights.size(); ++i) {
      parts.push_back(std::get<0>(at::embedding_bag(weights[i], indices[i], offsets[i],
                                                    /*scale_grad_by_freq=*/false, mode,
                                                    /*sparse=*/false, /*per_sample_weights=*/{},
                                                    include_last_offset)));
    }
    return at::cat(parts, 1);
  }

  static const char* to_problem(BagTables& call, TensorList weights, TensorList indices,
                                TensorList offsets, int64_t mode, bool include_last_offset) {
    check(weights, indices, offsets, mode);  // what it throws, stock throws again
    for (size_t i = 0; i < weights.size(); ++i) {
      Bags bags{};
      bags.mode = static_cast<Mode>(mode);
      if (const char* why = read_weight(bags, weights[i])) return why;
      if (const char* why = read_indices(bags, indices[i], offsets[i], include_last_offset)) {
        return why;
      }
      if (i > 0 && bags.type != call.tables[0].type) return "dtypes differ";
      if (i > 0 && bags.bags != call.tables[0].bags) return "sizes do not match";
      call.columns += bags.columns;
      call.tables.push_back(bags);
    }
    return nullptr;
  }
};

}  // namespace

// embedding_bags(weights n_i of [rows_i, columns_i], indices n_i of [count_i], offsets n_i of
// [bags])
// -> [bags, sum columns_i]. mode: 0 sum, 1 mean, 2 max.
void register_stoker_bags(torch::Library& stoker) {
  stoker.def(
      "embedding_bags(Tensor[] weights, Tensor[] indices, Tensor[] offsets, *, int mode=0, "
      "bool include_last_offset=False) -> Tensor",
      {at::Tag::pt2_compliant_tag});
  stoker.impl("embedding_bags", torch::dispatch(c10::DispatchKey::CompositeImplicitAutograd,
                                                TORCH_FN(Override<EmbeddingBags>::call)));
}

}  // namespace stoker::aten
