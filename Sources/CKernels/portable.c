// The reference, in plain C: what the other files are tested against, and what runs where they cannot.
#include <math.h>
#include <string.h>

#include "half.h"
#include "kernels.h"
#include "tables.h"
#include "vectors.h"

// Vectors wider than the baseline's registers stay within this file, so how they would be passed does not matter.
#pragma clang diagnostic ignored "-Wpsabi"

INLINE floats load_halves(const uint16_t *p) {
    floats v;
    for (int i = 0; i < CK_LANES; i++) v[i] = ck_half_to_float(p[i]);
    return v;
}

INLINE void widen_q4(const uint32_t (*words)[CK_LANES], integers *weights) {
    for (int j = 0; j < 4; j++) {
        integers pairs;
        memcpy(&pairs, words[j], sizeof pairs);
        weights[j] = pairs & 0x0f0f0f0f;
        weights[j + 4] = pairs >> 4 & 0x0f0f0f0f;
    }
}

INLINE void widen_q8(const uint32_t (*words)[CK_LANES], integers *weights) {
    memcpy(weights, words, 8 * sizeof *weights);
}

/// The dot products of elements first..<first + count.
INLINE integers dot_bytes(const integers *weights, const ck_activation_block *block, int first, int count) {
    integers dots = 0;
    for (int i = first; i < first + count; i++) {
        const int32_t x = block->fine ? CK_BASE * block->high[i] + block->low[i] : block->high[i];
        // The byte of element i moves to the top and comes back down with its sign.
        dots += ((weights[i / 4] << (24 - i % 4 * 8)) >> 24) * x;
    }
    return dots;
}

INLINE integers dot_q8(const integers *weights, const ck_activation_block *block) {
    return dot_bytes(weights, block, 0, CK_BLOCK);
}

/// The bytes of ck_panel_q6 are 32 too large.
INLINE integers dot_q6(const integers *weights, const ck_activation_block *block, int half) {
    const int32_t total = half == 0 ? block->first_total : block->total - block->first_total;
    return dot_bytes(weights, block, half * 16, 16) - 32 * total;
}

/// Bytes of at most 31 have no sign to lose.
INLINE integers dot_unsigned(const integers *weights, const ck_activation_block *block) {
    return dot_q8(weights, block);
}

INLINE void round_halves(floats v, uint16_t *out) {
    for (int i = 0; i < CK_LANES; i++) out[i] = ck_float_to_half(v[i]);
}

#define ROWS 3

#include "body.h"

KERNEL_TABLE(ck_kernels_portable, "portable");
