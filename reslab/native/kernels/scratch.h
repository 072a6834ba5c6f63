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

constexpr std::size_t LINE = 64, HUGE_PAGE = 1 << 21;

// Memory of so many bytes that begins at a cache line; where it fills a huge page, at one, with the hint to use such: a
// batch passes by in a few kilobytes of each image and layer at a time, on more small pages than a core can keep the
// translations of. Throws std::bad_alloc; to be freed by std::free.
inline void* allocate(std::size_t wanted) {
    std::size_t unit = wanted < HUGE_PAGE ? LINE : HUGE_PAGE, bytes = (wanted + unit - 1) / unit * unit;
    void* memory = std::aligned_alloc(unit, bytes);
    if (!memory) throw std::bad_alloc();
#if defined(__linux__)
    if (unit == HUGE_PAGE) madvise(memory, bytes, MADV_HUGEPAGE);
#endif
    forbid(static_cast<char*>(memory) + wanted, bytes - wanted);
    return memory;
}

// Aligned memory that only grows; nothing stands in it when it has grown. Throws std::bad_alloc.
template <class T>
class Buffer {
   public:
    void reserve(std::size_t count) {
        if (count <= count_) return;
        memory_.reset();
        count_ = 0;
        memory_.reset(static_cast<T*>(allocate(count * sizeof(T))));
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

template <class Shape>
using PlanesOf = Planes<Shape::K, Shape::W, Shape::S>;

// What one thread needs for the images that it takes together. Only the middles are written: borders stay zero.
struct Scratch {
    static void* operator new(std::size_t bytes) { return allocate(std::max(bytes, HUGE_PAGE)); }
    static void operator delete(void* memory) { std::free(memory); }
    OfStages<Maps> input, gradient, projected;
    OfStages<WorkspaceOf> work;
    OfStages<Pairs> pairs, projected_pairs;
#if RESLAB_AMX
    std::tuple<Turned<1>, Turned<2>> turned;
#else
    std::tuple<PlanesOf<StemShape>, PlanesOf<Within<0>>, PlanesOf<Within<1>>, PlanesOf<Within<2>>, PlanesOf<Growing<1>>,
               PlanesOf<Growing<2>>>
        inputs;
#endif
    Stem image;
    Ahead ahead;
    alignas(64) Real features[map_values(FEATURES, LAST)];  // of the last stage
    [[no_unique_address]] Fence fence;
    Buffer<float> scores;  // of the head
};

}  // namespace reslab
