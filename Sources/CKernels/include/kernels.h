// The inner loops of the model, one implementation per instruction set, all giving the same bits.
//
// Matrices are packed at load into panels of 16 rows, so that a vector register holds one value of each of 16 output
// rows: a product is then a walk along the inner dimension without a horizontal sum anywhere, and an output element's
// order of additions is the order of the blocks, whatever the number of tokens, threads or tiles. Integer dot
// products are exact; floating-point steps are the same fused multiply-adds in the same order in every file. So
// `portable`, `avx2` and `avx512` agree bit by bit, and the tests ask for exactly that.
//
// Nothing here allocates, checks bounds or keeps state. Counts are elements unless said otherwise; no pointer needs
// an alignment, though 64 bytes are fastest for weights.
#pragma once
#include <stdint.h>

/// Rows in a panel, and lanes in every fixed-order sum.
#define CK_LANES 16
/// Weights, or activations, under one scale: QK8_0, QK4_0 and QK4_1 of ggml.
#define CK_BLOCK 32

/// 32 activations as two digits to the base 254, each in -127...127: x[i] ≈ scale · (254 · high[i] + low[i]).
///
/// One digit is ggml's block_q8_1. With it alone SmolLM2-135M's log-probabilities are off by 0.095 on average, with two
/// by 0.001, and two cost the same reads of weights.
typedef struct {
    float scale;
    /// scale · total: what a constant offset of the 32 weights is multiplied with.
    float sum;
    /// The sum of 254 · high + low.
    int32_t total;
    int8_t high[CK_BLOCK];
    int8_t low[CK_BLOCK];
} ck_activation_block;

/// The base of the digits.
#define CK_BASE 254

/// 32 weights of each of 16 rows: w = scale · q + minimum, q in 0...15 (ggml's Q4_1; Q4_0 is the same with
/// minimum = -8 · scale, which half precision holds exactly).
typedef struct {
    /// Half precision, by row.
    uint16_t scale[CK_LANES];
    uint16_t minimum[CK_LANES];
    /// words[j][row]: four bytes; their low nibbles are elements 4j...4j+3, their high nibbles elements 16+4j...19+4j.
    uint32_t words[4][CK_LANES];
} ck_panel_q4;

/// 32 weights of each of 16 rows: w = scale · q, q in -128...127 (ggml's Q8_0).
typedef struct {
    float scale[CK_LANES];
    /// words[j][row]: elements 4j...4j+3 as signed bytes.
    uint32_t words[8][CK_LANES];
} ck_panel_q8;

/// outputs[token · stride + row] = Σ weights[row] · inputs[token] for every row and token.
///
/// `weights` is the first of ceil(rows / 16) panels, each `inner` panel blocks (quantised) or `inner` · 16 numbers
/// (floating point) long. `inputs` holds `inner` blocks or numbers a token, token after token. Lanes past `rows` in
/// the last panel are computed and not stored.
typedef void (*ck_multiply)(
    const void *weights, const void *inputs, float *outputs, int64_t inner, int64_t rows, int64_t tokens,
    int64_t stride);

/// Positions in a page of keys and values.
#define CK_PAGE 32

/// The keys and values of one layer and head, in pages of CK_PAGE positions; half precision.
typedef struct {
    /// Each page's beginning, in the order of positions.
    const uint16_t *const *pages;
    /// Where in a page the keys lie, in panels of 16 positions: [CK_PAGE / 16][dimension][16].
    int64_t keys;
    /// Where in a page the values lie: [CK_PAGE][dimension].
    int64_t values;
} ck_attention_pages;

