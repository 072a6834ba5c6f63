// From stored images to what the stem reads: cropped, mirrored, normalised, four channels (the last is zero).
#pragma once

#include "layouts.h"

namespace reslab {

using Stem = Padded<STEM_CHANNELS, SIZE>;

struct Preprocessing {
    const float* mean;  // [row][column][colour], subtracted before cropping, as the zeros around the image are
    float scale;        // 1 / standard deviation
};

// to(row, column) = (image - mean) * scale at (row + top - pad, column + left - pad), and 0 beyond the image: a crop of
// the image within a border of `pad` zeros, that begins at `top`, `left`. With `flip`, columns count from the right.
// image: [row][column][colour] of 32 x 32 pixels.
inline void prepare(const std::uint8_t* image, const Preprocessing& how, int top, int left, bool flip, int pad,
                    Stem& to) {
    constexpr int ROW = SIZE * COLOURS;
    static_assert(ROW % LANES == 0);
    int shift = left - pad;  // columns of the image from `begin` to `end` are within the crop
    int begin = std::max(0, shift), end = std::min(SIZE, SIZE + shift);
    for (int row = 0; row < SIZE; ++row) {
        int from_row = row + top - pad;
        std::memset(to.at(row, 0), 0, SIZE * STEM_CHANNELS * sizeof(Real));
        if (from_row < 0 || from_row >= SIZE) continue;
        alignas(64) Real values[ROW];  // [column][colour]
        for (int at = 0, from = from_row * ROW; at < ROW; at += LANES)
            store(values + at, (load(image + from + at) - load(how.mean + from + at)) * how.scale);
        for (int column = begin; column < end; ++column) {
            int here = column - shift;
            std::memcpy(to.at(row, flip ? SIZE - 1 - here : here), values + column * COLOURS, COLOURS * sizeof(Real));
        }
    }
}

// Two pixels of the stem's input that lie one after another, as a couple of Planes: channel by channel.
RESLAB_INLINE void pair_pixels(const Real* from, Real* to) {
    typedef Real Pixels __attribute__((vector_size(2 * STEM_CHANNELS * sizeof(Real))));
    Pixels pixels;
    std::memcpy(&pixels, from, sizeof pixels);
    pixels = Pixels{pixels[0], pixels[4], pixels[1], pixels[5], pixels[2], pixels[6], pixels[3], pixels[7]};
    std::memcpy(to, &pixels, sizeof pixels);
}

// The prepared image as pairs, for the weight gradient of the stem: of each row the pixels (2j, 2j + 1) in plane 0, for
// j < SIZE / 2, and (2j - 1, 2j) in plane 1, for j <= SIZE / 2.
inline void pair_image(const Stem& image, Planes<STEM_CHANNELS, SIZE, 1>& to) {
    for (int row = 0; row < SIZE; ++row) {
        for (int couple = 0; couple < SIZE / 2; ++couple)
            pair_pixels(image.at(row, 2 * couple), to.at(0, row, couple));
        for (int couple = 0; couple <= SIZE / 2; ++couple)
            pair_pixels(image.at(row, 2 * couple - 1), to.at(1, row, couple));
    }
}

}  // namespace reslab
