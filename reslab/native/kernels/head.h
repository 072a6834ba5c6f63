// The fully connected layer, softmax and cross-entropy, there and back; of one image, fp32, from its pooled features p
// (Network::pooled_features): pooled[feature], scores[class], weights and their gradient by head_at.
#pragma once

#include <algorithm>
#include <cmath>

#include "layouts.h"

namespace reslab {

// s[c] = sum over features f of p[f] * weights[c][f] + bias[c]
inline void score(const float* pooled, const float* weights, const float* bias, int classes, float* scores) {
    for (int c = 0; c < classes; ++c) {
        Floats sum{};
        RESLAB_UNROLL for (int f = 0; f < FEATURES; f += LANES)
            sum = fma(load(pooled + f), load(weights + head_at(c, f)), sum);
        float total = bias[c];
        for (int lane = 0; lane < LANES; ++lane) total += sum[lane];
        scores[c] = total;
    }
}

struct Loss {
    float loss;   // cross-entropy with the (smoothed) label, not weighted
    bool error;   // is the first highest score not the label's?
};

// Cross-entropy of softmax(s) with the target t, t[c] = (1 - smoothing) * (is c the label?) + smoothing / classes:
//   loss = log(sum over c of exp(s[c])) - (1 - smoothing) * s[label] - smoothing * mean of s
//   ds[c] = weight * (softmax(s)[c] - t[c]), which takes the place of `scores`
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

// The way back of score(), from the gradient ds towards the scores:
//   dbias[c] += ds[c],  dweights[c][f] += ds[c] * p[f],  dp[f] = sum over c of ds[c] * weights[c][f]
inline void score_back(const float* dscores, const float* pooled, const float* weights, int classes, float* dweights,
                       float* dbias, Floats (&dpooled)[FEATURES / LANES]) {
    for (Floats& sum : dpooled) sum = Floats{};
    for (int c = 0; c < classes; ++c) {
        dbias[c] += dscores[c];
        for (int f = 0; f < FEATURES; f += LANES) {
            float* to = dweights + head_at(c, f);
            dpooled[f / LANES] += dscores[c] * load(weights + head_at(c, f));
            store(to, load(to) + dscores[c] * load(pooled + f));
        }
    }
}

}  // namespace reslab
