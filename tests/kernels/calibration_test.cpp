// The calibration files: their syntax, what is shipped, and what other machines would choose.
#include "kernels/calibration.h"

#include <gtest/gtest.h>

#include <limits>
#include <stdexcept>

#include "kernels/calibration_data.h"

namespace stoker::kernels {
namespace {

TEST(Calibration, AProductBelowEveryRuleIsDeclinedAndTheSmallestOfOneIsNot) {
  const Calibration read = parse_calibration(
      "family F\n"
      "rule a m 1 * weight 600 * macs 0 pack 0\n"
      "rule b m 1 * weight 64 * macs 0 pack 0\n");
  EXPECT_EQ(read.least_weight, 64);
  EXPECT_EQ(read.rule("b", {.m = 1, .n = 7, .k = 9}), nullptr);
  EXPECT_NE(read.rule("b", {.m = 1, .n = 8, .k = 8}), nullptr);
  // Of other kinds of problems that size says nothing.
  Calibration mine = parse_calibration(
      "family G\n"
      "batched c b along_n m 1 * n 1 * k 1 * macs 0\n");
  mine.complete(read);
  EXPECT_EQ(mine.least_weight, 64);
  EXPECT_NE(mine.rule("b", {.m = 1, .n = 8, .k = 8}), nullptr);
  EXPECT_NE(mine.rule("c", {.m = 1, .n = 2, .k = 2, .batched = true, .order = Order::kAlongN}),
            nullptr);
}

TEST(Calibration, ReadsEveryDirective) {
  const Calibration read = parse_calibration(
      "# a comment\n\n"
      "family My CPU   # and another\n"
      "cpu GenuineIntel 6 143 207\n"
      "cpu AuthenticAMD 26 *\n"
      "rule some_row m 2 * weight 100 * macs 7 pack 30\n"
      "rule deep_row m 2 * weight 100 * macs 7 pack 30 k 64 *\n"
      "batched other_row b along_n m 1 2 n 3 * k 5 6 macs 7\n"
      "rnn third_row h 16 512 b 1 8 t 2 * pack 90\n");
  EXPECT_EQ(read.family, "My CPU");
  ASSERT_EQ(read.cpus.size(), 2u);
  EXPECT_TRUE(read.cpus[0].contains({"GenuineIntel", 6, 207, jit::Isa::kAvx2}));
  EXPECT_FALSE(read.cpus[0].contains({"GenuineIntel", 6, 106, jit::Isa::kAvx2}));
  EXPECT_TRUE(read.cpus[1].contains({"AuthenticAMD", 26, 68, jit::Isa::kAvx2}));
  EXPECT_FALSE(read.cpus[1].contains({"AuthenticAMD", 25, 68, jit::Isa::kAvx2}));
  ASSERT_EQ(read.rules.size(), 2u);
  EXPECT_EQ(read.rule("deep_row", {4, 64, 63}), nullptr);
  EXPECT_NE(read.rule("deep_row", {4, 64, 64}), nullptr);
  EXPECT_NE(read.rule("some_row", {4, 64, 63}), nullptr);
  EXPECT_EQ(read.batched_rules.size(), 1u);
  EXPECT_EQ(read.rules[0].row, "some_row");
  EXPECT_EQ(read.rules[0].min_m, 2);
  EXPECT_EQ(read.rules[0].max_m, std::numeric_limits<int64_t>::max());
  EXPECT_EQ(read.rules[0].min_weight, 100);
  EXPECT_EQ(read.rules[0].min_macs, 7);
  EXPECT_EQ(read.rules[0].rows_before_pack, 30);
}

TEST(Calibration, BoundsBatchedProductsByTheirShape) {
  const Calibration read =
      parse_calibration("family x\nbatched r b along_n m 1 2 n 3 9 k 5 6 macs 90\n");
  const auto applies = [&](int64_t m, int64_t n, int64_t k, int64_t batch, Order order) {
    return read.rule("r",
                     {.m = m, .n = n, .k = k, .batch = batch, .batched = true, .order = order}) !=
           nullptr;
  };
  EXPECT_TRUE(applies(1, 3, 5, 6, Order::kAlongN));
  EXPECT_TRUE(applies(2, 9, 6, 1, Order::kAlongN));
  EXPECT_FALSE(applies(1, 3, 5, 6, Order::kAlongK));
  EXPECT_FALSE(applies(1, 3, 5, 5, Order::kAlongN));
  EXPECT_FALSE(applies(3, 3, 5, 9, Order::kAlongN));
  EXPECT_FALSE(applies(1, 2, 5, 99, Order::kAlongN));
  EXPECT_FALSE(applies(1, 10, 5, 99, Order::kAlongN));
  EXPECT_FALSE(applies(1, 3, 4, 99, Order::kAlongN));
  EXPECT_FALSE(applies(1, 3, 7, 99, Order::kAlongN));
}

TEST(Calibration, BoundsConvolutionsByWindowAndLayout) {
  const Calibration read = parse_calibration(
      "family x\nconv r point last images 1 4 pixels 49 * outputs 8 64 macs 5000 pack 70 k 1 16\n"
      "rule r m 1 * weight 1 10 macs 0 pack 1\n");
  const MatmulProblem fits{
      .m = 49, .n = 8, .k = 16, .batch = 2, .order = Order::kAlongK, .window = Window::kPoint};
  const auto applies = [&](auto change) {
    MatmulProblem problem = fits;
    change(problem);
    return read.rule("r", problem) != nullptr;
  };
  ASSERT_NE(read.rule("r", fits), nullptr);
  EXPECT_EQ(read.rule("r", fits)->rows_before_pack, 70);
  EXPECT_FALSE(applies([](auto& p) { p.window = Window::kStrided; }));
  EXPECT_FALSE(applies([](auto& p) { p.window = Window::kNone; }));
  EXPECT_FALSE(applies([](auto& p) { p.order = Order::kAlongN; }));
  EXPECT_FALSE(applies([](auto& p) { p.batch = 5; }));
  EXPECT_FALSE(applies([](auto& p) { p.m = 48; }));
  EXPECT_FALSE(applies([](auto& p) { p.n = 65; }));
  EXPECT_FALSE(applies([](auto& p) { p.k = 6; })) << "fewer multiplications";
  EXPECT_FALSE(applies([](auto& p) { p.k = 17; }));
  // A convolution is no product with a weight, whatever it comes to.
  EXPECT_TRUE(applies([](auto& p) { p.window = Window::kNone, p.n = 2, p.k = 5; }));
  EXPECT_FALSE(applies([](auto& p) { p.n = 2, p.k = 5; }));
}

TEST(Calibration, KeepsRulesOfFusedConvolutionsToThem) {
  const Calibration read = parse_calibration(
      "family x\nfused r point last images 1 4 pixels 1 * outputs 8 64 macs 0 pack 70\n"
      "conv r point last images 8 8 pixels 1 * outputs 8 64 macs 0 pack 1\n");
  MatmulProblem problem{
      .m = 49, .n = 8, .k = 16, .batch = 2, .order = Order::kAlongK, .window = Window::kPoint};
  EXPECT_EQ(read.rule("r", problem), nullptr);
  problem.has_epilogue = true;
  ASSERT_NE(read.rule("r", problem), nullptr);
  EXPECT_EQ(read.rule("r", problem)->rows_before_pack, 70);
  for (const bool fused : {false, true}) {
    problem.batch = 8, problem.has_epilogue = fused;
    EXPECT_NE(read.rule("r", problem), nullptr) << "a rule of bare ones holds for both";
  }
}

TEST(Calibration, BoundsRecurrentLayersByUnitsSequencesAndSteps) {
  const Calibration read = parse_calibration("family x\nrnn r h 16 512 b 2 8 t 3 50 pack 90\n");
  const auto applies = [&](int64_t h, int64_t b, int64_t t) {
    return read.rnn_rule("r", h, b, t) != nullptr;
  };
  ASSERT_TRUE(applies(16, 2, 3));
  EXPECT_EQ(read.rnn_rule("r", 16, 2, 3)->rows_before_pack, 90);
  EXPECT_EQ(read.rnn_rule("other", 16, 2, 3), nullptr);
  EXPECT_TRUE(applies(512, 8, 50));
  EXPECT_FALSE(applies(15, 2, 3));
  EXPECT_FALSE(applies(513, 2, 3));
  EXPECT_FALSE(applies(16, 1, 3));
  EXPECT_FALSE(applies(16, 9, 3));
  EXPECT_FALSE(applies(16, 2, 2));
  EXPECT_FALSE(applies(16, 2, 51));
}

std::string error_of(const char* text) {
  try {
    parse_calibration(text);
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "no error";
}

TEST(Calibration, SaysWhichLineIsWrongAndWhy) {
  EXPECT_EQ(error_of("family x\nrule r m 1 two weight"),
            "line 2: expected the greatest M, found 'two'");
  EXPECT_EQ(error_of("family x\nrule r m 1 2 weight 3 4 pack 1"),
            "line 2: expected macs, found 'pack'");
  EXPECT_EQ(error_of("family x\nrule r m 1 2 weight 3 4 macs 0 pack 1 2"),
            "line 2: expected k or the end of the line, found '2'");
  EXPECT_EQ(error_of("family x\nrule r m 1"),
            "line 2: expected the greatest M, found the end of the line");
  EXPECT_EQ(error_of("speed 9"),
            "line 1: expected 'family', 'cpu', 'isa', 'rule', 'batched', 'bags', 'norm', 'rnn', "
            "'conv' or 'fused', "
            "found 'speed'");
  EXPECT_EQ(error_of("rule r m 1 2 weight 3 4 macs 0 pack 1 n 5 6"),
            "line 1: expected k or the end of the line, found 'n'");
  EXPECT_EQ(error_of("rule r m 1 -2 weight 3 4 macs 0 pack 1"),
            "line 1: expected the greatest M, found '-2'");
  EXPECT_EQ(error_of("batched r b across"), "line 1: expected along_k or along_n, found 'across'");
  EXPECT_EQ(
      error_of("conv r square"),
      "line 1: expected point, strided, spatial, grouped, depthwise or transposed, found 'square'");
  EXPECT_EQ(error_of("conv r point middle"), "line 1: expected first or last, found 'middle'");
  EXPECT_EQ(error_of("cpu GenuineIntel 6 143 2O7"), "line 1: expected a CPU model, found '2O7'");
  EXPECT_EQ(error_of("isa sse9"), "line 1: expected an ISA such as avx512_bf16, found 'sse9'");
  EXPECT_EQ(error_of("# nothing\n"), "a line 'family NAME' is missing");
}

TEST(Calibration, BoundsBagsByTheirNumberAndLength) {
  const Calibration read = parse_calibration("family x\nbags r mean bags 2 9 length 3 5\n");
  EXPECT_TRUE(read.bags("r", "mean", 2, 5)) << "2.5 indices a bag count as 3";
  EXPECT_TRUE(read.bags("r", "mean", 9, 45));
  EXPECT_FALSE(read.bags("r", "mean", 9, 46));
  EXPECT_FALSE(read.bags("r", "mean", 2, 4));
  EXPECT_FALSE(read.bags("r", "mean", 1, 4));
  EXPECT_FALSE(read.bags("r", "mean", 10, 40));
  EXPECT_FALSE(read.bags("r", "sum", 2, 6));
  EXPECT_FALSE(read.bags("s", "mean", 2, 6));
}

TEST(Calibration, AMeasuredOneTakesOverWhatItDoesNotSpeakOf) {
  Calibration measured = parse_calibration("family x\nrule r m 1 2 weight 0 * macs 0 pack 1\n");
  const Calibration shipped = parse_calibration(
      "family y\nrule s m 1 2 weight 0 * macs 0 pack 1\n"
      "batched t b along_n m 1 * n 1 * k 1 * macs 0\nbags u sum bags 1 2 length 1 2\n");
  measured.complete(shipped);
  EXPECT_EQ(measured.rules.size(), 1u) << "rule s was measured to lose";
  ASSERT_EQ(measured.batched_rules.size(), 1u);
  EXPECT_EQ(measured.batched_rules[0].row, "t");
  EXPECT_TRUE(measured.bags("u", "sum", 1, 1));
  measured.complete(shipped);
  EXPECT_EQ(measured.batched_rules.size(), 1u);
  EXPECT_EQ(measured.bag_rules.size(), 1u);
}

TEST(Calibration, EveryShippedFileIsReadable) {
  int priors = 0;
  for (const std::string_view text : shipped_calibrations()) {
    const Calibration read = parse_calibration(text);
    EXPECT_FALSE(read.rules.empty()) << read.family;
    priors += read.cpus.empty() && !read.isa;
  }
  EXPECT_EQ(priors, 1);
}

// What other machines would choose for BERT-base's 768 -> 3072.
TEST(Calibration, KnowsTheMeasuredFamilies) {
  const auto faster = [](const char* row, const char* vendor, int family, int model, int64_t m) {
    const jit::CpuInfo cpu{vendor, family, model, jit::Isa::kAvx512Bf16};
    return calibration_for(cpu).rule(row, {m, 3072, 768}) != nullptr;
  };
  EXPECT_TRUE(faster("onednn_packed_f32", "AuthenticAMD", 26, 2, 128));
  EXPECT_TRUE(faster("jit_f32", "AuthenticAMD", 26, 2, 4));
  EXPECT_TRUE(faster("jit_f32", "AuthenticAMD", 26, 2, 512)) << "oneDNN fuses no epilogue";
  EXPECT_TRUE(faster("jit_bf16_dot_f32", "AuthenticAMD", 26, 2, 512));
  EXPECT_TRUE(faster("jit_f32", "GenuineIntel", 6, 207, 128));
  EXPECT_FALSE(faster("jit_f32", "GenuineIntel", 6, 207, 1024));
  EXPECT_FALSE(faster("jit_f32", "GenuineIntel", 6, 106, 128)) << "never measured: the prior holds";
  EXPECT_TRUE(faster("jit_f32", "GenuineIntel", 6, 106, 32));
  const Calibration& zen3 = calibration_for({"AuthenticAMD", 25, 1, jit::Isa::kAvx2});
  EXPECT_TRUE(zen3.rule("jit_f32", {512, 3072, 768}) != nullptr);
  EXPECT_FALSE(zen3.rule("jit_f32", {1024, 3072, 768}) != nullptr);
  EXPECT_FALSE(zen3.rule("jit_f32", {512, 768, 3072}) != nullptr);
}

// Stock multiplies bf16 on tiles where there are any.
TEST(Calibration, DependsOnWhatStockHasToo) {
  const auto rule = [](const char* row, int model, jit::Isa isa) {
    return calibration_for({"GenuineIntel", 6, model, isa}).rule(row, {4, 3072, 768}) != nullptr;
  };
  for (const int model : {207, 173}) {  // measured without AMX; never measured
    EXPECT_TRUE(rule("jit_bf16_wide", model, jit::Isa::kAvx512Bf16));
    EXPECT_FALSE(rule("jit_bf16_wide", model, jit::Isa::kAmx));
    EXPECT_TRUE(rule("jit_f32", model, jit::Isa::kAmx));
  }
}

// What Zen 3 would choose in ResNet-50.
TEST(Calibration, KnowsConvolutions) {
  const auto faster = [](const char* row, Window window, Order order, int64_t images, int64_t side,
                         int64_t n, int64_t k) {
    const Calibration& read = calibration_for({"AuthenticAMD", 25, 1, jit::Isa::kAvx2});
    return read.rule(row, {.m = side * side,
                           .n = n,
                           .k = k,
                           .batch = images,
                           .order = order,
                           .window = window}) != nullptr;
  };
  constexpr Order kLast = Order::kAlongK, kFirst = Order::kAlongN;
  EXPECT_TRUE(faster("jit_conv_f32", Window::kPoint, kLast, 8, 14, 1024, 256));
  EXPECT_TRUE(faster("jit_conv_f32", Window::kPoint, kFirst, 8, 7, 2048, 512));
  EXPECT_FALSE(faster("jit_conv_f32", Window::kPoint, kFirst, 8, 14, 1024, 256));
  EXPECT_TRUE(faster("jit_conv_f32", Window::kPoint, kLast, 1, 1, 4, 96)) << "squeeze and excite";
  EXPECT_FALSE(faster("jit_conv_f32", Window::kPoint, kLast, 1, 2, 4, 96));
  EXPECT_FALSE(faster("jit_conv_f32", Window::kSpatial, kLast, 1, 7, 512, 4608));
  EXPECT_TRUE(faster("onednn_conv_f32", Window::kSpatial, kLast, 1, 7, 512, 4608));
  EXPECT_TRUE(faster("jit_spatial_f32", Window::kSpatial, kLast, 1, 7, 512, 4608));
  EXPECT_TRUE(faster("jit_spatial_f32", Window::kSpatial, kLast, 8, 112, 64, 147));
  EXPECT_FALSE(faster("jit_spatial_f32", Window::kSpatial, kLast, 8, 112, 32, 27));
  EXPECT_TRUE(faster("jit_spatial_f32", Window::kSpatial, kFirst, 1, 7, 512, 4608));
  EXPECT_FALSE(faster("jit_spatial_f32", Window::kSpatial, kFirst, 1, 56, 64, 576));
  EXPECT_FALSE(faster("jit_spatial_f32", Window::kSpatial, kFirst, 8, 14, 128, 1152));
  EXPECT_FALSE(faster("onednn_conv_f32", Window::kSpatial, kLast, 1, 56, 64, 576));
  EXPECT_FALSE(faster("onednn_conv_f32", Window::kDepthwise, kFirst, 1, 14, 384, 9));
  EXPECT_TRUE(faster("jit_depthwise_f32", Window::kDepthwise, kLast, 1, 112, 32, 9));
  EXPECT_TRUE(faster("jit_depthwise_f32", Window::kDepthwise, kLast, 8, 7, 960, 25));
  EXPECT_FALSE(faster("jit_depthwise_f32", Window::kDepthwise, kLast, 8, 112, 32, 9));
  EXPECT_FALSE(faster("jit_depthwise_f32", Window::kDepthwise, kLast, 8, 56, 96, 9));
  EXPECT_TRUE(faster("jit_depthwise_f32", Window::kDepthwise, kFirst, 1, 14, 384, 9));
  EXPECT_FALSE(faster("jit_depthwise_f32", Window::kDepthwise, kFirst, 8, 14, 384, 9));
  EXPECT_FALSE(faster("jit_f32", Window::kPoint, kLast, 1, 8, 256, 256)) << "a rule of linear";
  EXPECT_TRUE(faster("onednn_transposed_f32", Window::kTransposed, kLast, 1, 8, 128, 4096));
  EXPECT_FALSE(faster("onednn_transposed_f32", Window::kTransposed, kLast, 1, 32, 3, 1024));
  EXPECT_FALSE(faster("onednn_conv_f32", Window::kTransposed, kLast, 1, 8, 128, 4096));
}

// What Zen 3 would choose for attention with heads of 64.
TEST(Calibration, KnowsBatchedProducts) {
  const auto faster = [](const char* row, int model, int64_t m, int64_t n, int64_t k, Order order) {
    const Calibration& read = calibration_for({"AuthenticAMD", 25, model, jit::Isa::kAvx2});
    const MatmulProblem problem{
        .m = m, .n = n, .k = k, .batch = 12, .batched = true, .order = order};
    return read.rule(row, problem) != nullptr;
  };
  EXPECT_TRUE(faster("jit_batched_f32", 1, 128, 128, 64, Order::kAlongK));
  EXPECT_TRUE(faster("jit_batched_f32", 33, 1, 64, 1024, Order::kAlongN));
  EXPECT_FALSE(faster("jit_batched_f32", 1, 1, 1024, 64, Order::kAlongK));
  EXPECT_FALSE(faster("jit_batched_f32", 1, 128, 1024, 64, Order::kAlongN));
  EXPECT_TRUE(faster("jit_batched_bf16_wide", 1, 128, 128, 64, Order::kAlongK));
  EXPECT_FALSE(faster("jit_batched_f16", 1, 1, 64, 1024, Order::kAlongK));
  EXPECT_FALSE(faster("jit_batched_f32", 97, 128, 128, 64, Order::kAlongK)) << "Zen 4";
}

TEST(Calibration, KnowsEmbeddingBagsEverywhere) {
  for (const std::string_view text : shipped_calibrations()) {
    const Calibration read = parse_calibration(text);
    EXPECT_TRUE(read.bags("jit_bag_f32", "max", 128, 128 * 20)) << read.family;
    EXPECT_TRUE(read.bags("jit_bag_bf16", "mean", 1, 20)) << read.family;
    EXPECT_FALSE(read.bags("jit_bag_f32", "sum", 128, 128 * 20)) << read.family;
  }
}

}  // namespace
}  // namespace stoker::kernels
