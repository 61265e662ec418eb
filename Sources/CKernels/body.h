// The kernels' common text, compiled once per instruction set. The including file has set its target and defines
//   load_halves(p)                       16 half-precision numbers as floats
//   widen_q4(panel, weights)             the panel block's nibbles as 8 vectors of bytes
//   dot_q4(weights, block)               16 dot products of a block of weights with one of activations: exact integers
//   widen_q8, dot_q8                     the same for 8-bit weights
// and ends with KERNEL_TABLE(name). The order of every floating-point operation is fixed here, for all of them.
#pragma STDC FP_CONTRACT OFF

INLINE floats load_floats(const float *p) {
    floats v;
    memcpy(&v, p, sizeof v);
    return v;
}

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

/// Asks for the weights that come 4 KiB later. The processor's own prefetching stops at every page; with one token,
/// where memory alone counts, this takes a core from 60 % to 80 % of what it can read at all.
INLINE void prefetch(const void *block, const int bytes) {
    for (int i = 0; i < bytes; i += 64) __builtin_prefetch((const char *)block + 4096 + i);
}

/// Tokens whose sums stay in registers while a panel block is read once.
#define TILE 8

INLINE void tile_q4(const ck_panel_q4 *panel, const ck_activation_block *x, int64_t inner, const int tokens,
                    floats *sums) {
    for (int t = 0; t < tokens; t++) sums[t] = splat(0);
    for (int64_t b = 0; b < inner; b++) {
        integers weights[8];
        prefetch(panel + b, sizeof *panel);
        widen_q4(panel + b, weights);
        const floats scale = load_halves(panel[b].scale);
        const floats minimum = load_halves(panel[b].minimum);
#pragma unroll
        for (int t = 0; t < tokens; t++) {
            const ck_activation_block *block = x + t * inner + b;
            const floats dots = __builtin_convertvector(dot_q4(weights, block), floats);
            sums[t] = fused(dots, scale * block->scale, sums[t]);
            sums[t] = fused(minimum, splat(block->sum), sums[t]);
        }
    }
}

INLINE void tile_q8(const ck_panel_q8 *panel, const ck_activation_block *x, int64_t inner, const int tokens,
                    floats *sums) {
    for (int t = 0; t < tokens; t++) sums[t] = splat(0);
    for (int64_t b = 0; b < inner; b++) {
        integers weights[8];
        prefetch(panel + b, sizeof *panel);
        widen_q8(panel + b, weights);
        const floats scale = load_floats(panel[b].scale);
#pragma unroll
        for (int t = 0; t < tokens; t++) {
            const ck_activation_block *block = x + t * inner + b;
            const floats dots = __builtin_convertvector(dot_q8(weights, block), floats);
            sums[t] = fused(dots, scale * block->scale, sums[t]);
        }
    }
}

INLINE void tile_f16(const uint16_t *panel, const float *x, int64_t inner, const int tokens, floats *sums) {
    for (int t = 0; t < tokens; t++) sums[t] = splat(0);
    for (int64_t i = 0; i < inner; i++) {
        const floats weights = load_halves(panel + i * CK_LANES);
#pragma unroll
        for (int t = 0; t < tokens; t++) sums[t] = fused(weights, splat(x[t * inner + i]), sums[t]);
    }
}

INLINE void tile_f32(const float *panel, const float *x, int64_t inner, const int tokens, floats *sums) {
    for (int t = 0; t < tokens; t++) sums[t] = splat(0);
    for (int64_t i = 0; i < inner; i++) {
        const floats weights = load_floats(panel + i * CK_LANES);
#pragma unroll
        for (int t = 0; t < tokens; t++) sums[t] = fused(weights, splat(x[t * inner + i]), sums[t]);
    }
}

