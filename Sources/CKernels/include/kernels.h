// The inner loops of the model, one implementation per instruction set, all giving the same bits.
//
// Matrices are packed at load into panels of 16 rows, so that a vector register holds one value of each of 16 output
// rows: a product is then a walk along the inner dimension without a horizontal sum anywhere, and an output element's
// order of additions is the order of the blocks, whatever the number of tokens, threads or tiles. Integer dot
// products are exact; floating-point steps are the same fused multiply-adds in the same order in every file. So
// `portable`, `avx2`, `avx512` and `neon` agree bit by bit, and the tests ask for exactly that.
//
// Nothing here allocates, checks bounds or keeps state. Counts are elements unless said otherwise; no pointer needs
// an alignment, though 64 bytes are fastest for weights.
#pragma once
#include <stdbool.h>
#include <stdint.h>

/// Rows in a panel, and lanes in every fixed-order sum.
#define CK_LANES 16
/// Weights, or activations, under one scale: QK8_0, QK4_0 and QK4_1 of ggml.
#define CK_BLOCK 32

/// 32 activations as a digit each, or two to the base 254, each in -127...127: x[i] ≈ scale · high[i], or
/// scale · (254 · high[i] + low[i]).
///
/// A block gets the second digit only where it pays: when its largest number, squared, is more than CK_FINE times the
/// mean of the row's blocks, for the rounding of those few blocks is most of a row's error. SmolLM2-135M's
/// log-probabilities of the 20 likeliest tokens are off by 0.105 on average with one digit (ggml's block_q8_1) everywhere,
/// by 0.001 with two, and by 0.045 with a second one in the 11 % of blocks that this rule finds.
typedef struct {
    float scale;
    /// scale · total: what a constant offset of the 32 weights is multiplied with.
    float sum;
    /// The sum of the numbers that `scale` is multiplied with.
    int32_t total;
    /// The part of it that the first 16 give.
    int32_t first_total;
    /// Whether there is a second digit; `low` means nothing otherwise.
    int32_t fine;
    int8_t high[CK_BLOCK];
    int8_t low[CK_BLOCK];
} ck_activation_block;

/// The base of the digits.
#define CK_BASE 254
/// How far above the mean of its row a block's power must be for a second digit: 1 gives it to 20 % of the blocks and
/// an error of 0.038, 4 to 6 % and 0.060.
#define CK_FINE 2

/// 32 weights of each of 16 rows: w = scale · q + minimum, q in 0...15 (ggml's Q4_1; Q4_0 is the same with
/// minimum = -8 · scale, which half precision holds exactly).
typedef struct {
    /// Half precision, by row.
    uint16_t scale[CK_LANES];
    uint16_t minimum[CK_LANES];
    /// words[j][row]: four bytes; their low nibbles are elements 4j...4j+3, their high nibbles elements 16+4j...19+4j.
    uint32_t words[4][CK_LANES];
} ck_panel_q4;

/// Blocks of 32 in a block of ggml's K types.
#define CK_GROUPS 8

/// 256 weights of each of 16 rows: w = scale · scale_factor · q + minimum · minimum_factor, q in 0...15 (ggml's Q4_K,
/// whose minimum is subtracted; here it has the other sign). The factors are multiplied in when a block is read: as
/// floats, scales and minima would be a third of what a token reads.
typedef struct {
    /// Half precision, by row.
    uint16_t scale[CK_LANES];
    uint16_t minimum[CK_LANES];
    /// 0...63, by group and row.
    uint8_t scale_factors[CK_GROUPS][CK_LANES];
    uint8_t minimum_factors[CK_GROUPS][CK_LANES];
    /// Each group as the words of ck_panel_q4.
    uint32_t words[CK_GROUPS][4][CK_LANES];
} ck_panel_q4k;

/// 32 weights of each of 16 rows: w = scale · q + minimum, q in 0...31 (ggml's Q5_1; Q5_0 is the same with
/// minimum = -16 · scale).
typedef struct {
    uint16_t scale[CK_LANES];
    uint16_t minimum[CK_LANES];
    /// The lower four bits as the words of ck_panel_q4, then a word a row: bit j of byte i is the fifth bit of element
    /// 4j + i.
    uint32_t words[5][CK_LANES];
} ck_panel_q5;

/// 256 weights of each of 16 rows, as ck_panel_q4k with q in 0...31 (ggml's Q5_K).
typedef struct {
    uint16_t scale[CK_LANES];
    uint16_t minimum[CK_LANES];
    uint8_t scale_factors[CK_GROUPS][CK_LANES];
    uint8_t minimum_factors[CK_GROUPS][CK_LANES];
    /// Each group as the words of ck_panel_q5. (With the fifth bits behind all groups, a token was read at three quarters
    /// of the speed: memory likes one stream.)
    uint32_t words[CK_GROUPS][5][CK_LANES];
} ck_panel_q5k;

