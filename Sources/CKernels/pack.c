#include "blocks.h"
#include "kernels.h"

/// How many panels `rows` rows take.
static size_t panels_of(int64_t rows) { return (size_t)((rows + CK_LANES - 1) / CK_LANES); }

/// Copies one row's bytes into its column of the panel block: each word holds four neighbours along the row.
static void place_words(uint32_t (*words)[CK_LANES], int count, int lane, const void *bytes) {
    for (int j = 0; j < count; j++) memcpy(&words[j][lane], (const uint8_t *)bytes + 4 * j, 4);
}

/// The same for 32 numbers of 4 bits, as ck_panel_q4 keeps them.
static void place_nibbles(uint32_t (*words)[CK_LANES], int lane, const int8_t *quant) {
    uint8_t pairs[16];
    for (int i = 0; i < 16; i++) pairs[i] = (uint8_t)(quant[i] | quant[16 + i] << 4);
    place_words(words, 4, lane, pairs);
}

// MARK: Four bits

/// `minimum_at` is where the half-precision minimum lies in a block; 0 for Q4_0, which has none.
static void pack_q4(const uint8_t *source, int64_t rows, int64_t blocks, int bytes, int minimum_at,
                    ck_panel_q4 *panels) {
    memset(panels, 0, panels_of(rows) * (size_t)blocks * sizeof *panels);
    for (int64_t row = 0; row < rows; row++) {
        ck_panel_q4 *panel = panels + row / CK_LANES * blocks;
        const int lane = (int)(row % CK_LANES);
        for (int64_t b = 0; b < blocks; b++, source += bytes) {
            panel[b].scale[lane] = read_half(source);
            panel[b].minimum[lane] =
                minimum_at > 0 ? read_half(source + minimum_at) : ck_float_to_half(-8 * read_number(source));
            place_words(panel[b].words, 4, lane, source + bytes - 16);
        }
    }
}

void ck_pack_q4_0(const uint8_t *source, int64_t rows, int64_t blocks, ck_panel_q4 *panels) {
    pack_q4(source, rows, blocks, Q4_0_BYTES, 0, panels);
}

void ck_pack_q4_1(const uint8_t *source, int64_t rows, int64_t blocks, ck_panel_q4 *panels) {
    pack_q4(source, rows, blocks, Q4_1_BYTES, 2, panels);
}

void ck_pack_q4_k(const uint8_t *source, int64_t rows, int64_t blocks, ck_panel_q4k *panels) {
    memset(panels, 0, panels_of(rows) * (size_t)blocks * sizeof *panels);
    for (int64_t row = 0; row < rows; row++) {
        ck_panel_q4k *panel = panels + row / CK_LANES * blocks;
        const int lane = (int)(row % CK_LANES);
        for (int64_t b = 0; b < blocks; b++, source += Q4_K_BYTES) {
            int8_t quant[SUPER];
            panel[b].scale[lane] = read_half(source);
            panel[b].minimum[lane] = read_half(source + 2) ^ 0x8000;
            read_long_nibbles(source + 16, quant);
            for (int group = 0; group < CK_GROUPS; group++) {
                read_factors(
                    source + 4, group, &panel[b].scale_factors[group][lane], &panel[b].minimum_factors[group][lane]);
                place_nibbles(panel[b].words[group], lane, quant + group * CK_BLOCK);
            }
        }
    }
}

// MARK: Bytes

/// Defines ck_pack_format: a block is read and becomes numbers / 32 panel blocks, of which `place` fills a row's part
/// (panel block, lane, block of numbers, first number).
#define PACK(format, Panel, numbers, bytes, place)                                                                  \
    void ck_pack_##format(const uint8_t *source, int64_t rows, int64_t blocks, Panel *panels) {                     \
        memset(panels, 0, panels_of(rows) * (size_t)blocks * sizeof *panels);                                       \
        for (int64_t row = 0; row < rows; row++) {                                                                  \
            Panel *panel = panels + row / CK_LANES * blocks;                                                        \
            for (int64_t b = 0; b < blocks; b += (numbers) / CK_BLOCK, source += (bytes)) {                         \
                block_numbers block;                                                                                \
                read_##format(source, &block);                                                                      \
                for (int first = 0; first < (numbers); first += CK_BLOCK) {                                         \
                    place(panel + b + first / CK_BLOCK, (int)(row % CK_LANES), &block, first);                      \
                }                                                                                                   \
            }                                                                                                       \
        }                                                                                                           \
    }

static void place_q5(ck_panel_q5 *panel, int lane, const block_numbers *block, int first) {
    panel->scale[lane] = block->scale[first / CK_BLOCK];
    panel->minimum[lane] = block->minimum[first / CK_BLOCK];
    place_words(panel->words, 8, lane, block->quant + first);
}

static void place_q6(ck_panel_q6 *panel, int lane, const block_numbers *block, int first) {
    int8_t bytes[CK_BLOCK];
    for (int i = 0; i < CK_BLOCK; i++) bytes[i] = (int8_t)(block->quant[first + i] + 32);
    for (int half = 0; half < 2; half++) panel->scale[half][lane] = block->scale[first / 16 + half];
    place_words(panel->words, 8, lane, bytes);
}

static void place_q8(ck_panel_q8 *panel, int lane, const block_numbers *block, int first) {
    panel->scale[lane] = block->scale[0];
    place_words(panel->words, 8, lane, block->quant + first);
}

PACK(q5_0, ck_panel_q5, 32, Q5_0_BYTES, place_q5)
PACK(q5_1, ck_panel_q5, 32, Q5_1_BYTES, place_q5)
PACK(q5_k, ck_panel_q5, SUPER, Q5_K_BYTES, place_q5)
PACK(q6_k, ck_panel_q6, SUPER, Q6_K_BYTES, place_q6)
PACK(q8_0, ck_panel_q8, 32, Q8_0_BYTES, place_q8)

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