/// Defines a ck_multiply: panels outside, tokens inside, so that weights come from memory once and the tile's
/// activations from the second-level cache once a panel.
#define MULTIPLY(format, Panel, Input, panel_size)                                                                  \
    static void multiply_##format(const void *weights, const void *inputs, float *outputs, int64_t inner,           \
                                  int64_t rows, int64_t tokens, int64_t stride) {                                   \
        for (int64_t row = 0; row < rows; row += CK_LANES) {                                                        \
            const Panel *panel = (const Panel *)weights + row / CK_LANES * inner * (panel_size);                    \
            const int64_t lanes = rows - row < CK_LANES ? rows - row : CK_LANES;                                    \
            int64_t token = 0;                                                                                      \
            while (token < tokens) {                                                                                \
                const Input *x = (const Input *)inputs + token * inner;                                             \
                floats sums[TILE];                                                                                  \
                int64_t step;                                                                                       \
                if (tokens - token >= TILE) {                                                                       \
                    tile_##format(panel, x, inner, TILE, sums), step = TILE;                                        \
                } else if (tokens - token >= 4) {                                                                   \
                    tile_##format(panel, x, inner, 4, sums), step = 4;                                              \
                } else if (tokens - token >= 2) {                                                                   \
                    tile_##format(panel, x, inner, 2, sums), step = 2;                                              \
                } else {                                                                                            \
                    tile_##format(panel, x, inner, 1, sums), step = 1;                                              \
                }                                                                                                   \
                for (int64_t t = 0; t < step; t++) {                                                                \
                    memcpy(outputs + (token + t) * stride + row, &sums[t], (size_t)lanes * sizeof(float));          \
                }                                                                                                   \
                token += step;                                                                                      \
            }                                                                                                       \
        }                                                                                                           \
    }

MULTIPLY(q4, ck_panel_q4, ck_activation_block, 1)
MULTIPLY(q8, ck_panel_q8, ck_activation_block, 1)
MULTIPLY(f16, uint16_t, float, CK_LANES)
MULTIPLY(f32, float, float, CK_LANES)

// MARK: Along one row

/// The nearest integers, ties to even: adding 1.5 · 2^23 leaves them in the low bits of the sum.
INLINE integers nearest(floats v) { return (integers)(v + 0x1.8p23f) - (integers)splat(0x1.8p23f); }

/// Writes 16 numbers, scaled to -127...127, as two digits, and returns what these say.
INLINE integers digits(floats v, int8_t *high, int8_t *low) {
    const integers first = nearest(v);
    const integers second = nearest((v - __builtin_convertvector(first, floats)) * (float)CK_BASE);
    const bytes first_bytes = __builtin_convertvector(first, bytes);
    const bytes second_bytes = __builtin_convertvector(second, bytes);
    memcpy(high, &first_bytes, CK_LANES);
    memcpy(low, &second_bytes, CK_LANES);
    return first * CK_BASE + second;
}

