// The kernels' common text, compiled once per instruction set. The including file has set its target, defined
//   load_halves(p)                       16 half-precision numbers as floats
//   round_halves(v, p)                   stores 16 floats as half precision, to nearest even
//   ROWS                                 rows of attention, or tokens of a floating-point product, whose sums fit the
//                                        registers beside the numbers they share
// included panels.h, and defines for products of quantised weights either
//   dot_unsigned(start, weights, digits, first, count)    start + 16 dot products of `count` vectors of unsigned bytes,
//                                        from `first` on, with as many fours of digits: exact integers
// or, where a block's weights do not fit the registers beside the sums, STACKED with add_unsigned, add_centred and
// add_signed of its own, which keep to the order of those here. It ends with KERNEL_TABLE(name). The order of every
// floating-point operation is fixed here and in panels.h, for all of them.
#pragma STDC FP_CONTRACT OFF

INLINE void store_floats(float *p, floats v) { memcpy(p, &v, sizeof v); }

INLINE floats splat(float x) { return (floats)(x); }

INLINE floats fused(floats a, floats b, floats c) { return __builtin_elementwise_fma(a, b, c); }

INLINE floats larger(floats a, floats b) { return a > b ? a : b; }

INLINE floats absolute(floats v) { return (floats)((integers)v & 0x7fffffff); }

/// The lanes' sum as a tree: lane i with i + 8, then i + 4, i + 2, i + 1.
INLINE float sum_lanes(floats v) {
    const __typeof__(v.lo) eight = v.lo + v.hi;
    const __typeof__(eight.lo) four = eight.lo + eight.hi;
    return (four.x + four.z) + (four.y + four.w);
}

INLINE float max_lanes(floats v) {
    const __typeof__(v.lo) eight = v.lo > v.hi ? v.lo : v.hi;
    const __typeof__(eight.lo) four = eight.lo > eight.hi ? eight.lo : eight.hi;
    const float even = four.x > four.z ? four.x : four.z, odd = four.y > four.w ? four.y : four.w;
    return even > odd ? even : odd;
}

/// e^x within 2 units in the last place on -87...88 (the polynomial of Cephes' expf); 0 below, e^88 above.
INLINE floats exponential(floats x) {
    const float magic = 0x1.8p23f;
    const integers in_range = x >= -87.0f;
    x = larger(x, splat(-87));
    x = x < 88.0f ? x : splat(88);
    const floats n = (x * 0x1.715476p0f + magic) - magic;
    floats r = fused(n, splat(-0.693359375f), x);
    r = fused(n, splat(2.12194440e-4f), r);
    floats p = splat(1.9875691500e-4f);
    p = fused(p, r, splat(1.3981999507e-3f));
    p = fused(p, r, splat(8.3334519073e-3f));
    p = fused(p, r, splat(4.1665795894e-2f));
    p = fused(p, r, splat(1.6666665459e-1f));
    p = fused(p, r, splat(5.0000001201e-1f));
    p = fused(p, r * r, r) + 1.0f;
    const integers power = (__builtin_convertvector(n, integers) + 127) << 23;
    return (floats)((integers)(p * (floats)power) & in_range);
}

// MARK: Products

/// Tokens whose sums stay in registers while a block of quantised weights is read once.
#define TILE 8
/// The most tokens of a tile of any format and instruction set.
#define MOST_TOKENS 16

/// Defines tile_format(panel, x, inner, left, sums): the sums of one panel with `most`, 8 or fewer of the `left` tokens
/// from `x` on, for a tokens_format that is compiled for each number of them. Returns how many.
#define TILE_OF(format, Panel, Input, most)                                                                         \
    INLINE int64_t tile_##format(const Panel *panel, const Input *x, int64_t inner, int64_t left, floats *sums) {   \
        if (left >= (most)) return tokens_##format(panel, x, inner, most, sums), most;                              \
        if (left >= 8) return tokens_##format(panel, x, inner, 8, sums), 8;                                         \
        if (left >= 5) return tokens_##format(panel, x, inner, 5, sums), 5;                                         \
        if (left >= 4) return tokens_##format(panel, x, inner, 4, sums), 4;                                         \
        if (left >= 3) return tokens_##format(panel, x, inner, 3, sums), 3;                                         \
        if (left >= 2) return tokens_##format(panel, x, inner, 2, sums), 2;                                         \
        return tokens_##format(panel, x, inner, 1, sums), 1;                                                        \
    }

