// What the processor's dot products reach when nothing else is in their way.
#pragma once

#include <chrono>

#include "team.h"
#include "vectors.h"

namespace reslab {

// Operations a second (a multiplication and an addition are two) of sixteen independent chains in every thread.
inline double peak(int threads, double seconds) {
    constexpr int CHAINS = 16, ROUNDS = 1000, OPERATIONS = 4;  // of a lane in one dot()
    using Clock = std::chrono::steady_clock;
    Team team(threads);
    std::vector<double> rates(threads);
    team.run([&](int thread) {
        alignas(64) Real values[CHAINS * 2 * LANES] = {};
        Floats sums[CHAINS] = {};
        auto begin = Clock::now();
        double taken = 0;
        long rounds = 0;
        for (; taken < seconds; taken = std::chrono::duration<double>(Clock::now() - begin).count(), rounds += ROUNDS)
            for (int i = 0; i < ROUNDS; ++i) {
                Couples w = load_couples(values);
                RESLAB_UNROLL for (int c = 0; c < CHAINS; ++c) sums[c] = dot(sums[c], values + 2 * c, w);
                asm volatile("" ::: "memory");
            }
        Floats total{};
        RESLAB_UNROLL for (int c = 0; c < CHAINS; ++c) total += sums[c];
        store(reinterpret_cast<float*>(values), total);
        asm volatile("" ::"r"(values) : "memory");
        rates[thread] = static_cast<double>(rounds) * CHAINS * LANES * OPERATIONS / taken;
    });
    double total = 0;
    for (double rate : rates) total += rate;
    return total;
}

}  // namespace reslab
