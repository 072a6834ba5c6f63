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

// One step into R tiles of sums, one for each row of outputs; TAPS rows of taps, stride S:
//   sums[r][m][n] += sum over i < TAPS and k < DEPTH of x[S * r + i][m * STEP + k] * w[i][k][n]
// x: DEPTH values of the first tap's row, pixels STEP apart, rows ROW apart (Reals); w: packed weights of the first row
// of taps, those of the next TAP_ROW further, of the next pair of channels in PAIR further.
template <int TAPS, int R, int S, int ROW, int STEP, int TAP_ROW, int PAIR>
RESLAB_INLINE void multiply_step(const Real* x, const Real* w) {
    each<TAPS>([&]<int I>() RESLAB_INLINED {
        tile_load<RIGHT_TILE + I>(w + I * TAP_ROW, PAIR * sizeof(Real));
    });
    each<S*(R - 1) + TAPS>([&]<int Q>() RESLAB_INLINED {
        tile_load<LEFT_TILE>(x + Q * ROW, STEP * sizeof(Real));
        each<R>([&]<int OUT>() RESLAB_INLINED {
            constexpr int I = Q - S * OUT;
            if constexpr (0 <= I && I < TAPS) tile_dot<SUM_TILE + OUT, LEFT_TILE, RIGHT_TILE + I>();
        });
    });
}

// Pixels of a tile, all of one row of W.
template <int W>
constexpr int TILE_PIXELS = W < TILE_ROWS ? W : TILE_ROWS;

// How the outputs of a convolution from K to N channels on W x W pixels are cut into strips, and those into steps.
template <int K, int N, int W, int S, int T>
struct Strips {
    using Weights = Packed<K, N, T>;
    static constexpr int CHANNELS = Cut<N>::CHANNELS;
    static constexpr int M = TILE_PIXELS<W>;
    static constexpr int OF_CUT = W / STRIP, COUNT = N / CHANNELS * OF_CUT;
    static constexpr int STEPS_OF_TILE = Weights::TAPS * K / DEPTH;
    static constexpr int STEPS = W / M * Cut<N>::V * STEPS_OF_TILE;  // of a strip
    static constexpr int ROW_SUMS = W * CHANNELS, SUMS = STRIP * ROW_SUMS;

    // Begins, continues or ends one tile's pixels and channels in all rows of the strip: their sums stay in the tiles
    // from its first step to its last.
    static RESLAB_INLINE void step(const Padded<K, S * W>& x, const Real* w, int strip, int step, float* sums) {
        int tile = step / STEPS_OF_TILE, depth = step % STEPS_OF_TILE * DEPTH, cut = strip / OF_CUT * CHANNELS;
        int row = strip % OF_CUT * STRIP, column = tile / Cut<N>::V * M, channel = tile % Cut<N>::V * LANES;
        if (depth == 0) each<STRIP>([]<int R>() RESLAB_INLINED { tile_zero<SUM_TILE + R>(); });
        multiply_step<T, STRIP, S, x.ROW, S * K, Weights::ROW, Weights::OfTap::PAIR>(
            x.at(S * row - T / 2, S * column - T / 2) + depth,
            w + Weights::at(cut) + Weights::OfTap::at(depth, channel));
        if (depth + DEPTH < Weights::TAPS * K) return;
        float* to = sums + strip % 2 * SUMS + column * CHANNELS + channel;
        each<STRIP>([&]<int R>() RESLAB_INLINED {
            tile_store<SUM_TILE + R>(to + R * ROW_SUMS, CHANNELS * sizeof(float));
        });
    }
};

// The sums of one row and cut, which must be asked for in order. What the caller does with them has a quarter of the
// next strip's products before it, for the matrix units to work on at the same time; `sums` has room for two strips.
template <int K, int N, int W, int S, int T>
RESLAB_INLINE float* multiply_rows(const Padded<K, S * W>& x, const Real* w, int cut, int row, float* sums) {
    using Here = Strips<K, N, W, S, T>;
    int strip = cut / Here::CHANNELS * Here::OF_CUT + row / STRIP, quarter = row % STRIP;
    if (strip == 0 && quarter == 0) {
        tiles_configure(Here::M);
        for (int step = 0; step < Here::STEPS; ++step) Here::step(x, w, 0, step, sums);
    }
    if (strip + 1 < Here::COUNT)
        for (int step = Here::STEPS * quarter / STRIP; step < Here::STEPS * (quarter + 1) / STRIP; ++step)
            Here::step(x, w, strip + 1, step, sums);
    return sums + strip % 2 * Here::SUMS + quarter * Here::ROW_SUMS;
}

// The data gradient of a 3x3 convolution of stride 2 from N to K channels: one row and cut of N channels on 2W x 2W
// pixels, from K channels on W x W. Of even and odd rows and columns each pair is a product of its own (see PHASES).
template <int K, int N, int W>
RESLAB_INLINE float* multiply_back_rows(const Padded<K, W>& dy, const Real* w, int cut, int row, float* sums) {
    using Here = Strips<K, N, 2 * W, 1, 3>;
    using Weights = Packed<K, N, 3>;
    constexpr int CHANNELS = Here::CHANNELS, M = TILE_PIXELS<W>;
    static_assert(K % DEPTH == 0);
    w += Weights::at(cut);
    auto phase = [&]<int TH, int TW>(int column, int channel) RESLAB_INLINED {
        const Real* from = w + FIRST_OF_PHASE[TH - 1][TW - 1] * Weights::OfTap::VALUES;
        each<STRIP / 2>([]<int R>() RESLAB_INLINED { tile_zero<SUM_TILE + R>(); });
        for (int depth = 0; depth < TW * K; depth += DEPTH)
            multiply_step<TH, STRIP / 2, 1, dy.ROW, K, TW * Weights::OfTap::VALUES, Weights::OfTap::PAIR>(
                dy.at(row / 2, column) + depth, from + Weights::OfTap::at(depth, channel));
        float* to = sums + (TH - 1) * Here::ROW_SUMS + (2 * column + TW - 1) * CHANNELS + channel;
        each<STRIP / 2>([&]<int R>() RESLAB_INLINED {
            tile_store<SUM_TILE + R>(to + 2 * R * Here::ROW_SUMS, 2 * CHANNELS * sizeof(float));
        });
    };
    if (row % STRIP == 0) {
        tiles_configure(M);
        for (int column = 0; column < W; column += M)
            for (int channel = 0; channel < CHANNELS; channel += LANES) {
                phase.template operator()<1, 1>(column, channel);
                phase.template operator()<1, 2>(column, channel);
                phase.template operator()<2, 1>(column, channel);
                phase.template operator()<2, 2>(column, channel);
            }
    }
    return sums + row % STRIP * Here::ROW_SUMS;
}

}  // namespace reslab

#endif
