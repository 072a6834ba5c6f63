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

// The input of a convolution for its weight gradient, of the image to.member. value(row, column, channel) -> Floats,
// or Reals, as for Planes.
template <int C, int W, int S, class Value, class Row>
RESLAB_INLINE void pair_inputs(Turned<C, W, S>& to, Value value, Row after_row) {
    constexpr std::make_integer_sequence<int, DEPTH> columns;
    for (int row = 0; row < S * W; row += DEPTH / W, each<DEPTH / W>([&]<int>() RESLAB_INLINED { after_row(); }))
        for (int channel = 0; channel < C; channel += LANES) {
            Couples pixels[S][LANES];  // even and odd columns for stride 2
            RESLAB_UNROLL for (int odd = 0; odd < S; ++odd) {
                RESLAB_UNROLL for (int i = 0; i < LANES; ++i) {
                    int here = row + 2 * i / W, column = S * (2 * i % W) + odd;
                    pixels[odd][i] = coupled(twin_of(value(here, column, channel), value(here, column + S, channel)));
                }
                transpose(pixels[odd]);
            }
            Real* place = to.at(0, channel, row);
            RESLAB_UNROLL for (int lane = 0; lane < LANES; ++lane, place += to.CHANNEL) {
                Column first = (Column)pixels[0][lane], last = (Column)pixels[S - 1][lane];
                put_rows<W>(place, shifted<W, -1>(last, columns));
                put_rows<W>(place + to.TAP, first);
                put_rows<W>(place + 2 * to.TAP, S == 1 ? shifted<W, 1>(last, columns) : last);
            }
        }
}

// Zeros for the images that an incomplete group lacks, from `first` on.
template <int C, int W, int S>
void clear_from(int first, Turned<C, W, S>& x) {
    for (int member = first; member < MEMBERS<W>; ++member) {
        x.member = member;
        pair_inputs(x, [](int, int, int) { return Reals{}; }, [] {});
    }
}

template <int C, int W>
void clear_from(int first, Pairs<C, W>& dy) {
    for (int member = first; member < MEMBERS<W>; ++member) {
        dy.member = member;
        for (int row = 0; row < W; ++row) std::memset(dy.at(row, 0), 0, W * C * sizeof(Real));
    }
}

// gradient[i][k][j][n] += sum over the maps of a group of x under tap (i, j), channel k  *  dy, channel n
// One row of the group is one product's depth. Its dy serves all T vertical taps from the tiles where it lies, while
// the rows of x go by.
template <class Shape>
void correlate_group(const Turned<Shape::K, Shape::W, Shape::S>& x, const Pairs<Shape::N, Shape::W>& dy,
                     float* gradient) {
    constexpr int N = Shape::N, K = Shape::K, W = Shape::W, S = Shape::S, T = Shape::T;
    constexpr int ROWS = 8;                    // of dy, unrolled
    constexpr int Q_END = S * (ROWS - 1) + T;  // rows of x that they meet
    constexpr int OTHER_LEFT = SUM_TILE + 3;   // T sums leave one of their tiles
    using Sums = Summed<Shape>;
    constexpr int LINE = Sums::CHANNEL * sizeof(float);
    static_assert(T <= 3);
    tiles_configure(TILE_ROWS);
    for (int j = 0; j < T; ++j)
        for (int k = 0; k < K; k += TILE_ROWS)
            for (int n = 0; n < N; n += LANES) {
                float* to = gradient + k * Sums::CHANNEL + j * Sums::TAP + n;
                each<T>([&]<int I>() RESLAB_INLINED {
                    tile_load<SUM_TILE + I>(to + I * Sums::ROW, LINE);
                });
                for (int row = 0; row < W; row += ROWS)
                    each<Q_END>([&]<int Q>() RESLAB_INLINED {
                        // dy's row d lies in one of three tiles until its last tap has met it.
                        if constexpr (Q % S == 0 && Q / S < ROWS)
                            tile_load<RIGHT_TILE + Q / S % 3>(dy.all(row + Q / S) + n * 2, dy.COUPLE * sizeof(Real));
                        int from = S * row + Q - T / 2;
                        if (Q == 0 && from < 0) return;  // rows of zeros above and below
                        if (Q == Q_END - 1 && from == S * W) return;
                        if constexpr (T == 1 && Q % S != 0) return;
                        constexpr int LEFT = Q % 2 ? OTHER_LEFT : LEFT_TILE;
                        tile_load<LEFT>(x.all(T == 1 ? 1 : j, k, from), x.CHANNEL * sizeof(Real));
                        each<T>([&]<int I>() RESLAB_INLINED {
                            constexpr int D = Q - I;
                            if constexpr (D >= 0 && D % S == 0 && D / S < ROWS)
                                tile_dot<SUM_TILE + I, LEFT, RIGHT_TILE + D / S % 3>();
                        });
                    });
                each<T>([&]<int I>() RESLAB_INLINED {
                    tile_store<SUM_TILE + I>(to + I * Sums::ROW, LINE);
                });
            }
}

}  // namespace reslab

#endif
