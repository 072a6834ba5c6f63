// The products of a convolution and of its data gradient on matrix units: four rows of outputs at a time.
//
// Of one row of taps i the values under all its taps, T * K of them, lie beside each other in a padded map, so that
//   sums[r][m][n] = sum over i and k < T * K of x[S * r + i][S * m * K + k] * w[i][k][n]
// is cut into steps of DEPTH values. A step loads each row of x once, for all the outputs whose taps it lies under.
#pragma once

#include <utility>

#include "layouts.h"
#include "tiles.h"

#if RESLAB_AMX

namespace reslab {

// body.operator()<0>(), ..., body.operator()<COUNT - 1>()
template <int COUNT, class Body>
RESLAB_INLINE void each(Body body) {
    [&]<int... I>(std::integer_sequence<int, I...>) RESLAB_INLINED {
        (body.template operator()<I>(), ...);
    }(std::make_integer_sequence<int, COUNT>{});
}

// Where the values of a row of taps begin from `depth` on, K of them each tap and pixels PIXEL apart.
template <int PIXEL, int K>
constexpr int of_taps(int depth) {
    return PIXEL == K ? depth : depth / K * PIXEL + depth % K;
}

// How often a step of R rows of outputs stops for other work.
template <int R>
constexpr int PAUSES = R - 1;

// One step into R tiles of sums, one for each row of outputs; TAPS rows of taps, stride S:
//   sums[r][m][n] += sum over i < TAPS and k < DEPTH of x[S * r + i][m * STEP + k] * w[i][k][n]
// x: DEPTH values of the first tap's row, pixels STEP apart, rows ROW apart (Reals); w: packed weights of the first row
// of taps, those of the next TAP_ROW further, of the next pair of channels in PAIR further. between() is called after
// each row of x that begins another row of outputs, but for the first: PAUSES times.
template <int TAPS, int R, int S, int ROW, int STEP, int TAP_ROW, int PAIR, class Between>
RESLAB_INLINE void multiply_step(const Real* x, const Real* w, Between between) {
    each<TAPS>([&]<int I>() RESLAB_INLINED {
        tile_load<RIGHT_TILE + I>(w + I * TAP_ROW, PAIR * sizeof(Real));
    });
    each<S*(R - 1) + TAPS>([&]<int Q>() RESLAB_INLINED {
        if constexpr (S > TAPS && Q % S >= TAPS) return;  // under no tap
        tile_load<LEFT_TILE>(x + Q * ROW, STEP * sizeof(Real));
        each<R>([&]<int OUT>() RESLAB_INLINED {
            constexpr int I = Q - S * OUT;
            if constexpr (0 <= I && I < TAPS) tile_dot<SUM_TILE + OUT, LEFT_TILE, RIGHT_TILE + I>();
        });
        if constexpr (Q > 0 && Q % S == 0 && Q <= S * (R - 1)) between();
    });
}

// How the outputs of a convolution from K to N channels on W x W pixels are cut into strips, and those into steps. A
// tile's pixels are all of one row, and of all images abreast.
template <int K, int N, int W, int S, int T>
struct Strips {
    using Input = Padded<K, S * W>;
    using Weights = Packed<K, N, T>;
    static constexpr int CHANNELS = Cut<N>::CHANNELS;
    static constexpr int IMAGES = S == 1 ? ABREAST<W> : 1, M = std::min(TILE_ROWS, IMAGES * W);
    static constexpr int IN = S * W, OF_CUT = W / STRIP, COUNT = N / CHANNELS * OF_CUT;
    static constexpr int ROW_SUMS = IMAGES * W * CHANNELS, SUMS = STRIP * ROW_SUMS;
    static constexpr int STEPS_OF_TILE = Weights::TAPS * K / DEPTH;
    static constexpr int PAUSES_OF_STRIP = IMAGES * W / M * Cut<N>::V * STEPS_OF_TILE * PAUSES<STRIP>;

    // Rows of the input that the strips up to this one read.
    static constexpr int rows(int strip) { return std::min(IN, S * (STRIP * strip + STRIP - 1) + T / 2 + 1); }

