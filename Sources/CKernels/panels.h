// How the kernels read their panels, in the same few operations on every processor. Included once per instruction set,
// behind its target and load_halves.
#pragma once
#pragma STDC FP_CONTRACT OFF

INLINE floats load_floats(const float *p) {
    floats v;
    memcpy(&v, p, sizeof v);
    return v;
}

/// 16 numbers of bfloat16: the upper halves of floats.
INLINE floats load_bfloats(const uint16_t *p) {
    words v;
    memcpy(&v, p, sizeof v);
    return (floats)(__builtin_convertvector(v, integers) << 16);
}

INLINE floats load_bytes(const uint8_t *p) {
    unsigned_bytes v;
    memcpy(&v, p, sizeof v);
    return __builtin_convertvector(__builtin_convertvector(v, integers), floats);
}

INLINE floats load_signed_bytes(const int8_t *p) {
    bytes v;
    memcpy(&v, p, sizeof v);
    return __builtin_convertvector(__builtin_convertvector(v, integers), floats);
}

INLINE integers load_words(const uint32_t *p) {
    integers v;
    memcpy(&v, p, sizeof v);
    return v;
}

/// Asks for the weights that come 4 KiB later. The processor's own prefetching stops at every page; with one token,
/// where memory alone counts, this takes a core from 60 % to 80 % of what it can read at all.
INLINE void prefetch(const void *block, const int bytes) {
    for (int i = 0; i < bytes; i += 64) __builtin_prefetch((const char *)block + 4096 + i);
}

/// 32 weights of each of 16 rows, ready for products.
typedef struct {
    /// [four elements][row]: bytes; without a sign but for ck_panel_q8.
    integers weights[8];
    /// The scales of the first and of the second 16; only the first where all 32 have one.
    floats scale[2];
    /// What is added to each weight; nothing where the format has no minimum.
    floats minimum;
} weight_block;

/// As ck_panel_q4 keeps them: the low nibbles are the first 16 elements.
INLINE void open_nibbles(const uint32_t (*words)[CK_LANES], integers *weights) {
    for (int j = 0; j < 4; j++) {
        const integers pairs = load_words(words[j]);
        weights[j] = pairs & 0x0f0f0f0f;
        weights[j + 4] = pairs >> 4 & 0x0f0f0f0f;
    }
}

/// As ck_panel_q5 keeps them: bit j of byte i is the fifth bit of element 4j + i.
INLINE void open_fifth_bits(const uint32_t *fifths, integers *weights) {
    const integers bits = load_words(fifths);
    for (int j = 0; j < 8; j++) weights[j] |= (j < 4 ? bits << (4 - j) : bits >> (j - 4)) & 0x10101010;
}

/// As ck_panel_q6k keeps them: bits 2j and 2j + 1 of byte i of the first words are the upper ones of element 4j + i, of
/// the second words those of element 16 + 4j + i.
INLINE void open_upper_bits(const uint32_t (*upper)[CK_LANES], integers *weights) {
    for (int j = 0; j < 8; j++) {
        const integers bits = load_words(upper[j / 4]);
        const int place = j % 4 * 2;
        weights[j] |= (place < 4 ? bits << (4 - place) : bits >> (place - 4)) & 0x30303030;
    }
}

INLINE void open_q4(const ck_panel_q4 *panel, int64_t b, weight_block *block) {
    panel += b;
    prefetch(panel, sizeof *panel);
    open_nibbles(panel->words, block->weights);
    block->scale[0] = load_halves(panel->scale);
    block->minimum = load_halves(panel->minimum);
}

INLINE void open_q5(const ck_panel_q5 *panel, int64_t b, weight_block *block) {
    panel += b;
    prefetch(panel, sizeof *panel);
    open_nibbles(panel->words, block->weights);
    open_fifth_bits(panel->words[4], block->weights);
    block->scale[0] = load_halves(panel->scale);
    block->minimum = load_halves(panel->minimum);
}

INLINE void open_q8(const ck_panel_q8 *panel, int64_t b, weight_block *block) {
    panel += b;
    prefetch(panel, sizeof *panel);
    memcpy(block->weights, panel->words, sizeof block->weights);
    block->scale[0] = load_halves(panel->scale);
}

/// Moves `panel` to the block of 256 that the b-th group of 32 is in, and asks for what comes later: the scales and
/// factors, which lie before the words, with the first group.
#define FIND_GROUP(panel, b)                                                                                        \
    const int64_t group = (b) % CK_GROUPS;                                                                          \
    (panel) += (b) / CK_GROUPS;                                                                                     \
    if (group == 0) prefetch(panel, sizeof *(panel) - sizeof (panel)->words);                                       \
    prefetch((panel)->words[group], sizeof (panel)->words[group])

INLINE void open_q4k(const ck_panel_q4k *panel, int64_t b, weight_block *block) {
    FIND_GROUP(panel, b);
    open_nibbles(panel->words[group], block->weights);
    block->scale[0] = load_halves(panel->scale) * load_bytes(panel->scale_factors[group]);
    block->minimum = load_halves(panel->minimum) * load_bytes(panel->minimum_factors[group]);
}

INLINE void open_q5k(const ck_panel_q5k *panel, int64_t b, weight_block *block) {
    FIND_GROUP(panel, b);
    open_nibbles(panel->words[group], block->weights);
    open_fifth_bits(panel->words[group][4], block->weights);
    block->scale[0] = load_halves(panel->scale) * load_bytes(panel->scale_factors[group]);
    block->minimum = load_halves(panel->minimum) * load_bytes(panel->minimum_factors[group]);
}

INLINE void open_q6k(const ck_panel_q6k *panel, int64_t b, weight_block *block) {
    FIND_GROUP(panel, b);
    open_nibbles(panel->words[group], block->weights);
    open_upper_bits(panel->words[group] + 4, block->weights);
    const floats scale = load_halves(panel->scale);
    for (int half = 0; half < 2; half++) {
        block->scale[half] = scale * load_signed_bytes(panel->scale_factors[2 * group + half]);
    }
}