#ifndef STACKED
/// start + 16 dot products of `count` vectors of a block's bytes, from `first` on, with a block of activations.
INLINE floats dot_block(const integers *weights, const ck_activation_block *x, int32_t start, const int first,
                        const int count) {
    integers dots = dot_unsigned(x->fine ? 0 : start, weights, x->high, first, count);
    if (__builtin_expect(x->fine, 0)) {
        // 254 · high + low without a multiplication, which would take ten cycles.
        const integers low = dot_unsigned(start, weights, x->low, first, count);
        dots = (dots << 8) + (low - (dots + dots));
    }
    return __builtin_convertvector(dots, floats);
}

/// sums[token] += a block's products with `tokens` tokens, a number that the compiler knows, whose activations lie
/// `blocks` apart. `most` is the largest weight, for those who add in 16 bits.
INLINE void add_unsigned(const weight_block *block, const int most, const ck_activation_block *x, int64_t blocks,
                         const int tokens, floats *sums) {
    (void)most;
#pragma unroll
    for (int t = 0; t < tokens; t++, x += blocks) {
        sums[t] = fused(dot_block(block->weights, x, 0, 0, 8), block->scale[0] * x->scale, sums[t]);
        sums[t] = fused(block->minimum, splat(x->sum), sums[t]);
    }
}

/// The same for weights that are 32 too large, with a scale for each 16.
INLINE void add_centred(const weight_block *block, const int most, const ck_activation_block *x, int64_t blocks,
                        const int tokens, floats *sums) {
    (void)most;
#pragma unroll
    for (int t = 0; t < tokens; t++, x += blocks) {
#pragma unroll
        for (int half = 0; half < 2; half++) {
            const int32_t total = half == 0 ? x->first_total : x->total - x->first_total;
            const floats dots = dot_block(block->weights, x, -32 * total, 4 * half, 4);
            sums[t] = fused(dots, block->scale[half] * x->scale, sums[t]);
        }
    }
}

/// The same for weights with a sign.
INLINE void add_signed(const weight_block *block, const int most, const ck_activation_block *x, int64_t blocks,
                       const int tokens, floats *sums) {
    (void)most;
    integers weights[8];
    for (int j = 0; j < 8; j++) weights[j] = block->weights[j] ^ (int32_t)0x80808080;
#pragma unroll
    for (int t = 0; t < tokens; t++, x += blocks) {
        // With the other sign, a bit of 128, they are 128 too large.
        sums[t] = fused(dot_block(weights, x, -128 * x->total, 0, 8), block->scale[0] * x->scale, sums[t]);
    }
}

/// Defines tile_format for panel blocks of `groups` times 32 weights a row.
#define TILE_OF_BLOCKS(format, Panel, groups, add, most)                                                            \
    INLINE void tokens_##format(const Panel *panel, const ck_activation_block *x, int64_t inner, const int tokens,  \
                                floats *sums) {                                                                     \
        for (int t = 0; t < tokens; t++) sums[t] = splat(0);                                                        \
        for (int64_t b = 0; b < inner * (groups); b++) {                                                            \
            weight_block block;                                                                                     \
            open_##format(panel, b, &block);                                                                        \
            add(&block, most, x + b, inner * (groups), tokens, sums);                                               \
        }                                                                                                           \
    }                                                                                                               \
    TILE_OF(format, Panel, ck_activation_block, TILE)
