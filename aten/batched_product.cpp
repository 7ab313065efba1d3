#include "aten/batched_product.h"

#include <ATen/EmptyTensor.h>

#include <array>

#include "aten/machine.h"
#include "aten/numerics.h"
#include "aten/threads.h"
#include "kernels/matmul/jit.h"
#include "kernels/matmul/table.h"

namespace stoker::aten {
namespace {

using kernels::DataType;
using kernels::Order;
using kernels::matmul::Operand;

std::array<int64_t, 3> result_sizes(const kernels::MatmulProblem& p) { return {p.batch, p.m, p.n}; }

// Null, or why the kernels cannot read A and B; finds out which way B lies.
const char* readable(BatchedProduct& product) {
  kernels::MatmulProblem& problem = product.problem;
  if (product.a->stride(2) != 1 && problem.k != 1) return "input is not contiguous along k";
  const bool along_n = product.b->stride(2) == 1, along_k = product.b->stride(1) == 1;
  if (along_n && (problem.n > 1 || !along_k)) {
    problem.order = Order::kAlongN;
  } else if (along_k || problem.k == 1) {
    problem.order = Order::kAlongK;
  } else if (problem.n == 1) {
    problem.order = Order::kAlongN;
  } else {
    return "input is not contiguous along k or n";
  }
  return nullptr;
}

bool is_real(const at::Scalar& scalar) {
  return scalar.isFloatingPoint() || scalar.isIntegral(/*includeBool=*/false);
}

// Does `tensor` broadcast to the result?
bool expands(const at::Tensor& tensor, const kernels::MatmulProblem& problem) {
  const auto sizes = result_sizes(problem);
  const int64_t missing = 3 - tensor.dim();
  if (missing < 0) return false;
  for (int64_t i = missing; i < 3; ++i) {
    const int64_t size = tensor.size(i - missing);
    if (size != 1 && size != sizes[static_cast<size_t>(i)]) return false;
  }
  return true;
}

Operand operand(const at::Tensor& tensor) {
  return {tensor.const_data_ptr(), data_type(tensor), tensor.stride(0), tensor.stride(1),
          tensor.stride(2)};
}

// Strides of B such that the contiguous index has stride 1 even where it has one value.
Operand b_operand(const BatchedProduct& product) {
  Operand b = operand(*product.b);
  (product.problem.order == Order::kAlongN ? b.col_stride : b.row_stride) = 1;
  return b;
}

Operand added(const at::Tensor& self) {
  std::array<int64_t, 3> strides{};
  const int64_t missing = 3 - self.dim();
  for (int64_t i = missing; i < 3; ++i) {
    if (self.size(i - missing) > 1) strides[static_cast<size_t>(i)] = self.stride(i - missing);
  }
  return {self.const_data_ptr(), data_type(self), strides[0], strides[1], strides[2]};
}

}  // namespace

const char* bmm_product(BatchedProduct& product, const at::Tensor& a, const at::Tensor& b) {
  const ComputeType types = compute_type(a.scalar_type(), b.scalar_type(), product.autocast);
  if (types.declined != nullptr) return types.declined;
  if (a.dim() != 3 || b.dim() != 3 || b.size(0) != a.size(0) || b.size(1) != a.size(2)) {
    return "sizes do not match";
  }
  if (a.numel() == 0 || b.numel() == 0) return "an operand is empty";
  kernels::MatmulProblem& problem = product.problem;
  problem.batched = true;
  problem.batch = a.size(0);
  problem.m = a.size(1);
  problem.n = b.size(2);
  problem.k = a.size(2);
  problem.input = data_type(a);
  problem.multiply = types.multiply;
  problem.output = types.output;
  product.a = &a;
  product.b = &b;
  return readable(product);
}

const char* baddbmm_product(BatchedProduct& product, const at::Tensor& self, const at::Tensor& a,
                            const at::Tensor& b, const at::Scalar& beta, const at::Scalar& alpha) {
  if (const char* why = bmm_product(product, a, b)) return why;
  const bool mixes =
      product.autocast && (self.scalar_type() == at::kFloat || self.scalar_type() == at::kBFloat16);
  if (self.scalar_type() != a.scalar_type() && !mixes) return "dtypes differ";
  if (!expands(self, product.problem)) return "sizes do not match";
  // Whether 0 times a NaN of an operand is looked at differs between stock's kernels.
  if (!is_real(beta) || !is_real(alpha) || alpha.equal(0)) return "alpha or beta is unusual";
  product.alpha = alpha.to<float>();
  product.beta = beta.to<float>();
  if (!beta.equal(0)) product.self = &self;
  return nullptr;
}

const char* write_to(BatchedProduct& product, const at::Tensor& out) {
  if (out.scalar_type() != scalar_type(product.problem.output)) return "dtypes differ";
  if (out.sizes() != at::IntArrayRef(result_sizes(product.problem)) || !out.is_contiguous()) {
    return "out would be resized or is not contiguous";
  }
  for (const at::Tensor* operand : {product.a, product.b, product.self}) {
    if (operand != nullptr && out.is_alias_of(*operand)) return "out shares memory with an operand";
  }
  product.out = &out;
  return nullptr;
}

const char* choose_row(BatchedProduct& product, const kernels::Row*& row) {
  const Machine& m = machine();
  kernels::MatmulProblem& problem = product.problem;
  const auto select = [&] {
    return kernels::select(kernels::matmul::rows(), problem, m.isa, *m.calibration, m.policy);
  };
  kernels::Selection chosen = select();
  if (chosen.row == nullptr && problem.multiply == DataType::kBFloat16 &&
      problem.output == DataType::kFloat32) {
    problem.multiply = DataType::kFloat32;
    chosen = select();
  }
  row = chosen.row;
  return chosen.reason;
}

RowResult<at::Tensor> run_row(const kernels::Row& row, const BatchedProduct& product) {
  const kernels::MatmulProblem& problem = product.problem;
  const at::Tensor result =
      product.out
          ? *product.out
          : at::Tensor(at::detail::empty_cpu(result_sizes(problem), scalar_type(problem.output)));
  const kernels::matmul::Product call{
      .a = operand(*product.a),
      .b = b_operand(product),
      .d = product.self ? added(*product.self) : Operand(),
      .c = result.mutable_data_ptr(),
      .c_type = problem.output,
      .multiply = problem.multiply,
      .batch = problem.batch,
      .m = problem.m,
      .n = problem.n,
      .k = problem.k,
      .alpha = product.alpha,
      .beta = product.beta,
  };
  const Machine& m = machine();
  if (!kernels::matmul::run_jit(call, {m.isa, *row.generated, m.l2_bytes}, torch_threads())) {
    return {at::Tensor(), "no memory for a generated kernel"};
  }
  return {result, nullptr};
}

}  // namespace stoker::aten
