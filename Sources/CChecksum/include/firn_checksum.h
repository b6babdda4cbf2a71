// Cyclic redundancy checks by carry-less multiplication, where the processor has it.
#ifndef FIRN_CHECKSUM_H
#define FIRN_CHECKSUM_H

#include <stddef.h>
#include <stdint.h>

// Powers of x modulo a polynomial of at most 64 bits, reflected, the highest power that is kept in bit 0:
// by how much two halves of a block are behind the block they are folded into.
typedef struct {
    uint64_t far_low, far_high;   // x^575 and x^511: over four blocks of 16 bytes
    uint64_t near_low, near_high; // x^191 and x^127: over one
} firn_fold_powers;

// Bytes that one call takes at least; it takes a multiple of them.
enum { FIRN_FOLD_BYTES = 64 };

// Folds the first bytes of `bytes` into 16 that have the same remainder, with `state`, the register of a reflected check, in
// front of them. Answers how many bytes it took: 0 when there are fewer than 64 or the processor cannot.
size_t firn_fold(
    const uint8_t *bytes, size_t count, uint64_t state, const firn_fold_powers *powers, uint8_t result[16]);

#endif
