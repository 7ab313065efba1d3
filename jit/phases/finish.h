// The end of a kernel: from a finished sum to a stored result, one register at a time.
#pragma once

#include <cstddef>
#include <vector>

#include "jit/assembler.h"
#include "jit/phases/epilogue.h"

namespace stoker::jit {

// Where the operands of one vector are. beta: a memory operand of one float, used when scaled.
struct FinishPlace {
  Xbyak::RegExp other, out, beta;
};

// Stores epilogue(x) at place.out as `out` elements; alpha and bias are in x already. x is lost.
// Takes finish_temps() registers.
void emit_finish(Assembler& a, const Epilogue& epilogue, Element out, const Xbyak::Xmm& x,
                 const FinishPlace& place);

int finish_temps(const Epilogue& epilogue, Element out) noexcept;

struct SpillRegs {
  const Xbyak::Reg64 &stack, &from, &left;
};

// For an epilogue that needs more registers than the sums, [rows][vectors], leave: they go to the
// stack, and a loop over the rows has the whole register file. Inlining the epilogue for each of up
// to 28 sums would also make kernels of 6 KB. Of a row: begin(), store(sum, v) for each, end().
template <class Begin, class Store, class End>
void emit_spilled(Assembler& a, std::vector<Vec>& sums, int vectors, const SpillRegs& regs,
                  const Begin& begin, const Store& store, const End& end) {
  const int row_bytes = vectors * a.vector_bytes();
  const int rows = static_cast<int>(sums.size()) / vectors;
  a.mov(regs.stack, a.rsp);
  a.sub(a.rsp, rows * row_bytes);
  a.and_(a.rsp, -64);
  for (size_t i = 0; i < sums.size(); ++i) {
    a.vmovups(a.ptr[a.rsp + static_cast<int>(i) * a.vector_bytes()], sums[i]);
  }
  sums.clear();
  Xbyak::Label loop;
  a.mov(regs.from, a.rsp);
  a.mov(regs.left, rows);
  a.L(loop);
  begin();
  for (int v = 0; v < vectors; ++v) {
    const Vec x = a.vec();
    a.vmovups(x, a.ptr[regs.from + v * a.vector_bytes()]);
    store(x, v);
  }
  a.add(regs.from, row_bytes);
  end();
  a.dec(regs.left);
  a.jnz(loop, Assembler::T_NEAR);
  a.mov(a.rsp, regs.stack);
}

}  // namespace stoker::jit
