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

/// dots[token][four rows] = the products of the fours first..<end of a block with `tokens` tokens, a number that the
/// compiler knows. weights: [four elements][row][4]. The digits of one token are `stride` bytes after those of the one
/// before.
INLINE void dot_digits(const int8_t (*weights)[64], const int8_t *digits, int64_t stride, const int first,
                       const int end, const int tokens, int32x4_t (*dots)[4]) {
    for (int t = 0; t < tokens; t++) {
        for (int q = 0; q < 4; q++) dots[t][q] = vdupq_n_s32(0);
    }
#pragma unroll
    for (int j = first; j < end; j += 4) {
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
    /// [16 elements][four rows]; only the first where all 32 have one scale.
    float32x4_t scale[2][4];
    /// Nothing where the format has no minimum.
    float32x4_t minimum[4];
} weight_block;

/// What a format's blocks are.
typedef enum { WITH_MINIMUM, CENTRED_HALVES, SIGNED } block_kind;

/// sums[token][four rows] += the products of the fours first..<end of a block with `tokens` tokens, scaled. The
/// compiler knows that number, and the kind.
INLINE void add_part(const weight_block *block, const block_kind kind, const ck_activation_block *x, int64_t blocks,
                     const int first, const int end, const int tokens, float32x4_t (*sums)[4]) {
    int32x4_t dots[4][4];
    dot_digits(block->weights, x->high, blocks * (int64_t)sizeof *x, first, end, tokens, dots);
#pragma unroll
    for (int t = 0; t < tokens; t++) {
        const ck_activation_block *activations = x + t * blocks;
        if (__builtin_expect(activations->fine, 0)) {
            int32x4_t low[1][4];
            dot_digits(block->weights, activations->low, 0, first, end, 1, low);
            for (int q = 0; q < 4; q++) dots[t][q] = vmlaq_n_s32(low[0][q], dots[t][q], CK_BASE);
        }
        const int32_t of_first = activations->first_total;
        const int32_t total = first == 0 ? of_first : activations->total - of_first;
        for (int q = 0; q < 4; q++) {
            // The bytes of ck_panel_q6 are 32 too large.
            if (kind == CENTRED_HALVES) dots[t][q] = vsubq_s32(dots[t][q], vdupq_n_s32(32 * total));
            const float32x4_t both = vmulq_n_f32(block->scale[first / 4][q], activations->scale);
            sums[t][q] = vfmaq_f32(sums[t][q], vcvtq_f32_s32(dots[t][q]), both);
            if (kind == WITH_MINIMUM) sums[t][q] = vfmaq_n_f32(sums[t][q], block->minimum[q], activations->sum);
        }
    }
}

INLINE void add_block(const weight_block *block, const block_kind kind, const ck_activation_block *x, int64_t blocks,
                      const int tokens, float32x4_t (*sums)[4]) {
    if (kind == CENTRED_HALVES) {
        add_part(block, kind, x, blocks, 0, 4, tokens, sums);
        add_part(block, kind, x, blocks, 4, 8, tokens, sums);
    } else {
        add_part(block, kind, x, blocks, 0, 8, tokens, sums);
    }
}

INLINE void prefetch(const void *block, const int bytes);

/// The nibbles of a block as bytes: `unpacked` has room for them.
INLINE void unpack_nibbles(const uint32_t (*words)[CK_LANES], int8_t (*unpacked)[64], weight_block *block) {
    for (int j = 0; j < 4; j++) {
        for (int q = 0; q < 4; q++) {
            const uint8x16_t pairs = vreinterpretq_u8_u32(vld1q_u32(words[j] + 4 * q));
            vst1q_s8(unpacked[j] + 16 * q, vreinterpretq_s8_u8(vandq_u8(pairs, vdupq_n_u8(15))));
            vst1q_s8(unpacked[j + 4] + 16 * q, vreinterpretq_s8_u8(vshrq_n_u8(pairs, 4)));
        }
    }
    block->weights = (const int8_t(*)[64])unpacked;
}

INLINE void load_scales(const float *scale, float32x4_t *quarters) {
    for (int q = 0; q < 4; q++) quarters[q] = vld1q_f32(scale + 4 * q);
}

INLINE void open_q4(const ck_panel_q4 *panel, int64_t b, int8_t (*unpacked)[64], weight_block *block) {
    panel += b;
    prefetch(panel, sizeof *panel);
    unpack_nibbles(panel->words, unpacked, block);
    for (int q = 0; q < 4; q++) {
        block->scale[0][q] = load_four_halves(panel->scale + 4 * q);
        block->minimum[q] = load_four_halves(panel->minimum + 4 * q);
    }
}

/// numbers[four rows] = halves · factors
INLINE void load_products(const uint16_t *halves, const uint8_t *factors, float32x4_t *numbers) {
    const uint8x16_t bytes = vld1q_u8(factors);
    const uint16x8_t words[2] = {vmovl_u8(vget_low_u8(bytes)), vmovl_u8(vget_high_u8(bytes))};
    for (int q = 0; q < 4; q++) {
        const uint16x4_t four = q % 2 == 0 ? vget_low_u16(words[q / 2]) : vget_high_u16(words[q / 2]);
        numbers[q] = vmulq_f32(load_four_halves(halves + 4 * q), vcvtq_f32_u32(vmovl_u16(four)));
    }
}

INLINE void open_q4k(const ck_panel_q4k *panel, int64_t b, int8_t (*unpacked)[64], weight_block *block) {
    const int64_t group = b % CK_GROUPS;
    panel += b / CK_GROUPS;
    if (group == 0) prefetch(panel, sizeof *panel - sizeof panel->words);
    prefetch(panel->words[group], sizeof panel->words[group]);
    unpack_nibbles(panel->words[group], unpacked, block);
    load_products(panel->scale, panel->scale_factors[group], block->scale[0]);
    load_products(panel->minimum, panel->minimum_factors[group], block->minimum);
}

// The other formats' bytes are used where they lie.

INLINE void open_q5(const ck_panel_q5 *panel, int64_t b, int8_t (*unused)[64], weight_block *block) {
    (void)unused;
    panel += b;
    prefetch(panel, sizeof *panel);
    block->weights = (const int8_t(*)[64])panel->words;
    load_scales(panel->scale, block->scale[0]);
    load_scales(panel->minimum, block->minimum);
}

INLINE void open_q6(const ck_panel_q6 *panel, int64_t b, int8_t (*unused)[64], weight_block *block) {
    (void)unused;
    panel += b;
    prefetch(panel, sizeof *panel);
    block->weights = (const int8_t(*)[64])panel->words;
    for (int half = 0; half < 2; half++) load_scales(panel->scale[half], block->scale[half]);
}

INLINE void open_q8(const ck_panel_q8 *panel, int64_t b, int8_t (*unused)[64], weight_block *block) {
    (void)unused;
    panel += b;
    prefetch(panel, sizeof *panel);
    block->weights = (const int8_t(*)[64])panel->words;
    load_scales(panel->scale, block->scale[0]);
}

/// A block's weights alone would fill all registers: they stay in memory, four-bit ones unpacked, and serve up to 16
/// tokens, four at a time, so that 40 loads bring 128 dot products.
#define OWN_TILES
#define OWN_TILE_Q8

/// Defines tile_format for panel blocks of `groups` times 32 weights a row.
#define TILE_OF_BLOCKS(format, Panel, groups, kind)                                                                 \
    INLINE int64_t tile_##format(const Panel *panel, const void *inputs, int64_t inner, int64_t left,               \
                                 floats *sums) {                                                                    \
        const ck_activation_block *x = (const ck_activation_block *)inputs;                                         \
        const int64_t tokens = left < 16 ? left : 16, blocks = inner * (groups);                                    \
        float32x4_t(*quarters)[4] = (float32x4_t(*)[4])sums;                                                        \
        memset(sums, 0, (size_t)tokens * sizeof *sums);                                                             \
        for (int64_t b = 0; b < blocks; b++, x++) {                                                                 \
            int8_t unpacked[8][64];                                                                                 \
            weight_block block;                                                                                     \
            open_##format(panel, b, unpacked, &block);                                                              \
            int64_t t = 0;                                                                                          \
            for (; t + 4 <= tokens; t += 4) add_block(&block, kind, x + t * blocks, blocks, 4, quarters + t);       \
            for (; t < tokens; t++) add_block(&block, kind, x + t * blocks, blocks, 1, quarters + t);               \
        }                                                                                                           \
        return tokens;                                                                                              \
    }

TILE_OF_BLOCKS(q4, ck_panel_q4, 1, WITH_MINIMUM)
TILE_OF_BLOCKS(q4k, ck_panel_q4k, CK_GROUPS, WITH_MINIMUM)
TILE_OF_BLOCKS(q5, ck_panel_q5, 1, WITH_MINIMUM)
TILE_OF_BLOCKS(q6, ck_panel_q6, 1, CENTRED_HALVES)
TILE_OF_BLOCKS(q8, ck_panel_q8, 1, SIGNED)

#include "body.h"

#pragma clang attribute pop

KERNEL_TABLE(ck_kernels_neon, "NEON dot product");
#endif
