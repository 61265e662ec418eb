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

INLINE floats load_halves(const uint16_t *p) {
    float32x4_t quarters[4];
    for (int q = 0; q < 4; q++) quarters[q] = vcvt_f32_f16(vreinterpret_f16_u16(vld1_u16(p + 4 * q)));
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

#include "panels.h"

/// A block's weights alone would fill all registers: they stay in memory and serve up to 16 tokens, four at a time, so
/// that 40 loads bring 128 dot products.
#define STACKED

typedef enum { WITH_MINIMUM, CENTRED, SIGNED } block_kind;

/// sums[token] += the products of the fours first..<end of a block with `tokens` tokens, scaled. The compiler knows
/// that number, and the kind.
INLINE void add_part(const weight_block *block, const block_kind kind, const ck_activation_block *x, int64_t blocks,
                     const int first, const int end, const int tokens, floats *sums) {
    const int8_t(*weights)[64] = (const int8_t(*)[64])block->weights;
    const float32x4_t *scale = (const float32x4_t *)(block->scale + first / 4);
    const float32x4_t *minimum = (const float32x4_t *)&block->minimum;
    int32x4_t dots[4][4];
    dot_digits(weights, x->high, blocks * (int64_t)sizeof *x, first, end, tokens, dots);
#pragma unroll
    for (int t = 0; t < tokens; t++) {
        const ck_activation_block *activations = x + t * blocks;
        if (__builtin_expect(activations->fine, 0)) {
            int32x4_t low[1][4];
            dot_digits(weights, activations->low, 0, first, end, 1, low);
            for (int q = 0; q < 4; q++) dots[t][q] = vmlaq_n_s32(low[0][q], dots[t][q], CK_BASE);
        }
        const int32_t of_first = activations->first_total;
        const int32_t total = first == 0 ? of_first : activations->total - of_first;
        float32x4_t *quarters = (float32x4_t *)(sums + t);
        for (int q = 0; q < 4; q++) {
            if (kind == CENTRED) dots[t][q] = vsubq_s32(dots[t][q], vdupq_n_s32(32 * total));
            const float32x4_t both = vmulq_n_f32(scale[q], activations->scale);
            quarters[q] = vfmaq_f32(quarters[q], vcvtq_f32_s32(dots[t][q]), both);
            if (kind == WITH_MINIMUM) quarters[q] = vfmaq_n_f32(quarters[q], minimum[q], activations->sum);
        }
    }
}

INLINE void add_unsigned(const weight_block *block, const int most, const ck_activation_block *x, int64_t blocks,
                         const int tokens, floats *sums) {
    (void)most;
    add_part(block, WITH_MINIMUM, x, blocks, 0, 8, tokens, sums);
}

INLINE void add_centred(const weight_block *block, const int most, const ck_activation_block *x, int64_t blocks,
                        const int tokens, floats *sums) {
    (void)most;
    add_part(block, CENTRED, x, blocks, 0, 4, tokens, sums);
    add_part(block, CENTRED, x, blocks, 4, 8, tokens, sums);
}

INLINE void add_signed(const weight_block *block, const int most, const ck_activation_block *x, int64_t blocks,
                       const int tokens, floats *sums) {
    (void)most;
    add_part(block, SIGNED, x, blocks, 0, 8, tokens, sums);
}

#include "body.h"

#pragma clang attribute pop

KERNEL_TABLE(ck_kernels_neon, "NEON dot product");
#endif
