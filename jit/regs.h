// Registers with roles and lifetimes: taken from a pool, given back when the owner goes.
#pragma once

#include <xbyak/xbyak.h>

#include <bit>
#include <cstdint>
#include <utility>

namespace stoker::jit {

// Numbers of free registers. Running out is an error of the generator's author, reported while
// generating: the kernel is then declined, never wrong.
class RegisterPool {
 public:
  explicit RegisterPool(uint32_t free) noexcept : free_(free) {}

  int take() {
    if (free_ == 0) throw Xbyak::Error(Xbyak::ERR_INTERNAL);
    const int index = std::countr_zero(free_);
    free_ &= free_ - 1;
    return index;
  }
  void give(int index) noexcept { free_ |= 1u << index; }
  int left() const noexcept { return std::popcount(free_); }
  // From now on only registers of `allowed`.
  void restrict_to(uint32_t allowed) noexcept { free_ &= allowed; }

 private:
  uint32_t free_;
};

// A vector register of the kernel's width. It is an operand: use it as any xbyak register.
class Vec : public Xbyak::Xmm {
 public:
  Vec(RegisterPool& pool, const Xbyak::Xmm& reg) : Xbyak::Xmm(reg), pool_(&pool) {}
  Vec(Vec&& other) noexcept : Xbyak::Xmm(other), pool_(std::exchange(other.pool_, nullptr)) {}
  Vec& operator=(Vec&&) = delete;
  ~Vec() {
    if (pool_ != nullptr) pool_->give(getIdx());
  }

 private:
  RegisterPool* pool_;
};

// A general-purpose register.
class Gpr : public Xbyak::Reg64 {
 public:
  Gpr(RegisterPool& pool, const Xbyak::Reg64& reg) : Xbyak::Reg64(reg), pool_(&pool) {}
  Gpr(Gpr&& other) noexcept : Xbyak::Reg64(other), pool_(std::exchange(other.pool_, nullptr)) {}
  Gpr& operator=(Gpr&&) = delete;
  ~Gpr() {
    if (pool_ != nullptr) pool_->give(getIdx());
  }

 private:
  RegisterPool* pool_;
};

}  // namespace stoker::jit
