// The C interface of the kernels, as reslab/native/network.py calls it.
#include "network.h"
#include "peak.h"
#include "tiles.h"

extern "C" {

int reslab_abi() { return 2; }

// What the library was compiled for: in bf16 0 plain vectors, 1 AVX-512 BF16, 2 AMX BF16, 3 the same emulated; in fp32
// 4 direct products, 5 Winograd's.
int reslab_tier() {
#if defined(RESLAB_FP32)
    return RESLAB_TRANSFORMED ? 5 : 4;
#elif !RESLAB_AMX
    return RESLAB_AVX512;
#elif defined(RESLAB_TILES_EMULATED)
    return 3;
#else
    return 2;
#endif
}

// May this process use them? To be asked before anything else is called.
int reslab_ready() {
#if RESLAB_AMX
    return reslab::tiles_permitted();
#else
    return 1;
#endif
}

// Activations of a batch are all kept where they take no more than `kept_bytes`; else some are computed again on the
// way back. Null where memory is short or threads cannot be started.
void* reslab_create(const int* blocks, int option, int classes, int threads, const reslab::LayerOffsets* offsets,
                    std::int64_t head_weight, std::int64_t head_bias, std::int64_t parameters, const float* mean,
                    float scale, std::int64_t kept_bytes) try {
    return new reslab::Network(blocks, option, classes, threads, offsets, head_weight, head_bias, parameters, mean,
                               scale, kept_bytes);
} catch (...) {
    return nullptr;
}

void reslab_destroy(void* network) { delete static_cast<reslab::Network*>(network); }

// 0, or 1 where memory is short.
int reslab_step(void* network, const float* parameters, const reslab::Batch* batch,
                const reslab::Outputs* outputs) try {
    static_cast<reslab::Network*>(network)->step(parameters, *batch, *outputs);
    return 0;
} catch (...) {
    return 1;
}

int reslab_evaluate(void* network, const float* parameters, const float* statistics, const std::uint8_t* images,
                    int count, float* scores) try {
    static_cast<reslab::Network*>(network)->evaluate(parameters, statistics, images, count, scores);
    return 0;
} catch (...) {
    return 1;
}

// 0 where threads cannot be started.
double reslab_peak(int threads, double seconds) try {
    return reslab::peak(threads, seconds);
} catch (...) {
    return 0;
}

}  // extern "C"
