// Lanes of fp32 in registers; activations in memory as bf16, or as fp32 in the builds that RESLAB_FP32 makes.
//
// Written in the vector types that g++ and clang++ lower to any processor. A few functions here use instructions by
// name, where the processor has them (AVX-512, with BF16 or without; AVX2 with FMA); with RESLAB_PLAIN they never do.
// That plain build is what the instructions by name are compared with. The fp32 builds run the same code without
// rounding activations, which shows whether what is computed is right. With RESLAB_WINOGRAD, builds without matrix
// units multiply as winograd.h does.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <utility>

#if defined(__AVX512F__) && !defined(RESLAB_PLAIN)
#define RESLAB_AVX512 1
#include <immintrin.h>
#else
#define RESLAB_AVX512 0
#endif

// With instructions for bf16 besides; without them, activations in bf16 only take half the memory.
#if RESLAB_AVX512 && defined(__AVX512BF16__) && defined(__AVX512VL__) && defined(__AVX512BW__) && \
    !defined(RESLAB_NO_BF16)
#define RESLAB_AVX512_BF16 1
#else
#define RESLAB_AVX512_BF16 0
#endif

// The tier of the matrix units (tiles.h): where the processor has them, or emulated, to be tested elsewhere.
#if defined(RESLAB_TILES_EMULATED) || (defined(__AMX_TILE__) && defined(__AMX_BF16__) && !defined(RESLAB_PLAIN) && \
                                       !defined(RESLAB_FP32) && !defined(RESLAB_NO_TILES))
#define RESLAB_AMX 1
#else
#define RESLAB_AMX 0
#endif

// Sixteen lanes, or eight where a register holds no more (and neither a tile nor a test wants sixteen).
#if defined(__AVX512F__) || RESLAB_AMX || defined(RESLAB_SIXTEEN)
#define RESLAB_LANES 16
#else
#define RESLAB_LANES 8
#endif

#if defined(__AVX2__) && defined(__FMA__) && RESLAB_LANES == 8 && !defined(RESLAB_PLAIN)
#define RESLAB_AVX2 1
#include <immintrin.h>
#else
#define RESLAB_AVX2 0
#endif

// Winograd's products (winograd.h) in place of direct ones, where there are no matrix units.
#if defined(RESLAB_WINOGRAD) && !RESLAB_AMX
#define RESLAB_TRANSFORMED 1
#else
#define RESLAB_TRANSFORMED 0
#endif

#ifdef RESLAB_WATCHED  // by a sanitizer, whose checks in so much code would take the compiler many minutes
#define RESLAB_INLINE inline
#define RESLAB_INLINED
#define RESLAB_UNROLL
#else
#define RESLAB_INLINE inline __attribute__((always_inline))
#define RESLAB_INLINED __attribute__((always_inline))  // of a lambda
#define RESLAB_UNROLL _Pragma("GCC unroll 32")
#endif
#define RESLAB_APART __attribute__((noinline))  // of a lambda that would crowd the loops that it is called from

namespace reslab {

constexpr int LANES = RESLAB_LANES;

typedef float Floats __attribute__((vector_size(4 * LANES)));
typedef std::uint32_t Bits __attribute__((vector_size(4 * LANES)));
typedef std::uint8_t Bytes __attribute__((vector_size(LANES)));

RESLAB_INLINE Floats load(const float* from) {
    Floats value;
    std::memcpy(&value, from, sizeof value);
    return value;
}

// Numbers from 0 to 255.
RESLAB_INLINE Floats load(const std::uint8_t* from) {
#if RESLAB_AVX512
    return (Floats)_mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(_mm_loadu_si128((const __m128i*)from)));
#elif RESLAB_AVX2
    return (Floats)_mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i*)from)));
#else
    Bytes bytes;
    std::memcpy(&bytes, from, sizeof bytes);
    return __builtin_convertvector(bytes, Floats);
#endif
}

RESLAB_INLINE void store(float* to, Floats value) { std::memcpy(to, &value, sizeof value); }

// The number in every lane. (A difference, since adding zero would change -0: the compiler keeps such an addition.)
RESLAB_INLINE Floats spread(float number) { return number - Floats{}; }

