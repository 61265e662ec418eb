// Half precision (IEEE 754 binary16) without hardware or library support, for packing and the portable kernels.
#pragma once
#include <stdint.h>
#include <string.h>

static inline float ck_float_of_bits(uint32_t bits) {
    float value;
    memcpy(&value, &bits, 4);
    return value;
}

static inline uint32_t ck_bits_of_float(float value) {
    uint32_t bits;
    memcpy(&bits, &value, 4);
    return bits;
}

static inline float ck_half_to_float(uint16_t half) {
    const uint32_t sign = (uint32_t)(half & 0x8000) << 16;
    const uint32_t exponent = (half >> 10) & 31;
    const uint32_t fraction = half & 0x3ff;
    if (exponent == 31) return ck_float_of_bits(sign | 0x7f800000 | fraction << 13);
    if (exponent == 0) {
        const float magnitude = (float)fraction * 0x1p-24f;
        return sign ? -magnitude : magnitude;
    }
    return ck_float_of_bits(sign | (exponent + 112) << 23 | fraction << 13);
}

/// To nearest, ties to even; too large becomes infinity, as vcvtps2ph does.
static inline uint16_t ck_float_to_half(float value) {
    const uint32_t bits = ck_bits_of_float(value);
    const uint16_t sign = (uint16_t)(bits >> 16 & 0x8000);
    const uint32_t magnitude = bits & 0x7fffffff;
    if (magnitude > 0x7f800000) return sign | 0x7e00 | (uint16_t)(magnitude >> 13 & 0x3ff);
    if (magnitude >= 0x47800000) return sign | 0x7c00;
    if (magnitude < 0x38800000) {
        // Below the smallest normal half: adding 0.5 rounds the value to a multiple of 2^-24 in the low bits.
        const float shifted = ck_float_of_bits(magnitude) + 0.5f;
        return sign | (uint16_t)(ck_bits_of_float(shifted) - 0x3f000000);
    }
    const uint32_t rounded = magnitude + 0xfff + (magnitude >> 13 & 1);
    return sign | (uint16_t)((rounded >> 13) - (112 << 10));
}
