#include "jit/gen/skeleton.h"

#include <string>

#include "jit/assembler.h"
#include "jit/code_cache.h"
#include "jit/phases/elementary.h"

namespace stoker::jit {
namespace {

using Xbyak::Label;
using Xbyak::Reg64;

class Generator : public Assembler {
 public:
  explicit Generator(const SkeletonConfig& config) : Assembler(config.isa), c_(config) {}

  // A table of contents: each phase a member.
  SkeletonKernel generate() {
    const Gpr x = gpr(), y = gpr(), count = gpr();
    enter();
    mov(x, ptr[args + offsetof(SkeletonArgs, x)]);
    mov(y, ptr[args + offsetof(SkeletonArgs, y)]);
    mov(count, ptr[args + offsetof(SkeletonArgs, count)]);
    whole_vectors(x, y, count);
    tail(x, y, count);
    leave();
    return finish<SkeletonKernel>(std::string("skeleton_") + isa_name(c_.isa) +
                                  activation_name(c_.activation));
  }

 private:
  void whole_vectors(const Reg64& x, const Reg64& y, const Reg64& count) {
    const int lanes = vector_bytes() / 4;
    Label loop, done;
    sub(count, lanes);
    jl(done, T_NEAR);
    L(loop);
    {
      const Vec value = vec();
      vmovups(value, ptr[x]);
      emit_activation(*this, c_.activation, value);
      vmovups(ptr[y], value);
    }
    add(x, vector_bytes());
    add(y, vector_bytes());
    sub(count, lanes);
    jge(loop, T_NEAR);
    L(done);
    add(count, lanes);
  }

  // One at a time, so that nothing past the end is touched.
  void tail(const Reg64& x, const Reg64& y, const Reg64& count) {
    Label loop, done;
    test(count, count);
    jz(done, T_NEAR);
    L(loop);
    {
      const Vec value = vec();
      vmovss(xmm_of(value), ptr[x]);
      emit_activation(*this, c_.activation, value);
      vmovss(ptr[y], xmm_of(value));
    }
    add(x, 4);
    add(y, 4);
    dec(count);
    jnz(loop, T_NEAR);
    L(done);
  }

  const SkeletonConfig c_;
};

SkeletonKernel generate(const SkeletonConfig& config) { return Generator(config).generate(); }

}  // namespace

SkeletonKernel get_skeleton(const SkeletonConfig& config) noexcept {
  static auto* const cache = new CodeCache<SkeletonConfig, SkeletonKernel>();
  return cache->get(config, &generate);
}

}  // namespace stoker::jit