/// 256 weights of each of 16 rows: w = scale · scale_factor · (q - 32), q in 0...63, with a factor for each 16 of them
/// (ggml's Q6_K).
typedef struct {
    uint16_t scale[CK_LANES];
    int8_t scale_factors[2 * CK_GROUPS][CK_LANES];
    /// Each group's lower four bits as the words of ck_panel_q4, then a word a row for each half: bits 2j and 2j + 1 of
    /// byte i are the upper ones of element 16 · half + 4j + i.
    uint32_t words[CK_GROUPS][6][CK_LANES];
} ck_panel_q6k;

/// 32 weights of each of 16 rows: w = scale · q, q in -128...127 (ggml's Q8_0).
typedef struct {
    uint16_t scale[CK_LANES];
    /// words[j][row]: elements 4j...4j+3 as signed bytes.
    uint32_t words[8][CK_LANES];
} ck_panel_q8;

/// outputs[token · stride + row] = Σ weights[row] · inputs[token] for every row and token.
///
/// `weights` is the first of ceil(rows / 16) panels, each `inner` panel blocks (quantised) or `inner` · 16 numbers
/// (floating point) long. `inputs` holds as many blocks (eight times as many for panels of 256) or numbers a token,
/// token after token. Lanes past `rows` in the last panel are computed and not stored.
typedef void (*ck_multiply)(
    const void *weights, const void *inputs, float *outputs, int64_t inner, int64_t rows, int64_t tokens,
    int64_t stride);

/// Positions in a page of the keys and values of one head, in half precision: keys in panels of 16 positions
/// [CK_PAGE / 16][dimension][16], values [CK_PAGE][dimension].
#define CK_PAGE 32

/// The kernels of one instruction set.
typedef struct {
    const char *name;
    /// Panels of ck_panel_q4, inputs of ck_activation_block.
    ck_multiply multiply_q4;
    /// Panels of ck_panel_q4k, inputs of ck_activation_block.
    ck_multiply multiply_q4k;
    /// Panels of ck_panel_q5, inputs of ck_activation_block.
    ck_multiply multiply_q5;
    /// Panels of ck_panel_q5k, inputs of ck_activation_block.
    ck_multiply multiply_q5k;
    /// Panels of ck_panel_q6k, inputs of ck_activation_block.
    ck_multiply multiply_q6k;
    /// Panels of ck_panel_q8, inputs of ck_activation_block.
    ck_multiply multiply_q8;
    /// Panels [inner][16] of half precision, inputs of floats.
    ck_multiply multiply_f16;
    /// Panels [inner][16] of bfloat16, inputs of floats.
    ck_multiply multiply_bf16;
    /// Panels [inner][16] of single precision, inputs of floats.
    ck_multiply multiply_f32;
    /// Rounds a row of `count` floats, a multiple of 32, to blocks: digits to nearest, ties to even.
    void (*quantize)(const float *x, int64_t count, ck_activation_block *blocks);
    /// out = x · weight / sqrt(mean(x²) + epsilon).
    void (*rms_norm)(const float *x, const float *weight, float epsilon, int64_t count, float *out);
    /// x = (x - mean(x)) · weight / sqrt(mean((x - mean(x))²) + epsilon) + bias.
    void (*layer_norm)(float *x, const float *weight, const float *bias, float epsilon, int64_t count);
    /// gate = gate · sigmoid(gate) · up.
    void (*silu_product)(float *gate, const float *up, int64_t count);
    /// gate = gelu(gate) · up, by the form with tanh: gelu(x) = x / 2 · (1 + tanh(√(2 / π) · (x + 0.044715 · x³))).
    void (*gelu_product)(float *gate, const float *up, int64_t count);
    /// x = x / 2 · (1 + erf(x / √2)).
    void (*gelu_erf)(float *x, int64_t count);
    /// x += y.
    void (*add)(float *x, const float *y, int64_t count);
    /// x = x · factor.
    void (*scale)(float *x, float factor, int64_t count);
    /// Turns each pair (x[2i], x[2i + 1]) of every head by the angle whose cosine and sine are at i; `dimension`
    /// numbers a head. The pairs of llama.cpp's "norm" rotation, for which GGUF files of Llama models are permuted.
    void (*rotate_neighbours)(float *x, const float *cosine, const float *sine, int64_t heads, int64_t dimension);
    /// The same for the pairs (x[i], x[i + dimension / 2]): llama.cpp's "neox" rotation.
    void (*rotate_halves)(float *x, const float *cosine, const float *sine, int64_t heads, int64_t dimension);
    /// Stores `count` floats, a multiple of 16, as half precision to nearest even, `stride` numbers apart.
    void (*store_halves)(const float *x, int64_t count, uint16_t *out, int64_t stride);
    /// scores[row · stride + p] = queries[row] · keys[p] for the CK_PAGE positions of a page.
    ///
    /// queries: [rows][dimension], dimension a multiple of 16. Rows may belong to one token or to several sequences:
    /// what is in a page is read once for all of them, and a row's numbers do not depend on the others.
    void (*score_page)(
        const float *queries, int64_t rows, int64_t dimension, const uint16_t *keys, float *scores, int64_t stride);
    /// scores[p] = e^(scale · (scores[p] - largest)) for p in first..<end, 0 for the rest of 0..<count, which is a
    /// multiple of 16. Returns 1 / Σ.
    float (*soften)(float *scores, int64_t first, int64_t end, int64_t count, float scale);
    /// out[row] += Σ weights[row · stride + p] · values[p] for p in 0..<positions, in that order. out: [rows][dimension].
    ///
    /// Positions of weight 0 change nothing, so a row may be given more of them than it looks at.
    void (*mix_page)(
        const float *weights, int64_t stride, int64_t rows, int64_t positions, const uint16_t *values,
        int64_t dimension, float *out);
    /// log Σ exp(x), stable.
    float (*log_sum_exp)(const float *x, int64_t count);
} ck_kernels;

