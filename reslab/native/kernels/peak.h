// What the processor's dot products reach when nothing else is in their way.
#pragma once

#include <chrono>

#include "team.h"
#include "tile_products.h"
#include "vectors.h"

namespace reslab {

constexpr int ROUNDS = 1000;  // between two looks at the clock

// Rounds a second of one thread, for so many seconds; `rounds` does ROUNDS of them.
template <class Rounds>
double rate(double seconds, Rounds rounds) {
    using Clock = std::chrono::steady_clock;
    auto begin = Clock::now();
    double taken = 0;
    long done = 0;
    while (taken < seconds) {
        rounds();
        done += ROUNDS;
        taken = std::chrono::duration<double>(Clock::now() - begin).count();
    }
    return static_cast<double>(done) / taken;
}

#if RESLAB_AMX

// Operations a second of one thread: as many tiles of sums as the kernels use.
inline double peak_of_thread(double seconds) {
    constexpr int PRODUCTS = 4, OPERATIONS = TILE_ROWS * LANES * 2 * DEPTH;
    alignas(64) const Real values[TILE_ROWS * DEPTH] = {};
    TileUse use;
    tiles_configure(TILE_ROWS);
    each<TILES>([&]<int T>() { tile_load<T>(values, TILE_BYTES); });
    return PRODUCTS * OPERATIONS * rate(seconds, [] {
        for (int i = 0; i < ROUNDS; ++i)
            each<PRODUCTS>([]<int R>() { tile_dot<SUM_TILE + R, LEFT_TILE, RIGHT_TILE>(); });
    });
}

#else

// Operations a second of one thread: as many independent chains as registers hold.
inline double peak_of_thread(double seconds) {
    constexpr int CHAINS = LANES == 8 ? 10 : 16;
    constexpr int OPERATIONS = 4;  // of a lane in one dot(): a multiplication and an addition are two
    alignas(64) Real values[CHAINS * 2 * LANES] = {};
    Floats sums[CHAINS] = {};
    double rounds = rate(seconds, [&] {
        for (int i = 0; i < ROUNDS; ++i) {
            Couples w = load_couples(values);
            RESLAB_UNROLL for (int c = 0; c < CHAINS; ++c) sums[c] = dot(sums[c], values + 2 * c, w);
            asm volatile("" ::: "memory");
        }
    });
    Floats total{};
    RESLAB_UNROLL for (int c = 0; c < CHAINS; ++c) total += sums[c];
    store(reinterpret_cast<float*>(values), total);
    asm volatile("" ::"r"(values) : "memory");
    return rounds * CHAINS * LANES * OPERATIONS;
}

#endif

// Operations a second of all threads at once.
inline double peak(int threads, double seconds) {
    Team team(threads);
    std::vector<double> rates(threads);
    team.run([&](int thread) { rates[thread] = peak_of_thread(seconds); });
    double total = 0;
    for (double one : rates) total += one;
    return total;
}

}  // namespace reslab
