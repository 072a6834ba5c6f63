// What follows a data gradient, row by row: the shortcut's share, the ReLU's mask, Real, and the
// sums over pixels that the batch normalisation before it needs.
#pragma once

#include "maps.h"

namespace reslab {

// The gradient before the ReLU whose output has C channels on W x W pixels. All pointers are of one image.
template <int C>
struct GradientMap {
    Real* g;                         // where it goes
    const Real* y;                   // raw output of the convolution under that ReLU
    const Real* other_y = nullptr;   // and of the projection beside it
    const Real* x = nullptr;         // output of the ReLU, where it was kept; else it is y * scale + shift by `norm`
    const BatchNorm* norm = nullptr;
    const Real* through = nullptr;   // gradient that comes through the shortcut
    ImageSums<C>* sums = nullptr;
};

// One row of g. values[column][channel of CHANNELS], pixels SPACING apart, from the channel `cut` on, are what the data
// gradient gave.
//   d = values + what comes through the shortcut: `through` as it is where that is the identity; where it pads with
//       zeros, of even rows and columns the first C of the 2 C channels of its pixel (row / 2, column / 2)
//   g = d where x > 0, else 0, the gradient of ReLU
//   sums: g, g y and, where TWO normalisations were added under the ReLU, g y'; of g before it is rounded to Real
// A projection's share is in `values` already. KEPT: is x in memory?
template <int C, int W, int CHANNELS, int SPACING, Shortcut SHORTCUT, bool KEPT, bool TWO>
RESLAB_INLINE void finish_row(const GradientMap<C>& map, const float* values, int row, int cut) {
    constexpr int V = VECTORS<CHANNELS>;
    for (int first = 0; first < CHANNELS; first += V * LANES) {
        Floats sums[3][2][V] = {};  // even and odd pixels: two chains of additions
        for (int couple = 0; couple < W; couple += 2) {
            Floats value[2][V];
            RESLAB_UNROLL for (int odd = 0; odd < 2; ++odd)
                RESLAB_UNROLL for (int v = 0; v < V; ++v) {
                    int column = couple + odd, channel = cut + first + v * LANES;
                    int at = pixel_at<C, W>(row, column) + channel;
                    Floats d = load(values + column * SPACING + first + v * LANES), y = load(map.y + at);
                    if constexpr (SHORTCUT == Shortcut::IDENTITY) d += load(map.through + at);
                    if constexpr (SHORTCUT == Shortcut::ZERO_PAD)
                        if (row % 2 == 0 && odd == 0)
                            d += load(map.through + pixel_at<2 * C, W / 2>(row / 2, column / 2) + channel);
                    if constexpr (KEPT) {
                        d = where_positive(get(map.x + at), d);
                    } else {
                        Floats output = fma(y, load(map.norm->scale + channel), load(map.norm->shift + channel));
                        d = output > 0.0f ? d : Floats{};
                    }
                    value[odd][v] = d;
                    sums[0][odd][v] += d;
                    sums[1][odd][v] = fma(d, y, sums[1][odd][v]);
                    if constexpr (TWO) sums[2][odd][v] = fma(d, load(map.other_y + at), sums[2][odd][v]);
                }
            keep_couple<C, V>(map.g + pixel_at<C, W>(row, couple) + cut + first, value);
        }
        RESLAB_UNROLL for (int kind = 0; kind < (TWO ? 3 : 2); ++kind)
            RESLAB_UNROLL for (int v = 0; v < V; ++v) {
                float* to = map.sums->values[kind] + cut + first + v * LANES;
                store(to, load(to) + sums[kind][0][v] + sums[kind][1][v]);
            }
    }
}

}  // namespace reslab
