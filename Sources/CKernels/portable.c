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

INLINE void widen_q4(const ck_panel_q4 *panel, integers *weights) {
    for (int j = 0; j < 4; j++) {
        integers words;
        memcpy(&words, panel->words[j], sizeof words);
        weights[j] = words & 0x0f0f0f0f;
        weights[j + 4] = words >> 4 & 0x0f0f0f0f;
    }
}

INLINE void widen_q8(const ck_panel_q8 *panel, integers *weights) {
    memcpy(weights, panel->words, sizeof panel->words);
}

INLINE int32_t activation(const ck_activation_block *block, int i) {
    return block->fine ? CK_BASE * block->high[i] + block->low[i] : block->high[i];
}

INLINE integers dot_q8(const integers *weights, const ck_activation_block *block) {
    integers dots = 0;
    for (int i = 0; i < CK_BLOCK; i++) {
        // The byte of element i moves to the top and comes back down with its sign.
        dots += ((weights[i / 4] << (24 - i % 4 * 8)) >> 24) * activation(block, i);
    }
    return dots;
}

INLINE integers dot_q4(const integers *weights, const ck_activation_block *block) {
    return dot_q8(weights, block);
}

INLINE void round_halves(floats v, uint16_t *out) {
    for (int i = 0; i < CK_LANES; i++) out[i] = ck_float_to_half(v[i]);
}

#define ROWS 3

#include "body.h"

KERNEL_TABLE(ck_kernels_portable, "portable");
