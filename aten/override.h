// The one way an operator is overridden: gate -> problem -> choose -> run, or stock.
//
// Op gives:
//   using Schema = R(Args...);                      the C++ signature of the operator
//   static constexpr OpId id;
//   static R stock(Args...);                        the kernel that was replaced
// and, where it has rows, by deriving from ReturnsResult, CopiesToOut or WritesOut<Problem>:
//   static const char* to_problem(Problem&, Args...);   why not, or null
//   static R finish(at::Tensor, Args...);               hands the result back
// where the rows for a Problem are
//   const char* choose_row(Problem&, const kernels::Row*&);          why there is none, or null
//   RowResult<T> run_row(const kernels::Row&, const Problem&);       may decline
// Nothing else in the library calls stock or counts.
#pragma once

#include <atomic>
#include <chrono>
#include <exception>
#include <tuple>
#include <utility>

#include <ATen/record_function.h>

#include "aten/counters.h"
#include "aten/gate.h"
#include "aten/row_result.h"
#include "aten/settings.h"
#include "kernels/select.h"

namespace stoker::aten {

// Read by every call; enable() and disable() flip it. Dispatch tables are not synchronised with
// running threads, so they stay as they are.
inline std::atomic<bool> active{false};

// Set while a stock kernel runs on this thread: the operators it calls in turn are stock as well.
inline thread_local bool inside_stock __attribute__((tls_model("initial-exec"))) = false;

class StockScope {
 public:
  StockScope() noexcept : before_(std::exchange(inside_stock, true)) {}
  ~StockScope() { inside_stock = before_; }
  StockScope(const StockScope&) = delete;
  StockScope& operator=(const StockScope&) = delete;

 private:
  bool before_;
};

// Times one call when the report wants it; else costs a branch.
class Stopwatch {
 public:
  Stopwatch() : start_(settings().report ? Clock::now() : Clock::time_point()) {}
  bool running() const noexcept { return start_ != Clock::time_point(); }
  void stop(LiteralCounts& counts) const noexcept {
    if (running()) counts.add_time(std::chrono::nanoseconds(Clock::now() - start_).count());
  }

 private:
  using Clock = std::chrono::steady_clock;
  Clock::time_point start_;
};

struct StopAtExit {
  const Stopwatch& watch;
  LiteralCounts& counts;
  ~StopAtExit() { watch.stop(counts); }
};

// How the result of a row becomes what the operator returns; out is the last argument.
template <class P>
struct ReturnsResult {
  using Problem = P;

  template <class Result, class... Args>
  static Result finish(Result result, const Args&...) {
    return result;
  }
};

template <class P>
struct CopiesToOut {
  using Problem = P;

  template <class... Args>
  static at::Tensor& finish(const at::Tensor& result, Args&... args) {
    at::Tensor& out = std::get<sizeof...(Args) - 1>(std::tie(args...));
    out.copy_(result);
    return out;
  }
};

template <class P>
struct WritesOut {  // the row did
  using Problem = P;

  template <class... Args>
  static at::Tensor& finish(const at::Tensor&, Args&... args) {
    return std::get<sizeof...(Args) - 1>(std::tie(args...));
  }
};

template <class Op, class Schema = typename Op::Schema>
struct Override;

template <class Op, class R, class... Args>
struct Override<Op, R(Args...)> {
  static R call(Args... args) {
    if (inside_stock || !active.load(std::memory_order_relaxed)) return Op::stock(args...);
    const Stopwatch watch;
    const char* declined = "no row for this operator yet";
    if constexpr (kHasRows) {
      const kernels::Row* row = nullptr;
      auto result = attempt<typename Op::Problem>(row, args...);
      if (result.declined == nullptr) {
        count_taken(Op::id, row->name);
        watch.stop(counters(Op::id).taken);
        return Op::finish(std::move(result.value), args...);
      }
      declined = result.declined;
    }
    count_declined(Op::id, declined);
    const StockScope scope;
    if (!watch.running()) return Op::stock(args...);
    const StopAtExit stop{watch, counters(Op::id).declined};
    return Op::stock(args...);
  }

 private:
  static constexpr bool kHasRows = requires { &Op::to_problem; };

  // What throws declined: stock either works or raises its own error.
  template <class Problem>
  static auto attempt(const kernels::Row*& row, Args... args)
      -> decltype(run_row(*row, std::declval<const Problem&>())) {
    try {
      Problem problem;
      if (const char* why = choose(problem, row, args...)) return {{}, why};
      RECORD_FUNCTION(row->name, {});
      const StockScope scope;
      return run_row(*row, problem);
    } catch (const std::exception&) {
      return {{}, "the row raised an error"};
    }
  }

  template <class Problem>
  static const char* choose(Problem& problem, const kernels::Row*& row, Args... args) {
    if (const char* why = gate_operands(args...)) return why;
    if (const char* why = Op::to_problem(problem, args...)) return why;
    if (const char* why = choose_row(problem, row)) return why;
    return gate_context();
  }
};

}  // namespace stoker::aten
