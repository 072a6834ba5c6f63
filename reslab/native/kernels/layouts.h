// Where numbers lie: the one place that knows the layouts of scratch memory and of packed weights.
//
// Activations of a batch are NHWC. Around them stand, for one image or the few that are taken together:
//   Padded  a map with a border of zeros, from which a convolution reads its 3x3 neighbourhoods;
//   Planes  a map as pairs of horizontally neighbouring outputs' inputs, from which a weight gradient reads;
//   Pairs   a gradient map as pairs of horizontally neighbouring pixels, the other factor of a weight gradient;
//   Turned  in place of Planes where there are matrix units: the map channel by channel.
#pragma once

#include <array>
#include <type_traits>

#include "fence.h"
#include "geometry.h"
#include "vectors.h"

namespace reslab {

// The matrix units multiply 16 pixels x 32 values by 32 values x 16 channels at a time.
constexpr bool TILED = RESLAB_AMX;
constexpr int DEPTH = 32;  // values of one product

// Rows of pixels that a product fills at a time.
constexpr int STRIP = TILED ? 4 : 1;

// Images whose weight gradients are taken together: so many that their rows side by side fill a product's depth.
template <int W>
constexpr int MEMBERS = TILED ? DEPTH / W : 1;

// Taps of a row of T in packed weights. Where one pixel has too few channels K to fill a product's depth, it reaches
// over neighbouring pixels, and those beyond the last tap meet weights of zero.
template <int K, int T>
constexpr int WIDE = TILED && K < DEPTH ? (T * K + DEPTH - 1) / DEPTH * DEPTH / K : T;

// Are products of 3 x 3 taps and stride 1 Winograd's (winograd.h)? They are from as many channels to as many, and their
// weights are 6 x 6 points.
constexpr int POINTS = 36;
constexpr bool WINOGRAD = RESLAB_TRANSFORMED;
template <class Shape>
constexpr bool IS_WINOGRAD = WINOGRAD && Shape::T == 3 && Shape::S == 1 && Shape::K == Shape::N;

// Images whose convolutions are taken together: so many that their patches fill a panel (winograd.h).
template <int W>
constexpr int MAPS = WINOGRAD && W * W < 256 ? 256 / (W * W) : 1;

// Values of a convolution's packed weights, whose products sum over its ACROSS channels, in or out.
template <class Shape, int ACROSS>
constexpr std::size_t PACKED_WEIGHTS = static_cast<std::size_t>(Shape::K) * Shape::N *
                                       (IS_WINOGRAD<Shape> ? POINTS : Shape::T * WIDE<ACROSS, Shape::T>);

// C channels of a W x W map inside a border of one zero pixel. The border is written once, when memory is made.
template <int C, int W>
struct Padded {
    static constexpr int ROW = (W + 2) * C;
    alignas(64) Real values[(W + 2) * ROW + LANES * 2];
    [[no_unique_address]] Fence fence;
    // Row and column count from -1, the border.
    RESLAB_INLINE Real* at(int row, int column) { return values + (row + 1) * ROW + (column + 1) * C; }
    RESLAB_INLINE const Real* at(int row, int column) const { return values + (row + 1) * ROW + (column + 1) * C; }
};

// C channels of a W x W map, pixel pairs (0,1), (2,3), ... of each row: [row][image of the group][pair][channel][2]. A
// row of zeros above and below.
template <int C, int W>
struct Pairs {
    static constexpr int ROW = MEMBERS<W> * W * C;
    alignas(64) Real values[(W + 2) * ROW];
    [[no_unique_address]] Fence fence;
    int member = 0;  // of the group: the image whose pairs at() gives
    RESLAB_INLINE int offset(int row, int couple) const {
        return (row + 1) * ROW + (MEMBERS<W> > 1 ? member * W * C : 0) + couple * C * 2;
    }
    RESLAB_INLINE Real* at(int row, int couple) { return values + offset(row, couple); }
    RESLAB_INLINE const Real* at(int row, int couple) const { return values + offset(row, couple); }
    // One row of all images of the group.
    RESLAB_INLINE const Real* all(int row) const { return values + (row + 1) * ROW; }
};

// The input of a convolution of stride S as its weight gradient reads it: for the horizontal tap t and the outputs
// (2j, 2j+1) the inputs under that tap, (S*2j + t - 1, S*(2j+1) + t - 1), lie beside each other.
// Stride 1: taps 0 and 2 see the same pairs, shifted by one, so two planes do. Stride 2: one plane for each tap.
template <int C, int W, int S>
struct Planes {
    static constexpr int COUNT = S == 1 ? 2 : 3;
    static constexpr int ROWS = S * W + 2;
    static constexpr int COUPLES = W / 2 + 1;
    static constexpr int ROW = COUPLES * C * 2;
    static constexpr int PLANE = ROWS * ROW;
    alignas(64) Real values[COUNT * PLANE + LANES * 2];
    [[no_unique_address]] Fence fence;
    RESLAB_INLINE Real* at(int plane, int row, int couple) {
        return values + plane * PLANE + (row + 1) * ROW + couple * C * 2;
    }
    // The pair for the horizontal tap t and the outputs (0, 1) of a row; the next outputs' follow C * 2 further.
    RESLAB_INLINE const Real* tap(int t, int row) const {
        constexpr int plane_of[2][3] = {{1, 0, 1}, {0, 1, 2}};
        int shift = S == 1 && t == 2 ? 1 : 0;
        return values + plane_of[S - 1][t] * PLANE + (row + 1) * ROW + shift * C * 2;
    }
};

// The same for matrix units, of a group of images: [t][channel][row][image][column], where column c of tap t holds the
// input under that tap for the output c. A row of zeros above and below, which is never written.
template <int C, int W, int S>
struct Turned {
    static constexpr int CHANNEL = (S * W + 2) * DEPTH, TAP = C * CHANNEL;
    alignas(64) Real values[3 * TAP];
    [[no_unique_address]] Fence fence;
    int member = 0;  // of the group: the image whose values at() gives
    RESLAB_INLINE Real* at(int tap, int channel, int row) {
        return values + tap * TAP + channel * CHANNEL + (row + 1) * DEPTH + member * W;
    }
    // The rows of all images of the group.
    RESLAB_INLINE const Real* all(int tap, int channel, int row) const {
        return values + tap * TAP + channel * CHANNEL + (row + 1) * DEPTH;
    }
};

// What a weight gradient reads its convolution's input from. The stem's four channels do not fill a tile.
template <class Shape>
using Inputs = std::conditional_t<TILED && Shape::K % LANES == 0, Turned<Shape::K, Shape::W, Shape::S>,
                                  Planes<Shape::K, Shape::W, Shape::S>>;

// C channels of the images that are taken together.
template <int C, int W>
using Maps = std::array<Padded<C, W>, MAPS<W>>;

// How a product is cut into registers: M pixels by V vectors of channels out, as many sums as there are lanes.
template <int N>
struct Cut {
    static constexpr int V = N % (2 * LANES) == 0 ? 2 : 1;
    static constexpr int M = LANES / V;
    static constexpr int CHANNELS = V * LANES;  // channels out of one cut
};

// Rows of one cut that stand in fp32 between a product and what follows it: with matrix units two strips, the one that
// is read and the one that is being made.
constexpr int SUM_ROWS = TILED ? 2 * STRIP : 1;

// Channels out of which a convolution of this shape gives a row at a time: N of them, or those that go back.
template <class Shape, int N>
constexpr int CHANNELS_OF_ROW = IS_WINOGRAD<Shape> ? N : Cut<N>::CHANNELS;

// Vectors that a pass over a row of so many channels takes at a time.
template <int CHANNELS>
constexpr int VECTORS = CHANNELS % (2 * LANES) == 0 ? 2 : 1;

// Packed weights: [cut of channels out][tap][pair of channels in][couples of the channels out of the cut].
// `weight(k, n, tap)` gives the fp32 weight from channel k in to channel n out.
template <int N, class Weight>
void pack(Real* to, int channels_in, int taps, Weight weight) {
    constexpr int CHANNELS = Cut<N>::CHANNELS;
    for (int cut = 0; cut < N; cut += CHANNELS)
        for (int tap = 0; tap < taps; ++tap)
            for (int k = 0; k < channels_in; k += 2)
                for (int n = cut; n < cut + CHANNELS; n += LANES, to += 2 * LANES) {
                    Floats first, second;
                    for (int lane = 0; lane < LANES; ++lane) {
                        first[lane] = weight(k, n + lane, tap);
                        second[lane] = weight(k + 1, n + lane, tap);
                    }
                    store(to, coupled(narrow(first), narrow(second)));
                }
}

}  // namespace reslab
