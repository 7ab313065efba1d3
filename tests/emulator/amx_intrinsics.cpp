#include "tests/emulator/amx_intrinsics.h"

#include <immintrin.h>

namespace stoker::tests {
namespace {

struct alignas(64) Shapes {
  uint8_t palette = 1, start_row = 0, reserved[14] = {};
  uint16_t colsb[16] = {64, 64, 64, 64, 64, 64, 64, 64};
  uint8_t rows[16] = {16, 16, 16, 16, 16, 16, 16, 16};
};
const Shapes kShapes;

}  // namespace

void amx_bf16_by_compiler(const uint16_t* a, const uint16_t* b, float* c, int64_t k) {
  _tile_loadconfig(&kShapes);
  _tile_loadd(0, c, 128);
  _tile_loadd(1, c + 16, 128);
  _tile_loadd(2, c + 16 * 32, 128);
  _tile_loadd(3, c + 16 * 32 + 16, 128);
  for (int64_t at = 0; at < k; at += 32) {
    _tile_loadd(4, a + at, k * 2);
    _tile_loadd(5, a + 16 * k + at, k * 2);
    _tile_loadd(6, b + at * 32, 128);
    _tile_loadd(7, b + at * 32 + 32, 128);
    _tile_dpbf16ps(0, 4, 6);
    _tile_dpbf16ps(1, 4, 7);
    _tile_dpbf16ps(2, 5, 6);
    _tile_dpbf16ps(3, 5, 7);
  }
  _tile_stored(0, c, 128);
  _tile_stored(1, c + 16, 128);
  _tile_stored(2, c + 16 * 32, 128);
  _tile_stored(3, c + 16 * 32 + 16, 128);
  _tile_release();
}

void amx_int8_by_compiler(const int8_t* a, const uint8_t* b, int32_t* c, int64_t k) {
  _tile_loadconfig(&kShapes);
  for (int half = 0; half < 2; ++half) {
    _tile_loadd(0, c + half * 512, 128);
    _tile_loadd(1, c + half * 512 + 16, 128);
    for (int64_t at = 0; at < k; at += 64) {
      _tile_stream_loadd(4, a + half * 16 * k + at, k);
      _tile_loadd(6, b + at * 32, 128);
      _tile_loadd(7, b + at * 32 + 64, 128);
      _tile_dpbsud(0, 4, 6);
      _tile_dpbsud(1, 4, 7);
    }
    _tile_stored(0, c + half * 512, 128);
    _tile_stored(1, c + half * 512 + 16, 128);
  }
  _tile_release();
}

}  // namespace stoker::tests
