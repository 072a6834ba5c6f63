// Memory: aligned buffers for a batch, and each thread's scratch for the image at hand.
#pragma once

#include <cstdlib>
#include <memory>
#include <new>
#include <tuple>

#include "gradient_map.h"
#include "images.h"

namespace reslab {

// Zeroed, aligned memory that only grows. Throws std::bad_alloc.
template <class T>
class Buffer {
   public:
    void reserve(std::size_t count) {
        if (count <= count_) return;
        constexpr std::size_t LINE = 64;
        std::size_t bytes = (count * sizeof(T) + LINE - 1) / LINE * LINE;
        memory_.reset();
        count_ = 0;
        memory_.reset(static_cast<T*>(std::aligned_alloc(LINE, bytes)));
        if (!memory_) throw std::bad_alloc();
        std::memset(static_cast<void*>(memory_.get()), 0, bytes);
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

// What one thread needs for one image. Borders of zeros stay zero: only the middles are ever written.
struct Scratch {
    std::tuple<Padded<16, 32>, Padded<32, 16>, Padded<64, 8>> input, gradient, projected;
    std::tuple<Pairs<16, 32>, Pairs<32, 16>, Pairs<64, 8>> pairs, projected_pairs;
    std::tuple<Inputs<STEM_CHANNELS, 32, 1>, Inputs<16, 32, 1>, Inputs<32, 16, 1>, Inputs<64, 8, 1>, Inputs<16, 16, 2>,
               Inputs<32, 8, 2>>
        inputs;
    Stem image;
    Ahead ahead;
    alignas(64) Real features[64 * 8 * 8];  // of the last stage
    Buffer<float> scores;                   // of the head
};

}  // namespace reslab