#else
/// The same for up to MOST_TOKENS tokens, four at a time. Where the compiler knows that there is one token, or four, no
/// weight needs the stack: with one, 4-bit weights in the cache are read a quarter faster.
#define TILE_OF_BLOCKS(format, Panel, groups, add, most)                                                            \
    INLINE void tokens_##format(const Panel *panel, const ck_activation_block *x, int64_t inner, int64_t tokens,    \
                                floats *sums) {                                                                     \
        const int64_t blocks = inner * (groups);                                                                    \
        for (int64_t t = 0; t < tokens; t++) sums[t] = splat(0);                                                    \
        for (int64_t b = 0; b < blocks; b++, x++) {                                                                 \
            weight_block block;                                                                                     \
            open_##format(panel, b, &block);                                                                        \
            int64_t t = 0;                                                                                          \
            for (; t + 4 <= tokens; t += 4) add(&block, most, x + t * blocks, blocks, 4, sums + t);                 \
            for (; t < tokens; t++) add(&block, most, x + t * blocks, blocks, 1, sums + t);                         \
        }                                                                                                           \
    }                                                                                                               \
    INLINE int64_t tile_##format(const Panel *panel, const ck_activation_block *x, int64_t inner, int64_t left,     \
                                 floats *sums) {                                                                    \
        const int64_t tokens = left < MOST_TOKENS ? left : MOST_TOKENS;                                             \
        if (tokens == 1) return tokens_##format(panel, x, inner, 1, sums), 1;                                       \
        if (tokens == 4) return tokens_##format(panel, x, inner, 4, sums), 4;                                       \
        return tokens_##format(panel, x, inner, tokens, sums), tokens;                                              \
    }
#endif

TILE_OF_BLOCKS(q4, ck_panel_q4, 1, add_unsigned, 15)
TILE_OF_BLOCKS(q4k, ck_panel_q4k, CK_GROUPS, add_unsigned, 15)
TILE_OF_BLOCKS(q5, ck_panel_q5, 1, add_unsigned, 31)
TILE_OF_BLOCKS(q5k, ck_panel_q5k, CK_GROUPS, add_unsigned, 31)
TILE_OF_BLOCKS(q6k, ck_panel_q6k, CK_GROUPS, add_centred, 63)
TILE_OF_BLOCKS(q8, ck_panel_q8, 1, add_signed, 128)

/// Defines tile_format for panels of floating-point numbers.
#define TILE_OF_NUMBERS(format, Number, load)                                                                       \
    INLINE void tokens_##format(const Number *panel, const float *x, int64_t inner, const int tokens,               \
                                floats *sums) {                                                                     \
        for (int t = 0; t < tokens; t++) sums[t] = splat(0);                                                        \
        for (int64_t i = 0; i < inner; i++) {                                                                       \
            const floats weights = load(panel + i * CK_LANES);                                                      \
            _Pragma("unroll") for (int t = 0; t < tokens; t++) {                                                    \
                sums[t] = fused(weights, splat(x[t * inner + i]), sums[t]);                                         \
            }                                                                                                       \
        }                                                                                                           \
    }                                                                                                               \
    TILE_OF(format, Number, float, ROWS)

TILE_OF_NUMBERS(f16, uint16_t, load_halves)
TILE_OF_NUMBERS(bf16, uint16_t, load_bfloats)
TILE_OF_NUMBERS(f32, float, load_floats)

/// Defines a ck_multiply: panels outside, tokens inside, so that weights come from memory once and the tile's
/// activations from the second-level cache once a panel.
#define MULTIPLY(format, Panel, panel_size, Input, panel_inputs)                                                    \
    static void multiply_##format(const void *weights, const void *inputs, float *outputs, int64_t inner,           \
                                  int64_t rows, int64_t tokens, int64_t stride) {                                   \
        for (int64_t row = 0; row < rows; row += CK_LANES) {                                                        \
            const Panel *panel = (const Panel *)weights + row / CK_LANES * inner * (panel_size);                    \
            const int64_t lanes = rows - row < CK_LANES ? rows - row : CK_LANES;                                    \
            int64_t token = 0;                                                                                      \
            while (token < tokens) {                                                                                \
                floats sums[MOST_TOKENS];                                                                           \
                const Input *x = (const Input *)inputs + token * inner * (panel_inputs);                            \
                const int64_t done = tile_##format(panel, x, inner, tokens - token, sums);                          \
                for (int64_t t = 0; t < done; t++) {                                                                \
                    memcpy(outputs + (token + t) * stride + row, &sums[t], (size_t)lanes * sizeof(float));          \
                }                                                                                                   \
                token += done;                                                                                      \
            }                                                                                                       \
        }                                                                                                           \
    }

