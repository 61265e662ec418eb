// Sixteen lanes, whatever the width of the processor's registers: the compiler splits them where it must.
#pragma once
#include <stdint.h>

typedef float floats __attribute__((ext_vector_type(16)));
typedef int32_t integers __attribute__((ext_vector_type(16)));
typedef int8_t bytes __attribute__((ext_vector_type(16)));
typedef uint8_t unsigned_bytes __attribute__((ext_vector_type(16)));
typedef uint16_t words __attribute__((ext_vector_type(16)));

/// Functions that pass vectors must vanish into their callers: there is no one way to pass such wide values.
#define INLINE static inline __attribute__((always_inline))
