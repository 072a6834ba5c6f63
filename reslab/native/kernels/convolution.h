// A convolution, forward and towards its input, image by image or of those that are taken together; what follows each
// row is fused onto it. In the words of Shape, of x[row][column][k] to y[row][column][n] with zeros around x:
//   y[r][c][n] = sum over taps (i, j) and channels k of x[S * r + i - T / 2][S * c + j - T / 2][k] * w[i][j][k][n]
#pragma once

#include "multiply.h"
#include "sums.h"
#include "tile_products.h"
#include "winograd.h"

namespace reslab {

// Nothing, where the padded inputs are there.
constexpr auto supplied = [](int, int) {};

// Everything at once.
template <class Supply>
void supply_all(int count, int rows, Supply supply) {
    for (int member = 0; member < count; ++member)
        for (int row = 0; row < rows; ++row) supply(member, row);
}

// One row of y for one cut of channels, from the padded input: [column][channel of the cut], to `sums`. w: Packed.
template <class Shape>
RESLAB_INLINE void convolve_row(const Padded<Shape::K, Shape::IN>& x, const Real* w, int cut, int row, float* sums) {
    constexpr int K = Shape::K, N = Shape::N, S = Shape::S, T = Shape::T;
    for (int column = 0; column < Shape::W; column += Cut<N>::M)
        multiply<K, N, T, T, x.ROW, S * K, Cut<N>::CHANNELS, false>(
            x.at(S * row - T / 2, S * column - T / 2), w + Packed<K, N, T>::at(cut), sums + column * Cut<N>::CHANNELS);
}

// The outputs of `count` images: finish(member, row, cut, values) gets them row by row, each row in cuts of
// CHANNELS_OF_ROW channels from `cut` on: values[column][channel of the cut], pixels spacing() apart. A row of x is put
// where the convolution reads it by supply(member, row), which is called for all of them, in order, before each is
// needed.
template <class Shape, class Supply, class Finish>
RESLAB_INLINE void convolve(const Padded<Shape::K, Shape::IN>* x, int count, const WeightValue<Shape>* w,
                            Workspace<Shape::N>& work, Supply supply, Finish finish) {
    [[maybe_unused]] constexpr int N = Shape::N, W = Shape::W, CHANNELS = Cut<N>::CHANNELS;
#if RESLAB_AMX
    static_cast<void>(work);
    multiply_strips<Strips<Shape::K, N, W, Shape::S, Shape::T>>(*x, count, w, supply, finish);
#else
    supply_all(count, Shape::IN, supply);
    if constexpr (IS_WINOGRAD<Shape>) {
        convolve_patches(x, count, w, work, finish);
    } else {
        alignas(64) float row_sums[W * CHANNELS];
        for (int member = 0; member < count; ++member)
            for (int cut = 0; cut < N; cut += CHANNELS)
                for (int row = 0; row < W; ++row) {
                    convolve_row<Shape>(x[member], w, cut, row, row_sums);
                    finish(member, row, cut, row_sums);
                }
    }
#endif
}

// One row of the gradient towards the input (row and pixels of the input's map), one cut of the input's channels:
//   dx[r][c][k] = sum over taps (i, j) and channels n of
//                 dy[(r + T / 2 - i) / S][(c + T / 2 - j) / S][n] * w[i][j][k][n]
// where both quotients are whole. With stride 1 that is a convolution of the padded dy with turned weights.
// With stride 2 an even row r meets the tap i = 1 in dy's row r / 2, an odd one i = 2 and 0 in its rows (r - 1) / 2 and
// (r + 1) / 2, and so do columns (PHASES). Of one tap, T = 1, even rows and columns alone have a gradient.
// To the row `sums`, of pixels SPACING apart; where ADD added to it. dy: of the images abreast, that one.
template <class Shape, bool ADD, int SPACING = Cut<Shape::K>::CHANNELS>
RESLAB_INLINE void convolve_back_row(const Padded<Shape::N, Shape::W>& dy, int abreast, const Real* w, int cut, int row,
                                     float* sums) {
    constexpr int K = Shape::N, N = Shape::K, S = Shape::S, T = Shape::T;  // from the outputs' channels to the inputs'
    constexpr int M = Cut<N>::M, ROW = Padded<Shape::N, Shape::W>::ROW, PIXEL = Padded<Shape::N, Shape::W>::PIXEL;
    static_assert(T == 1 || PIXEL == K);  // neighbouring taps lie K apart
    w += Packed<K, N, T>::at(cut);
    if constexpr (S == 1) {
        for (int column = 0; column < Shape::W; column += M)
            multiply<K, N, T, T, ROW, PIXEL, SPACING, ADD>(dy.at(row - T / 2, column - T / 2, abreast), w,
                                                           sums + column * SPACING);
    } else if constexpr (T == 1) {
        if (row % 2 == 0)
            for (int column = 0; column < Shape::W; column += M)
                multiply<K, N, 1, 1, ROW, PIXEL, 2 * SPACING, ADD>(dy.at(row / 2, column, abreast), w,
                                                                   sums + 2 * column * SPACING);
    } else {
        auto first_of_phase = [&](int rows, int columns) RESLAB_INLINED {
            return w + FIRST_OF_PHASE[rows - 1][columns - 1] * Tap<K, N>::VALUES;
        };
        for (int column = 0; column < Shape::W; column += M) {
            const Real* from = dy.at(row / 2, column, abreast);
            float* to = sums + 2 * column * SPACING;
            if (row % 2 == 0) {
                multiply<K, N, 1, 1, ROW, PIXEL, 2 * SPACING, ADD>(from, first_of_phase(1, 1), to);
                multiply<K, N, 1, 2, ROW, PIXEL, 2 * SPACING, ADD>(from, first_of_phase(1, 2), to + SPACING);
            } else {
                multiply<K, N, 2, 1, ROW, PIXEL, 2 * SPACING, ADD>(from, first_of_phase(2, 1), to);
                multiply<K, N, 2, 2, ROW, PIXEL, 2 * SPACING, ADD>(from, first_of_phase(2, 2), to + SPACING);
            }
        }
    }
}

// As convolve(): the gradients towards the inputs, from those towards the outputs. finish() may write to its values.
template <class Shape, class Supply, class Finish>
RESLAB_INLINE void convolve_back(const Padded<Shape::N, Shape::W>* dy, int count, const WeightValue<Shape>* w,
                                 Workspace<Shape::N>& work, Supply supply, Finish finish) {
    [[maybe_unused]] constexpr int K = Shape::K, IN = Shape::IN, CHANNELS = Cut<K>::CHANNELS;
#if RESLAB_AMX
    static_cast<void>(work);
    using Here = std::conditional_t<Shape::S == 1, Strips<Shape::N, K, Shape::W, 1, Shape::T>,
                                    StripsBack<Shape::N, K, Shape::W>>;
    multiply_strips<Here>(*dy, count, w, supply, finish);
#else
    supply_all(count, Shape::W, supply);
    if constexpr (IS_WINOGRAD<Shape>) {
        convolve_patches(dy, count, w, work, finish);
    } else {
        alignas(64) float row_values[IN * CHANNELS];
        for (int member = 0; member < count; ++member)
            for (int cut = 0; cut < K; cut += CHANNELS)
                for (int row = 0; row < IN; ++row) {
                    convolve_back_row<Shape, false>(dy[member], 0, w, cut, row, row_values);
                    finish(member, row, cut, row_values);
                }
    }
#endif
}

// A layer's parameters as WeightsForward. The stem's three channels stand in the place of four.
template <class Shape>
void pack_forward(const float* parameters, WeightValue<Shape>* to) {
    constexpr int K = Shape::LEARNT, T = Shape::T;
    auto weight = [&](int k, int n, int i, int j) RESLAB_INLINED {
        return k < K ? gather(parameters + parameter_at(K, T, n, k, i, j), parameter_at(K, T, 1, 0, 0, 0)) : Floats{};
    };
    if constexpr (IS_WINOGRAD<Shape>)
        transform_weights<Shape::N>(to, weight);
    else
        pack<Shape::K, Shape::N, T>(to, weight);
}

// As WeightsBack, the taps in the order in which convolve_back_row meets them.
template <class Shape>
void pack_backward(const float* parameters, WeightValue<Shape>* to) {
    constexpr int T = Shape::T, S = Shape::S;
    static_assert(S == 1 || WIDE<Shape::N, T> == T);
    auto weight = [&](int k, int n, int i, int j) RESLAB_INLINED {
        int tap = T == 1 ? 0 : S == 1 ? REVERSED[i * T + j] : PHASES[i * T + j];
        return gather(parameters + parameter_at(Shape::K, T, k, n, tap / T, tap % T), T * T);
    };
    if constexpr (IS_WINOGRAD<Shape>)
        transform_weights<Shape::N>(to, weight);
    else
        pack<Shape::N, Shape::K, T>(to, weight);
}

}  // namespace reslab
