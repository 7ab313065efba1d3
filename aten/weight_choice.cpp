#include "aten/weight_choice.h"

#include "aten/machine.h"

namespace stoker::aten {
namespace {

using kernels::DataType;

// Has the row instructions for bf16, and the fastest of this CPU? oneDNN takes tiles by itself.
bool is_made_for_bf16(const kernels::Row& row) {
  if (!row.generated) return row.needs >= jit::Isa::kAvx512Bf16 && row.needs <= machine().isa;
  const bool tiles = machine().isa == jit::Isa::kAmx;
  return *row.generated == (tiles ? jit::GemmMath::kBf16Amx : jit::GemmMath::kBf16Dot);
}

kernels::Selection select_row(std::span<const kernels::Row> rows,
                              const kernels::MatmulProblem& problem) {
  const Machine& m = machine();
  return kernels::select(rows, problem, m.isa, *m.calibration, m.policy);
}

kernels::Selection select_rounded(std::span<const kernels::Row> rows,
                                  const kernels::MatmulProblem& problem) {
  const kernels::Selection measured = select_row(rows, problem);
  const bool has_bf16_tensor =
      problem.input == DataType::kBFloat16 || problem.output == DataType::kBFloat16;
  if (measured.row != nullptr || !has_bf16_tensor || !multiplies_bf16()) return measured;
  for (const kernels::Row& row : rows) {
    if (is_made_for_bf16(row) && row.multiply == problem.multiply &&
        row.unsupported(problem) == nullptr) {
      return {&row};
    }
  }
  return measured;
}

}  // namespace

bool is_too_small(int64_t elements) {
  const Machine& m = machine();
  return elements < m.calibration->least_weight && m.policy == kernels::Policy::kCalibrated;
}

WeightChoice choose_for_weight(std::span<const kernels::Row> rows,
                               std::span<const kernels::Row> rounding,
                               kernels::MatmulProblem& problem, const WeightUse& use) {
  const bool rounds_weight = problem.multiply == DataType::kBFloat16 && use.is_float32;
  const bool in_bf16_mode = rounds_weight && !use.autocast;
  const std::span<const kernels::Row> given = rounds_weight ? rounding : rows;
  WeightChoice choice{in_bf16_mode ? select_rounded(given, problem) : select_row(given, problem),
                      use.known ? kWeightSightings : kActivationSightings};
  if (choice.selection.row == nullptr && in_bf16_mode && problem.input == DataType::kFloat32) {
    problem.multiply = DataType::kFloat32;
    choice.selection = select_row(rows, problem);
  } else if (in_bf16_mode) {
    // Who asks for bf16 gets it from the first call on: results do not change on the way.
    if (use.known) choice.sightings = 1;
    choice.selection.rows_before_pack = 0;
  } else if (rounds_weight && use.known) {
    // Stock casts this weight on every call, which costs about as much as the pack does once.
    choice.selection.rows_before_pack = 0;
  }
  // A module was called for seconds before it became a graph, and its capture took seconds: a pack
  // is nothing beside them, and the first calls of a graph are as fast as the later ones. By rows,
  // a 1x1 convolution of one pixel would be stock's for hundreds of calls.
  if (use.in_graph) choice.selection.rows_before_pack = 0;
  return choice;
}

}  // namespace stoker::aten
