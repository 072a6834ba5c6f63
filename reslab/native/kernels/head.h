// Global average pooling, the fully connected layer, softmax and cross-entropy; of one image, fp32.
#pragma once

#include <algorithm>
#include <cmath>

#include "layouts.h"

namespace reslab {

// scores[c] = sum over features of pooled[f] * weights[c][f] + bias[c]
inline void score(const float* pooled, const float* weights, const float* bias, int classes, float* scores) {
    for (int c = 0; c < classes; ++c) {
        Floats sum{};
        RESLAB_UNROLL for (int f = 0; f < FEATURES; f += LANES)
            sum = fma(load(pooled + f), load(weights + static_cast<long>(c) * FEATURES + f), sum);
        float total = bias[c];
        for (int lane = 0; lane < LANES; ++lane) total += sum[lane];
        scores[c] = total;
    }
}

struct Loss {
    float loss;   // cross-entropy with the (smoothed) label, not weighted
    bool error;   // is the first highest score not the label's?
};

// Cross-entropy with (1 - smoothing) * label + smoothing / classes; `scores` become its gradient times `weight`.
inline Loss cross_entropy(float* scores, int classes, int label, float smoothing, float weight) {
    const float* highest = std::max_element(scores, scores + classes);
    bool error = highest - scores != label;
    double largest = *highest, total = 0, mean = 0;
    for (int c = 0; c < classes; ++c) {
        total += std::exp(scores[c] - largest);
        mean += scores[c] / static_cast<double>(classes);
    }
    double normaliser = largest + std::log(total);
    double loss = normaliser - (1 - smoothing) * scores[label] - smoothing * mean;
    for (int c = 0; c < classes; ++c) {
        double target = smoothing / classes + (c == label ? 1 - smoothing : 0);
        scores[c] = static_cast<float>(weight * (std::exp(scores[c] - normaliser) - target));
    }
    return {static_cast<float>(loss), error};
}

}  // namespace reslab