MULTIPLY(q4, ck_panel_q4, 1, ck_activation_block, 1)
MULTIPLY(q4k, ck_panel_q4k, 1, ck_activation_block, CK_GROUPS)
MULTIPLY(q5, ck_panel_q5, 1, ck_activation_block, 1)
MULTIPLY(q5k, ck_panel_q5k, 1, ck_activation_block, CK_GROUPS)
MULTIPLY(q6k, ck_panel_q6k, 1, ck_activation_block, CK_GROUPS)
MULTIPLY(q8, ck_panel_q8, 1, ck_activation_block, 1)
MULTIPLY(f16, uint16_t, CK_LANES, float, 1)
MULTIPLY(bf16, uint16_t, CK_LANES, float, 1)
MULTIPLY(f32, float, CK_LANES, float, 1)

// MARK: Along one row

/// The nearest integers, ties to even: adding 1.5 · 2^23 leaves them in the low bits of the sum.
INLINE integers nearest(floats v) { return (integers)(v + 0x1.8p23f) - (integers)splat(0x1.8p23f); }

/// Writes 16 numbers, scaled to -127...127, as one digit or two, and returns what these say.
INLINE integers digits(floats v, int fine, int8_t *high, int8_t *low) {
    const integers first = nearest(v);
    const bytes first_bytes = __builtin_convertvector(first, bytes);
    memcpy(high, &first_bytes, CK_LANES);
    if (!fine) return first;
    const integers second = nearest((v - __builtin_convertvector(first, floats)) * (float)CK_BASE);
    const bytes second_bytes = __builtin_convertvector(second, bytes);
    memcpy(low, &second_bytes, CK_LANES);
    return first * CK_BASE + second;
}

static void quantize(const float *x, int64_t count, ck_activation_block *blocks) {
    const int64_t inner = count / CK_BLOCK;
    float power = 0;
    for (int64_t b = 0; b < inner; b++) {
        const floats first = load_floats(x + b * CK_BLOCK), second = load_floats(x + b * CK_BLOCK + CK_LANES);
        const float largest = max_lanes(larger(absolute(first), absolute(second)));
        power += largest * largest;
        blocks[b].scale = largest;
    }
    const float limit = CK_FINE * power / (float)inner;
    for (int64_t b = 0; b < inner; b++, x += CK_BLOCK) {
        ck_activation_block *block = blocks + b;
        const float largest = block->scale;
        const float inverse = largest > 0 ? 127 / largest : 0;
        const int fine = largest * largest > limit;
        const integers first = digits(load_floats(x) * inverse, fine, block->high, block->low);
        const integers second =
            digits(load_floats(x + CK_LANES) * inverse, fine, block->high + CK_LANES, block->low + CK_LANES);
        const int32_t total = __builtin_reduce_add(first + second);
        block->fine = fine;
        block->scale = fine ? largest / (127 * CK_BASE) : largest / 127;
        block->total = total;
        block->first_total = __builtin_reduce_add(first);
        block->sum = block->scale * (float)total;
    }
}

