// Convolutions of stride 1 with a quarter of the multiplications: Winograd's F(4x4, 3x3) (Lavin and Gray, 2015).
//
// The map is cut into patches of 4x4 outputs (tiles, in the paper; here those are the matrix units'). With d the 6x6
// inputs that a patch reads, g the 3x3 weights and dy the gradient towards the patch's outputs, channel by channel, "*"
// being the product element by element:
//   outputs            y  = A^T [ sum over channels in of (G g G^T) * (B^T d B) ] A
//   weight gradient    dg = G^T [ sum over patches of (B^T d B) * (A dy A^T) ] G
// The gradient towards the inputs is the first of these with turned weights. Between the brackets each of the 36 points
// is a product of matrices: patches x channels in, channels in x channels out. The transforms interpolate at 0, 1, -1,
// 2, -2 and infinity: B_T, A_T and G below are B^T, A^T and G. All this is fp32, from the moment at which activations
// are loaded, in whatever precision they lie in memory, to that at which results are stored there: points rounded to
// bf16 would lose too much.
#pragma once

#include "layouts.h"

namespace reslab {

// ---- the transforms of one row or column

inline constexpr float B_T[REACH][REACH] = {{4, 0, -5, 0, 1, 0},
                                            {0, -4, -4, 1, 1, 0},
                                            {0, 4, -4, -1, 1, 0},
                                            {0, -2, -1, 2, 1, 0},
                                            {0, 2, -1, -2, 1, 0},
                                            {0, 4, 0, -5, 0, 1}};

inline constexpr float A_T[PATCH][REACH] = {{1, 1, 1, 1, 1, 0},
                                            {0, 1, -1, 2, -2, 0},
                                            {0, 1, 1, 4, 4, 0},
                                            {0, 1, -1, 8, -8, 1}};

inline constexpr float G[REACH][3] = {{1.0f / 4, 0, 0},
                                      {-1.0f / 6, -1.0f / 6, -1.0f / 6},
                                      {-1.0f / 6, 1.0f / 6, -1.0f / 6},
                                      {1.0f / 24, 1.0f / 12, 1.0f / 6},
                                      {1.0f / 24, -1.0f / 12, 1.0f / 6},
                                      {0, 0, 1}};

// v = B_T d, in fewer operations.
RESLAB_INLINE void transform_input(const Floats (&d)[REACH], Floats (&v)[REACH]) {
    const Floats two = Floats{} + 2, four = Floats{} + 4, five = Floats{} + 5;
    Floats even = fma(-four, d[2], d[4]), odd = fma(-four, d[1], d[3]);
    Floats apart = d[4] - d[2], twice = two * (d[3] - d[1]);
    v[0] = fma(four, d[0], fma(-five, d[2], d[4]));
    v[1] = even + odd;
    v[2] = even - odd;
    v[3] = apart + twice;
    v[4] = apart - twice;
    v[5] = fma(four, d[1], fma(-five, d[3], d[5]));
}

// y = A_T m, likewise.
RESLAB_INLINE void transform_output(const Floats (&m)[REACH], Floats (&y)[PATCH]) {
    const Floats two = Floats{} + 2, four = Floats{} + 4, eight = Floats{} + 8;
    Floats sum = m[1] + m[2], difference = m[1] - m[2], far_sum = m[3] + m[4], far_difference = m[3] - m[4];
    y[0] = m[0] + sum + far_sum;
    y[1] = fma(two, far_difference, difference);
    y[2] = fma(four, far_sum, sum);
    y[3] = fma(eight, far_difference, difference) + m[5];
}

// m = A dy, likewise: A is A_T transposed.
RESLAB_INLINE void transform_gradient(const Floats (&dy)[PATCH], Floats (&m)[REACH]) {
    const Floats two = Floats{} + 2, four = Floats{} + 4;
    Floats even = dy[0] + dy[2], odd = dy[1] + dy[3];
    Floats far_even = fma(four, dy[2], dy[0]), far_odd = two * fma(four, dy[3], dy[1]);
    m[0] = dy[0];
    m[1] = even + odd;
    m[2] = even - odd;
    m[3] = far_even + far_odd;
    m[4] = far_even - far_odd;
    m[5] = dy[3];
}

// u = G g
RESLAB_INLINE void transform_taps(const Floats (&g)[3], Floats (&u)[REACH]) {
    RESLAB_UNROLL for (int point = 0; point < REACH; ++point)
        u[point] = fma(spread(G[point][0]), g[0], fma(spread(G[point][1]), g[1], spread(G[point][2]) * g[2]));
}

// ---- a panel of patches

// M x M^T of the IN x IN values x of each channel, M being the OUT x IN matrix by which transform(in, out) multiplies:
// first the columns, then the rows. from(row, column, channel) -> Floats, to(row, column, channel, Floats)
template <int C, int IN, int OUT, class From, class Transform, class To>
RESLAB_INLINE void transform_patch(From from, Transform transform, To to) {
    for (int channel = 0; channel < C; channel += LANES) {
        Floats between[OUT][IN];
        RESLAB_UNROLL for (int column = 0; column < IN; ++column) {
            Floats in[IN], out[OUT];
            RESLAB_UNROLL for (int row = 0; row < IN; ++row) in[row] = from(row, column, channel);
            transform(in, out);
            RESLAB_UNROLL for (int row = 0; row < OUT; ++row) between[row][column] = out[row];
        }
        RESLAB_UNROLL for (int row = 0; row < OUT; ++row) {
            Floats out[OUT];
            transform(between[row], out);
            RESLAB_UNROLL for (int column = 0; column < OUT; ++column) to(row, column, channel, out[column]);
        }
    }
}

// B^T d B of the patches that lie in `rows` rows of pixels from `row` on, as those of `to` from `patch` on. A patch's d
// are the 6 x 6 pixels from one above and left of its corner on: beyond the map, the zeros of its border.
template <int C, int W>
void transform_inputs(const Padded<C, W>& x, int row, int rows, Domain<C>& to, int patch) {
    for (int end = row + rows; row < end; row += PATCH)
        for (int column = 0; column < W; column += PATCH, ++patch) {
            const Real* corner = x.at(row - 1, column - 1);
            transform_patch<C, REACH, REACH>(
                [&](int r, int c, int channel) RESLAB_INLINED { return load(corner + r * x.ROW + c * C + channel); },
                [](const Floats(&d)[REACH], Floats(&v)[REACH]) RESLAB_INLINED { transform_input(d, v); },
                [&](int r, int c, int channel, Floats value) RESLAB_INLINED {
                    store(to.at(point_at(r, c), patch) + channel, value);
                });
        }
}

// A dy A^T likewise, of the 4 x 4 pixels of each patch.
template <int C, int W>
void transform_gradients(const Padded<C, W>& dy, int row, int rows, Domain<C>& to, int patch) {
    for (int end = row + rows; row < end; row += PATCH)
        for (int column = 0; column < W; column += PATCH, ++patch) {
            const Real* corner = dy.at(row, column);
            transform_patch<C, PATCH, REACH>(
                [&](int r, int c, int channel) RESLAB_INLINED { return load(corner + r * dy.ROW + c * C + channel); },
                [](const Floats(&d)[PATCH], Floats(&m)[REACH]) RESLAB_INLINED { transform_gradient(d, m); },
                [&](int r, int c, int channel, Floats value) RESLAB_INLINED {
                    store(to.at(point_at(r, c), patch) + channel, value);
                });
        }
}

// A^T m A of one row of patches, from `patch` on: rows[PATCH][W][C].
template <int C, int W>
void transform_outputs(const Domain<C>& from, int patch, float* rows) {
    for (int column = 0; column < W; column += PATCH, ++patch) {
        float* corner = rows + column * C;
        transform_patch<C, REACH, PATCH>(
            [&](int r, int c, int channel) RESLAB_INLINED {
                return load(from.at(point_at(r, c), patch) + channel);
            },
            [](const Floats(&m)[REACH], Floats(&y)[PATCH]) RESLAB_INLINED { transform_output(m, y); },
            [&](int r, int c, int channel, Floats value) RESLAB_INLINED {
                store(corner + pixel_at<C, W>(r, c) + channel, value);
            });
    }
}

// ---- the products

// sums[m * SUM_ROW + n] (+)= sum over d < depth of left[m * LEFT_ROW + d * LEFT_STEP] * right[d * RIGHT_STEP + n]
// for M rows and V * LANES columns, all in registers.
template <int M, int V, int LEFT_ROW, int LEFT_STEP, int RIGHT_STEP, int SUM_ROW, bool ADD>
RESLAB_INLINE void multiply_matrices(const float* left, const float* right, int depth, float* sums) {
    Floats sum[M][V];
    RESLAB_UNROLL for (int m = 0; m < M; ++m)
        RESLAB_UNROLL for (int v = 0; v < V; ++v) sum[m][v] = ADD ? load(sums + m * SUM_ROW + v * LANES) : Floats{};
    for (int d = 0; d < depth; ++d, left += LEFT_STEP, right += RIGHT_STEP) {
        Floats row[V];
        RESLAB_UNROLL for (int v = 0; v < V; ++v) row[v] = in_register(load(right + v * LANES));
        RESLAB_UNROLL for (int m = 0; m < M; ++m) {
            Floats factor = spread(left[m * LEFT_ROW]);
            RESLAB_UNROLL for (int v = 0; v < V; ++v) sum[m][v] = fma(factor, row[v], sum[m][v]);
        }
    }
    RESLAB_UNROLL for (int m = 0; m < M; ++m)
        RESLAB_UNROLL for (int v = 0; v < V; ++v) store(sums + m * SUM_ROW + v * LANES, sum[m][v]);
}

// Rows of a product of so many columns: all its sums stay in registers.
template <int COLUMNS>
constexpr int ROWS = LANES == 8 ? 4 : std::min(8, 16 * LANES / COLUMNS);

// y[point][patch][n] = sum over k of x[point][patch][k] * w[point][k][n]
// of the first `patches` patches, and some that nobody reads, from C channels k to C channels n; w: Transformed.
template <int C>
void multiply_points(const Domain<C>& x, const float* w, int patches, Domain<C>& y) {
    using Weights = Transformed<C>;
    constexpr int COLUMNS = Weights::COLUMNS, M = ROWS<COLUMNS>;
    for (int point = 0; point < POINTS; ++point)
        for (int cut = 0; cut < C; cut += COLUMNS)
            for (int patch = 0; patch < patches; patch += M)
                multiply_matrices<M, COLUMNS / LANES, x.ROW, 1, Weights::ROW, y.ROW, false>(
                    x.at(point, patch), w + Weights::at(point, 0, cut), C, y.at(point, patch) + cut);
}

// gradient[point][k][n] += sum over the first `patches` patches of x[point][patch][k] * dy[point][patch][n]
template <int C>
void correlate_points(const Domain<C>& x, const Domain<C>& dy, int patches, Points<C>& gradient) {
    constexpr int COLUMNS = Transformed<C>::COLUMNS, M = ROWS<COLUMNS>;
    for (int point = 0; point < POINTS; ++point)
        for (int cut = 0; cut < C; cut += COLUMNS)
            for (int k = 0; k < C; k += M)
                multiply_matrices<M, COLUMNS / LANES, 1, x.ROW, dy.ROW, gradient.ROW, true>(
                    x.at(point, 0) + k, dy.at(point, 0) + cut, patches, gradient.at(point, k, cut));
}

// ---- the weights, there and back

// The points of G g G^T, to Transformed. weight(k, n, i, j) -> the fp32 weights from channel k in to LANES channels
// out, from n on, under tap j of row i.
template <int C, class Weight>
void transform_weights(float* to, Weight weight) {
    for (int n = 0; n < C; n += LANES)
        for (int k = 0; k < C; ++k)
            transform_patch<LANES, 3, REACH>(
                [&](int i, int j, int) RESLAB_INLINED { return weight(k, n, i, j); },
                [](const Floats(&g)[3], Floats(&u)[REACH]) RESLAB_INLINED { transform_taps(g, u); },
                [&](int row, int column, int, Floats value) RESLAB_INLINED {
                    store(to + Transformed<C>::at(point_at(row, column), k, n), value);
                });
}

// gradient[i][k][j][n] += (G^T points G)[i][j], points being those of k and n; gradient: Summed.
template <class Shape>
void gather_gradient(const Points<Shape::N>& points, float* gradient) {
    constexpr int C = Shape::N;
    for (int k = 0; k < C; ++k)
        for (int n = 0; n < C; n += LANES) {
            Floats half[3][REACH] = {};
            RESLAB_UNROLL for (int row = 0; row < REACH; ++row)
                RESLAB_UNROLL for (int column = 0; column < REACH; ++column) {
                    Floats value = load(points.at(point_at(row, column), k, n));
                    RESLAB_UNROLL for (int i = 0; i < 3; ++i)
                        half[i][column] = fma(spread(G[row][i]), value, half[i][column]);
                }
            for (int i = 0; i < 3; ++i)
                for (int j = 0; j < 3; ++j) {
                    float* to = gradient + Summed<Shape>::at(i, k, j, n);
                    Floats sum = load(to);
                    RESLAB_UNROLL for (int column = 0; column < REACH; ++column)
                        sum = fma(spread(G[column][j]), half[i][column], sum);
                    store(to, sum);
                }
        }
}

// ---- whole maps

// What a thread needs for the products of C channels.
template <int C>
struct Transforms {
    Domain<C> left, right;
    Points<C> points;  // a weight gradient, as it grows over the images of a shard
};

template <int C>
struct Nothing {};

template <int C>
using Workspace = std::conditional_t<WINOGRAD, Transforms<C>, Nothing<C>>;

// The convolution of `count` maps, a panel at a time; x, w (Transformed) and finish() as convolve() has them. What
// finish() gets are whole rows: values[column][channel of all C].
template <int C, int W, class Finish>
RESLAB_INLINE void convolve_patches(const Padded<C, W>* x, int count, const float* w, Transforms<C>& work,
                                    Finish finish) {
    using Here = Panels<W>;
    alignas(64) float strip[PATCH * W * C];
    for (int top = 0; top < W; top += Here::HEIGHT) {
        for (int member = 0; member < count; ++member)
            transform_inputs(x[member], top, Here::HEIGHT, work.left, Here::patch(member, 0));
        multiply_points(work.left, w, Here::patch(count, 0), work.right);
        for (int member = 0; member < count; ++member)
            for (int row = 0; row < Here::HEIGHT; row += PATCH) {
                transform_outputs<C, W>(work.right, Here::patch(member, row), strip);
                for (int r = 0; r < PATCH; ++r) finish(member, top + row + r, 0, strip + r * W * C);
            }
    }
}

// work.points += sum over the patches of `count` maps of (B^T d B) * (A dy A^T), d from x: a weight gradient but for
// the transforms back (gather_gradient).
template <int C, int W>
void correlate_patches(const Padded<C, W>* x, const Padded<C, W>* dy, int count, Transforms<C>& work) {
    using Here = Panels<W>;
    for (int top = 0; top < W; top += Here::HEIGHT) {
        for (int member = 0; member < count; ++member) {
            transform_inputs(x[member], top, Here::HEIGHT, work.left, Here::patch(member, 0));
            transform_gradients(dy[member], top, Here::HEIGHT, work.right, Here::patch(member, 0));
        }
        correlate_points(work.left, work.right, Here::patch(count, 0), work.points);
    }
}

}  // namespace reslab
