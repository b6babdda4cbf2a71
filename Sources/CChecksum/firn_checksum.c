#include "firn_checksum.h"

#if defined(__x86_64__)

#include <immintrin.h>

// Source: Gopal et al., "Fast CRC Computation for Generic Polynomials Using PCLMULQDQ Instruction", Intel, 2009. A block A
// of 16 bytes, its first half L and its second half H, stands for L·x^64 + H; moved n bits towards the front it is
// congruent to L·(x^(n+64) mod P) + H·(x^n mod P). The product of two reflected factors comes out divided by x, so
// the powers are one lower.
__attribute__((target("pclmul,sse2"))) static __m128i fold(__m128i block, __m128i powers, __m128i next) {
    __m128i low = _mm_clmulepi64_si128(block, powers, 0x00);
    __m128i high = _mm_clmulepi64_si128(block, powers, 0x11);
    return _mm_xor_si128(_mm_xor_si128(low, high), next);
}

__attribute__((target("pclmul,sse2"))) static size_t fold_blocks(
    const uint8_t *bytes, size_t count, uint64_t state, const firn_fold_powers *powers, uint8_t result[16]) {
    const __m128i *block = (const __m128i *)bytes;
    size_t blocks = count / FIRN_FOLD_BYTES * 4;
    __m128i far = _mm_set_epi64x((long long)powers->far_high, (long long)powers->far_low);
    __m128i near = _mm_set_epi64x((long long)powers->near_high, (long long)powers->near_low);
    __m128i a = _mm_xor_si128(_mm_loadu_si128(block), _mm_set_epi64x(0, (long long)state));
    __m128i b = _mm_loadu_si128(block + 1);
    __m128i c = _mm_loadu_si128(block + 2);
    __m128i d = _mm_loadu_si128(block + 3);
    for (size_t index = 4; index < blocks; index += 4) {
        a = fold(a, far, _mm_loadu_si128(block + index));
        b = fold(b, far, _mm_loadu_si128(block + index + 1));
        c = fold(c, far, _mm_loadu_si128(block + index + 2));
        d = fold(d, far, _mm_loadu_si128(block + index + 3));
    }
    b = fold(a, near, b);
    c = fold(b, near, c);
    d = fold(c, near, d);
    _mm_storeu_si128((__m128i *)result, d);
    return blocks * 16;
}

size_t firn_fold(
    const uint8_t *bytes, size_t count, uint64_t state, const firn_fold_powers *powers, uint8_t result[16]) {
    if (count < FIRN_FOLD_BYTES || !__builtin_cpu_supports("pclmul")) return 0;
    return fold_blocks(bytes, count, state, powers, result);
}

#else

size_t firn_fold(
    const uint8_t *bytes, size_t count, uint64_t state, const firn_fold_powers *powers, uint8_t result[16]) {
    (void)bytes;
    (void)count;
    (void)state;
    (void)powers;
    (void)result;
    return 0;
}

#endif
