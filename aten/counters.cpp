#include "aten/counters.h"

#include <cstdio>

#include "aten/settings.h"

namespace stoker::aten {
namespace {

void report(OpId op, const char* what, const char* literal) {
  if (settings().verbose) std::fprintf(stderr, "stoker: %s: %s: %s\n", op_name(op), what, literal);
}

}  // namespace

const char* op_name(OpId op) noexcept {
  static constexpr const char* kNames[] = {"linear",
                                           "addmm",
                                           "addmm.out",
                                           "mm",
                                           "mm.out",
                                           "bmm",
                                           "bmm.out",
                                           "baddbmm",
                                           "baddbmm.out",
                                           "_convolution",
                                           "_embedding_bag",
                                           "_embedding_bag_forward_only",
                                           "autocast.linear",
                                           "autocast.addmm",
                                           "autocast.mm",
                                           "autocast.matmul",
                                           "autocast.bmm",
                                           "autocast.baddbmm",
                                           "autocast.conv1d",
                                           "autocast.conv2d",
                                           "autocast.conv3d",
                                           "stoker.linear",
                                           "stoker.embedding_bags",
                                           "stoker.convolution",
                                           "stoker.add_layer_norm",
                                           "stoker.rms_norm",
                                           "lstm.input",
                                           "lstm.data",
                                           "gru.input",
                                           "gru.data",
                                           "rnn_tanh.input",
                                           "rnn_tanh.data",
                                           "rnn_relu.input",
                                           "rnn_relu.data",
                                           "lstm_cell",
                                           "gru_cell",
                                           "rnn_tanh_cell",
                                           "rnn_relu_cell"};
  static_assert(std::size(kNames) == static_cast<size_t>(OpId::kCount));
  return kNames[static_cast<size_t>(op)];
}

bool LiteralCounts::add(const char* literal) noexcept {
  for (size_t i = 0; i < slots_.size(); ++i) {
    Slot& slot = slots_[i];
    const char* present = slot.literal.load(std::memory_order_relaxed);
    bool first = false;
    if (present == nullptr) {
      first = slot.literal.compare_exchange_strong(present, literal, std::memory_order_relaxed);
    }
    if (first || present == literal || i + 1 == slots_.size()) {
      slot.count.fetch_add(1, std::memory_order_relaxed);
      return first;
    }
  }
  return false;
}

std::map<std::string, uint64_t> LiteralCounts::read() const {
  std::map<std::string, uint64_t> counts;
  for (const Slot& slot : slots_) {
    const char* literal = slot.literal.load(std::memory_order_relaxed);
    const uint64_t count = slot.count.load(std::memory_order_relaxed);
    if (literal != nullptr && count > 0) counts[literal] += count;
  }
  return counts;
}

void LiteralCounts::clear() noexcept {
  nanoseconds_.store(0, std::memory_order_relaxed);
  for (Slot& slot : slots_) {
    slot.literal.store(nullptr, std::memory_order_relaxed);
    slot.count.store(0, std::memory_order_relaxed);
  }
}

OpCounters& counters(OpId op) noexcept {
  static std::array<OpCounters, static_cast<size_t>(OpId::kCount)>* const all =
      new std::array<OpCounters, static_cast<size_t>(OpId::kCount)>();  // leaked: used at exit
  return (*all)[static_cast<size_t>(op)];
}

void count_taken(OpId op, const char* row) noexcept {
  if (counters(op).taken.add(row)) report(op, "taken by", row);
}

void count_declined(OpId op, const char* reason) noexcept {
  if (counters(op).declined.add(reason)) report(op, "declined", reason);
}

}  // namespace stoker::aten
