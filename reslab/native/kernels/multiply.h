// The product at the heart of a convolution and of its data gradient.
#pragma once

#include "layouts.h"

namespace reslab {

// M pixels of one row, one cut of V * LANES channels out:
//   sums[m * SPACING + n] (+)= sum over taps (i, j) and channels k of x[i * ROW + j * K + m * STEP + k] * w[i, j][k][n]
// x: Real with rows ROW and the outputs' pixels STEP apart; w: Taps, one after another.
// M * V = LANES sums stay in registers through all TH x TW x K products.
template <int K, int N, int TH, int TW, int ROW, int STEP, int SPACING, bool ADD>
RESLAB_INLINE void multiply(const Real* x, const Real* w, float* sums) {
    constexpr int M = Cut<N>::M, V = Cut<N>::V;
    Floats sum[M][V];
    RESLAB_UNROLL for (int m = 0; m < M; ++m)
        RESLAB_UNROLL for (int v = 0; v < V; ++v) sum[m][v] = ADD ? load(sums + m * SPACING + v * LANES) : Floats{};
    using Weights = Tap<K, N>;
    if constexpr (STEP == K && V == 1) {  // otherwise each input serves two products anyway
        // Neighbouring outputs share inputs: each is fetched once for all TW taps that it lies under.
        for (int i = 0; i < TH; ++i, w += TW * Weights::VALUES)
            for (int k = 0; k < K; k += 2) {
                Couples weights[TW][V];
                RESLAB_UNROLL for (int j = 0; j < TW; ++j)
                    RESLAB_UNROLL for (int v = 0; v < V; ++v)
                        weights[j][v] = load_couples(w + j * Weights::VALUES + Weights::at(k, v * LANES));
                RESLAB_UNROLL for (int column = 0; column < M + TW - 1; ++column) {
                    const Real* input = x + i * ROW + column * K + k;
                    RESLAB_UNROLL for (int j = 0; j < TW; ++j)
                        if (0 <= column - j && column - j < M)
                            RESLAB_UNROLL for (int v = 0; v < V; ++v)
                                sum[column - j][v] = dot(sum[column - j][v], input, weights[j][v]);
                }
            }
    } else {
        for (int i = 0; i < TH; ++i)
            for (int j = 0; j < TW; ++j) {
                const Real* tap = x + i * ROW + j * K;
                for (int k = 0; k < K; k += 2, w += Weights::PAIR) {
                    Couples weights[V];
                    RESLAB_UNROLL for (int v = 0; v < V; ++v)
                        weights[v] = in_register(load_couples(w + Weights::at(0, v * LANES)));
                    RESLAB_UNROLL for (int m = 0; m < M; ++m)
                        RESLAB_UNROLL for (int v = 0; v < V; ++v)
                            sum[m][v] = dot(sum[m][v], tap + m * STEP + k, weights[v]);
                }
            }
    }
    RESLAB_UNROLL for (int m = 0; m < M; ++m)
        RESLAB_UNROLL for (int v = 0; v < V; ++v) store(sums + m * SPACING + v * LANES, sum[m][v]);
}

}  // namespace reslab