    // One strip's products, to sums[row][column][image][channel]: those of one tile's pixels and channels in all rows
    // stay in the tiles from its first step to its last.
    template <class Between>
    static RESLAB_INLINE void multiply(const Input& x, const Real* w, int strip, float* sums, Between between) {
        int row = strip % OF_CUT * STRIP;
        w += Weights::at(strip / OF_CUT * CHANNELS);
        for (int column = 0; column < W; column += M / IMAGES)
            for (int channel = 0; channel < CHANNELS; channel += LANES) {
                each<STRIP>([]<int R>() RESLAB_INLINED { tile_zero<SUM_TILE + R>(); });
                const Real* from = x.at(S * row - T / 2, S * column - T / 2);
                for (int depth = 0; depth < Weights::TAPS * K; depth += DEPTH)
                    multiply_step<T, STRIP, S, Input::ROW, S * Input::PIXEL / IMAGES, Weights::ROW,
                                  Weights::OfTap::PAIR>(from + of_taps<Input::PIXEL, K>(depth),
                                                        w + Weights::OfTap::at(depth, channel), between);
                float* to = sums + column * IMAGES * CHANNELS + channel;
                each<STRIP>([&]<int R>() RESLAB_INLINED {
                    tile_store<SUM_TILE + R>(to + R * ROW_SUMS, CHANNELS * sizeof(float));
                });
            }
    }
};

// The same for the data gradient of a 3x3 convolution of stride 2 from N to K channels: N channels on 2W x 2W pixels,
// from K channels on W x W. Of even and odd rows and columns each pair is a product of its own (see PHASES).
template <int K, int N, int W>
struct StripsBack {
    using Input = Padded<K, W>;
    using Weights = Packed<K, N, 3>;
    static constexpr int CHANNELS = Cut<N>::CHANNELS;
    static constexpr int IMAGES = 1, M = std::min(TILE_ROWS, W);
    static constexpr int IN = W, SIDE = 2 * W, OF_CUT = SIDE / STRIP, COUNT = N / CHANNELS * OF_CUT;
    static constexpr int ROW_SUMS = SIDE * CHANNELS, SUMS = STRIP * ROW_SUMS;
    static constexpr int ROWS = STRIP / 2;  // of a phase
    static constexpr int PAUSES_OF_STRIP = W / M * Cut<N>::V * 6 * (K / DEPTH) * PAUSES<ROWS>;  // 1, 2, 1 and 2 columns
    static_assert(K % DEPTH == 0);

    static constexpr int rows(int strip) { return std::min(IN, ROWS * (strip + 1) + 1); }

    template <int TH, int TW, class Between>
    static RESLAB_INLINE void multiply_phase(const Real* dy, const Real* w, float* sums, Between between) {
        w += FIRST_OF_PHASE[TH - 1][TW - 1] * Weights::OfTap::VALUES;
        each<ROWS>([]<int R>() RESLAB_INLINED { tile_zero<SUM_TILE + R>(); });
        for (int depth = 0; depth < TW * K; depth += DEPTH)
            multiply_step<TH, ROWS, 1, Input::ROW, Input::PIXEL, TW * Weights::OfTap::VALUES, Weights::OfTap::PAIR>(
                dy + of_taps<Input::PIXEL, K>(depth), w + Weights::OfTap::at(depth, 0), between);
        float* to = sums + (TH - 1) * ROW_SUMS + (TW - 1) * CHANNELS;
        each<ROWS>([&]<int R>() RESLAB_INLINED {
            tile_store<SUM_TILE + R>(to + 2 * R * ROW_SUMS, 2 * CHANNELS * sizeof(float));
        });
    }

    template <class Between>
    static RESLAB_INLINE void multiply(const Input& dy, const Real* w, int strip, float* sums, Between between) {
        w += Weights::at(strip / OF_CUT * CHANNELS);
        for (int column = 0; column < W; column += M)
            for (int channel = 0; channel < CHANNELS; channel += LANES) {
                const Real *from = dy.at(strip % OF_CUT * ROWS, column), *weights = w + Weights::OfTap::at(0, channel);
                float* to = sums + 2 * column * CHANNELS + channel;
                multiply_phase<1, 1>(from, weights, to, between);
                multiply_phase<1, 2>(from, weights, to, between);
                multiply_phase<2, 1>(from, weights, to, between);
                multiply_phase<2, 2>(from, weights, to, between);
            }
    }
};

// All outputs of `count` images abreast: supply and finish as convolve() has them. What they do stands between the
// products of a strip, so that the matrix units have work in sight at the same time, and what is supplied is read while
// it is in the first-level cache.
template <class Here, class Supply, class Finish>
RESLAB_INLINE void multiply_strips(const typename Here::Input& x, int count, const Real* w, Supply supply,
                                   Finish finish) {
    constexpr int CHANNELS = Here::CHANNELS, IMAGES = Here::IMAGES;
    alignas(64) float sums[2 * Here::SUMS];
    int ready = 0;  // rows of all images
    auto supply_until = [&](int end) RESLAB_INLINED {
        for (; ready < end; ++ready)
            if (int image = ready % IMAGES; image < count) supply(image, ready / IMAGES);
    };
    tiles_configure(Here::M);
    supply_until(IMAGES * Here::rows(0));
    for (int strip = -1; strip < Here::COUNT; ++strip) {
        int pause = 0, done = 0, rows = strip < 0 ? 0 : STRIP * IMAGES;
        int first = ready, more = IMAGES * Here::rows(strip + 2) - ready;
        float* values = sums + (strip & 1) * Here::SUMS;
        auto finish_until = [&](int end) RESLAB_INLINED {
            for (; done < end; ++done)
                if (int image = done % IMAGES, row = done / IMAGES; image < count)
                    finish(image, strip % Here::OF_CUT * STRIP + row, strip / Here::OF_CUT * CHANNELS,
                           values + row * Here::ROW_SUMS + image * CHANNELS);
        };
        if (strip + 1 < Here::COUNT)
            Here::multiply(x, w, strip + 1, sums + ((strip + 1) & 1) * Here::SUMS, [&]() RESLAB_INLINED {
                ++pause;
                finish_until(rows * pause / Here::PAUSES_OF_STRIP);
                supply_until(first + more * pause / Here::PAUSES_OF_STRIP);
            });
        finish_until(rows);
        supply_until(first + more);
    }
}

}  // namespace reslab

#endif
