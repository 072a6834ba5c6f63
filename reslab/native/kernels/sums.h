// Sums over pixels, channel by channel, for batch normalisation.
#pragma once

#include "layouts.h"

namespace reslab {

// Of one image, values[kind][channel]: fp32, small enough to be exact to a few units in the last place. The kinds are
//   forward   sum y, sum y^2            of a convolution's outputs y
//   backward  sum g, sum g y, sum g y'  of the gradient g before a ReLU, with the raw output y under it and that of a
//                                       projection beside it, y'
template <int N>
struct ImageSums {
    alignas(64) float values[3][N] = {};
};

// Stores V vectors of channels of each of two neighbouring pixels, of N channels, from `to` on.
template <int N, int V>
RESLAB_INLINE void keep_couple(Real* to, const Floats (&value)[2][V]) {
    if constexpr (V == 2) {
        keep(to, narrow(value[0][0], value[0][1]));
        keep(to + N, narrow(value[1][0], value[1][1]));
    } else {
        static_assert(N == LANES);  // they lie one after the other
        keep(to, narrow(value[0][0], value[1][0]));
    }
}

// Adds one row of outputs y to an image's sums of y and y^2, before it is rounded to Real, and stores it.
// values[column][channel of CHANNELS], pixels SPACING apart, from the channel `cut` on; y: the raw outputs [pixel][N]
// of the image. Where not SUMS, in evaluation, only stores.
template <int N, int W, int CHANNELS, int SPACING, bool SUMS>
RESLAB_INLINE void keep_row(const float* values, int row, int cut, Real* y, ImageSums<N>& sums) {
    constexpr int V = VECTORS<CHANNELS>;
    for (int first = 0; first < CHANNELS; first += V * LANES) {
        Floats sum[2][V] = {}, squares[2][V] = {};  // even and odd pixels: two chains of additions
        for (int column = 0; column < W; column += 2) {
            Floats value[2][V];
            RESLAB_UNROLL for (int odd = 0; odd < 2; ++odd)
                RESLAB_UNROLL for (int v = 0; v < V; ++v) {
                    value[odd][v] = load(values + (column + odd) * SPACING + first + v * LANES);
                    if constexpr (SUMS) {
                        sum[odd][v] += value[odd][v];
                        squares[odd][v] = fma(value[odd][v], value[odd][v], squares[odd][v]);
                    }
                }
            keep_couple<N, V>(y + pixel_at<N, W>(row, column) + cut + first, value);
        }
        if constexpr (SUMS)
            RESLAB_UNROLL for (int v = 0; v < V; ++v) {
                float *s = sums.values[0] + cut + first + v * LANES, *q = sums.values[1] + cut + first + v * LANES;
                store(s, load(s) + sum[0][v] + sum[1][v]);
                store(q, load(q) + squares[0][v] + squares[1][v]);
            }
    }
}

// Of a shard of the batch: in double, since a variance is a difference of two large sums.
struct ShardSums {
    alignas(64) double values[3][WIDEST];
    void clear() { std::memset(values, 0, sizeof values); }
    template <int N>
    void add(const ImageSums<N>& image) {
        for (int kind = 0; kind < 3; ++kind)
            for (int n = 0; n < N; ++n) values[kind][n] += image.values[kind][n];
    }
};

}  // namespace reslab
