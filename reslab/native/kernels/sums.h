// Sums over pixels, channel by channel, for batch normalisation.
#pragma once

#include "layouts.h"

namespace reslab {

// Of one image: fp32, small enough to be exact to a few units in the last place.
// Forward: the convolution's outputs y and their squares. Backward: the gradient g, g * y, and g * y of a projection.
template <int N>
struct ImageSums {
    alignas(64) float values[3][N] = {};
};

// Of a shard of the batch: in double, since a variance is a difference of two large sums.
struct ShardSums {
    alignas(64) double values[3][64];
    void clear() { std::memset(values, 0, sizeof values); }
    template <int N>
    void add(const ImageSums<N>& image) {
        for (int kind = 0; kind < 3; ++kind)
            for (int n = 0; n < N; ++n) values[kind][n] += image.values[kind][n];
    }
};

}  // namespace reslab