// The same value, loaded once: else the compiler may load it again for each use, and loads are what then binds.
RESLAB_INLINE Floats in_register(Floats value) {
#if RESLAB_AVX2
    asm("" : "+x"(value));
#endif
    return value;
}

// `a` where it is not a number: a net that diverges shall not look well.
RESLAB_INLINE Floats maximum(Floats a, Floats b) {
#if RESLAB_AVX512  // these give their second operand where one is not a number, or both are zero
    return (Floats)_mm512_max_ps((__m512)b, (__m512)a);
#elif RESLAB_AVX2
    return (Floats)_mm256_max_ps((__m256)b, (__m256)a);
#else
    return b > a ? b : a;
#endif
}

// a * b + c in one rounding where the processor can.
RESLAB_INLINE Floats fma(Floats a, Floats b, Floats c) {
#if RESLAB_AVX512
    return (Floats)_mm512_fmadd_ps((__m512)a, (__m512)b, (__m512)c);
#elif RESLAB_AVX2
    return (Floats)_mm256_fmadd_ps((__m256)a, (__m256)b, (__m256)c);
#else
    return a * b + c;
#endif
}

// An activation in memory is a Real, LANES of them are Reals, a Twin is two Reals that lie one after the other, and
// Couples are as many couples.
//   narrow   fp32 -> Real, to the nearest, ties to even       widen  back, exactly
//   coupled  the two of a Twin, lane by lane                  dot    sum + x[0] * first + x[1] * second of each couple
//   where_positive   the value in lanes where `sign` is above zero, else 0
// Couples lie in memory as load_couples() and store() want them; put_couples() lays each couple's two beside each
// other, as the x of dot() does. (In bf16 that is the same.)
#ifdef RESLAB_FP32

using Real = float;
using Reals = Floats;
struct Couples {
    Floats first, second;
};
struct Twin {
    Reals first, second;
};

RESLAB_INLINE Floats widen(Reals value) { return value; }
RESLAB_INLINE Reals narrow(Floats value) { return value; }
RESLAB_INLINE Real narrow(float value) { return value; }
RESLAB_INLINE Twin narrow(Floats first, Floats second) { return {first, second}; }
RESLAB_INLINE Twin twin(Reals first, Reals second) { return {first, second}; }
RESLAB_INLINE Reals first_of(Twin value) { return value.first; }
RESLAB_INLINE Reals second_of(Twin value) { return value.second; }
RESLAB_INLINE Floats where_positive(Reals sign, Floats value) { return sign > 0.0f ? value : Floats{}; }

RESLAB_INLINE Couples load_couples(const Real* from) { return {load(from), load(from + LANES)}; }

RESLAB_INLINE void store(Real* to, Couples value) {
    store(to, value.first);
    store(to + LANES, value.second);
}

RESLAB_INLINE void put_couples(Real* to, Couples value) {
    for (int lane = 0; lane < LANES; ++lane) {  // g++ has shuffles of vectors only since 12
        to[2 * lane] = value.first[lane];
        to[2 * lane + 1] = value.second[lane];
    }
}

RESLAB_INLINE Couples coupled(Twin value) { return {value.first, value.second}; }

RESLAB_INLINE Couples in_register(Couples value) { return {in_register(value.first), in_register(value.second)}; }

RESLAB_INLINE Floats dot(Floats sum, const Real* x, Couples w) {
    return fma(spread(x[1]), w.second, fma(spread(x[0]), w.first, sum));
}

#else

using Real = std::uint16_t;  // bf16, the upper half of an fp32
typedef Real Reals __attribute__((vector_size(2 * LANES)));
typedef Bits Couples;  // the first in the lower half

// Each in the lower half of a word. (g++ makes five instructions of the conversion where there is one.)
RESLAB_INLINE Bits lower(Reals value) {
#if RESLAB_AVX512
    return (Bits)_mm512_cvtepu16_epi32((__m256i)value);
#else
    return __builtin_convertvector(value, Bits);
#endif
}

RESLAB_INLINE Floats widen(Reals value) { return (Floats)(lower(value) << 16); }

