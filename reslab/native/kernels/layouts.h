// Where numbers lie: the one place that knows the layouts of activations, scratch memory, weights and their gradients.
//
// Activations of a batch are NHWC (pixel_at). Around them stand, for one image or the few that are taken together:
//   Padded  a map with a border of zeros, from which a convolution reads its 3x3 neighbourhoods;
//   Planes  a map as pairs of horizontally neighbouring outputs' inputs, from which a weight gradient reads;
//   Pairs   a gradient map as pairs of horizontally neighbouring pixels, the other factor of a weight gradient;
//   Turned  in place of Planes where there are matrix units: a part of the map channel by channel;
//   Domain  in place of Planes and Pairs where products are Winograd's: the points of a panel of patches.
// Weights are Packed, or Transformed where products are Winograd's; their gradients are Summed, from Points where
// products are Winograd's. The head's have one layout everywhere (head_at).
#pragma once

#include <algorithm>
#include <array>
#include <type_traits>

#include "fence.h"
#include "geometry.h"
#include "vectors.h"

namespace reslab {

// The matrix units multiply 16 pixels x 32 values by 32 values x 16 channels at a time.
constexpr bool TILED = RESLAB_AMX;
constexpr int TILE_ROWS = 16, DEPTH = 32;  // pixels, and values, of one product

// Rows of pixels that matrix units fill at a time.
constexpr int STRIP = 4;

// Images whose weight gradients are taken together: so many that their rows side by side fill a product's depth.
template <int W>
constexpr int MEMBERS = TILED ? DEPTH / W : 1;

// Taps of a row of T in packed weights. Where one pixel has too few channels K to fill a product's depth, it reaches
// over neighbouring pixels, and those beyond the last tap meet weights of zero.
template <int K, int T>
constexpr int WIDE = TILED && K < DEPTH ? (T * K + DEPTH - 1) / DEPTH * DEPTH / K : T;

// Are products of 3 x 3 taps and stride 1 Winograd's (winograd.h)? They are from as many channels to as many.
constexpr bool WINOGRAD = RESLAB_TRANSFORMED;
template <class Shape>
constexpr bool IS_WINOGRAD = WINOGRAD && Shape::T == 3 && Shape::S == 1 && Shape::K == Shape::N;

// Those take patches of outputs, which reach over more inputs a side, as points. The patches of a panel are multiplied
// together: a quarter of a map of 32 x 32 pixels, one of 16 x 16, four of 8 x 8.
constexpr int PATCH = 4, REACH = PATCH + 2, POINTS = REACH * REACH, PANEL = 16;
RESLAB_INLINE constexpr int point_at(int row, int column) { return row * REACH + column; }
template <int W>
constexpr int PATCHES = (W / PATCH) * (W / PATCH);  // of a map

// Images of which a panel takes patches: so many that it is full.
template <int W>
constexpr int OF_PANEL = PATCHES<W> < PANEL ? PANEL / PATCHES<W> : 1;

// Where a pixel's C channels begin in a map of W x W pixels.
template <int C, int W>
RESLAB_INLINE constexpr int pixel_at(int row, int column) {
    return (row * W + column) * C;
}

// Images that lie abreast in a padded map: so many that a row of their pixels fills a tile.
template <int W>
constexpr int ABREAST = TILED && W < TILE_ROWS ? TILE_ROWS / W : 1;

// C channels of a W x W map inside a border of one zero pixel: [row][column][image abreast][channel]. The border is
// written once, when memory is made.
template <int C, int W>
struct Padded {
    static constexpr int PIXEL = ABREAST<W> * C, ROW = (W + 2) * PIXEL;  // from a pixel, from a row to the next
    alignas(64) Real values[(W + 2) * ROW + LANES * 2];
    [[no_unique_address]] Fence fence;
    // Row and column count from -1, the border.
    static RESLAB_INLINE constexpr int offset(int row, int column, int abreast) {
        return (row + 1) * ROW + (column + 1) * PIXEL + abreast * C;
    }
    RESLAB_INLINE Real* at(int row, int column, int abreast = 0) { return values + offset(row, column, abreast); }
    RESLAB_INLINE const Real* at(int row, int column, int abreast = 0) const {
        return values + offset(row, column, abreast);
    }
};

// C channels of a W x W map, pixel pairs (0,1), (2,3), ... of each row: [row][image of the group][pair][channel][2]. A
// row of zeros above and below.
template <int C, int W>
struct Pairs {
    static constexpr int ROW = MEMBERS<W> * W * C, COUPLE = 2 * C;
    alignas(64) Real values[(W + 2) * ROW];
    [[no_unique_address]] Fence fence;
    int member = 0;  // of the group: the image whose pairs at() gives
    RESLAB_INLINE int offset(int row, int couple) const {
        return (row + 1) * ROW + (MEMBERS<W> > 1 ? member * W * C : 0) + couple * COUPLE;
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
    static constexpr int COUPLES = W / 2 + 1, COUPLE = 2 * C;
    static constexpr int ROW = COUPLES * COUPLE;
    static constexpr int PLANE = ROWS * ROW;
    alignas(64) Real values[COUNT * PLANE + LANES * 2];
    [[no_unique_address]] Fence fence;
    RESLAB_INLINE Real* at(int plane, int row, int couple) {
        return values + plane * PLANE + (row + 1) * ROW + couple * COUPLE;
    }
    // The pair for the horizontal tap t and the outputs (0, 1) of a row; the next outputs' follow COUPLE further.
    RESLAB_INLINE const Real* tap(int t, int row) const {
        constexpr int plane_of[2][3] = {{1, 0, 1}, {0, 1, 2}};
        int shift = S == 1 && t == 2 ? 1 : 0;
        return values + plane_of[S - 1][t] * PLANE + (row + 1) * ROW + shift * COUPLE;
    }
};

// The same for matrix units, of LANES channels of the S * BLOCK rows that lie under the middle taps of BLOCK rows of
// outputs, and of a group of images, small enough for the first-level cache: [t][channel][row][image][column], where
// column c of tap t holds the input under that tap for the output c. Channels lie a little further apart than a power
// of two.
constexpr int BLOCK = 8;
template <int S>
struct Turned {
    static constexpr int ROWS = S * BLOCK, CHANNEL = ROWS * DEPTH + DEPTH, TAP = LANES * CHANNEL;
    alignas(64) Real values[3 * TAP];
    [[no_unique_address]] Fence fence;
    RESLAB_INLINE Real* at(int tap, int channel, int row) {
        return values + tap * TAP + channel * CHANNEL + row * DEPTH;
    }
};

// C channels of a panel of patches after Winograd's transform: [point][patch][channel], with points a little further
// apart than a power of two.
template <int C>
struct Domain {
    static constexpr int PITCH = PANEL * C + 16, ROW = C;  // from a point, from a patch to the next
    alignas(64) float values[POINTS * PITCH];
    [[no_unique_address]] Fence fence;
    RESLAB_INLINE float* at(int point, int patch) { return values + point * PITCH + patch * ROW; }
    RESLAB_INLINE const float* at(int point, int patch) const { return values + point * PITCH + patch * ROW; }
};

// How the maps of W x W pixels of a group of images make panels.
template <int W>
struct Panels {
    static constexpr int HEIGHT = OF_PANEL<W> > 1 ? W : PANEL * PATCH * PATCH / W;  // rows of pixels of a map
    static constexpr int COUNT = HEIGHT / PATCH * (W / PATCH);                      // patches of a map
    static_assert(COUNT * OF_PANEL<W> <= PANEL);
    // The patches of a map whose rows of pixels begin at `row` of the panel.
    static constexpr int patch(int member, int row) { return member * COUNT + row / PATCH * (W / PATCH); }
};

// C channels of the images whose convolutions are taken together, MAPS of them.
template <int W>
constexpr int MAPS = WINOGRAD ? OF_PANEL<W> : ABREAST<W>;
template <int C, int W>
struct Maps {
    std::array<Padded<C, W>, MAPS<W> / ABREAST<W>> padded;
    RESLAB_INLINE Real* at(int member, int row, int column) {
        return padded[member / ABREAST<W>].at(row, column, member % ABREAST<W>);
    }
};

// Images that are taken together in a convolution of this shape.
template <class Shape>
constexpr int TOGETHER = IS_WINOGRAD<Shape> || (TILED && Shape::S == 1) ? MAPS<Shape::W> : 1;

// How a product is cut into registers: M pixels by V vectors of channels out, as many sums as there are lanes.
template <int N>
struct Cut {
    static constexpr int V = N % (2 * LANES) == 0 ? 2 : 1;
    static constexpr int M = LANES / V;
    static constexpr int CHANNELS = V * LANES;  // channels out of one cut
};

// Channels out of which a convolution of this shape gives a row at a time: N of them, or those that go back.
template <class Shape, int N>
constexpr int CHANNELS_OF_ROW = IS_WINOGRAD<Shape> ? N : Cut<N>::CHANNELS;
// How often it gives such a row of one map, forward and back.
template <class Shape>
constexpr int ROWS_FORWARD = Shape::W * (Shape::N / CHANNELS_OF_ROW<Shape, Shape::N>);
template <class Shape>
constexpr int ROWS_BACK = Shape::IN * (Shape::K / CHANNELS_OF_ROW<Shape, Shape::K>);

// From a pixel of such a row to the next, of `channels`: with matrix units those of images abreast lie between them.
template <class Shape>
constexpr int spacing(int channels) {
    return TILED ? TOGETHER<Shape> * channels : channels;
}

// Vectors that a pass over a row of so many channels takes at a time.
template <int CHANNELS>
constexpr int VECTORS = CHANNELS % (2 * LANES) == 0 ? 2 : 1;

// The weights of one tap and one cut of channels out: [pair of the K channels in][couples of the channels out].
template <int K, int N>
struct Tap {
    static constexpr int CHANNELS = Cut<N>::CHANNELS;
    static constexpr int VALUES = K * CHANNELS;
    static constexpr int PAIR = 2 * CHANNELS;  // from a pair of channels in to the next
    // Those from an even channel in to LANES channels out, from n of the cut on.
    static RESLAB_INLINE constexpr int at(int k, int n) { return k * CHANNELS + n * 2; }
};

// Packed weights of T x T taps: [cut of channels out][row of taps][tap of the row].
template <int K, int N, int T>
struct Packed {
    using OfTap = Tap<K, N>;
    static constexpr int TAPS = WIDE<K, T>;  // of a row
    static constexpr int ROW = TAPS * OfTap::VALUES, CUT = T * ROW;
    static constexpr int VALUES = N / OfTap::CHANNELS * CUT;
    static RESLAB_INLINE constexpr int at(int cut) { return cut / OfTap::CHANNELS * CUT; }
};

// weight(k, n, i, j) gives the fp32 weights from channel k in to LANES channels out, from n on, under tap j of row i.
template <int K, int N, int T, class Weight>
void pack(Real* to, Weight weight) {
    using Here = Packed<K, N, T>;
    using OfTap = Tap<K, N>;
    for (int cut = 0; cut < N; cut += OfTap::CHANNELS)
        for (int i = 0; i < T; ++i)
            for (int j = 0; j < Here::TAPS; ++j)
                for (int k = 0; k < K; k += 2)
                    for (int n = 0; n < OfTap::CHANNELS; n += LANES) {
                        Floats first{}, second{};
                        if (j < T) {
                            first = weight(k, cut + n, i, j);
                            second = weight(k + 1, cut + n, i, j);
                        }
                        store(to + Here::at(cut) + i * Here::ROW + j * OfTap::VALUES + OfTap::at(k, n),
                              coupled(narrow(first, second)));
                    }
}

// For the way back, channels change places, and the taps of 3 x 3 are packed in the order in which it meets them. For
// stride 1 that is the reverse. For stride 2 only every second tap meets an output, so that even and odd rows and
// columns are four products of 1, 2, 2 and 4 taps, one after another.
constexpr int REVERSED[9] = {8, 7, 6, 5, 4, 3, 2, 1, 0}, PHASES[9] = {4, 5, 3, 7, 1, 8, 6, 2, 0};
constexpr int FIRST_OF_PHASE[2][2] = {{0, 1}, {3, 5}};  // tap, of the product of one or two rows and columns of taps

// Where PyTorch has a weight in a layer's parameters: (out, in, taps, taps).
constexpr int parameter_at(int channels_in, int taps, int out, int in, int i, int j) {
    return ((out * channels_in + in) * taps + i) * taps + j;
}

// Channels out that one product of transformed values takes at most. The more, the more multiplications each factor
// serves once it is loaded; a processor with sixteen lanes has twice as many registers as well.
constexpr int WIDEST_CUT = LANES == 8 ? 16 : 64;

// Transformed weights from C channels to C: [point][cut of COLUMNS channels out][channel in][channel out of the cut].
template <int C>
struct Transformed {
    static constexpr int COLUMNS = std::min(C, WIDEST_CUT), ROW = COLUMNS;  // from a channel in to the next
    static constexpr int VALUES = POINTS * C * C;
    static RESLAB_INLINE constexpr int at(int point, int k, int n) {
        return point * C * C + (n / COLUMNS * C + k) * ROW + n % COLUMNS;
    }
};

// The gradient of transformed weights from C channels to C, summed over patches: [point][channel in][channel out].
template <int C>
struct Points {
    static constexpr int ROW = C;  // from a channel in to the next
    alignas(64) float values[POINTS * C * ROW];
    [[no_unique_address]] Fence fence;
    RESLAB_INLINE float* at(int point, int k, int n) { return values + (point * C + k) * ROW + n; }
    RESLAB_INLINE const float* at(int point, int k, int n) const { return values + (point * C + k) * ROW + n; }
    void clear() { std::memset(values, 0, sizeof values); }
};

// The weights of a convolution for the way forward, and for the way back.
template <class Shape>
using WeightsForward =
    std::conditional_t<IS_WINOGRAD<Shape>, Transformed<Shape::N>, Packed<Shape::K, Shape::N, Shape::T>>;
template <class Shape>
using WeightsBack =
    std::conditional_t<IS_WINOGRAD<Shape>, Transformed<Shape::K>, Packed<Shape::N, Shape::K, Shape::T>>;

// Of these weights one: transformed ones are not rounded.
template <class Shape>
using WeightValue = std::conditional_t<IS_WINOGRAD<Shape>, float, Real>;

// A weight gradient as it is summed: [row of taps][channel in][tap of the row][channel out].
template <class Shape>
struct Summed {
    static constexpr int TAP = Shape::N, CHANNEL = Shape::T * TAP, ROW = Shape::LEARNT * CHANNEL;
    static constexpr int VALUES = Shape::T * ROW;
    static RESLAB_INLINE constexpr int at(int i, int k, int j, int n) { return i * ROW + k * CHANNEL + j * TAP + n; }
};

// The head's weights and their gradient, as PyTorch has them: [class][feature].
RESLAB_INLINE constexpr long head_at(int label, int feature) { return static_cast<long>(label) * FEATURES + feature; }

}  // namespace reslab
