// Passes over the pixels of one image that stand before a product: what the convolution reads, in the layout it reads.
#pragma once

#include "batch_norm.h"
#include "layouts.h"

namespace reslab {

// The shortcut of a block, and what it adds to the block's response.
enum class Shortcut : int { NONE = 0, IDENTITY = 1, ZERO_PAD = 2, PROJECTION = 3 };

// The output of a block (or of the stem) of C channels on W x W pixels, before it is computed:
// ReLU(y * scale + shift + what the shortcut adds). All pointers are of one image.
struct Join {
    const Real* y;
    const BatchNorm* norm;
    Shortcut shortcut = Shortcut::NONE;
    const Real* other = nullptr;  // the block's input, or the projection's raw output
    const BatchNorm* other_norm = nullptr;
};

RESLAB_INLINE Floats relu(Floats value) { return maximum(value, Floats{}); }

RESLAB_INLINE Floats affine(const BatchNorm& norm, const Real* y, int channel) {
    return fma(load(y + channel), load(norm.scale + channel), load(norm.shift + channel));
}

// What a shortcut adds at one pixel, channels from `channel` on.
template <int C, int W, Shortcut KIND>
RESLAB_INLINE Floats added(const Join& join, int row, int column, int channel) {
    if constexpr (KIND == Shortcut::IDENTITY) return load(join.other + pixel_at<C, W>(row, column) + channel);
    if constexpr (KIND == Shortcut::PROJECTION)
        return affine(*join.other_norm, join.other + pixel_at<C, W>(row, column), channel);
    if constexpr (KIND == Shortcut::ZERO_PAD)
        if (channel < C / 2) return load(join.other + pixel_at<C / 2, 2 * W>(2 * row, 2 * column) + channel);
    return Floats{};
}

// Two vectors of a row that lie one after the other: of one pixel or, where it has only one, of a pair of pixels.
template <int C>
constexpr int TWIN_PIXELS = C == LANES ? 2 : 1;

template <int C, int W, Shortcut KIND, class Put>
RESLAB_INLINE void join_kind(const Join& join, int row, Put put) {
    auto joined = [&](int column, int channel) RESLAB_INLINED {
        Floats response = affine(*join.norm, join.y + pixel_at<C, W>(row, column), channel);
        return relu(response + added<C, W, KIND>(join, row, column, channel));
    };
    constexpr int PIXELS = TWIN_PIXELS<C>;
    for (int column = 0; column < W; column += PIXELS)
        RESLAB_UNROLL for (int channel = 0; channel < C; channel += 2 * LANES)
            put(column, channel, narrow(joined(column, channel),
                                        PIXELS == 2 ? joined(column + 1, 0) : joined(column, channel + LANES)));
}

// Calls put(column, channel, Twin) for a row.
template <int C, int W, class Put>
RESLAB_INLINE void for_row(const Join& join, int row, Put put) {
    switch (join.shortcut) {
        case Shortcut::NONE: return join_kind<C, W, Shortcut::NONE>(join, row, put);
        case Shortcut::IDENTITY: return join_kind<C, W, Shortcut::IDENTITY>(join, row, put);
        case Shortcut::PROJECTION: return join_kind<C, W, Shortcut::PROJECTION>(join, row, put);
        case Shortcut::ZERO_PAD:
            if constexpr (C > LANES) return join_kind<C, W, Shortcut::ZERO_PAD>(join, row, put);
    }
}

// The same for the whole map: put(row, column, channel, Twin).
template <int C, int W, class Put>
void for_each(const Join& join, Put put) {
    for (int row = 0; row < W; ++row)
        for_row<C, W>(join, row, [&](int column, int channel, Twin value) { put(row, column, channel, value); });
}

// The input of a convolution as pairs, for its weight gradient (see Planes). value(row, column, channel) -> Floats, or
// Reals.
template <int C, int W, int S, class Value>
RESLAB_INLINE void pair_inputs(Planes<C, W, S>& to, Value value) {
    constexpr int IN = S * W;
    for (int row = 0; row < IN; ++row)
        RESLAB_UNROLL for (int channel = 0; channel < C; channel += LANES) {
            Reals before{};
            for (int couple = 0; couple < W / 2; ++couple) {
                if constexpr (S == 1) {
                    Reals even = narrow(value(row, 2 * couple, channel));
                    Reals odd = narrow(value(row, 2 * couple + 1, channel));
                    put_couples(to.at(0, row, couple) + channel * 2, coupled(twin(even, odd)));
                    put_couples(to.at(1, row, couple) + channel * 2, coupled(twin(before, even)));
                    before = odd;
                } else {
                    Reals in[4];
                    RESLAB_UNROLL for (int i = 0; i < 4; ++i) in[i] = narrow(value(row, 4 * couple + i, channel));
                    put_couples(to.at(0, row, couple) + channel * 2, coupled(twin(before, in[1])));
                    put_couples(to.at(1, row, couple) + channel * 2, coupled(twin(in[0], in[2])));
                    put_couples(to.at(2, row, couple) + channel * 2, coupled(twin(in[1], in[3])));
                    before = in[3];
                }
            }
            if constexpr (S == 1) put_couples(to.at(1, row, W / 2) + channel * 2, coupled(twin(before, Reals{})));
        }
}

// The gradient of a convolution's output through its batch normalisation, dy = g * a + y * b + c, at the pixel that
// begins at `at`.
RESLAB_INLINE Floats differentiate(const BatchNorm& norm, const Real* g, const Real* y, int at, int channel) {
    Floats constant = fma(load(y + at + channel), load(norm.b + channel), load(norm.c + channel));
    return fma(load(g + at + channel), load(norm.a + channel), constant);
}

// The same of a row: as pairs, and through put(column, channel, the Twin of that pixel and the next).
template <int C, int W, class Put>
RESLAB_INLINE void differentiate_row(const BatchNorm& norm, const Real* g, const Real* y, Pairs<C, W>& pairs, int row,
                                     Put put) {
    for (int column = 0; column < W; column += 2)
        RESLAB_UNROLL for (int channel = 0; channel < C; channel += LANES) {
            Twin both = narrow(differentiate(norm, g, y, pixel_at<C, W>(row, column), channel),
                               differentiate(norm, g, y, pixel_at<C, W>(row, column + 1), channel));
            store(pairs.at(row, column / 2) + channel * 2, coupled(both));
            put(column, channel, both);
        }
}

}  // namespace reslab
