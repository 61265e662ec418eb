// Armv8.2 with dot products: each vector of 16 lanes is four registers, and sdot adds the four byte products of each of
// four rows, the four activations being a lane of a register that holds sixteen.
#if defined(__aarch64__)
#include <arm_neon.h>
#include <math.h>
#include <string.h>

#include "kernels.h"
#include "tables.h"
#include "vectors.h"

#pragma clang attribute push(__attribute__((target("dotprod"))), apply_to = function)

INLINE float32x4_t load_four_halves(const uint16_t *p) { return vcvt_f32_f16(vreinterpret_f16_u16(vld1_u16(p))); }

INLINE floats load_halves(const uint16_t *p) {
    float32x4_t quarters[4];
    for (int q = 0; q < 4; q++) quarters[q] = load_four_halves(p + 4 * q);
    floats v;
    memcpy(&v, quarters, sizeof v);
    return v;
}

INLINE void round_halves(floats v, uint16_t *out) {
    float32x4_t quarters[4];
    memcpy(quarters, &v, sizeof quarters);
    for (int q = 0; q < 4; q++) vst1_u16(out + 4 * q, vreinterpret_u16_f16(vcvt_f16_f32(quarters[q])));
}

/// Six sums of four registers, four for a page's numbers, one for a query: twenty-nine of the thirty-two.
#define ROWS 6

/// dots[token][four rows] = a block's products with `tokens` tokens, a number that the compiler knows. weights: [four
/// elements][row][4]. The digits of one token are `stride` bytes after those of the one before.
INLINE void dot_digits(const int8_t (*weights)[64], const int8_t *digits, int64_t stride, const int tokens,
                       int32x4_t (*dots)[4]) {
    for (int t = 0; t < tokens; t++) {
        for (int q = 0; q < 4; q++) dots[t][q] = vdupq_n_s32(0);
    }
#pragma unroll
    for (int j = 0; j < 8; j += 4) {
        int8x16_t sixteen[4];
        for (int t = 0; t < tokens; t++) sixteen[t] = vld1q_s8(digits + t * stride + 4 * j);
        // The instruction wants its lane as a constant.
#define ADD_LANE(lane)                                                                                              \
    for (int q = 0; q < 4; q++) {                                                                                   \
        const int8x16_t rows = vld1q_s8(weights[j + lane] + 16 * q);                                                \
        for (int t = 0; t < tokens; t++) dots[t][q] = vdotq_laneq_s32(dots[t][q], rows, sixteen[t], lane);          \
    }
        ADD_LANE(0)
        ADD_LANE(1)
        ADD_LANE(2)
        ADD_LANE(3)
#undef ADD_LANE
    }
}

/// A block of quantised weights, ready for products.
typedef struct {
    /// [four elements][row][4]
    const int8_t (*weights)[64];
    float32x4_t scale[4];
    /// Nothing where the format has no minimum.
    float32x4_t minimum[4];
} weight_block;

/// sums[token][four rows] += a block's products with `tokens` tokens. The compiler knows that number, and the format.
INLINE void add_block(const weight_block *block, const bool has_minimum, const ck_activation_block *x, int64_t inner,
                      const int tokens, float32x4_t (*sums)[4]) {
    int32x4_t dots[4][4];
    dot_digits(block->weights, x->high, inner * (int64_t)sizeof *x, tokens, dots);
#pragma unroll
    for (int t = 0; t < tokens; t++) {
        const ck_activation_block *activations = x + t * inner;
        if (__builtin_expect(activations->fine, 0)) {
            int32x4_t low[1][4];
            dot_digits(block->weights, activations->low, 0, 1, low);
            for (int q = 0; q < 4; q++) dots[t][q] = vmlaq_n_s32(low[0][q], dots[t][q], CK_BASE);
        }
        for (int q = 0; q < 4; q++) {
            const float32x4_t both = vmulq_n_f32(block->scale[q], activations->scale);
            sums[t][q] = vfmaq_f32(sums[t][q], vcvtq_f32_s32(dots[t][q]), both);
            if (has_minimum) sums[t][q] = vfmaq_n_f32(sums[t][q], block->minimum[q], activations->sum);
        }
    }
}

/// A block's weights alone would fill all registers: they stay in memory, four-bit ones unpacked, and serve up to 16
/// tokens, four at a time, so that 40 loads bring 128 dot products.
#define TILES_Q4 16
#define TILES_Q8 TILES_Q4

INLINE void add_tile(const weight_block *block, const bool has_minimum, const ck_activation_block *x, int64_t inner,
                     int64_t tokens, floats *sums) {
    float32x4_t(*quarters)[4] = (float32x4_t(*)[4])sums;
    int64_t t = 0;
    for (; t + 4 <= tokens; t += 4) add_block(block, has_minimum, x + t * inner, inner, 4, quarters + t);
    for (; t < tokens; t++) add_block(block, has_minimum, x + t * inner, inner, 1, quarters + t);
}

INLINE void prefetch(const void *block, const int bytes);

INLINE int64_t tile_q4(const ck_panel_q4 *panel, const ck_activation_block *x, int64_t inner, int64_t left,
                       floats *sums) {
    const int64_t tokens = left < TILES_Q4 ? left : TILES_Q4;
    memset(sums, 0, (size_t)tokens * sizeof *sums);
    for (int64_t b = 0; b < inner; b++, panel++) {
        int8_t weights[8][64];
        weight_block block = {.weights = weights};
        prefetch(panel, sizeof *panel);
        for (int q = 0; q < 4; q++) {
            for (int j = 0; j < 4; j++) {
                const uint8x16_t words = vreinterpretq_u8_u32(vld1q_u32(panel->words[j] + 4 * q));
                vst1q_s8(weights[j] + 16 * q, vreinterpretq_s8_u8(vandq_u8(words, vdupq_n_u8(15))));
                vst1q_s8(weights[j + 4] + 16 * q, vreinterpretq_s8_u8(vshrq_n_u8(words, 4)));
            }
            block.scale[q] = load_four_halves(panel->scale + 4 * q);
            block.minimum[q] = load_four_halves(panel->minimum + 4 * q);
        }
        add_tile(&block, true, x + b, inner, tokens, sums);
    }
    return tokens;
}

INLINE int64_t tile_q8(const ck_panel_q8 *panel, const ck_activation_block *x, int64_t inner, int64_t left,
                       floats *sums) {
    const int64_t tokens = left < TILES_Q8 ? left : TILES_Q8;
    memset(sums, 0, (size_t)tokens * sizeof *sums);
    for (int64_t b = 0; b < inner; b++, panel++) {
        weight_block block = {.weights = (const int8_t(*)[64])panel->words};
        prefetch(panel, sizeof *panel);
        for (int q = 0; q < 4; q++) block.scale[q] = vld1q_f32(panel->scale + 4 * q);
        add_tile(&block, false, x + b, inner, tokens, sums);
    }
    return tokens;
}

#include "body.h"

#pragma clang attribute pop

KERNEL_TABLE(ck_kernels_neon, "NEON dot product");
#endif
