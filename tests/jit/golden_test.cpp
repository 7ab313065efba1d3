// What the generators emit, as text: a change of theirs shows as a diff of instructions, for every
// instruction set, whatever CPU the tests run on.
#include <Zydis/Zydis.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "jit/gen/depthwise.h"
#include "jit/gen/gemm.h"
#include "jit/gen/gemm_amx.h"
#include "jit/gen/norm.h"
#include "jit/gen/pack.h"
#include "jit/gen/rnn_cell.h"
#include "jit/gen/skeleton.h"
#include "jit/gen/spatial.h"

namespace stoker::jit {
namespace {

namespace fs = std::filesystem;

// A kernel ends with its only return; its constants come after.
constexpr size_t kLongest = 32 << 10;

struct Listing {
  std::string text;  // an instruction a line, branches relative
  uint64_t hash = 0xCBF29CE484222325;

  void add(const uint8_t* bytes, size_t count) {
    for (size_t i = 0; i < count; ++i) hash = (hash ^ bytes[i]) * 0x100000001B3;
  }
};

// Constants are part of what a kernel computes: the word an operand points to is hashed and shown.
std::string constant_of(const ZydisDecodedInstruction& instruction,
                        const ZydisDecodedOperand* operands, const uint8_t* at, Listing& listing) {
  for (int i = 0; i < instruction.operand_count_visible; ++i) {
    const auto& operand = operands[i];
    if (operand.type != ZYDIS_OPERAND_TYPE_MEMORY || operand.mem.base != ZYDIS_REGISTER_RIP ||
        instruction.mnemonic == ZYDIS_MNEMONIC_LEA) {
      continue;
    }
    const uint8_t* from = at + instruction.length + operand.mem.disp.value;
    listing.add(from, 4);
    uint32_t word = 0;
    std::memcpy(&word, from, sizeof word);
    char text[24];
    std::snprintf(text, sizeof text, "  ; 0x%08" PRIX32, word);
    return text;
  }
  return "";
}

Listing disassemble(const void* code) {
  ZydisDecoder decoder;
  ZydisFormatter formatter;
  EXPECT_TRUE(
      ZYAN_SUCCESS(ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64)));
  EXPECT_TRUE(ZYAN_SUCCESS(ZydisFormatterInit(&formatter, ZYDIS_FORMATTER_STYLE_INTEL)));
  Listing listing;
  const auto* at = static_cast<const uint8_t*>(code);
  for (const uint8_t* end = at + kLongest; at < end;) {
    ZydisDecodedInstruction instruction;
    ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];
    if (!ZYAN_SUCCESS(ZydisDecoderDecodeFull(&decoder, at, ZYDIS_MAX_INSTRUCTION_LENGTH,
                                             &instruction, operands))) {
      ADD_FAILURE() << "no instruction after\n" << listing.text;
      return listing;
    }
    char line[160];
    ZydisFormatterFormatInstruction(&formatter, &instruction, operands,
                                    instruction.operand_count_visible, line, sizeof line,
                                    ZYDIS_RUNTIME_ADDRESS_NONE, nullptr);
    listing.add(at, instruction.length);
    listing.text += line + constant_of(instruction, operands, at, listing) + "\n";
    if (instruction.mnemonic == ZYDIS_MNEMONIC_RET) return listing;
    at += instruction.length;
  }
  ADD_FAILURE() << "no return";
  return listing;
}

