// What the nets are made of: their stages, and the shapes of their convolutions (He et al. 2015, section 4.2).
#pragma once

#include <cstddef>
#include <tuple>

namespace reslab {

// Of an image: pixels a side, channels, values.
constexpr int SIZE = 32, COLOURS = 3, IMAGE = SIZE * SIZE * COLOURS;
// The stem reads one channel more, which is zero.
constexpr int STEM_CHANNELS = COLOURS + 1;

// From stage to stage the maps' sides are halved and their channels doubled.
constexpr int STAGES = 3;
template <int STAGE>
constexpr int WIDTH = 16 << STAGE;  // channels of its maps
template <int STAGE>
constexpr int SIDE = SIZE >> STAGE;  // their pixels a side
constexpr int FEATURES = WIDTH<STAGES - 1>, LAST = SIDE<STAGES - 1>;
constexpr int WIDEST = FEATURES;  // no layer has more channels

// Something for each stage, by its channels and its pixels a side.
template <template <int, int> class Something>
using OfStages =
    std::tuple<Something<WIDTH<0>, SIDE<0>>, Something<WIDTH<1>, SIDE<1>>, Something<WIDTH<2>, SIDE<2>>>;

constexpr std::size_t map_values(int channels, int side) { return static_cast<std::size_t>(side) * side * channels; }

// A convolution: T x T taps, K channels in on a map of S*W x S*W pixels, N channels out on W x W. Padding T/2.
template <int K_, int N_, int W_, int S_, int T_>
struct Shape {
    static constexpr int K = K_, N = N_, W = W_, S = S_, T = T_;
    static constexpr int IN = S * W;  // pixels of the input's side
    static constexpr bool IS_STEM = K == STEM_CHANNELS;
    static constexpr int LEARNT = IS_STEM ? COLOURS : K;  // channels in that have weights
};

// The convolutions of a net: the stem, and those of a block of C channels on W x W pixels whose first has stride S.
using StemShape = Shape<STEM_CHANNELS, WIDTH<0>, SIDE<0>, 1, 3>;
template <int C, int W, int S>
using FirstShape = Shape<C / S, C, W, S, 3>;
template <int C, int W>
using SecondShape = Shape<C, C, W, 1, 3>;
template <int C, int W, int S>
using ProjectionShape = Shape<C / S, C, W, S, 1>;
template <int STAGE>
using Within = SecondShape<WIDTH<STAGE>, SIDE<STAGE>>;
template <int STAGE>
using Growing = FirstShape<WIDTH<STAGE>, SIDE<STAGE>, 2>;

}  // namespace reslab
