// usage: stoker_micro_bench [--shapes=bert,minilm] [--rows=1,8,64] [Google Benchmark's options]
#include <benchmark/benchmark.h>

#include <cstdio>
#include <exception>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "bench/micro/micro.h"
#include "bench/micro/shapes.h"
#include "jit/isa.h"

namespace stoker::bench {
namespace {

struct Options {
  std::string shapes = "minilm";
  std::vector<int64_t> rows;  // empty: those of each shape
};

// Of what Google Benchmark did not take. Throws std::runtime_error.
Options parse(int argc, char** argv) {
  constexpr std::string_view kShapes = "--shapes=", kRows = "--rows=";
  Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (word.starts_with(kShapes)) {
      options.shapes = word.substr(kShapes.size());
    } else if (word.starts_with(kRows)) {
      options.rows = parse_rows(word.substr(kRows.size()));
    } else {
      throw std::runtime_error("unknown option '" + std::string(word) + "'");
    }
  }
  return options;
}

int run(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  const Options options = parse(argc, argv);
  std::vector<Shape> shapes = select_shapes(STOKER_SHAPES, options.shapes);
  for (Shape& shape : shapes) {
    if (!options.rows.empty()) shape.rows = options.rows;
  }
  if (jit::host_cpu().isa < jit::Isa::kAvx2) throw std::runtime_error("this CPU lacks AVX2");
  register_linear(shapes);
  register_generation();
  benchmark::AddCustomContext("isa", jit::isa_name(jit::host_cpu().isa));
  return benchmark::RunSpecifiedBenchmarks() > 0 ? 0 : 1;
}

}  // namespace
}  // namespace stoker::bench

int main(int argc, char** argv) {
  try {
    return stoker::bench::run(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "stoker_micro_bench: %s\n", error.what());
    return 2;
  }
}
