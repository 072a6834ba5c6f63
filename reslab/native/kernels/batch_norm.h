// Batch normalisation as per-channel coefficients: what is left of it when its passes over pixels are fused elsewhere.
#pragma once

#include <cmath>

#include "sums.h"

namespace reslab {

constexpr double EPSILON = 1e-5;

// One batch normalisation N of a layer's raw outputs y; every array is [channel]. With g the gradient towards N(y):
//   forward   N(y) = y * scale + shift
//   backward  dy = g * a + y * b + c
struct BatchNorm {
    alignas(64) float scale[WIDEST], shift[WIDEST], a[WIDEST], b[WIDEST], c[WIDEST];
    double mean[WIDEST], deviation[WIDEST];  // 1 / sqrt(variance + epsilon)
};

// From sums[0] = sum y and sums[1] = sum y^2 over the batch, `count` values a channel (images times pixels):
//   m = sums[0] / count,  v = sums[1] / count - m^2,  r = 1 / sqrt(v + epsilon)
//   scale = gamma r,  shift = beta - m gamma r
// The statistics that are handed out have the unbiased variance v count / (count - 1), as PyTorch's.
inline void normalise_by_batch(BatchNorm& norm, const double (*sums)[WIDEST], int channels, double count,
                               const float* gamma, const float* beta, float* mean_out, float* variance_out) {
    for (int n = 0; n < channels; ++n) {
        double mean = sums[0][n] / count;
        double variance = sums[1][n] / count - mean * mean;
        if (variance < 0) variance = 0;  // what is not a number stays so
        norm.mean[n] = mean;
        norm.deviation[n] = 1 / std::sqrt(variance + EPSILON);
        norm.scale[n] = static_cast<float>(gamma[n] * norm.deviation[n]);
        norm.shift[n] = static_cast<float>(beta[n] - mean * gamma[n] * norm.deviation[n]);
        mean_out[n] = static_cast<float>(mean);
        variance_out[n] = static_cast<float>(variance * count / (count - 1));
    }
}

// The same with the running mean and variance of the training in place of m and v, for evaluation.
inline void normalise_by_running(BatchNorm& norm, int channels, const float* gamma, const float* beta,
                                 const float* mean, const float* variance) {
    for (int n = 0; n < channels; ++n) {
        double scale = gamma[n] / std::sqrt(variance[n] + EPSILON);
        norm.scale[n] = static_cast<float>(scale);
        norm.shift[n] = static_cast<float>(beta[n] - mean[n] * scale);
    }
}

// From G = sum g and P = sum g y over the batch, with m and r of the way forward:
//   D = sum g (y - m) r = r (P - m G),  dgamma = D,  dbeta = G
//   dy = gamma r (g - G/count - (y - m) r D/count) = g a + y b + c, where
//   a = gamma r,  b = -a r D/count,  c = -a G/count - b m
inline void differentiate(BatchNorm& norm, const double* g, const double* gy, int channels, double count,
                          const float* gamma, float* dgamma, float* dbeta) {
    for (int n = 0; n < channels; ++n) {
        double r = norm.deviation[n], d = r * (gy[n] - norm.mean[n] * g[n]);
        double a = gamma[n] * r, b = -a * r * d / count;
        norm.a[n] = static_cast<float>(a);
        norm.b[n] = static_cast<float>(b);
        norm.c[n] = static_cast<float>(-a * g[n] / count - b * norm.mean[n]);
        dgamma[n] = static_cast<float>(d);
        dbeta[n] = static_cast<float>(g[n]);
    }
}

}  // namespace reslab
