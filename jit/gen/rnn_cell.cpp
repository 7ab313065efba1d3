#include "jit/gen/rnn_cell.h"

#include <cstddef>
#include <vector>

#include "jit/assembler.h"
#include "jit/code_cache.h"
#include "jit/phases/convert.h"
#include "jit/phases/elementary.h"

namespace stoker::jit {
namespace {

using Xbyak::Address;
using Xbyak::Label;
using Xbyak::Xmm;

// Budget of vector registers: at most four values of the cell beside the six temporaries of an
// elementary function. Functions of one cell depend little on each other: the CPU overlaps them.
class Generator : public Assembler {
 public:
  explicit Generator(const RnnCellConfig& config) : Assembler(config.isa), c_(config) {}

  RnnCellKernel generate() {
    const Gpr rows = gpr(), count = gpr();
    make_streams();
    enter();
    for (const Stream& s : streams_) mov(s.row, field(s.pointer));
    mov(rows, field(offsetof(RnnCellArgs, rows)));
    Label row, unit;
    L(row);
    for (const Stream& s : streams_) mov(s.at, s.row);
    mov(count, field(offsetof(RnnCellArgs, vectors)));
    align(32);
    L(unit);
    cell();
    for (const Stream& s : streams_) add(s.at, s.step);
    dec(count);
    jnz(unit, T_NEAR);
    for (const Stream& s : streams_) add(s.row, field(s.stride));
    dec(rows);
    jnz(row, T_NEAR);
    leave();
    return finish<RnnCellKernel>(rnn_cell_name(c_));
  }

 private:
  // One array of the arguments, walked through vector by vector.
  struct Stream {
    size_t pointer, stride;  // fields of the arguments
    int step;                // bytes to the next vector of units
    Gpr row, at;
  };

  Address field(size_t offset) const { return ptr[args + static_cast<int>(offset)]; }

  int lanes() const { return vector_bytes() / 4; }

  const Stream* stream(size_t pointer, size_t stride, int step) {
    streams_.push_back(Stream{pointer, stride, step, gpr(), gpr()});
    return &streams_.back();
  }

  void make_streams() {
#define STREAM(name, step) \
  stream(offsetof(RnnCellArgs, name), offsetof(RnnCellArgs, name##_stride), step)
    streams_.reserve(6);  // pointers to its elements are kept
    const int gates = rnn_gates(c_.cell) * vector_bytes();
    const int state = lanes() * element_bytes(c_.state);
    gates_ = STREAM(gates, gates);
    if (c_.cell == RnnCell::kGru) {
      input_ = STREAM(input, gates);
      h_ = STREAM(h, lanes() * element_bytes(h_type()));
    }
    if (c_.cell == RnnCell::kLstm) memory_ = STREAM(c, vector_bytes());
    state_ = STREAM(state, state);
    if (c_.writes_out != 0) out_ = STREAM(out, lanes() * element_bytes(c_.out));
#undef STREAM
  }

  Element h_type() const { return c_.mixed != 0 ? c_.out : c_.state; }

  Address gate(const Stream* of, int number) const { return ptr[of->at + number * vector_bytes()]; }

  void cell() {
    switch (c_.cell) {
      case RnnCell::kLstm:
        lstm();
        break;
      case RnnCell::kGru:
        gru();
        break;
      case RnnCell::kTanh:
      case RnnCell::kRelu: {
        const Vec x = vec();
        vmovups(x, gate(gates_, 0));
        emit_activation(*this, c_.cell == RnnCell::kTanh ? Activation::kTanh : Activation::kRelu,
                        x);
        store(x);
      }
    }
  }

  void lstm() {
    const Vec c = vec(), sum = vec(), x = vec();
    vmovups(sum, gate(gates_, 0));
    emit_sigmoid(*this, sum);
    vmovups(x, gate(gates_, 2));
    emit_tanh(*this, x);
    vmulps(sum, sum, x);
    vmovups(x, gate(gates_, 1));
    emit_sigmoid(*this, x);
    vmovups(c, ptr[memory_->at]);
    vfmadd213ps(c, x, sum);
    vmovups(ptr[memory_->at], c);
    vmovups(x, gate(gates_, 3));
    emit_sigmoid(*this, x);
    emit_tanh(*this, c);
    vmulps(x, x, c);
    store(x);
  }

  void gru() {
    const Vec n = vec(), z = vec(), h = vec();
    vmovups(n, gate(gates_, 0));
    vaddps(n, n, gate(input_, 0));
    emit_sigmoid(*this, n);
    vmovups(z, gate(gates_, 2));
    vfmadd213ps(n, z, gate(input_, 2));
    emit_tanh(*this, n);
    vmovups(z, gate(gates_, 1));
    vaddps(z, z, gate(input_, 1));
    emit_sigmoid(*this, z);
    emit_load(*this, h_type(), h, h_->at);
    vsubps(h, h, n);
    vfmadd213ps(h, z, n);
    store(h);
  }

  // The state holds the values of the result, whatever its own format is; mixed, rounded ones.
  void store(const Xmm& h) {
    const bool rounds = c_.state == Element::kF32 && (c_.mixed != 0 || c_.out == Element::kBf16);
    if (rounds && c_.mixed == 0) round(h);
    if (c_.writes_out != 0) {
      const Vec copy = vec();
      vmovaps(copy, h);
      emit_store(*this, c_.out, out_->at, copy);
    }
    if (rounds && c_.mixed != 0) round(h);
    emit_store(*this, c_.state, state_->at, h);
  }

  void round(const Xmm& h) {
    emit_round_to_bf16(*this, h);
    vpslld(h, h, 16);
  }

  const RnnCellConfig c_;
  std::vector<Stream> streams_;
  const Stream *gates_ = nullptr, *input_ = nullptr, *memory_ = nullptr, *h_ = nullptr,
               *state_ = nullptr, *out_ = nullptr;
};

RnnCellKernel generate(const RnnCellConfig& config) { return Generator(config).generate(); }

}  // namespace

RnnCellKernel get_rnn_cell(const RnnCellConfig& config) noexcept {
  static auto* const cache = new CodeCache<RnnCellConfig, RnnCellKernel>();
  return cache->get(config, &generate);
}

std::string rnn_cell_name(const RnnCellConfig& config) {
  static constexpr const char* kCell[] = {"lstm", "gru", "tanh", "relu"};
  std::string name = std::string("rnn_cell_") + kCell[static_cast<int>(config.cell)] + "_" +
                     element_name(config.state) + "_" + element_name(config.out) + "_" +
                     isa_name(config.isa);
  if (config.writes_out == 0) name += "_state";
  if (config.mixed != 0) name += "_mixed";
  return name;
}

}  // namespace stoker::jit