static void quantize(const float *x, int64_t count, ck_activation_block *blocks) {
    for (int64_t b = 0; b < count / CK_BLOCK; b++, x += CK_BLOCK) {
        const floats first = load_floats(x), second = load_floats(x + CK_LANES);
        const float largest = max_lanes(larger(absolute(first), absolute(second)));
        const float inverse = largest > 0 ? 127 / largest : 0;
        ck_activation_block *block = blocks + b;
        const integers both = digits(first * inverse, block->high, block->low)
            + digits(second * inverse, block->high + CK_LANES, block->low + CK_LANES);
        const int32_t total = __builtin_reduce_add(both);
        block->scale = largest / (127 * CK_BASE);
        block->total = total;
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

static void silu_product(float *gate, const float *up, int64_t count) {
    int64_t i = 0;
    for (; i + CK_LANES <= count; i += CK_LANES) {
        const floats g = load_floats(gate + i);
        store_floats(gate + i, g / (exponential(-g) + 1.0f) * load_floats(up + i));
    }
    if (i < count) {
        floats g = splat(0), u = splat(0);
        const size_t rest = (size_t)(count - i) * sizeof(float);
        memcpy(&g, gate + i, rest);
        memcpy(&u, up + i, rest);
        g = g / (exponential(-g) + 1.0f) * u;
        memcpy(gate + i, &g, rest);
    }
}

static void add(float *x, const float *y, int64_t count) {
    for (int64_t i = 0; i < count; i++) x[i] += y[i];
}

static void rotate(float *x, const float *cosine, const float *sine, int64_t heads, int64_t dimension) {
    for (int64_t head = 0; head < heads; head++, x += dimension) {
        for (int64_t i = 0; i < dimension / 2; i++) {
            const float a = x[2 * i], b = x[2 * i + 1];
            x[2 * i] = a * cosine[i] - b * sine[i];
            x[2 * i + 1] = a * sine[i] + b * cosine[i];
        }
    }
}

static float log_sum_exp(const float *x, int64_t count) {
    float largest = x[0];
    for (int64_t i = 1; i < count; i++) largest = x[i] > largest ? x[i] : largest;
    floats sums = splat(0);
    int64_t i = 0;
    for (; i + CK_LANES <= count; i += CK_LANES) sums += exponential(load_floats(x + i) - largest);
    if (i < count) {
        floats rest = splat(-INFINITY);
        memcpy(&rest, x + i, (size_t)(count - i) * sizeof(float));
        sums += exponential(rest - largest);
    }
    return largest + logf(sum_lanes(sums));
}

// MARK: Attention

/// Asks for a page's part of a head while the page before it is used.
INLINE void prefetch_halves(const uint16_t *start, int64_t count) {
    for (int64_t i = 0; i < count; i += 32) __builtin_prefetch(start + i);
}

/// scores[h][position] = q[h] · keys[position], for `heads` heads and the `panels` panels of a page.
INLINE void score_page(const float *q, const uint16_t *keys, int64_t dimension, float *scores, int64_t stride,
                       const int heads, const int panels) {
    floats sums[8];
    for (int i = 0; i < heads * panels; i++) sums[i] = splat(0);
    for (int64_t d = 0; d < dimension; d++) {
        floats key[2];
#pragma unroll
        for (int i = 0; i < panels; i++) key[i] = load_halves(keys + (i * dimension + d) * CK_LANES);
#pragma unroll
        for (int h = 0; h < heads; h++) {
            const floats query = splat(q[h * dimension + d]);
#pragma unroll
            for (int i = 0; i < panels; i++) sums[h * panels + i] = fused(key[i], query, sums[h * panels + i]);
        }
    }
    for (int h = 0; h < heads; h++) {
        for (int i = 0; i < panels; i++) store_floats(scores + h * stride + i * CK_LANES, sums[h * panels + i]);
    }
}

/// out[h][0..<16 · width] = Σ weights[h][position] · values[position][0..<16 · width], times factor[h].
INLINE void mix_values(const float *weights, int64_t stride, ck_attention_pages cache, int64_t dimension,
                       int64_t positions, const float *factor, float *out, const int heads, const int width) {
    floats sums[16];
    for (int i = 0; i < heads * width; i++) sums[i] = splat(0);
    for (int64_t start = 0; start < positions; start += CK_PAGE) {
        const uint16_t *rows = cache.pages[start / CK_PAGE] + cache.values;
        if (start + CK_PAGE < positions) {
            prefetch_halves(cache.pages[start / CK_PAGE + 1] + cache.values, CK_PAGE * dimension);
        }
        const int64_t count = positions - start < CK_PAGE ? positions - start : CK_PAGE;
        for (int64_t p = 0; p < count; p++) {
            floats value[4];
#pragma unroll
            for (int w = 0; w < width; w++) value[w] = load_halves(rows + p * dimension + w * CK_LANES);
#pragma unroll
            for (int h = 0; h < heads; h++) {
                const floats weight = splat(weights[h * stride + start + p]);
#pragma unroll
                for (int w = 0; w < width; w++) sums[h * width + w] = fused(value[w], weight, sums[h * width + w]);
            }
        }
    }
    for (int h = 0; h < heads; h++) {
        for (int w = 0; w < width; w++) {
            store_floats(out + h * dimension + w * CK_LANES, sums[h * width + w] * factor[h]);
        }
    }
}

/// Attention for up to four query heads, whose number is known to the compiler.
INLINE void attend_heads(const float *q, ck_attention_pages cache, int64_t dimension, int64_t positions, float scale,
                         float *scores, float *out, const int heads) {
    const int64_t stride = (positions + CK_LANES - 1) / CK_LANES * CK_LANES;
    for (int64_t p = 0; p < positions; p += CK_PAGE) {
        const uint16_t *keys = cache.pages[p / CK_PAGE] + cache.keys;
        if (p + CK_PAGE < positions) prefetch_halves(cache.pages[p / CK_PAGE + 1] + cache.keys, CK_PAGE * dimension);
        if (p + CK_LANES < positions) {
            score_page(q, keys, dimension, scores + p, stride, heads, 2);
        } else {
            score_page(q, keys, dimension, scores + p, stride, heads, 1);
        }
    }
    float factor[4];
    for (int h = 0; h < heads; h++) {
        float *row = scores + h * stride;
        for (int64_t p = positions; p < stride; p++) row[p] = -INFINITY;
        floats most = splat(-INFINITY);
        for (int64_t p = 0; p < stride; p += CK_LANES) most = larger(load_floats(row + p), most);
        const float largest = max_lanes(most) * scale;
        floats sums = splat(0);
        for (int64_t p = 0; p < stride; p += CK_LANES) {
            const floats e = exponential(load_floats(row + p) * scale - largest);
            store_floats(row + p, e);
            sums += e;
        }
        factor[h] = 1 / sum_lanes(sums);
    }
    int64_t d = 0;
    for (; d + 4 * CK_LANES <= dimension; d += 4 * CK_LANES, cache.values += 4 * CK_LANES) {
        mix_values(scores, stride, cache, dimension, positions, factor, out + d, heads, 4);
    }
    for (; d < dimension; d += CK_LANES, cache.values += CK_LANES) {
        mix_values(scores, stride, cache, dimension, positions, factor, out + d, heads, 1);
    }
}

static void attend(const float *q, ck_attention_pages cache, int64_t queries, int64_t dimension, int64_t positions,
                   float scale, float *scores, float *out) {
    while (queries > 0) {
        const int64_t heads = queries < 4 ? queries : 4;
        switch (heads) {
        case 1: attend_heads(q, cache, dimension, positions, scale, scores, out, 1); break;
        case 2: attend_heads(q, cache, dimension, positions, scale, scores, out, 2); break;
        case 3: attend_heads(q, cache, dimension, positions, scale, scores, out, 3); break;
        default: attend_heads(q, cache, dimension, positions, scale, scores, out, 4); break;
        }
        q += heads * dimension;
        out += heads * dimension;
        queries -= heads;
    }
}

#define KERNEL_TABLE(symbol, title)                                                                                 \
    const ck_kernels symbol = {                                                                                     \
        .name = title,                                                                                              \
        .multiply_q4 = multiply_q4,                                                                                 \
        .multiply_q8 = multiply_q8,                                                                                 \
        .multiply_f16 = multiply_f16,                                                                               \
        .multiply_f32 = multiply_f32,                                                                               \
        .quantize = quantize,                                                                                       \
        .rms_norm = rms_norm,                                                                                       \
        .silu_product = silu_product,                                                                               \
        .add = add,                                                                                                 \
        .rotate = rotate,                                                                                           \
        .attend = attend,                                                                                           \
        .log_sum_exp = log_sum_exp,                                                                                 \
    }