static void rms_norm(const float *x, const float *weight, float epsilon, int64_t count, float *out) {
    const int64_t whole = count / CK_LANES * CK_LANES;
    floats squares = splat(0);
    for (int64_t i = 0; i < whole; i += CK_LANES) {
        const floats v = load_floats(x + i);
        squares = fused(v, v, squares);
    }
    float sum = sum_lanes(squares);
    for (int64_t i = whole; i < count; i++) sum += x[i] * x[i];
    const float factor = 1 / sqrtf(sum / (float)count + epsilon);
    for (int64_t i = 0; i < whole; i += CK_LANES) {
        store_floats(out + i, load_floats(x + i) * factor * load_floats(weight + i));
    }
    for (int64_t i = whole; i < count; i++) out[i] = x[i] * factor * weight[i];
}

static void layer_norm(float *x, const float *weight, const float *bias, float epsilon, int64_t count) {
    const int64_t whole = count / CK_LANES * CK_LANES;
    floats sums = splat(0);
    for (int64_t i = 0; i < whole; i += CK_LANES) sums += load_floats(x + i);
    float sum = sum_lanes(sums);
    for (int64_t i = whole; i < count; i++) sum += x[i];
    const float mean = sum / (float)count;
    floats squares = splat(0);
    for (int64_t i = 0; i < whole; i += CK_LANES) {
        const floats v = load_floats(x + i) - mean;
        squares = fused(v, v, squares);
    }
    float variance = sum_lanes(squares);
    for (int64_t i = whole; i < count; i++) variance += (x[i] - mean) * (x[i] - mean);
    const float factor = 1 / sqrtf(variance / (float)count + epsilon);
    for (int64_t i = 0; i < whole; i += CK_LANES) {
        store_floats(x + i, (load_floats(x + i) - mean) * factor * load_floats(weight + i) + load_floats(bias + i));
    }
    for (int64_t i = whole; i < count; i++) x[i] = (x[i] - mean) * factor * weight[i] + bias[i];
}

INLINE floats silu(floats x) { return x / (exponential(-x) + 1.0f); }

/// x / (1 + e^-2u) is x / 2 · (1 + tanh u).
INLINE floats gelu(floats x) {
    const floats u = fused(x * x * x, splat(0.044715f), x) * 0.7978845608f;
    return x / (exponential(u * -2.0f) + 1.0f);
}

/// Defines function_product(gate, up, count): gate = function(gate) · up.
#define PRODUCT_WITH(function)                                                                                      \
    static void function##_product(float *gate, const float *up, int64_t count) {                                   \
        int64_t i = 0;                                                                                              \
        for (; i + CK_LANES <= count; i += CK_LANES) {                                                              \
            store_floats(gate + i, function(load_floats(gate + i)) * load_floats(up + i));                          \
        }                                                                                                           \
        if (i < count) {                                                                                            \
            floats g = splat(0), u = splat(0);                                                                      \
            const size_t rest = (size_t)(count - i) * sizeof(float);                                                \
            memcpy(&g, gate + i, rest);                                                                             \
            memcpy(&u, up + i, rest);                                                                               \
            g = function(g) * u;                                                                                    \
            memcpy(gate + i, &g, rest);                                                                             \
        }                                                                                                           \
    }

PRODUCT_WITH(silu)
PRODUCT_WITH(gelu)

/// erf within 2e-7 (Abramowitz and Stegun, Handbook of Mathematical Functions, 7.1.26).
INLINE floats error_function(floats x) {
    const floats magnitude = absolute(x);
    const floats t = 1.0f / fused(magnitude, splat(0.3275911f), splat(1));
    floats p = splat(1.061405429f);
    p = fused(p, t, splat(-1.453152027f));
    p = fused(p, t, splat(1.421413741f));
    p = fused(p, t, splat(-0.284496736f));
    p = fused(p, t, splat(0.254829592f));
    const floats value = 1.0f - p * t * exponential(-magnitude * magnitude);
    return x < 0.0f ? -value : value;
}

INLINE floats gelu_erf_of(floats x) { return x * 0.5f * (error_function(x * 0.7071067812f) + 1.0f); }

