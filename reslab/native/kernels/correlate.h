// The product at the heart of a weight gradient, and the pairing of pixels that it reads.
#pragma once

#include "layouts.h"

namespace reslab {

// So many input rows stay in the first-level cache while all weights' sums pass over them.
constexpr int CACHED_ROWS = 8;

// gradient[i][k][j][n] += sum over the map of x under tap (i, j), channel k  *  dy, channel n
// x: the planes of the input; dy: the pairs of the output's gradient, both of one image; gradient: fp32.
// `KEPT` channels in, T horizontal taps and one cut of channels out are summed at a time in registers.
template <class Shape, int KEPT>
void correlate(const Planes<Shape::K, Shape::W, Shape::S>& x, const Pairs<Shape::N, Shape::W>& dy, float* gradient) {
    constexpr int N = Shape::N, W = Shape::W, S = Shape::S, T = Shape::T, V = Cut<N>::V;
    using Sums = Summed<Shape>;
    for (int block = 0; block < W; block += CACHED_ROWS)
        for (int i = 0; i < T; ++i)
            for (int k = 0; k < Shape::LEARNT; k += KEPT)
                for (int cut = 0; cut < N; cut += Cut<N>::CHANNELS) {
                    float* to = gradient + i * Sums::ROW + k * Sums::CHANNEL + cut;
                    Floats sum[KEPT][T][V];
                    RESLAB_UNROLL for (int c = 0; c < KEPT; ++c)
                        RESLAB_UNROLL for (int j = 0; j < T; ++j)
                            RESLAB_UNROLL for (int v = 0; v < V; ++v)
                                sum[c][j][v] = load(to + c * Sums::CHANNEL + j * Sums::TAP + v * LANES);
                    for (int row = block; row < block + CACHED_ROWS; ++row) {
                        const Real* from[T];
                        RESLAB_UNROLL for (int j = 0; j < T; ++j)
                            from[j] = x.tap(T == 1 ? 1 : j, S * row + i - T / 2) + k * 2;
                        const Real* out = dy.at(row, 0) + cut * 2;
                        for (int couple = 0; couple < W / 2; ++couple) {
                            Couples g[V];
                            RESLAB_UNROLL for (int v = 0; v < V; ++v)
                                g[v] = in_register(load_couples(out + couple * dy.COUPLE + v * 2 * LANES));
                            RESLAB_UNROLL for (int c = 0; c < KEPT; ++c)
                                RESLAB_UNROLL for (int j = 0; j < T; ++j)
                                    RESLAB_UNROLL for (int v = 0; v < V; ++v)
                                        sum[c][j][v] = dot(sum[c][j][v], from[j] + couple * x.COUPLE + c * 2, g[v]);
                        }
                    }
                    RESLAB_UNROLL for (int c = 0; c < KEPT; ++c)
                        RESLAB_UNROLL for (int j = 0; j < T; ++j)
                            RESLAB_UNROLL for (int v = 0; v < V; ++v)
                                store(to + c * Sums::CHANNEL + j * Sums::TAP + v * LANES, sum[c][j][v]);
                }
}

// The same for stride 1 and 16 channels out, where one vector of dy would meet one pair of x for each product: an input
// pair meets the dy of all T rows that it touches, T products for each load.
template <class Shape, int KEPT>
void correlate_rows(const Planes<Shape::K, Shape::W, Shape::S>& x, const Pairs<Shape::N, Shape::W>& dy,
                    float* gradient) {
    constexpr int N = Shape::N, W = Shape::W, T = Shape::T;
    using Sums = Summed<Shape>;
    static_assert(Shape::S == 1 && N == LANES);
    for (int block = 0; block < W; block += CACHED_ROWS)
        for (int j = 0; j < T; ++j)
            for (int k = 0; k < Shape::LEARNT; k += KEPT) {
                float* to = gradient + k * Sums::CHANNEL + j * Sums::TAP;
                Floats sum[KEPT][T];
                RESLAB_UNROLL for (int c = 0; c < KEPT; ++c)
                    RESLAB_UNROLL for (int i = 0; i < T; ++i) sum[c][i] = load(to + i * Sums::ROW + c * Sums::CHANNEL);
                for (int row = block; row < block + CACHED_ROWS; ++row) {
                    const Real* from = x.tap(T == 1 ? 1 : j, row) + k * 2;
                    for (int couple = 0; couple < W / 2; ++couple) {
                        Couples g[T];
                        RESLAB_UNROLL for (int i = 0; i < T; ++i) g[i] = load_couples(dy.at(row + T / 2 - i, couple));
                        RESLAB_UNROLL for (int c = 0; c < KEPT; ++c)
                            RESLAB_UNROLL for (int i = 0; i < T; ++i)
                                sum[c][i] = dot(sum[c][i], from + couple * x.COUPLE + c * 2, g[i]);
                    }
                }
                RESLAB_UNROLL for (int c = 0; c < KEPT; ++c)
                    RESLAB_UNROLL for (int i = 0; i < T; ++i) store(to + i * Sums::ROW + c * Sums::CHANNEL, sum[c][i]);
            }
}

}  // namespace reslab
