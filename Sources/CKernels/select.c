// The largest of many numbers: what a sampler asks of a row of logits.
#include <math.h>
#include <string.h>

#include "kernels.h"
#include "vectors.h"

#pragma clang diagnostic ignored "-Wpsabi"

/// The larger of each lane; a number where the other one is NaN, as long as `most` is none.
INLINE floats larger(floats x, floats most) { return x > most ? x : most; }

/// The largest of up to 64 numbers that is not NaN; -infinity without any.
INLINE float block_maximum(const float *x, int64_t count) {
    floats most = (floats)(-INFINITY);
    int64_t i = 0;
    for (; i + CK_LANES <= count; i += CK_LANES) {
        floats v;
        memcpy(&v, x + i, sizeof v);
        most = larger(v, most);
    }
    if (i < count) {
        floats rest = (floats)(-INFINITY);
        memcpy(&rest, x + i, (size_t)(count - i) * sizeof(float));
        most = larger(rest, most);
    }
    float largest = most[0];
    for (int lane = 1; lane < CK_LANES; lane++) largest = most[lane] > largest ? most[lane] : largest;
    return largest;
}

/// Whether an entry falls out of the heap before another.
INLINE int is_less(ck_entry a, ck_entry b) { return a.value < b.value || (a.value == b.value && a.index > b.index); }

/// Puts an entry in the place of a heap's root, the least, and restores the order below.
INLINE void replace_root(ck_entry *heap, int64_t length, ck_entry entry) {
    int64_t parent = 0;
    for (int64_t child; (child = 2 * parent + 1) < length; parent = child) {
        if (child + 1 < length && is_less(heap[child + 1], heap[child])) child++;
        if (!is_less(heap[child], entry)) break;
        heap[parent] = heap[child];
    }
    heap[parent] = entry;
}

/// Adds an entry that is known to belong; a full heap loses its least. Returns the heap's new length.
INLINE int64_t add(ck_entry *heap, int64_t length, int64_t limit, ck_entry entry) {
    if (length == limit) {
        replace_root(heap, length, entry);
        return length;
    }
    int64_t child = length;
    for (; child > 0 && is_less(entry, heap[(child - 1) / 2]); child = (child - 1) / 2) {
        heap[child] = heap[(child - 1) / 2];
    }
    heap[child] = entry;
    return length + 1;
}

/// What a number must exceed to belong, if all later ones have higher places.
INLINE float threshold(const ck_entry *heap, int64_t length, int64_t limit) {
    return length < limit ? -INFINITY : heap[0].value;
}

int64_t ck_largest(const float *x, int64_t count, int64_t wanted, float *maxima, ck_entry *largest) {
    if (wanted <= 0) return 0;
    const int64_t blocks = (count + CK_SELECT_BLOCK - 1) / CK_SELECT_BLOCK;
    int64_t found = 0;
    for (int64_t b = 0; b < blocks; b++) {
        const int64_t start = b * CK_SELECT_BLOCK;
        const int64_t length = start + CK_SELECT_BLOCK < count ? CK_SELECT_BLOCK : count - start;
        maxima[b] = block_maximum(x + start, length);
        if (maxima[b] > threshold(largest, found, wanted)) {
            found = add(largest, found, wanted, (ck_entry){maxima[b], (int32_t)b});
        }
    }
    // As many numbers as are wanted are at least this large, so no smaller one is among the largest.
    const float floor = threshold(largest, found, wanted);
    found = 0;
    for (int64_t b = 0; b < blocks; b++) {
        if (maxima[b] < floor) continue;
        const int64_t start = b * CK_SELECT_BLOCK;
        const int64_t end = start + CK_SELECT_BLOCK < count ? start + CK_SELECT_BLOCK : count;
        for (int64_t i = start; i < end; i++) {
            if (x[i] >= floor && x[i] > threshold(largest, found, wanted)) {
                found = add(largest, found, wanted, (ck_entry){x[i], (int32_t)i});
            }
        }
    }
    // The least goes to the end, and what was there takes the root's place, until all are in order.
    for (int64_t length = found - 1; length > 0; length--) {
        const ck_entry least = largest[0];
        replace_root(largest, length, largest[length]);
        largest[length] = least;
    }
    return found;
}
