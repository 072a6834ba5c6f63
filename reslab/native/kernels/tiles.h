// Eight tiles of 16 rows x 64 bytes: a processor's matrix units (Intel AMX), or the same in plain C++.
//
//   tiles_permitted  may this process use them? Linux wants to be asked
//   tiles_configure  before the first use in a thread, and to change the tiles' heights
//   tiles_release    after the last one
//   tile_zero, tile_load, tile_store
//   tile_dot<C, A, B>   C[m][n] += sum over k of A[m][2k] * B[k][2n] + A[m][2k + 1] * B[k][2n + 1]
//                       A: bf16 [m][32], B: bf16 pairs [16][n][2], C: fp32 [m][16]
//
// Tiles are numbered at compile time, as registers are. RESLAB_TILES_EMULATED chooses the plain C++: these functions
// are all that a machine without such units cannot run.
#pragma once

#include "layouts.h"

#if RESLAB_AMX

#if defined(__linux__) && !defined(RESLAB_TILES_EMULATED)
#include <sys/syscall.h>
#include <unistd.h>
#endif

namespace reslab {

constexpr int TILES = 8, TILE_BYTES = 64;

// How the products use the tiles: four sums (or three, and another left factor) and one left factor of `height` rows,
// three right factors of 16.
constexpr int SUM_TILE = 0, RIGHT_TILE = 4, LEFT_TILE = 7;
constexpr bool is_right(int tile) { return RIGHT_TILE <= tile && tile < LEFT_TILE; }

// What the instruction that configures reads.
struct alignas(64) TileConfiguration {
    std::uint8_t palette, start_row, reserved[14];
    std::uint16_t bytes[16];
    std::uint8_t rows[16];
};
static_assert(sizeof(TileConfiguration) == 64);

__attribute__((noinline)) inline TileConfiguration tile_configuration(int height) {
    TileConfiguration configuration{};
    configuration.palette = 1;
    for (int tile = 0; tile < TILES; ++tile) {
        configuration.bytes[tile] = TILE_BYTES;
        configuration.rows[tile] = static_cast<std::uint8_t>(is_right(tile) ? TILE_ROWS : height);
    }
    return configuration;
}

// Height of this thread's tiles, 0 while they are not configured.
inline thread_local int tile_height = 0;

#ifdef RESLAB_TILES_EMULATED

struct Tile {
    alignas(64) unsigned char rows[TILE_ROWS][TILE_BYTES];
};
inline thread_local Tile emulated[TILES];
inline thread_local TileConfiguration emulated_configuration;

inline bool tiles_permitted() {
#ifdef RESLAB_TILES_REFUSED
    return false;
#else
    return true;
#endif
}

inline void load_configuration(const TileConfiguration& configuration) {
    emulated_configuration = configuration;
    std::memset(emulated, 0, sizeof emulated);
}

inline void tiles_release() {
    tile_height = 0;
    emulated_configuration = {};
}

// Rows of a tile; the end where the tiles are not configured, as it is with the instructions.
inline int emulated_rows(int tile) {
    if (emulated_configuration.palette != 1) __builtin_trap();
    return emulated_configuration.rows[tile];
}

template <int T>
__attribute__((noinline)) void tile_zero() {
    emulated_rows(T);
    emulated[T] = {};
}

template <int T>
__attribute__((noinline)) void tile_load(const void* from, std::ptrdiff_t stride) {
    int rows = emulated_rows(T);
    emulated[T] = {};
    for (int row = 0; row < rows; ++row)
        std::memcpy(emulated[T].rows[row], static_cast<const char*>(from) + row * stride, TILE_BYTES);
}

template <int T>
__attribute__((noinline)) void tile_store(void* to, std::ptrdiff_t stride) {
    for (int row = 0; row < emulated_rows(T); ++row)
        std::memcpy(static_cast<char*>(to) + row * stride, emulated[T].rows[row], TILE_BYTES);
}

// As the manual's pseudocode: the even products have one chain of sums and the odd ones another; both together are
// added to what was there. Only that denormal numbers (below 2^-126) count as zero is left out.
template <int C, int A, int B>
__attribute__((noinline)) void tile_dot() {
    static_assert(C != A && C != B && A != B);
    int rows = emulated_rows(C);
    if (rows != emulated_rows(A) || emulated_rows(B) != TILE_ROWS) __builtin_trap();
    Floats right[TILE_ROWS][2];
    for (int k = 0; k < TILE_ROWS; ++k) {
        Bits pairs;
        std::memcpy(&pairs, emulated[B].rows[k], sizeof pairs);
        right[k][0] = (Floats)(pairs << 16);
        right[k][1] = (Floats)(pairs & 0xffff0000u);
    }
    for (int m = 0; m < rows; ++m) {
        Bits pairs;
        std::memcpy(&pairs, emulated[A].rows[m], sizeof pairs);
        Floats left[2] = {(Floats)(pairs << 16), (Floats)(pairs & 0xffff0000u)}, even{}, odd{}, sum;
        for (int k = 0; k < TILE_ROWS; ++k) {
            even = fma(Floats{} + left[0][k], right[k][0], even);
            odd = fma(Floats{} + left[1][k], right[k][1], odd);
        }
        std::memcpy(&sum, emulated[C].rows[m], sizeof sum);
        sum += even + odd;
        std::memcpy(emulated[C].rows[m], &sum, sizeof sum);
    }
}

#else

// Assembler of our own: GCC 12's intrinsics lack the "memory" that keeps loads and stores in order, and theirs of the
// configuration names only 8 of its 64 bytes as read.

inline bool tiles_permitted() {
#ifdef __linux__
    constexpr long REQUEST_PERMISSION = 0x1023, TILE_DATA = 18;  // ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA
    return syscall(SYS_arch_prctl, REQUEST_PERMISSION, TILE_DATA) == 0;
#else
    return true;
#endif
}

__attribute__((noinline)) inline void load_configuration(const TileConfiguration& configuration) {
    asm volatile("ldtilecfg %0" ::"m"(configuration) : "memory");
}

inline void tiles_release() {
    tile_height = 0;
    asm volatile("tilerelease" ::: "memory");
}

template <int T>
RESLAB_INLINE void tile_zero() {
    asm volatile("tilezero %%tmm%c0" ::"i"(T) : "memory");
}

template <int T>
RESLAB_INLINE void tile_load(const void* from, std::ptrdiff_t stride) {
    asm volatile("tileloadd (%0,%1,1), %%tmm%c2" ::"r"(from), "r"(stride), "i"(T) : "memory");
}

template <int T>
RESLAB_INLINE void tile_store(void* to, std::ptrdiff_t stride) {
    asm volatile("tilestored %%tmm%c2, (%0,%1,1)" ::"r"(to), "r"(stride), "i"(T) : "memory");
}

// The assembler's order is the manual's, reversed: B, A, C.
template <int C, int A, int B>
RESLAB_INLINE void tile_dot() {
    static_assert(C != A && C != B && A != B);
    asm volatile("tdpbf16ps %%tmm%c2, %%tmm%c1, %%tmm%c0" ::"i"(C), "i"(A), "i"(B) : "memory");
}

#endif

// Sums and left factors are `height` rows high from here on. The tiles' contents are lost if that is a change.
inline void tiles_configure(int height) {
    if (tile_height == height) return;
    load_configuration(tile_configuration(height));
    tile_height = height;
}

// A thread's use of the tiles, from its first one to the end of the scope.
struct TileUse {
    TileUse() = default;
    TileUse(const TileUse&) = delete;
    TileUse& operator=(const TileUse&) = delete;
    ~TileUse() { tiles_release(); }
};

}  // namespace reslab

#else

namespace reslab {

struct TileUse {};

}  // namespace reslab

#endif