std::string read(const fs::path& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

std::string difference(const fs::path& golden, const fs::path& now) {
  const std::string command = "diff -u " + golden.string() + " " + now.string();
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(popen(command.c_str(), "r"), &pclose);
  std::string lines(6000, '\0');
  lines.resize(fread(lines.data(), 1, lines.size(), pipe.get()));
  return lines;
}

void compare(const std::string& name, const void* code) {
  ASSERT_NE(code, nullptr) << name;
  const Listing listing = disassemble(code);
  char head[64];
  std::snprintf(head, sizeof head, "; FNV-1a of the code: %016" PRIx64 "\n", listing.hash);
  const fs::path golden = fs::path(STOKER_GOLDEN_DIR) / (name + ".asm");
  const char* update = std::getenv("STOKER_TEST_UPDATE_GOLDEN");
  const fs::path now =
      update ? golden : fs::path(testing::TempDir()) / (name + std::to_string(getpid()) + ".asm");
  std::ofstream(now) << head << listing.text;
  EXPECT_EQ(read(golden), read(now))
      << name << " is not what it was. If that is meant: STOKER_TEST_UPDATE_GOLDEN=1 "
      << "build/release/tests/stoker_kernel_tests --gtest_filter='Golden.*', and read the diff.\n"
      << difference(golden, now);
  if (!update) fs::remove(now);
}

template <class Function>
const void* code_of(Function function) {
  return reinterpret_cast<const void*>(reinterpret_cast<uintptr_t>(function));
}

// One kernel for each way to multiply, small enough to be read.
TEST(Golden, MatrixProducts) {
  using enum GemmMath;
  const GemmConfig configs[] = {
      {.isa = Isa::kAvx2, .math = kF32, .rows = 2, .vectors = 2, .prefetch_lines = 1},
      {.isa = Isa::kAvx2,
       .math = kF32,
       .rows = 2,
       .vectors = 1,
       .prefetch_lines = 1,
       .prefetch_far = 1,
       .prefetch_steps = 2},
      {.isa = Isa::kAvx2, .math = kF32, .rows = 1, .vectors = 4, .panels = 2},
      {.isa = Isa::kAvx2, .math = kBf16Wide, .rows = 2, .vectors = 1, .out = Element::kBf16},
      {.isa = Isa::kAvx2, .math = kF16, .rows = 2, .vectors = 1, .out = Element::kF16},
      {.isa = Isa::kAvx512, .math = kF32, .rows = 2, .vectors = 4, .prefetch_lines = 4},
      {.isa = Isa::kAvx512,
       .math = kBf16Wide,
       .rows = 2,
       .vectors = 2,
       .epilogue = {.activation = Activation::kRelu, .combine = Combine::kAdd}},
      {.isa = Isa::kAvx512,
       .math = kF16,
       .rows = 2,
       .vectors = 2,
       .out = Element::kF16,
       .prefetch_lines = 2},
      {.isa = Isa::kAvx512Bf16, .math = kBf16Dot, .rows = 2, .vectors = 4, .out = Element::kBf16},
      {.isa = Isa::kAmx, .math = kBf16Amx, .rows = 17, .vectors = 2, .tail = 3},
  };
  for (const GemmConfig& config : configs) {
    const bool tiles = config.math == kBf16Amx;
    compare(gemm_name(config), code_of(tiles ? get_gemm_amx(config) : get_gemm(config)));
  }
}

TEST(Golden, SpatialConvolutions) {
  using enum GemmMath;
  const SpatialConfig configs[] = {
      {.isa = Isa::kAvx2,
       .math = kF32,
       .rows = 2,
       .vectors = 2,
       .prefetch_lines = 1,
       .epilogue = {.activation = Activation::kRelu, .combine = Combine::kAddThenActivate}},
      {.isa = Isa::kAvx2, .math = kF16, .rows = 1, .vectors = 1, .out = Element::kF16},
      {.isa = Isa::kAvx512, .math = kBf16Wide, .rows = 2, .vectors = 2, .out = Element::kBf16},
  };
  for (const SpatialConfig& config : configs) {
    compare(spatial_name(config), code_of(get_spatial(config)));
  }
}

TEST(Golden, DepthwiseConvolutions) {
  const DepthwiseConfig configs[] = {
      {.isa = Isa::kAvx2,
       .element = Element::kF32,
       .vectors = 2,
       .pixels = 4,
       .biased = 1,
       .ahead = 1,
       .epilogue = {.activation = Activation::kRelu6},
       .window = 3,
       .stride = 1,
       .dilation = 1,
       .left = 1},
      {.isa = Isa::kAvx2,
       .element = Element::kF16,
       .vectors = 1,
       .pixels = 2,
       .epilogue = {.combine = Combine::kAdd},
       .window = 5,
       .stride = 2,
       .dilation = 1},
      {.isa = Isa::kAvx512,
       .element = Element::kBf16,
       .vectors = 1,
       .pixels = 4,
       .window = 3,
       .stride = 1,
       .dilation = 2,
       .right = 2},
  };
  for (const DepthwiseConfig& config : configs) {
    compare(depthwise_name(config), code_of(get_depthwise(config)));
  }
}

TEST(Golden, Packers) {
  const auto code = [](PackFormat format, PackSource source, PackOrder order) {
    return code_of(get_pack(
        {.format = format, .source = source, .order = order, .width = 16, .stream = true}));
  };
  compare("pack_f32_along_k", code(PackFormat::kF32, PackSource::kF32, PackOrder::kAlongK));
  compare("pack_bf16_from_f32_along_n",
          code(PackFormat::kBf16Pairs, PackSource::kF32, PackOrder::kAlongN));
}

TEST(Golden, ElementaryFunctions) {
  for (const Isa isa : {Isa::kAvx2, Isa::kAvx512}) {
    for (const Activation activation :
         {Activation::kGelu, Activation::kSigmoid, Activation::kTanh}) {
      compare(std::string("elementary_") + isa_name(isa) + activation_name(activation),
              code_of(get_skeleton({isa, activation})));
    }
  }
}

TEST(Golden, RecurrentCells) {
  const RnnCellConfig configs[] = {
      {.isa = Isa::kAvx2, .cell = RnnCell::kGru, .state = Element::kF32, .out = Element::kF32},
      {.isa = Isa::kAvx512Bf16,
       .cell = RnnCell::kLstm,
       .state = Element::kBf16,
       .out = Element::kBf16},
  };
  for (const RnnCellConfig& config : configs) {
    compare(rnn_cell_name(config), code_of(get_rnn_cell(config)));
  }
}

TEST(Golden, Normalizations) {
  const NormConfig configs[] = {
      {.isa = Isa::kAvx2,
       .kind = NormKind::kLayer,
       .element = Element::kF32,
       .scale = Element::kF32,
       .adds = 1,
       .weighted = 1,
       .biased = 1},
      {.isa = Isa::kAvx512,
       .kind = NormKind::kRms,
       .element = Element::kBf16,
       .scale = Element::kBf16,
       .weighted = 1},
  };
  for (const NormConfig& config : configs) compare(norm_name(config), code_of(get_norm(config)));
}

}  // namespace
}  // namespace stoker::jit
