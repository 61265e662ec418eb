#include "blocks.h"
#include "kernels.h"

// The same bits as ggml's on every processor.
#pragma STDC FP_CONTRACT OFF

/// Defines ck_unpack_format.
#define UNPACK(format, numbers, bytes)                                                                              \
    void ck_unpack_##format(const uint8_t *source, int64_t count, float *out) {                                     \
        for (int64_t b = 0; b < count / (numbers); b++, source += (bytes), out += (numbers)) {                      \
            block_numbers block;                                                                                    \
            read_##format(source, &block);                                                                          \
            for (int i = 0; i < (numbers); i++) {                                                                   \
                const int group = i / block.group;                                                                  \
                out[i] = block.scale[group] * (float)block.quant[i] + block.minimum[group];                         \
            }                                                                                                       \
        }                                                                                                           \
    }

UNPACK(q4_0, 32, Q4_0_BYTES)
UNPACK(q4_1, 32, Q4_1_BYTES)
UNPACK(q5_0, 32, Q5_0_BYTES)
UNPACK(q5_1, 32, Q5_1_BYTES)
UNPACK(q8_0, 32, Q8_0_BYTES)
UNPACK(q4_k, SUPER, Q4_K_BYTES)
UNPACK(q5_k, SUPER, Q5_K_BYTES)
UNPACK(q6_k, SUPER, Q6_K_BYTES)

void ck_unpack_f16(const uint8_t *source, int64_t count, float *out) {
    for (int64_t i = 0; i < count; i++) out[i] = read_number(source + 2 * i);
}

void ck_unpack_bf16(const uint8_t *source, int64_t count, float *out) {
    for (int64_t i = 0; i < count; i++) out[i] = ck_float_of_bits((uint32_t)read_half(source + 2 * i) << 16);
}

void ck_unpack_f32(const uint8_t *source, int64_t count, float *out) {
    memcpy(out, source, (size_t)count * sizeof *out);
}

bool ck_exponents_are_finite(const uint8_t *source, int64_t count, int64_t stride, uint16_t mask) {
    bool finite = true;
    for (int64_t i = 0; i < count; i++) finite &= (read_half(source + i * stride) & mask) != mask;
    return finite;
}
