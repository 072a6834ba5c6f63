// The C interface of the kernels, as reslab/native/network.py calls it.
#include <cstdio>
#include <exception>
#include <new>

#include "network.h"
#include "peak.h"
#include "tiles.h"

namespace {

enum Failure { NONE = 0, NO_MEMORY = 1, OTHER = 2 };

thread_local char reason[256] = "";  // no string, which may want memory itself

int failed(Failure failure, const char* words) {
    std::snprintf(reason, sizeof reason, "%s", words);
    return failure;
}

// Nothing that is thrown may leave through a C interface.
template <class Call>
int failure_of(Call call) try {
    call();
    return NONE;
} catch (const std::bad_alloc& error) {
    return failed(NO_MEMORY, error.what());
} catch (const std::exception& error) {
    return failed(OTHER, error.what());
} catch (...) {
    return failed(OTHER, "something without words was thrown");
}

}  // namespace

extern "C" {

int reslab_abi() { return 4; }

// What the library was compiled for. Activations in bf16 and Winograd's products: 0 plain vectors, 6 AVX-512, 1 AVX-512
// BF16; in bf16 throughout: 2 AMX BF16, 3 the same emulated; in fp32 throughout: 4 direct products, 5 Winograd's.
int reslab_tier() {
#if defined(RESLAB_FP32)
    return RESLAB_TRANSFORMED ? 5 : 4;
#elif !RESLAB_AMX
    return RESLAB_AVX512_BF16 ? 1 : RESLAB_AVX512 ? 6 : 0;
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

// In the words of what was thrown, why this thread's last call that failed did so; of memory that is short, too.
const char* reslab_reason() { return reason; }

// This, and those below: 0, or a Failure.
//
// Activations of a batch are all kept where they take no more than `kept_bytes`; else some are computed again on the
// way back.
int reslab_create(void** network, const int* blocks, int option, int classes, int threads,
                  const reslab::LayerOffsets* offsets, std::int64_t head_weight, std::int64_t head_bias,
                  const float* mean, float scale, std::int64_t kept_bytes) {
    return failure_of([&] {
        *network = new reslab::Network(blocks, option, classes, threads, offsets, head_weight, head_bias, mean, scale,
                                       kept_bytes);
    });
}

void reslab_destroy(void* network) { delete static_cast<reslab::Network*>(network); }

int reslab_step(void* network, const float* parameters, const reslab::Batch* batch, const reslab::Outputs* outputs) {
    return failure_of([&] { static_cast<reslab::Network*>(network)->step(parameters, *batch, *outputs); });
}

int reslab_evaluate(void* network, const float* parameters, const float* statistics, const std::uint8_t* images,
                    int count, float* scores) {
    return failure_of([&] {
        static_cast<reslab::Network*>(network)->evaluate(parameters, statistics, images, count, scores);
    });
}

// Operations a second, into `rate`.
int reslab_peak(int threads, double seconds, double* rate) {
    return failure_of([&] { *rate = reslab::peak(threads, seconds); });
}

}  // extern "C"
