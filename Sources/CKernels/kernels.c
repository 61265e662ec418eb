#include "kernels.h"

#include <stddef.h>

#include "tables.h"

#if defined(__aarch64__)
#if defined(__linux__)
#include <sys/auxv.h>

static bool has_dot_product(void) { return getauxval(AT_HWCAP) & HWCAP_ASIMDDP; }
#elif defined(__ARM_FEATURE_DOTPROD)
static bool has_dot_product(void) { return true; }
#else
static bool has_dot_product(void) { return false; }
#endif
#endif

const ck_kernels *ck_kernels_for(ck_instruction_set set) {
#if defined(__x86_64__)
    __builtin_cpu_init();
    switch (set) {
    case CK_AVX512:
        return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw")
                && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl")
                && __builtin_cpu_supports("avx512vnni")
            ? &ck_kernels_avx512
            : NULL;
    case CK_AVX2:
        return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("f16c")
            ? &ck_kernels_avx2
            : NULL;
    case CK_PORTABLE:
    case CK_NEON: break;
    }
#elif defined(__aarch64__)
    if (set == CK_NEON && has_dot_product()) return &ck_kernels_neon;
#endif
    return set == CK_PORTABLE ? &ck_kernels_portable : NULL;
}

const ck_kernels *ck_kernels_best(void) {
    for (int set = CK_NEON; set > CK_PORTABLE; set--) {
        const ck_kernels *kernels = ck_kernels_for((ck_instruction_set)set);
        if (kernels) return kernels;
    }
    return &ck_kernels_portable;
}
