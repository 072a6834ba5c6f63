// Prefetching: what will be read soon is asked for while the arithmetic is busy with something else.
#pragma once

#include <cstddef>

#include "vectors.h"

namespace reslab {

// What the next images will need, asked for in slices while these ones' products leave the memory idle. A hint: it
// changes no result and may name memory that is not there.
class Ahead {
   public:
    // From here on, so many slices.
    void begin(int slices) {
        count_ = 0;
        slice_ = 0;
        slices_ = slices;
    }
    static constexpr int REGIONS = 12;
    void add(const void* from, std::size_t bytes) { regions_[count_++] = {static_cast<const char*>(from), bytes}; }
    RESLAB_INLINE void next() {
        for (int r = 0; r < count_; ++r) {
            std::size_t end = regions_[r].bytes * (slice_ + 1) / slices_;
            for (std::size_t at = regions_[r].bytes * slice_ / slices_; at < end; at += 64)
                __builtin_prefetch(regions_[r].from + at, 0, 2);
        }
        ++slice_;
    }

   private:
    struct Region {
        const char* from;
        std::size_t bytes;
    };
    Region regions_[REGIONS];
    int count_ = 0, slice_ = 0, slices_ = 1;
};

}  // namespace reslab
