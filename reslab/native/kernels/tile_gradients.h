// The product of a weight gradient on matrix units, and the turned map that it reads.
#pragma once

#include "tile_products.h"

#if RESLAB_AMX

namespace reslab {

typedef Real Column __attribute__((vector_size(64)));  // one channel of DEPTH pixels
static_assert(sizeof(Column) == DEPTH * sizeof(Real));

RESLAB_INLINE Twin twin_of(Floats first, Floats second) { return narrow(first, second); }
RESLAB_INLINE Twin twin_of(Reals first, Reals second) { return twin(first, second); }

// In each run of W columns: column c takes what column c + BY holds, zero from outside of the run.
template <int W, int BY, int... LANE>
RESLAB_INLINE Column shifted(Column values, std::integer_sequence<int, LANE...>) {
    return __builtin_shufflevector(values, Column{}, (0 <= LANE % W + BY && LANE % W + BY < W ? LANE + BY : DEPTH)...);
}

// One channel of DEPTH / W rows of one image to their places in a group; `to` is that of the first.
template <int W>
RESLAB_INLINE void put_rows(Real* to, Column values) {
    each<DEPTH / W>([&]<int ROW>() RESLAB_INLINED {
        [&]<int... COLUMN>(std::integer_sequence<int, COLUMN...>) RESLAB_INLINED {
            auto row = __builtin_shufflevector(values, values, (ROW * W + COLUMN)...);
            static_assert(sizeof row == W * sizeof(Real));
            std::memcpy(to + ROW * DEPTH, &row, sizeof row);
        }(std::make_integer_sequence<int, W>{});
    });
}

// LANES channels of the input of a convolution, from `channel` on, in ROWS rows of each of `count` images of a group,
// from `row` on, for T columns of taps. value(member, row, column, channel) -> Floats, or Reals.
template <int W, int T, int S, class Value>
RESLAB_INLINE void turn(Turned<S>& to, int count, int row, int channel, Value value) {
    constexpr std::make_integer_sequence<int, DEPTH> columns;
    for (int member = 0; member < count; ++member)
        for (int part = 0; part < to.ROWS; part += DEPTH / W) {
            Couples pixels[S][LANES];  // even and odd columns for stride 2
            RESLAB_UNROLL for (int odd = 0; odd < S; ++odd) {
                RESLAB_UNROLL for (int i = 0; i < LANES; ++i) {
                    int here = row + part + 2 * i / W, column = S * (2 * i % W) + odd;
                    pixels[odd][i] = coupled(twin_of(value(member, here, column, channel),
                                                     value(member, here, column + S, channel)));
                }
                transpose(pixels[odd]);
            }
            Real* place = to.at(0, 0, part) + member * W;
            RESLAB_UNROLL for (int lane = 0; lane < LANES; ++lane, place += to.CHANNEL) {
                Column first = (Column)pixels[0][lane], last = (Column)pixels[S - 1][lane];
                put_rows<W>(place + to.TAP, first);
                if constexpr (T == 1) continue;
                put_rows<W>(place, shifted<W, -1>(last, columns));
                put_rows<W>(place + 2 * to.TAP, S == 1 ? shifted<W, 1>(last, columns) : last);
            }
        }
}

// Zeros for the images that an incomplete group lacks, from the member `first` on.
template <int C, int W>
void clear_from(int first, Pairs<C, W>& dy) {
    for (int member = first; member < MEMBERS<W>; ++member) {
        dy.member = member;
        for (int row = 0; row < W; ++row) std::memset(dy.at(row, 0), 0, W * C * sizeof(Real));
    }
}

template <int W, int S>
void clear_from(int first, Turned<S>& x) {
    for (int row = 0; first < MEMBERS<W> && row < 3 * LANES * x.CHANNEL; row += DEPTH)
        std::memset(x.values + row + first * W, 0, (MEMBERS<W> - first) * W * sizeof(Real));
}

// sums[i][k][n] += sum over ROWS rows of x, from S * row on, of x, channel k  *  dy, channel n, where x lies under
// row i of the taps, for one column of them. x: Turned, its first row and channel under those taps; dy: LANES
// channels from n on; sums: the first T tiles. One row of the group is one product's depth, and dy's lie in three
// tiles until their last tap has met them.
template <int T, int S, int N, int W>
RESLAB_INLINE void correlate_block(const Real* x, const Pairs<N, W>& dy, int row, int n) {
    constexpr int OTHER_LEFT = SUM_TILE + 3;  // T sums leave one of their tiles
    static_assert(T <= 3);
    auto load_row = [&]<int D>() RESLAB_INLINED {
        tile_load<RIGHT_TILE + (D + 3) % 3>(dy.all(row + D) + n * 2, dy.COUPLE * sizeof(Real));
    };
    each<S * BLOCK>([&]<int Q>() RESLAB_INLINED {
        if constexpr (T == 1 && Q % S != 0) return;  // under no tap
        constexpr int LEFT = Q % 2 ? OTHER_LEFT : LEFT_TILE;
        tile_load<LEFT>(x + Q * DEPTH, Turned<S>::CHANNEL * sizeof(Real));
        each<T>([&]<int I>() RESLAB_INLINED {
            constexpr int UNDER = Q + T / 2 - I, D = (UNDER + S) / S - 1;  // the row of dy, where UNDER is one of S
            if constexpr (UNDER % S != 0) return;
            if constexpr (Q == 0 || I == 0) load_row.template operator()<D>();
            if (D < 0 && row == 0) return;  // rows of zeros above and below
            if (D == BLOCK && row + BLOCK == W) return;
            tile_dot<SUM_TILE + I, LEFT, RIGHT_TILE + (D + 3) % 3>();
        });
    });
}

// gradient[i][k][j][n] += sum over the maps of a group of x under tap (i, j), channel k  *  dy, channel n
// x by value(member, row, column, channel) of `count` images, a part of it after the other in `turned`.
template <class Shape, class Value>
void correlate_group(Turned<Shape::S>& turned, const Pairs<Shape::N, Shape::W>& dy, int count, float* gradient,
                     Value value) {
    constexpr int N = Shape::N, K = Shape::K, W = Shape::W, S = Shape::S, T = Shape::T;
    using Sums = Summed<Shape>;
    constexpr int LINE = Sums::CHANNEL * sizeof(float);
    tiles_configure(TILE_ROWS);
    clear_from<W>(count, turned);
    for (int row = 0; row < W; row += BLOCK)
        for (int k = 0; k < K; k += TILE_ROWS) {
            turn<W, T>(turned, count, S * row, k, value);
            for (int j = 0; j < T; ++j)
                for (int n = 0; n < N; n += LANES) {
                    float* to = gradient + Sums::at(0, k, j, n);
                    each<T>([&]<int I>() RESLAB_INLINED { tile_load<SUM_TILE + I>(to + I * Sums::ROW, LINE); });
                    correlate_block<T, S>(turned.at(T == 1 ? 1 : j, 0, 0), dy, row, n);
                    each<T>([&]<int I>() RESLAB_INLINED { tile_store<SUM_TILE + I>(to + I * Sums::ROW, LINE); });
                }
        }
}

// The channels FIRST and FIRST + 1 of sixteen of the stem's pixels.
template <int FIRST, int... LANE>
RESLAB_INLINE Column channels_of(Column first, Column last, std::integer_sequence<int, LANE...>) {
    return __builtin_shufflevector(first, last, (LANE % LANES * STEM_CHANNELS + LANE / LANES + FIRST)...);
}

// The halves WHICH of both, one after the other.
template <int WHICH, int... LANE>
RESLAB_INLINE Column halves(Column first, Column last, std::integer_sequence<int, LANE...>) {
    return __builtin_shufflevector(first, last, (LANE + (WHICH + LANE / LANES) * LANES)...);
}

// BLOCK rows of the stem's input, from `row` on. Its channels are so few that those under all taps of a row are the
// rows of one tile: channel k under tap j in the place of channel STEM_CHANNELS * j + k.
inline void turn_stem(Turned<1>& to, const Padded<STEM_CHANNELS, SIZE>& x, int row) {
    constexpr std::make_integer_sequence<int, DEPTH> lanes;
    static_assert(3 * STEM_CHANNELS <= LANES && SIZE == DEPTH);
    for (int part = 0; part < BLOCK; ++part)
        for (int tap = 0; tap < 3; ++tap) {
            Column pixels[STEM_CHANNELS];  // a quarter of the row each
            std::memcpy(pixels, x.at(row + part, tap - 1), sizeof pixels);
            auto channels_from = [&]<int FIRST, int WHICH>() {
                return halves<WHICH>(channels_of<FIRST>(pixels[0], pixels[1], lanes),
                                     channels_of<FIRST>(pixels[2], pixels[3], lanes), lanes);
            };
            Column channels[COLOURS] = {channels_from.template operator()<0, 0>(),
                                        channels_from.template operator()<0, 1>(),
                                        channels_from.template operator()<2, 0>()};
            for (int k = 0; k < COLOURS; ++k)
                std::memcpy(to.at(0, STEM_CHANNELS * tap + k, part), &channels[k], sizeof(Column));
        }
}

// gradient[i][k][j][n] += sum over one image's map of x under tap (i, j), colour k  *  dy, channel n
inline void correlate_stem(Turned<1>& turned, const Padded<STEM_CHANNELS, SIZE>& x, const Pairs<WIDTH<0>, SIZE>& dy,
                           float* gradient) {
    using Sums = Summed<StemShape>;
    constexpr int T = StemShape::T;
    alignas(64) float sums[T][TILE_ROWS][LANES];
    tiles_configure(TILE_ROWS);
    each<T>([&]<int I>() RESLAB_INLINED { tile_zero<SUM_TILE + I>(); });
    for (int row = 0; row < SIZE; row += BLOCK) {
        turn_stem(turned, x, row);
        correlate_block<T, 1>(turned.at(0, 0, 0), dy, row, 0);
    }
    each<T>([&]<int I>() RESLAB_INLINED { tile_store<SUM_TILE + I>(sums[I], sizeof sums[I][0]); });
    for (int i = 0; i < T; ++i)
        for (int j = 0; j < T; ++j)
            for (int k = 0; k < COLOURS; ++k) {
                float* to = gradient + Sums::at(i, k, j, 0);
                store(to, load(to) + load(sums[i][STEM_CHANNELS * j + k]));
            }
}

}  // namespace reslab

#endif
