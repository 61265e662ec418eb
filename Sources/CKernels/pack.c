#include "blocks.h"
#include "kernels.h"

/// How many panels `rows` rows take.
static size_t panels_of(int64_t rows) { return (size_t)((rows + CK_LANES - 1) / CK_LANES); }

/// Copies one row's bytes into its column of the panel block: each word holds four neighbours along the row.
static void place_words(uint32_t (*words)[CK_LANES], int count, int lane, const void *bytes) {
    for (int j = 0; j < count; j++) memcpy(&words[j][lane], (const uint8_t *)bytes + 4 * j, 4);
}

/// The lower four bits of 32 numbers, as ck_panel_q4 keeps them.
static void place_nibbles(uint32_t (*words)[CK_LANES], int lane, const int8_t *quant) {
    uint8_t pairs[16];
    for (int i = 0; i < 16; i++) pairs[i] = (uint8_t)((quant[i] & 15) | quant[16 + i] << 4);
    place_words(words, 4, lane, pairs);
}

/// The fifth bits of 32 numbers, as ck_panel_q5 keeps them.
static void place_fifth_bits(uint32_t *fifths, int lane, const int8_t *quant) {
    uint8_t bits[4] = {0};
    for (int i = 0; i < CK_BLOCK; i++) bits[i % 4] |= (uint8_t)((quant[i] >> 4 & 1) << i / 4);
    memcpy(&fifths[lane], bits, 4);
}

/// The upper bits of 16 numbers of six, as ck_panel_q6k keeps them.
static void place_upper_bits(uint32_t *upper, int lane, const int8_t *quant) {
    uint8_t bits[4] = {0};
    for (int i = 0; i < 16; i++) bits[i % 4] |= (uint8_t)((quant[i] >> 4 & 3) << i / 4 * 2);
    memcpy(&upper[lane], bits, 4);
}

/// Defines ck_pack_format: of each ggml block, `place` fills a row's part of a panel block (panel block, lane, source).
#define PACK(format, Panel, bytes, place)                                                                           \
    void ck_pack_##format(const uint8_t *source, int64_t rows, int64_t blocks, Panel *panels) {                     \
        memset(panels, 0, panels_of(rows) * (size_t)blocks * sizeof *panels);                                       \
        for (int64_t row = 0; row < rows; row++) {                                                                  \
            Panel *panel = panels + row / CK_LANES * blocks;                                                        \
            for (int64_t b = 0; b < blocks; b++, source += (bytes)) place(panel + b, (int)(row % CK_LANES), source); \
        }                                                                                                           \
    }

// MARK: Blocks of 32

static void place_q4_0(ck_panel_q4 *panel, int lane, const uint8_t *source) {
    panel->scale[lane] = read_half(source);
    panel->minimum[lane] = ck_float_to_half(-8 * read_number(source));
    place_words(panel->words, 4, lane, source + 2);
}

static void place_q4_1(ck_panel_q4 *panel, int lane, const uint8_t *source) {
    panel->scale[lane] = read_half(source);
    panel->minimum[lane] = read_half(source + 2);
    place_words(panel->words, 4, lane, source + 4);
}

static void place_fives(ck_panel_q5 *panel, int lane, const block_numbers *block) {
    panel->scale[lane] = ck_float_to_half(block->scale[0]);
    panel->minimum[lane] = ck_float_to_half(block->minimum[0]);
    place_nibbles(panel->words, lane, block->quant);
    place_fifth_bits(panel->words[4], lane, block->quant);
}

static void place_q5_0(ck_panel_q5 *panel, int lane, const uint8_t *source) {
    block_numbers block;
    read_q5_0(source, &block);
    place_fives(panel, lane, &block);
}

static void place_q5_1(ck_panel_q5 *panel, int lane, const uint8_t *source) {
    block_numbers block;
    read_q5_1(source, &block);
    place_fives(panel, lane, &block);
}

static void place_q8_0(ck_panel_q8 *panel, int lane, const uint8_t *source) {
    panel->scale[lane] = read_half(source);
    place_words(panel->words, 8, lane, source + 2);
}

