#include "half.h"
#include "kernels.h"

// Sizes of ggml's blocks in bytes (ggml-common.h).
enum { Q4_0_BYTES = 18, Q4_1_BYTES = 20, Q8_0_BYTES = 34 };

static uint16_t read_half(const uint8_t *source) {
    uint16_t half;
    memcpy(&half, source, 2);
    return half;
}

/// Copies one row's quants into its column of the panel block: each word holds four neighbours along the row.
static void place_words(uint32_t (*words)[CK_LANES], int count, int lane, const uint8_t *quants) {
    for (int j = 0; j < count; j++) memcpy(&words[j][lane], quants + 4 * j, 4);
}

void ck_pack_q4_0(const uint8_t *source, int64_t rows, int64_t blocks, ck_panel_q4 *panels) {
    memset(panels, 0, (size_t)((rows + CK_LANES - 1) / CK_LANES * blocks) * sizeof(ck_panel_q4));
    for (int64_t row = 0; row < rows; row++) {
        ck_panel_q4 *panel = panels + row / CK_LANES * blocks;
        const int lane = (int)(row % CK_LANES);
        for (int64_t b = 0; b < blocks; b++, source += Q4_0_BYTES) {
            const uint16_t scale = read_half(source);
            panel[b].scale[lane] = scale;
            panel[b].minimum[lane] = ck_float_to_half(-8 * ck_half_to_float(scale));
            place_words(panel[b].words, 4, lane, source + 2);
        }
    }
}

void ck_pack_q4_1(const uint8_t *source, int64_t rows, int64_t blocks, ck_panel_q4 *panels) {
    memset(panels, 0, (size_t)((rows + CK_LANES - 1) / CK_LANES * blocks) * sizeof(ck_panel_q4));
    for (int64_t row = 0; row < rows; row++) {
        ck_panel_q4 *panel = panels + row / CK_LANES * blocks;
        const int lane = (int)(row % CK_LANES);
        for (int64_t b = 0; b < blocks; b++, source += Q4_1_BYTES) {
            panel[b].scale[lane] = read_half(source);
            panel[b].minimum[lane] = read_half(source + 2);
            place_words(panel[b].words, 4, lane, source + 4);
        }
    }
}

void ck_pack_q8_0(const uint8_t *source, int64_t rows, int64_t blocks, ck_panel_q8 *panels) {
    memset(panels, 0, (size_t)((rows + CK_LANES - 1) / CK_LANES * blocks) * sizeof(ck_panel_q8));
    for (int64_t row = 0; row < rows; row++) {
        ck_panel_q8 *panel = panels + row / CK_LANES * blocks;
        const int lane = (int)(row % CK_LANES);
        for (int64_t b = 0; b < blocks; b++, source += Q8_0_BYTES) {
            panel[b].scale[lane] = ck_half_to_float(read_half(source));
            place_words(panel[b].words, 8, lane, source + 2);
        }
    }
}

void ck_pack_f16(const uint8_t *source, int64_t rows, int64_t count, uint16_t *panels) {
    memset(panels, 0, (size_t)((rows + CK_LANES - 1) / CK_LANES * count * CK_LANES) * sizeof(uint16_t));
    for (int64_t row = 0; row < rows; row++) {
        uint16_t *column = panels + row / CK_LANES * CK_LANES * count + row % CK_LANES;
        for (int64_t i = 0; i < count; i++, source += 2) memcpy(column + i * CK_LANES, source, 2);
    }
}

void ck_pack_f32(const uint8_t *source, int64_t rows, int64_t count, float *panels) {
    memset(panels, 0, (size_t)((rows + CK_LANES - 1) / CK_LANES * count * CK_LANES) * sizeof(float));
    for (int64_t row = 0; row < rows; row++) {
        float *column = panels + row / CK_LANES * CK_LANES * count + row % CK_LANES;
        for (int64_t i = 0; i < count; i++, source += 4) memcpy(column + i * CK_LANES, source, 4);
    }
}

void ck_unpack_q4_0(const uint8_t *source, int64_t count, float *out) {
    for (int64_t b = 0; b < count / CK_BLOCK; b++, source += Q4_0_BYTES, out += CK_BLOCK) {
        const float scale = ck_half_to_float(read_half(source));
        for (int i = 0; i < 16; i++) {
            out[i] = scale * (float)((source[2 + i] & 15) - 8);
            out[16 + i] = scale * (float)((source[2 + i] >> 4) - 8);
        }
    }
}

void ck_unpack_q4_1(const uint8_t *source, int64_t count, float *out) {
    for (int64_t b = 0; b < count / CK_BLOCK; b++, source += Q4_1_BYTES, out += CK_BLOCK) {
        const float scale = ck_half_to_float(read_half(source));
        const float minimum = ck_half_to_float(read_half(source + 2));
        for (int i = 0; i < 16; i++) {
            out[i] = scale * (float)(source[4 + i] & 15) + minimum;
            out[16 + i] = scale * (float)(source[4 + i] >> 4) + minimum;
        }
    }
}

void ck_unpack_q8_0(const uint8_t *source, int64_t count, float *out) {
    for (int64_t b = 0; b < count / CK_BLOCK; b++, source += Q8_0_BYTES, out += CK_BLOCK) {
        const float scale = ck_half_to_float(read_half(source));
        for (int i = 0; i < CK_BLOCK; i++) out[i] = scale * (float)(int8_t)source[2 + i];
    }
}

void ck_unpack_f16(const uint8_t *source, int64_t count, float *out) {
    for (int64_t i = 0; i < count; i++) out[i] = ck_half_to_float(read_half(source + 2 * i));
}

bool ck_exponents_are_finite(const uint8_t *source, int64_t count, int64_t stride, uint16_t mask) {
    bool finite = true;
    for (int64_t i = 0; i < count; i++) finite &= (read_half(source + i * stride) & mask) != mask;
    return finite;
}

void ck_store_halves(const float *x, int64_t count, uint16_t *out, int64_t stride) {
    for (int64_t i = 0; i < count; i++) out[i * stride] = ck_float_to_half(x[i]);
}