/// An instruction set with kernels of its own.
typedef enum {
    CK_PORTABLE = 0,
    /// AVX2, FMA and F16C: x86 since 2013.
    CK_AVX2 = 1,
    /// AVX-512 F, BW, DQ, VL and VNNI: Ice Lake, Zen 4 and later.
    CK_AVX512 = 2,
    /// Armv8.2 with dot products of bytes: Cortex-A76, Neoverse N1, Apple M1 and later.
    CK_NEON = 3,
} ck_instruction_set;

/// The kernels of that instruction set, or NULL where this processor or this build lacks it.
const ck_kernels *ck_kernels_for(ck_instruction_set set);
/// The fastest kernels of this processor.
const ck_kernels *ck_kernels_best(void);

/// Packs `rows` rows of `blocks` ggml blocks each into ceil(rows / 16) panels; rows that are missing become zeros.
/// blocks.h says how ggml lays them out.
void ck_pack_q4_0(const uint8_t *source, int64_t rows, int64_t blocks, ck_panel_q4 *panels);
void ck_pack_q4_1(const uint8_t *source, int64_t rows, int64_t blocks, ck_panel_q4 *panels);
void ck_pack_q4_k(const uint8_t *source, int64_t rows, int64_t blocks, ck_panel_q4k *panels);
void ck_pack_q5_0(const uint8_t *source, int64_t rows, int64_t blocks, ck_panel_q5 *panels);
void ck_pack_q5_1(const uint8_t *source, int64_t rows, int64_t blocks, ck_panel_q5 *panels);
void ck_pack_q5_k(const uint8_t *source, int64_t rows, int64_t blocks, ck_panel_q5k *panels);
void ck_pack_q6_k(const uint8_t *source, int64_t rows, int64_t blocks, ck_panel_q6k *panels);
void ck_pack_q8_0(const uint8_t *source, int64_t rows, int64_t blocks, ck_panel_q8 *panels);
/// Packs `rows` rows of `count` numbers of 16 or 32 bits each into panels [count][16].
void ck_pack_16(const uint8_t *source, int64_t rows, int64_t count, uint16_t *panels);
void ck_pack_32(const uint8_t *source, int64_t rows, int64_t count, float *panels);

/// Turns ggml blocks, or plain numbers, into floats: `count` of them, a multiple of a block's. The same bits as
/// ggml's own `dequantize_row_*`.
void ck_unpack_q4_0(const uint8_t *source, int64_t count, float *out);
void ck_unpack_q4_1(const uint8_t *source, int64_t count, float *out);
void ck_unpack_q4_k(const uint8_t *source, int64_t count, float *out);
void ck_unpack_q5_0(const uint8_t *source, int64_t count, float *out);
void ck_unpack_q5_1(const uint8_t *source, int64_t count, float *out);
void ck_unpack_q5_k(const uint8_t *source, int64_t count, float *out);
void ck_unpack_q6_k(const uint8_t *source, int64_t count, float *out);
void ck_unpack_q8_0(const uint8_t *source, int64_t count, float *out);
void ck_unpack_f16(const uint8_t *source, int64_t count, float *out);
void ck_unpack_bf16(const uint8_t *source, int64_t count, float *out);
void ck_unpack_f32(const uint8_t *source, int64_t count, float *out);

/// Whether none of `count` 16-bit words, `stride` bytes apart, has all bits of `mask` set: the exponent of half
/// (0x7c00), bfloat16 or the upper half of single precision (0x7f80), so that no word is part of infinity or NaN.
bool ck_exponents_are_finite(const uint8_t *source, int64_t count, int64_t stride, uint16_t mask);

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
