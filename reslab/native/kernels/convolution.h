// A convolution of one image, forward and towards its input; what follows each row is fused onto it.
#pragma once

#include "multiply.h"
#include "sums.h"
#include "tile_products.h"

namespace reslab {

// One row of outputs for one cut of channels, from the padded input: returns [m][channel of the cut], in `sums`, which
// has room for SUM_ROWS such rows. Rows and cuts must be asked for in order.
template <class Shape>
RESLAB_INLINE float* convolve_row(const Padded<Shape::K, Shape::IN>& x, const Real* w, int cut, int row, float* sums) {
    constexpr int K = Shape::K, N = Shape::N, S = Shape::S, T = Shape::T;
#if RESLAB_AMX
    return multiply_rows<K, N, Shape::W, S, T>(x, w, cut, row, sums);
#else
    for (int column = 0; column < Shape::W; column += Cut<N>::M)
        multiply<K, N, T, T, x.ROW, S * K, Cut<N>::CHANNELS, false>(
            x.at(S * row - T / 2, S * column - T / 2), w + cut * T * T * K, sums + column * Cut<N>::CHANNELS);
    return sums;
#endif
}

// y = x * w, stored as Real NHWC; where SUMS, also each channel's sum and sum of squares.
template <class Shape, bool SUMS>
void convolve(const Padded<Shape::K, Shape::IN>& x, const Real* w, Real* y, ImageSums<Shape::N>& sums,
              const Ahead& ahead) {
    constexpr int N = Shape::N, W = Shape::W, V = Cut<N>::V, CHANNELS = Cut<N>::CHANNELS;
    alignas(64) float strip_sums[SUM_ROWS * W * CHANNELS];
    for (int cut = 0; cut < N; cut += CHANNELS)
        for (int row = 0; row < W; ++row) {
            ahead.fetch(cut / CHANNELS * W + row, N / CHANNELS * W);
            const float* row_sums = convolve_row<Shape>(x, w, cut, row, strip_sums);
            Floats sum[2][V] = {}, squares[2][V] = {};  // even and odd pixels: two chains of additions
            for (int column = 0; column < W; ++column)
                RESLAB_UNROLL for (int v = 0; v < V; ++v) {
                    Floats value = load(row_sums + column * CHANNELS + v * LANES);
                    store(y + (row * W + column) * N + cut + v * LANES, value);
                    if constexpr (SUMS) {
                        sum[column & 1][v] += value;
                        squares[column & 1][v] = fma(value, value, squares[column & 1][v]);
                    }
                }
            if constexpr (SUMS)
                RESLAB_UNROLL for (int v = 0; v < V; ++v) {
                    float *s = sums.values[0] + cut + v * LANES, *q = sums.values[1] + cut + v * LANES;
                    store(s, load(s) + sum[0][v] + sum[1][v]);
                    store(q, load(q) + squares[0][v] + squares[1][v]);
                }
        }
}

// One row of the gradient towards the input (row and pixels of the input's map), one cut of the input's channels.
// dx[r][c] = sum over taps of dy[r + 1 - i][c + 1 - j] * w[i][j] for stride 1; for stride 2 only every second tap meets
// an output, so that even and odd rows and columns are four products of 1, 2, 2 and 4 taps.
// Returns the row, in `sums`, as convolve_row does; or where ADD adds it to the row that `sums` is.
template <class Shape, bool ADD>
RESLAB_INLINE float* convolve_back_row(const Padded<Shape::N, Shape::W>& dy, const Real* w, int cut, int row, float* sums) {
    constexpr int K = Shape::N, N = Shape::K, S = Shape::S, T = Shape::T;  // from the outputs' channels to the inputs'
    constexpr int M = Cut<N>::M, CHANNELS = Cut<N>::CHANNELS, ROW = Padded<Shape::N, Shape::W>::ROW;
    constexpr int TAP = CHANNELS * K;  // packed weights of one tap
#if RESLAB_AMX
    if constexpr (!ADD && S == 1) return multiply_rows<K, N, Shape::W, 1, T>(dy, w, cut, row, sums);
    if constexpr (!ADD && S == 2) return multiply_back_rows<K, N, Shape::W>(dy, w, cut, row, sums);
#endif
    w += cut * T * T * K;
    if constexpr (S == 1) {
        for (int column = 0; column < Shape::W; column += M)
            multiply<K, N, T, T, ROW, K, CHANNELS, ADD>(dy.at(row - T / 2, column - T / 2), w, sums + column * CHANNELS);
    } else if constexpr (T == 1) {
        if (row % 2 == 0)
            for (int column = 0; column < Shape::W; column += M)
                multiply<K, N, 1, 1, ROW, K, 2 * CHANNELS, ADD>(dy.at(row / 2, column), w, sums + 2 * column * CHANNELS);
    } else {
        for (int column = 0; column < Shape::W; column += M) {
            const Real* from = dy.at(row / 2, column);
            float* to = sums + 2 * column * CHANNELS;
            if (row % 2 == 0) {
                multiply<K, N, 1, 1, ROW, K, 2 * CHANNELS, ADD>(from, w, to);
                multiply<K, N, 1, 2, ROW, K, 2 * CHANNELS, ADD>(from, w + TAP, to + CHANNELS);
            } else {
                multiply<K, N, 2, 1, ROW, K, 2 * CHANNELS, ADD>(from, w + 3 * TAP, to);
                multiply<K, N, 2, 2, ROW, K, 2 * CHANNELS, ADD>(from, w + 5 * TAP, to + CHANNELS);
            }
        }
    }
    return sums;
}

// fp32 weights in PyTorch's order (out, in, T, T), as floats of the flat parameters. The stem's three channels stand in
// the place of four.
template <class Shape>
void pack_forward(const float* weights, int channels_in, Real* to) {
    constexpr int T = Shape::T, TAPS = WIDE<Shape::K, T>;  // of a row
    pack<Shape::N>(to, Shape::K, T * TAPS, [&](int k, int n, int tap) {
        int i = tap / TAPS, j = tap % TAPS;
        return k < channels_in && j < T ? weights[(n * channels_in + k) * T * T + i * T + j] : 0.0f;
    });
}

// For the way back channels change places and the taps are those that convolve_back_row names, in its order.
template <class Shape>
void pack_backward(const float* weights, Real* to) {
    constexpr int T = Shape::T, S = Shape::S, TAPS = WIDE<Shape::N, T>;  // of a row
    static_assert(S == 1 || TAPS == T);
    constexpr int turned[9] = {8, 7, 6, 5, 4, 3, 2, 1, 0};
    constexpr int phases[9] = {4, 5, 3, 7, 1, 8, 6, 2, 0};
    pack<Shape::K>(to, Shape::N, T * TAPS, [&](int k, int n, int tap) {
        int i = tap / TAPS, j = tap % TAPS;
        if (j >= T) return 0.0f;
        int here = T == 1 ? 0 : S == 1 ? turned[i * T + j] : phases[i * T + j];
        return weights[(k * Shape::K + n) * T * T + here];
    });
}

}  // namespace reslab
