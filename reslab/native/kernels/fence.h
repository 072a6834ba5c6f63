// For the address sanitizer alone (tests/native/sanitize.py): what lies between two arrays of one memory is forbidden,
// so that who leaves the one for the other is found. Without it, nothing.
#pragma once

#include <cstddef>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define RESLAB_FENCED 1
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define RESLAB_FENCED 1
#endif

#ifdef RESLAB_FENCED
#include <sanitizer/asan_interface.h>
#endif

namespace reslab {

#ifdef RESLAB_FENCED

// Until it is freed.
inline void forbid(void* from, std::size_t bytes) { ASAN_POISON_MEMORY_REGION(from, bytes); }

struct Fence {
    Fence() { ASAN_POISON_MEMORY_REGION(bytes, sizeof bytes); }
    ~Fence() { ASAN_UNPOISON_MEMORY_REGION(bytes, sizeof bytes); }
    Fence(const Fence&) = delete;
    Fence& operator=(const Fence&) = delete;
    alignas(64) char bytes[4096];  // more than a row of the widest map
};

#else

inline void forbid(void*, std::size_t) {}

struct Fence {};

#endif

}  // namespace reslab
