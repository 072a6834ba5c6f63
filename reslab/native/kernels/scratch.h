// Memory: aligned buffers for a batch, and each thread's scratch for the image at hand.
#pragma once

#if defined(__linux__)
#include <sys/mman.h>
#endif

#include <cstdlib>
#include <memory>
#include <new>
#include <tuple>

#include "gradient_map.h"
#include "images.h"
#include "prefetch.h"
#include "winograd.h"

namespace reslab {

// Aligned memory that only grows; nothing stands in it when it has grown. Throws std::bad_alloc.
template <class T>
class Buffer {
   public:
    void reserve(std::size_t count) {
        if (count <= count_) return;
        constexpr std::size_t LINE = 64, HUGE_PAGE = 1 << 21;
        std::size_t bytes = count * sizeof(T), unit = bytes < 4 * HUGE_PAGE ? LINE : HUGE_PAGE;
        bytes = (bytes + unit - 1) / unit * unit;
        memory_.reset();
        count_ = 0;
        memory_.reset(static_cast<T*>(std::aligned_alloc(unit, bytes)));
        if (!memory_) throw std::bad_alloc();
#if defined(__linux__)
        // A hint: the activations of a batch pass by at every step, a few kilobytes of each image and layer at a time.
        if (unit == HUGE_PAGE) madvise(memory_.get(), bytes, MADV_HUGEPAGE);
#endif
        forbid(memory_.get() + count, bytes - count * sizeof(T));
        count_ = count;
    }
    T* get() const { return memory_.get(); }
    T& operator[](std::size_t index) const { return memory_.get()[index]; }

   private:
    struct Free {
        void operator()(T* memory) const { std::free(memory); }
    };
    std::unique_ptr<T, Free> memory_;
    std::size_t count_ = 0;
};

// A layer's packed or transformed weights, for one way.
class PackedWeights {
   public:
    template <class Shape>
    void reserve(std::size_t count) {
        memory_.reserve(count * sizeof(WeightValue<Shape>));
    }
    template <class Shape>
    WeightValue<Shape>* of() const {
        return reinterpret_cast<WeightValue<Shape>*>(memory_.get());
    }

   private:
    Buffer<std::byte> memory_;
};

template <int C, int>
using WorkspaceOf = Workspace<C>;

// What one thread needs for the images that it takes together. Only the middles are written: borders stay zero.
struct Scratch {
    OfStages<Maps> input, gradient, projected;
    OfStages<WorkspaceOf> work;
    OfStages<Pairs> pairs, projected_pairs;
    std::tuple<Inputs<StemShape>, Inputs<Within<0>>, Inputs<Within<1>>, Inputs<Within<2>>, Inputs<Growing<1>>,
               Inputs<Growing<2>>>
        inputs;
    Stem image;
    Ahead ahead;
    alignas(64) Real features[map_values(FEATURES, LAST)];  // of the last stage
    [[no_unique_address]] Fence fence;
    Buffer<float> scores;  // of the head
};

}  // namespace reslab
