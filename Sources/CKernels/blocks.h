// ggml's blocks of quantised weights, read into plain numbers: what packing and unpacking have in common. The layouts
// are those of ggml-common.h (`block_q4_0` and so on); the arithmetic is that of `dequantize_row_*` in ggml-quants.c.
#pragma once
#include "half.h"

/// The largest block: that of the K types.
#define SUPER 256

/// One block: weight[i] = scale[i / group] · quant[i] + minimum[i / group].
typedef struct {
    /// Neighbours under one scale.
    int group;
    int8_t quant[SUPER];
    float scale[SUPER / 16];
    float minimum[SUPER / 16];
} block_numbers;

/// Bytes of a block.
enum {
    Q4_0_BYTES = 18,
    Q4_1_BYTES = 20,
    Q5_0_BYTES = 22,
    Q5_1_BYTES = 24,
    Q8_0_BYTES = 34,
    Q4_K_BYTES = 144,
    Q5_K_BYTES = 176,
    Q6_K_BYTES = 210,
};

static inline uint16_t read_half(const uint8_t *source) {
    uint16_t half;
    memcpy(&half, source, 2);
    return half;
}

static inline float read_number(const uint8_t *source) { return ck_half_to_float(read_half(source)); }

static inline void set_scale(block_numbers *block, float scale, float minimum) {
    block->group = 32;
    block->scale[0] = scale;
    block->minimum[0] = minimum;
}

/// Element i is the low nibble of byte i, element 16 + i its high nibble.
static inline void read_nibbles(const uint8_t *source, int8_t *quant) {
    for (int i = 0; i < 16; i++) {
        quant[i] = source[i] & 15;
        quant[16 + i] = (int8_t)(source[i] >> 4);
    }
}

/// Bit i is the fifth bit of element i.
static inline void add_fifth_bits(const uint8_t *source, int8_t *quant) {
    for (int byte = 0; byte < 4; byte++) {
        for (int i = 0; i < 8; i++) quant[8 * byte + i] |= (int8_t)((source[byte] >> i & 1) << 4);
    }
}

static inline void read_q4_0(const uint8_t *source, block_numbers *block) {
    const float scale = read_number(source);
    set_scale(block, scale, -8 * scale);
    read_nibbles(source + 2, block->quant);
}

static inline void read_q4_1(const uint8_t *source, block_numbers *block) {
    set_scale(block, read_number(source), read_number(source + 2));
    read_nibbles(source + 4, block->quant);
}

static inline void read_q5_0(const uint8_t *source, block_numbers *block) {
    const float scale = read_number(source);
    set_scale(block, scale, -16 * scale);
    read_nibbles(source + 6, block->quant);
    add_fifth_bits(source + 2, block->quant);
}

static inline void read_q5_1(const uint8_t *source, block_numbers *block) {
    set_scale(block, read_number(source), read_number(source + 2));
    read_nibbles(source + 8, block->quant);
    add_fifth_bits(source + 4, block->quant);
}

static inline void read_q8_0(const uint8_t *source, block_numbers *block) {
    set_scale(block, read_number(source), 0);
    memcpy(block->quant, source + 2, 32);
}

/// The 6-bit factors of scale and minimum of eight groups in 12 bytes: the upper two bits of the last four groups'
/// lie above the 6 bits of the first four's.
static inline void read_factors(const uint8_t *source, int group, uint8_t *scale, uint8_t *minimum) {
    if (group < 4) {
        *scale = source[group] & 63;
        *minimum = source[group + 4] & 63;
    } else {
        *scale = (uint8_t)((source[group + 4] & 15) | (source[group - 4] >> 6) << 4);
        *minimum = (uint8_t)((source[group + 4] >> 4) | (source[group] >> 6) << 4);
    }
}

static inline void set_factored_scales(block_numbers *block, const uint8_t *source) {
    const float scale = read_number(source), minimum = read_number(source + 2);
    block->group = 32;
    for (int group = 0; group < 8; group++) {
        uint8_t of_scale, of_minimum;
        read_factors(source + 4, group, &of_scale, &of_minimum);
        block->scale[group] = scale * of_scale;
        block->minimum[group] = -(minimum * of_minimum);
    }
}

/// 64 elements in 32 bytes: first all low nibbles, then all high ones.
static inline void read_long_nibbles(const uint8_t *source, int8_t *quant) {
    for (int part = 0; part < 4; part++, source += 32, quant += 64) {
        for (int i = 0; i < 32; i++) {
            quant[i] = source[i] & 15;
            quant[32 + i] = (int8_t)(source[i] >> 4);
        }
    }
}

static inline void read_q4_k(const uint8_t *source, block_numbers *block) {
    set_factored_scales(block, source);
    read_long_nibbles(source + 16, block->quant);
}

static inline void read_q5_k(const uint8_t *source, block_numbers *block) {
    set_factored_scales(block, source);
    read_long_nibbles(source + 48, block->quant);
    // Bit g of byte i is the fifth bit of element i of group g.
    for (int group = 0; group < 8; group++) {
        for (int i = 0; i < 32; i++) block->quant[32 * group + i] |= (int8_t)((source[16 + i] >> group & 1) << 4);
    }
}

static inline void read_q6_k(const uint8_t *source, block_numbers *block) {
    const uint8_t *low = source, *high = source + 128;
    const float scale = read_number(source + 208);
    block->group = 16;
    for (int group = 0; group < 16; group++) {
        block->scale[group] = scale * (int8_t)source[192 + group];
        block->minimum[group] = 0;
    }
    // 128 elements at a time, four times 32: the nibbles of two in the low halves of 64 bytes, of two in the high ones;
    // their upper bits in 32 bytes, two bits for each.
    for (int part = 0; part < 8; part++) {
        const uint8_t *nibbles = low + part / 4 * 64 + part % 2 * 32, *upper = high + part / 4 * 32;
        const int shift = part % 4 / 2 * 4, upper_shift = part % 4 * 2;
        for (int i = 0; i < 32; i++) {
            const int value = (nibbles[i] >> shift & 15) | (upper[i] >> upper_shift & 3) << 4;
            block->quant[32 * part + i] = (int8_t)(value - 32);
        }
    }
}
