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

#include "panels.h"

INLINE integers dot_unsigned(int32_t start, const integers *weights, const int8_t *digits, int first, int count) {
    integers dots = (integers)(start);
    for (int i = 4 * first; i < 4 * (first + count); i++) dots += (weights[i / 4] >> i % 4 * 8 & 255) * digits[i];
    return dots;
}

INLINE void round_halves(floats v, uint16_t *out) {
    for (int i = 0; i < CK_LANES; i++) out[i] = ck_float_to_half(v[i]);
}

#define ROWS 3

#include "body.h"

KERNEL_TABLE(ck_kernels_portable, "portable");
