#include "kernels/calibration.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <sstream>
#include <stdexcept>
#include <tuple>

#include "kernels/calibration_data.h"
#include "kernels/rounding.h"

namespace stoker::kernels {
namespace {

constexpr int64_t kAny = std::numeric_limits<int64_t>::max();

// One line, word by word.
class Words {
 public:
  Words(const std::string& line, int number) : in_(line), number_(number) {}

  bool next(std::string& word) { return static_cast<bool>(in_ >> word); }

  std::string word(const char* expected) {
    std::string found;
    if (!next(found)) fail(expected, "the end of the line");
    return found;
  }

  void keyword(const char* expected) {
    const std::string found = word(expected);
    if (found != expected) fail(expected, "'" + found + "'");
  }

  int64_t number(const char* expected, int64_t unlimited) {
    const std::string found = word(expected);
    return found == "*" ? unlimited : parsed(found, expected);
  }

  int64_t parsed(const std::string& found, const char* expected) const {
    int64_t value = 0;
    const char* const last = found.data() + found.size();
    const auto [end, error] = std::from_chars(found.data(), last, value);
    if (error != std::errc() || end != last || value < 0) fail(expected, "'" + found + "'");
    return value;
  }

  // KEYWORD LEAST GREATEST; the greatest may be '*'.
  std::pair<int64_t, int64_t> range(const char* name, const char* least, const char* greatest) {
    keyword(name);
    const int64_t from = number(least, 0);
    return {from, number(greatest, kAny)};
  }

  void end() {
    std::string found;
    if (next(found)) fail("the end of the line", "'" + found + "'");
  }

  std::string rest() {
    std::string text;
    std::getline(in_ >> std::ws, text);
    return text.substr(0, text.find_last_not_of(" \t\r") + 1);
  }

  [[noreturn]] void fail(const std::string& expected, const std::string& found) const {
    throw std::invalid_argument("line " + std::to_string(number_) + ": expected " + expected +
                                ", found " + found);
  }