static void gelu_erf(float *x, int64_t count) {
    int64_t i = 0;
    for (; i + CK_LANES <= count; i += CK_LANES) store_floats(x + i, gelu_erf_of(load_floats(x + i)));
    if (i < count) {
        floats rest = splat(0);
        memcpy(&rest, x + i, (size_t)(count - i) * sizeof(float));
        rest = gelu_erf_of(rest);
        memcpy(x + i, &rest, (size_t)(count - i) * sizeof(float));
    }
}

static void scale(float *x, float factor, int64_t count) {
    for (int64_t i = 0; i < count; i++) x[i] *= factor;
}

static void add(float *x, const float *y, int64_t count) {
    for (int64_t i = 0; i < count; i++) x[i] += y[i];
}

static void rotate_halves(float *x, const float *cosine, const float *sine, int64_t heads, int64_t dimension) {
    const int64_t half = dimension / 2;
    for (int64_t head = 0; head < heads; head++, x += dimension) {
        for (int64_t i = 0; i < half; i++) {
            const float a = x[i], b = x[i + half];
            x[i] = a * cosine[i] - b * sine[i];
            x[i + half] = a * sine[i] + b * cosine[i];
        }
    }
}

static void rotate_neighbours(float *x, const float *cosine, const float *sine, int64_t heads, int64_t dimension) {
    for (int64_t head = 0; head < heads; head++, x += dimension) {
        for (int64_t i = 0; i < dimension / 2; i++) {
            const float a = x[2 * i], b = x[2 * i + 1];
            x[2 * i] = a * cosine[i] - b * sine[i];
            x[2 * i + 1] = a * sine[i] + b * cosine[i];
        }
    }
}

static float log_sum_exp(const float *x, int64_t count) {
    floats most = splat(-INFINITY);
    int64_t i = 0;
    for (; i + CK_LANES <= count; i += CK_LANES) most = larger(load_floats(x + i), most);
    float largest = max_lanes(most);
    for (; i < count; i++) largest = x[i] > largest ? x[i] : largest;
    floats sums = splat(0);
    i = 0;
    for (; i + CK_LANES <= count; i += CK_LANES) sums += exponential(load_floats(x + i) - largest);
    if (i < count) {
        floats rest = splat(-INFINITY);
        memcpy(&rest, x + i, (size_t)(count - i) * sizeof(float));
        sums += exponential(rest - largest);
    }
    return largest + logf(sum_lanes(sums));
}

// MARK: Attention

static void store_halves(const float *x, int64_t count, uint16_t *out, int64_t stride) {
    for (int64_t i = 0; i < count; i += CK_LANES) {
        uint16_t halves[CK_LANES];
        round_halves(load_floats(x + i), halves);
        for (int64_t lane = 0; lane < CK_LANES; lane++) out[(i + lane) * stride] = halves[lane];
    }
}

/// sums[row] += Σ a[row][i] · b[i] for `rows` rows that the compiler knows: b's 16 numbers are read once for all.
INLINE void sum_page(const float *a, int64_t a_stride, const uint16_t *b, int64_t b_stride, int64_t inner,
                     floats *sums, const int rows) {
    for (int64_t i = 0; i < inner; i++) {
        const floats numbers = load_halves(b + i * b_stride);
#pragma unroll
        for (int row = 0; row < rows; row++) sums[row] = fused(numbers, splat(a[row * a_stride + i]), sums[row]);
    }
}

/// Calls step(first row, number of rows) with numbers that the compiler knows.
#define FOR_ROWS(count, step)                                                                                       \
    do {                                                                                                            \
        int64_t row = 0;                                                                                            \
        for (; row + ROWS <= (count); row += ROWS) step(row, ROWS);                                                 \
        for (; row + 3 <= (count); row += 3) step(row, 3);                                                          \
        for (; row < (count); row++) step(row, 1);                                                                  \
    } while (0)

INLINE void score_rows(const float *queries, int64_t dimension, const uint16_t *keys, float *scores, int64_t stride,
                       const int rows) {
    for (int panel = 0; panel < CK_PAGE / CK_LANES; panel++) {
        floats sums[ROWS];
        for (int r = 0; r < rows; r++) sums[r] = splat(0);
        sum_page(queries, dimension, keys + panel * dimension * CK_LANES, CK_LANES, dimension, sums, rows);
        for (int r = 0; r < rows; r++) store_floats(scores + r * stride + panel * CK_LANES, sums[r]);
    }
}