/// The kernels of one instruction set.
typedef struct {
    const char *name;
    /// Panels of ck_panel_q4, inputs of ck_activation_block.
    ck_multiply multiply_q4;
    /// Panels of ck_panel_q8, inputs of ck_activation_block.
    ck_multiply multiply_q8;
    /// Panels [inner][16] of half precision, inputs of floats.
    ck_multiply multiply_f16;
    /// Panels [inner][16] of single precision, inputs of floats.
    ck_multiply multiply_f32;
    /// Rounds `count` floats, a multiple of 32, to blocks: scale = max|x| / 127 / 254, digits to nearest, ties to even.
    void (*quantize)(const float *x, int64_t count, ck_activation_block *blocks);
    /// out = x · weight / sqrt(mean(x²) + epsilon).
    void (*rms_norm)(const float *x, const float *weight, float epsilon, int64_t count, float *out);
    /// gate = gate · sigmoid(gate) · up.
    void (*silu_product)(float *gate, const float *up, int64_t count);
    /// x += y.
    void (*add)(float *x, const float *y, int64_t count);
    /// Turns each pair (x[2i], x[2i + 1]) of every head by the angle whose cosine and sine are at i; `dimension`
    /// numbers a head. The pairs of llama.cpp's "norm" rotation, for which GGUF files of Llama models are permuted.
    void (*rotate)(float *x, const float *cosine, const float *sine, int64_t heads, int64_t dimension);
    /// Attention of `queries` query heads of one token that share one key and value head, over `positions` positions.
    ///
    /// q and out: [queries][dimension], heads one after another; dimension is a multiple of 16. scores is scratch of
    /// [min(queries, 4)][positions rounded up to 16]. What a page holds past `positions` is ignored.
    void (*attend)(
        const float *q, ck_attention_pages pages, int64_t queries, int64_t dimension, int64_t positions, float scale,
        float *scores, float *out);
    /// log Σ exp(x), stable.
    float (*log_sum_exp)(const float *x, int64_t count);
} ck_kernels;

/// An instruction set with kernels of its own.
typedef enum {
    CK_PORTABLE = 0,
    /// AVX2, FMA and F16C: x86 since 2013.
    CK_AVX2 = 1,
    /// AVX-512 F, BW, VL and VNNI: Ice Lake, Zen 4 and later.
    CK_AVX512 = 2,
} ck_instruction_set;

/// The kernels of that instruction set, or NULL where this processor or this build lacks it.
const ck_kernels *ck_kernels_for(ck_instruction_set set);
/// The fastest kernels of this processor.
const ck_kernels *ck_kernels_best(void);

/// Packs `rows` rows of `blocks` ggml blocks each into ceil(rows / 16) panels; rows that are missing become zeros.
/// block_q4_0: half scale, 16 bytes. block_q4_1: half scale, half minimum, 16 bytes. block_q8_0: half scale, 32 bytes.
/// Element i of a 4-bit block is the low nibble of byte i, element 16 + i its high nibble (ggml-common.h).
void ck_pack_q4_0(const uint8_t *source, int64_t rows, int64_t blocks, ck_panel_q4 *panels);
void ck_pack_q4_1(const uint8_t *source, int64_t rows, int64_t blocks, ck_panel_q4 *panels);
void ck_pack_q8_0(const uint8_t *source, int64_t rows, int64_t blocks, ck_panel_q8 *panels);
/// Packs `rows` rows of `count` numbers each into panels [count][16].
void ck_pack_f16(const uint8_t *source, int64_t rows, int64_t count, uint16_t *panels);
void ck_pack_f32(const uint8_t *source, int64_t rows, int64_t count, float *panels);

/// Turns ggml blocks, or half-precision numbers, into floats: `count` of them, a multiple of 32 for blocks.
void ck_unpack_q4_0(const uint8_t *source, int64_t count, float *out);
void ck_unpack_q4_1(const uint8_t *source, int64_t count, float *out);
void ck_unpack_q8_0(const uint8_t *source, int64_t count, float *out);
void ck_unpack_f16(const uint8_t *source, int64_t count, float *out);

/// Stores `count` floats as half precision, rounded to nearest even, `stride` numbers apart.
void ck_store_halves(const float *x, int64_t count, uint16_t *out, int64_t stride);

/// Numbers whose maximum is known together while the largest are looked for.
#define CK_SELECT_BLOCK 64

/// A number and its place.
typedef struct {
    float value;
    int32_t index;
} ck_entry;

/// The `wanted` largest of `count` numbers, largest first; of equal ones those that come first. NaN and -infinity are
/// none of them. `largest` has room for `wanted`, `maxima` is scratch of [ceil(count / CK_SELECT_BLOCK)].
///
/// Returns how many there are. Costs one walk along the numbers (9 µs for the 40 largest of 49,152, of which 4 are the
/// maxima, on one core of a 2024 server), and with a larger `wanted` up to a sort of them.
int64_t ck_largest(const float *x, int64_t count, int64_t wanted, float *maxima, ck_entry *largest);

/// Tells the processor that this thread spins.
static inline void ck_spin_hint(void) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}
