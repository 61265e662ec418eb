// AVX-512 with VNNI: vpdpbusd multiplies 64 unsigned bytes (weights of 16 rows) by 64 signed ones (four activations,
// repeated) and adds each row's four products.
#if defined(__x86_64__)
#include <immintrin.h>
#include <math.h>
#include <string.h>

#include "kernels.h"
#include "tables.h"
#include "vectors.h"

#pragma clang attribute push( \
    __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,fma,f16c"))), apply_to = function)

INLINE floats load_halves(const uint16_t *p) {
    return (floats)_mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)p));
}

#include "panels.h"

INLINE integers dot_unsigned(int32_t start, const integers *weights, const int8_t *digits, const int first,
                             const int count) {
    __m512i dots = _mm512_set1_epi32(start);
    for (int j = first; j < first + count; j++) {
        int32_t four;
        memcpy(&four, digits + 4 * j, 4);
        dots = _mm512_dpbusd_epi32(dots, (__m512i)weights[j], _mm512_set1_epi32(four));
    }
    return (integers)dots;
}

INLINE void round_halves(floats v, uint16_t *out) {
    _mm256_storeu_si256((__m256i *)out, _mm512_cvtps_ph((__m512)v, _MM_FROUND_TO_NEAREST_INT));
}

/// Twelve sums of sixteen lanes, a page's numbers and a query: two multiply-adds of four cycles are always under way.
#define ROWS 12

#include "body.h"

#pragma clang attribute pop

KERNEL_TABLE(ck_kernels_avx512, "AVX-512 VNNI");
#endif