static void score_page(const float *queries, int64_t rows, int64_t dimension, const uint16_t *keys, float *scores,
                       int64_t stride) {
#define STEP(row, count) score_rows(queries + (row) * dimension, dimension, keys, scores + (row) * stride, stride, count)
    FOR_ROWS(rows, STEP);
#undef STEP
}

INLINE void mix_rows(const float *weights, int64_t stride, int64_t positions, const uint16_t *values,
                     int64_t dimension, float *out, const int rows) {
    for (int64_t d = 0; d < dimension; d += CK_LANES) {
        floats sums[ROWS];
        for (int r = 0; r < rows; r++) sums[r] = load_floats(out + r * dimension + d);
        sum_page(weights, stride, values + d, dimension, positions, sums, rows);
        for (int r = 0; r < rows; r++) store_floats(out + r * dimension + d, sums[r]);
    }
}

static void mix_page(const float *weights, int64_t stride, int64_t rows, int64_t positions, const uint16_t *values,
                     int64_t dimension, float *out) {
#define STEP(row, count) \
    mix_rows(weights + (row) * stride, stride, positions, values, dimension, out + (row) * dimension, count)
    FOR_ROWS(rows, STEP);
#undef STEP
}

static float soften(float *scores, int64_t first, int64_t end, int64_t count, float scale) {
    for (int64_t p = 0; p < first; p++) scores[p] = -INFINITY;
    for (int64_t p = end; p < count; p++) scores[p] = -INFINITY;
    const int64_t begin = first / CK_LANES * CK_LANES, stop = (end + CK_LANES - 1) / CK_LANES * CK_LANES;
    floats most = splat(-INFINITY);
    for (int64_t p = begin; p < stop; p += CK_LANES) most = larger(load_floats(scores + p), most);
    const float largest = max_lanes(most) * scale;
    floats sums = splat(0);
    for (int64_t p = begin; p < stop; p += CK_LANES) {
        const floats e = exponential(load_floats(scores + p) * scale - largest);
        store_floats(scores + p, e);
        sums += e;
    }
    for (int64_t p = 0; p < begin; p++) scores[p] = 0;
    for (int64_t p = stop; p < count; p++) scores[p] = 0;
    return 1 / sum_lanes(sums);
}

#define KERNEL_TABLE(symbol, title)                                                                                 \
    const ck_kernels symbol = {                                                                                     \
        .name = title,                                                                                              \
        .multiply_q4 = multiply_q4,                                                                                 \
        .multiply_q4k = multiply_q4k,                                                                               \
        .multiply_q5 = multiply_q5,                                                                                 \
        .multiply_q5k = multiply_q5k,                                                                               \
        .multiply_q6k = multiply_q6k,                                                                               \
        .multiply_q8 = multiply_q8,                                                                                 \
        .multiply_f16 = multiply_f16,                                                                               \
        .multiply_bf16 = multiply_bf16,                                                                             \
        .multiply_f32 = multiply_f32,                                                                               \
        .quantize = quantize,                                                                                       \
        .rms_norm = rms_norm,                                                                                       \
        .layer_norm = layer_norm,                                                                                   \
        .silu_product = silu_product,                                                                               \
        .gelu_product = gelu_product,                                                                               \
        .gelu_erf = gelu_erf,                                                                                       \
        .add = add,                                                                                                 \
        .scale = scale,                                                                                             \
        .rotate_neighbours = rotate_neighbours,                                                                     \
        .rotate_halves = rotate_halves,                                                                             \
        .store_halves = store_halves,                                                                               \
        .score_page = score_page,                                                                                   \
        .soften = soften,                                                                                           \
        .mix_page = mix_page,                                                                                       \
        .log_sum_exp = log_sum_exp,                                                                                 \
    }