RESLAB_INLINE Reals narrow(Floats value) {
#if RESLAB_AVX512_BF16
    return (Reals)_mm512_cvtneps_pbh((__m512)value);
#else
    Bits bits = (Bits)value;
    bits = (bits + 0x7fff + ((bits >> 16) & 1)) >> 16;
#if RESLAB_AVX512
    return (Reals)_mm512_cvtepi32_epi16((__m512i)bits);
#else
    return __builtin_convertvector(bits, Reals);
#endif
#endif
}

RESLAB_INLINE Real narrow(float value) {
    std::uint32_t bits;
    std::memcpy(&bits, &value, sizeof bits);
    return static_cast<Real>((bits + 0x7fff + ((bits >> 16) & 1)) >> 16);
}

#if RESLAB_AVX512_BF16

struct Twin {
    __m512i values;
};

// One instruction, and no slower than that for half as many.
RESLAB_INLINE Twin narrow(Floats first, Floats second) {
    return {(__m512i)_mm512_cvtne2ps_pbh((__m512)second, (__m512)first)};
}

RESLAB_INLINE Twin twin(Reals first, Reals second) {
    return {_mm512_inserti64x4(_mm512_castsi256_si512((__m256i)first), (__m256i)second, 1)};
}

RESLAB_INLINE Reals first_of(Twin value) { return (Reals)_mm512_castsi512_si256(value.values); }
RESLAB_INLINE Reals second_of(Twin value) { return (Reals)_mm512_extracti64x4_epi64(value.values, 1); }

RESLAB_INLINE Couples coupled(Twin value) {
    typedef Real Indices __attribute__((vector_size(64)));
    constexpr Indices BY_TURNS = {0, 16, 1, 17, 2,  18, 3,  19, 4,  20, 5,  21, 6,  22, 7,  23,
                                  8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31};
    return (Couples)_mm512_permutexvar_epi16((__m512i)BY_TURNS, value.values);
}

// What is above zero as an integer is above zero as bf16.
RESLAB_INLINE Floats where_positive(Reals sign, Floats value) {
    return (Floats)_mm512_maskz_mov_ps(_mm256_cmpgt_epi16_mask((__m256i)sign, __m256i{}), (__m512)value);
}

#else

struct Twin {
    Reals first, second;
};

RESLAB_INLINE Twin narrow(Floats first, Floats second) { return {narrow(first), narrow(second)}; }
RESLAB_INLINE Twin twin(Reals first, Reals second) { return {first, second}; }
RESLAB_INLINE Reals first_of(Twin value) { return value.first; }
RESLAB_INLINE Reals second_of(Twin value) { return value.second; }
RESLAB_INLINE Couples coupled(Twin value) { return lower(value.first) | (lower(value.second) << 16); }
RESLAB_INLINE Floats where_positive(Reals sign, Floats value) { return widen(sign) > 0.0f ? value : Floats{}; }

#endif

RESLAB_INLINE Reals narrow(Reals value) { return value; }

RESLAB_INLINE Couples load_couples(const Real* from) {
    Couples value;
    std::memcpy(&value, from, sizeof value);
    return value;
}

RESLAB_INLINE void store(Real* to, Couples value) { std::memcpy(to, &value, sizeof value); }

RESLAB_INLINE void put_couples(Real* to, Couples value) { store(to, value); }

RESLAB_INLINE Couples in_register(Couples value) { return value; }

RESLAB_INLINE Floats dot(Floats sum, const Real* x, Couples w) {
    std::uint32_t both;
    std::memcpy(&both, x, sizeof both);
#if RESLAB_AVX512_BF16
    return (Floats)_mm512_dpbf16_ps((__m512)sum, (__m512bh)_mm512_set1_epi32(static_cast<int>(both)), (__m512bh)w);
#else
    Bits spread = Bits{} + both;
    sum += (Floats)(spread << 16) * (Floats)(w << 16);
    return sum + (Floats)(spread & 0xffff0000u) * (Floats)(w & 0xffff0000u);
#endif
}

RESLAB_INLINE Floats load(const Real* from) {
    Reals value;
    std::memcpy(&value, from, sizeof value);
    return widen(value);
}