 private:
  std::istringstream in_;
  int number_;
};

CpuRange read_cpu(Words& words) {
  CpuRange range;
  range.vendor = words.word("a CPU vendor");
  range.family = static_cast<int>(words.number("a CPU family", 0));
  const int64_t model = words.number("a CPU model or *", -1);
  if (model < 0) {
    words.end();
    return range;
  }
  range.models.push_back(static_cast<int>(model));
  for (std::string text; words.next(text);) {
    range.models.push_back(static_cast<int>(words.parsed(text, "a CPU model")));
  }
  return range;
}

// At the end of a line, or nothing.
void read_bounds_of_k(Words& words, Rule& rule) {
  std::string more;
  if (!words.next(more)) return;
  if (more != "k") words.fail("k or the end of the line", "'" + more + "'");
  rule.min_k = words.number("the least K", 0);
  rule.max_k = words.number("the greatest K", kAny);
  words.end();
}

Rule read_rule(Words& words) {
  Rule rule;
  rule.row = words.word("the name of a row");
  std::tie(rule.min_m, rule.max_m) = words.range("m", "the least M", "the greatest M");
  std::tie(rule.min_weight, rule.max_weight) =
      words.range("weight", "the least N * K", "the greatest N * K");
  words.keyword("macs");
  rule.min_macs = words.number("the least M * N * K", 0);
  words.keyword("pack");
  rule.rows_before_pack = words.number("the rows before a pack", kAny);
  read_bounds_of_k(words, rule);
  return rule;
}

Rule read_batched(Words& words) {
  Rule rule{words.word("the name of a row"), 0, kAny, 0, kAny, 0, 0};
  words.keyword("b");
  const std::string order = words.word("along_k or along_n");
  if (order != "along_k" && order != "along_n") words.fail("along_k or along_n", "'" + order + "'");
  rule.order = order == "along_k" ? Order::kAlongK : Order::kAlongN;
  std::tie(rule.min_m, rule.max_m) = words.range("m", "the least M", "the greatest M");
  std::tie(rule.min_n, rule.max_n) = words.range("n", "the least N", "the greatest N");
  std::tie(rule.min_k, rule.max_k) = words.range("k", "the least K", "the greatest K");
  words.keyword("macs");
  rule.min_macs = words.number("the least batch * M * N * K", 0);
  words.end();
  return rule;
}

BagRule read_bags(Words& words) {
  BagRule rule;
  rule.row = words.word("the name of a row");
  rule.kind = words.word("a kind of bags such as mean");
  std::tie(rule.min_bags, rule.max_bags) =
      words.range("bags", "the least number of bags", "the greatest number of bags");
  std::tie(rule.min_length, rule.max_length) =
      words.range("length", "the least indices a bag", "the most indices a bag");
  words.end();
  return rule;
}

NormRule read_norm(Words& words) {
  NormRule rule;
  rule.row = words.word("the name of a row");
  rule.kind = words.word("a kind of normalization such as add_layer");
  std::tie(rule.min_rows, rule.max_rows) = words.range("rows", "the fewest rows", "the most rows");
  std::tie(rule.min_columns, rule.max_columns) =
      words.range("columns", "the fewest columns", "the most columns");
  words.end();
  return rule;
}

RnnRule read_rnn(Words& words) {
  RnnRule rule;
  rule.row = words.word("the name of a row");
  std::tie(rule.min_h, rule.max_h) =
      words.range("h", "the least number of units", "the greatest number of units");
  std::tie(rule.min_b, rule.max_b) = words.range("b", "the fewest sequences", "the most sequences");
  std::tie(rule.min_t, rule.max_t) = words.range("t", "the fewest steps", "the most steps");
  words.keyword("pack");
  rule.rows_before_pack = words.number("the rows before a pack", kAny);
  words.end();
  return rule;
}

Window read_window(Words& words) {
  static constexpr std::pair<std::string_view, Window> kNames[] = {
      {"point", Window::kPoint},         {"strided", Window::kStrided},
      {"spatial", Window::kSpatial},     {"grouped", Window::kGrouped},
      {"depthwise", Window::kDepthwise}, {"transposed", Window::kTransposed}};
  const char* const expected = "point, strided, spatial, grouped, depthwise or transposed";
  const std::string found = words.word(expected);
  for (const auto& [name, window] : kNames) {
    if (found == name) return window;
  }
  words.fail(expected, "'" + found + "'");
}

Rule read_conv(Words& words) {
  Rule rule{words.word("the name of a row"), 0, kAny, 0, kAny, 0, 0};
  rule.window = read_window(words);
  const std::string order = words.word("first or last");
  if (order != "first" && order != "last") words.fail("first or last", "'" + order + "'");
  rule.order = order == "last" ? Order::kAlongK : Order::kAlongN;
  std::tie(rule.min_batch, rule.max_batch) =
      words.range("images", "the fewest images", "the most images");
  std::tie(rule.min_m, rule.max_m) = words.range("pixels", "the fewest pixels", "the most pixels");
  std::tie(rule.min_n, rule.max_n) =
      words.range("outputs", "the fewest outputs", "the most outputs");
  words.keyword("macs");
  rule.min_macs = words.number("the least multiplications", 0);
  words.keyword("pack");
  rule.rows_before_pack = words.number("the pixels before a pack", kAny);
  read_bounds_of_k(words, rule);
  return rule;
}

bool is_in(int64_t value, int64_t least, int64_t most) { return value >= least && value <= most; }

const std::vector<Calibration>& shipped() {
  static const std::vector<Calibration> all = [] {
    std::vector<Calibration> parsed;
    for (const std::string_view text : shipped_calibrations()) {
      parsed.push_back(parse_calibration(text));
    }
    return parsed;
  }();
  return all;
}

}  // namespace

bool CpuRange::contains(const jit::CpuInfo& cpu) const noexcept {
  return cpu.vendor == vendor && cpu.family == family &&
         (models.empty() || std::find(models.begin(), models.end(), cpu.model) != models.end());
}

const std::vector<Rule>& Calibration::rules_for(const MatmulProblem& problem) const noexcept {
  if (problem.window != Window::kNone) return conv_rules;
  return problem.batched ? batched_rules : rules;
}

// Small products of graphs are left out by one comparison, with all rules or with one; other small
// ones were before they were described (is_too_small() in aten/).
const Rule* Calibration::rule(std::string_view row, const MatmulProblem& problem) const noexcept {
  const int64_t weight = problem.n * problem.k, macs = problem.batch * problem.m * weight;
  const std::vector<Rule>& candidates = rules_for(problem);
  if (&candidates == &rules && weight < least_weight) return nullptr;
  for (const Rule& rule : candidates) {
    if (weight >= rule.min_weight && macs >= rule.min_macs && weight <= rule.max_weight &&
        is_in(problem.m, rule.min_m, rule.max_m) && rule.window == problem.window &&
        (problem.has_epilogue || !rule.fused) &&
        is_in(problem.batch, rule.min_batch, rule.max_batch) &&
        is_in(problem.n, rule.min_n, rule.max_n) && is_in(problem.k, rule.min_k, rule.max_k) &&
        rule.order.value_or(problem.order) == problem.order && rule.row == row) {
      return &rule;
    }
  }
  return nullptr;
}

bool Calibration::bags(std::string_view row, std::string_view kind, int64_t bags,
                       int64_t count) const noexcept {
  const int64_t length = bags == 0 ? 0 : ceil_div(count, bags);
  return std::any_of(bag_rules.begin(), bag_rules.end(), [&](const BagRule& rule) {
    return is_in(bags, rule.min_bags, rule.max_bags) &&
           is_in(length, rule.min_length, rule.max_length) && rule.kind == kind && rule.row == row;
  });
}

bool Calibration::norms(std::string_view row, std::string_view kind, int64_t rows,
                        int64_t columns) const noexcept {
  return std::any_of(norm_rules.begin(), norm_rules.end(), [&](const NormRule& rule) {
    return is_in(rows, rule.min_rows, rule.max_rows) &&
           is_in(columns, rule.min_columns, rule.max_columns) && rule.kind == kind &&
           rule.row == row;
  });
}

void Calibration::complete(const Calibration& other) {
  const auto take_over = [](auto& mine, const auto& others) {
    if (mine.empty()) mine = others;
  };
  if (rules.empty()) least_weight = other.least_weight;
  take_over(rules, other.rules);
  take_over(batched_rules, other.batched_rules);
  take_over(conv_rules, other.conv_rules);
  take_over(bag_rules, other.bag_rules);
  take_over(rnn_rules, other.rnn_rules);
  take_over(norm_rules, other.norm_rules);
}

const RnnRule* Calibration::rnn_rule(std::string_view row, int64_t hidden, int64_t batch,
                                     int64_t steps) const noexcept {
  for (const RnnRule& rule : rnn_rules) {
    if (is_in(hidden, rule.min_h, rule.max_h) && is_in(batch, rule.min_b, rule.max_b) &&
        is_in(steps, rule.min_t, rule.max_t) && rule.row == row) {
      return &rule;
    }
  }
  return nullptr;
}

Calibration parse_calibration(std::string_view text) {
  Calibration result;
  std::istringstream lines{std::string(text)};
  int number = 0;
  for (std::string line; std::getline(lines, line);) {
    line.resize(std::min(line.find('#'), line.size()));
    Words words(line, ++number);
    std::string directive;
    if (!words.next(directive)) continue;
    if (directive == "family") {
      result.family = words.rest();
    } else if (directive == "cpu") {
      result.cpus.push_back(read_cpu(words));
    } else if (directive == "isa") {
      const std::string name = words.word("an ISA");
      result.isa = jit::isa_named(name);
      if (!result.isa) words.fail("an ISA such as avx512_bf16", "'" + name + "'");
      words.end();
    } else if (directive == "rule") {
      result.rules.push_back(read_rule(words));
    } else if (directive == "batched") {
      result.batched_rules.push_back(read_batched(words));
    } else if (directive == "bags") {
      result.bag_rules.push_back(read_bags(words));
    } else if (directive == "norm") {
      result.norm_rules.push_back(read_norm(words));
    } else if (directive == "rnn") {
      result.rnn_rules.push_back(read_rnn(words));
    } else if (directive == "conv" || directive == "fused") {
      result.conv_rules.push_back(read_conv(words));
      result.conv_rules.back().fused = directive == "fused";
    } else {
      words.fail(
          "'family', 'cpu', 'isa', 'rule', 'batched', 'bags', 'norm', 'rnn', 'conv' or 'fused'",
          "'" + directive + "'");
    }
  }
  if (result.family.empty()) throw std::invalid_argument("a line 'family NAME' is missing");
  const auto& rules = result.rules;
  const auto smallest = std::ranges::min_element(rules, {}, &Rule::min_weight);
  if (smallest != rules.end()) result.least_weight = smallest->min_weight;
  return result;
}

const Calibration& calibration_for(const jit::CpuInfo& cpu) {
  const Calibration* prior = nullptr;
  for (const Calibration& calibration : shipped()) {
    if (calibration.isa.value_or(cpu.isa) != cpu.isa) continue;
    if (calibration.cpus.empty() && (prior == nullptr || calibration.isa)) prior = &calibration;
    for (const CpuRange& range : calibration.cpus) {
      if (range.contains(cpu)) return calibration;
    }
  }
  return *prior;
}

}  // namespace stoker::kernels