PACK(q4_0, ck_panel_q4, Q4_0_BYTES, place_q4_0)
PACK(q4_1, ck_panel_q4, Q4_1_BYTES, place_q4_1)
PACK(q5_0, ck_panel_q5, Q5_0_BYTES, place_q5_0)
PACK(q5_1, ck_panel_q5, Q5_1_BYTES, place_q5_1)
PACK(q8_0, ck_panel_q8, Q8_0_BYTES, place_q8_0)

// MARK: Blocks of 256

static void place_q4_k(ck_panel_q4k *panel, int lane, const uint8_t *source) {
    int8_t quant[SUPER];
    read_long_nibbles(source + 16, quant);
    panel->scale[lane] = read_half(source);
    panel->minimum[lane] = read_half(source + 2) ^ 0x8000;
    for (int group = 0; group < CK_GROUPS; group++) {
        read_factors(source + 4, group, &panel->scale_factors[group][lane], &panel->minimum_factors[group][lane]);
        place_nibbles(panel->words[group], lane, quant + group * CK_BLOCK);
    }
}

static void place_q5_k(ck_panel_q5k *panel, int lane, const uint8_t *source) {
    block_numbers block;
    read_q5_k(source, &block);
    panel->scale[lane] = read_half(source);
    panel->minimum[lane] = read_half(source + 2) ^ 0x8000;
    for (int group = 0; group < CK_GROUPS; group++) {
        read_factors(source + 4, group, &panel->scale_factors[group][lane], &panel->minimum_factors[group][lane]);
        place_nibbles(panel->words[group], lane, block.quant + group * CK_BLOCK);
        place_fifth_bits(panel->words[group][4], lane, block.quant + group * CK_BLOCK);
    }
}

static void place_q6_k(ck_panel_q6k *panel, int lane, const uint8_t *source) {
    block_numbers block;
    read_q6_k(source, &block);
    for (int i = 0; i < SUPER; i++) block.quant[i] = (int8_t)(block.quant[i] + 32);
    panel->scale[lane] = read_half(source + 208);
    for (int group = 0; group < CK_GROUPS; group++) {
        place_nibbles(panel->words[group], lane, block.quant + group * CK_BLOCK);
        for (int half = 0; half < 2; half++) {
            panel->scale_factors[2 * group + half][lane] = (int8_t)source[192 + 2 * group + half];
            place_upper_bits(panel->words[group][4 + half], lane, block.quant + group * CK_BLOCK + half * 16);
        }
    }
}

PACK(q4_k, ck_panel_q4k, Q4_K_BYTES, place_q4_k)
PACK(q5_k, ck_panel_q5k, Q5_K_BYTES, place_q5_k)
PACK(q6_k, ck_panel_q6k, Q6_K_BYTES, place_q6_k)

// MARK: Floating point

void ck_pack_16(const uint8_t *source, int64_t rows, int64_t count, uint16_t *panels) {
    memset(panels, 0, panels_of(rows) * (size_t)(count * CK_LANES) * sizeof *panels);
    for (int64_t row = 0; row < rows; row++) {
        uint16_t *column = panels + row / CK_LANES * CK_LANES * count + row % CK_LANES;
        for (int64_t i = 0; i < count; i++, source += 2) memcpy(column + i * CK_LANES, source, 2);
    }
}

void ck_pack_32(const uint8_t *source, int64_t rows, int64_t count, float *panels) {
    memset(panels, 0, panels_of(rows) * (size_t)(count * CK_LANES) * sizeof *panels);
    for (int64_t row = 0; row < rows; row++) {
        float *column = panels + row / CK_LANES * CK_LANES * count + row % CK_LANES;
        for (int64_t i = 0; i < count; i++, source += 4) memcpy(column + i * CK_LANES, source, 4);
    }
}

void ck_store_halves(const float *x, int64_t count, uint16_t *out, int64_t stride) {
    for (int64_t i = 0; i < count; i++) out[i * stride] = ck_float_to_half(x[i]);
}