RESLAB_INLINE void store(Real* to, Floats value) {
    Reals narrowed = narrow(value);
    std::memcpy(to, &narrowed, sizeof narrowed);
}

#endif

RESLAB_INLINE Reals get(const Real* from) {
    Reals value;
    std::memcpy(&value, from, sizeof value);
    return value;
}

RESLAB_INLINE void put(Real* to, Reals value) { std::memcpy(to, &value, sizeof value); }
RESLAB_INLINE void put(Real* to, Twin value) { std::memcpy(to, &value, sizeof value); }

// Exchanges blocks of H lanes: one of the rounds that transpose LANES vectors. (Compilers make shuffles of these lists;
// g++ has shuffles by name only since 12.)
template <int H, class Vector, int... LANE>
RESLAB_INLINE void exchange(Vector (&rows)[LANES], std::integer_sequence<int, LANE...>) {
    RESLAB_UNROLL for (int i = 0; i < LANES; ++i) {
        if (i & H) continue;
        Vector a = rows[i], b = rows[i + H];
        rows[i] = Vector{(LANE & H ? b[LANE ^ H] : a[LANE])...};
        rows[i + H] = Vector{(LANE & H ? b[LANE] : a[LANE ^ H])...};
    }
}

// rows[i][lane] = rows[lane][i], of vectors of LANES words of 32 bits.
template <class Vector>
RESLAB_INLINE void transpose(Vector (&rows)[LANES]) {
    std::make_integer_sequence<int, LANES> lanes;
    if constexpr (LANES == 16) exchange<8>(rows, lanes);
    exchange<4>(rows, lanes);
    exchange<2>(rows, lanes);
    exchange<1>(rows, lanes);
}

// from[lane * stride] in each lane.
RESLAB_INLINE Floats gather(const float* from, int stride) {
#if RESLAB_AVX512
    const __m512i lanes = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    return (Floats)_mm512_i32gather_ps(_mm512_mullo_epi32(lanes, _mm512_set1_epi32(stride)), from, 4);
#elif RESLAB_AVX2
    const __m256i lanes = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    return (Floats)_mm256_i32gather_ps(from, _mm256_mullo_epi32(lanes, _mm256_set1_epi32(stride)), 4);
#else
    Floats values;
    for (int lane = 0; lane < LANES; ++lane) values[lane] = from[lane * stride];
    return values;
#endif
}

#if (RESLAB_AVX2 || RESLAB_AVX512) && defined(RESLAB_FP32) && !defined(RESLAB_WATCHED)
#define RESLAB_STREAM 1
#elif RESLAB_AVX512_BF16 && !defined(RESLAB_FP32) && !defined(RESLAB_WATCHED)
#define RESLAB_STREAM_TWINS 1
#endif

// In place of put(), for what is read again only when the whole batch has passed by: in fp32, on AVX2 and AVX-512, it
// goes past the caches, which would fetch each line before it is written. (Whole lines are written, one after another.
// In bf16 that was slower on two processors with AVX-512: LOG.md. A sanitizer would not see it.) settle() must follow
// before another thread reads.
RESLAB_INLINE void keep(Real* to, Twin value) {
#if RESLAB_STREAM && RESLAB_AVX2
    _mm256_stream_ps(to, (__m256)value.first);
    _mm256_stream_ps(to + LANES, (__m256)value.second);
#elif RESLAB_STREAM
    _mm512_stream_ps(to, (__m512)value.first);
    _mm512_stream_ps(to + LANES, (__m512)value.second);
#else
    put(to, value);
#endif
}

// The same for what is first read again when other maps of the batch have passed by, too: past the caches in bf16 as
// well, where an instruction makes a whole line.
RESLAB_INLINE void leave(Real* to, Twin value) {
#if RESLAB_STREAM_TWINS
    _mm512_stream_si512(reinterpret_cast<__m512i*>(to), value.values);
#else
    keep(to, value);
#endif
}

RESLAB_INLINE void settle() {
#if RESLAB_STREAM || RESLAB_STREAM_TWINS
    _mm_sfence();
#endif
}

}  // namespace reslab
