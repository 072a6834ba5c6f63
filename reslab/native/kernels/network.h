// A CIFAR residual or plain net: one training step, and evaluation.
//
// Exact batch normalisation needs sums over the whole batch between any two convolutions, so a step is a sequence of
// passes over the batch: in each, every thread takes its share of images one by one through "read the raw output
// before, normalise, add the shortcut, ReLU; convolve; store the raw output and its sums" (or the same backwards), all
// in scratch memory that stays in cache; then all meet. Between two of them the sums become a normalisation's
// coefficients, in one thread.
//
// In the words of forward.cpp and backward.cpp, a block makes of its input x, all maps being [row][column][channel],
//   y1 = conv(x, w1),  h = ReLU(N1(y1)),  y2 = conv(h, w2),  z = N2(y2) + s
//   s = x, x padded with zeros, Np(yp) with the projection yp = conv(x, wp), or 0 without a shortcut
// and ReLU(z) is the next block's input, or the head's. N(y) = y * scale + shift (batch_norm.h); z of the stem is N(y).
// In memory stand x (none in plain nets; in very deep ones not every one, see SPAN), y1, y2 and yp of all images; h and
// z are made again by the passes that need them. On the way back gradients take the places of y1 and y2.
#pragma once

#include <algorithm>
#include <vector>

#include "convolution.h"
#include "head.h"
#include "scratch.h"
#include "team.h"

namespace reslab {

struct LayerOffsets {  // into the flat buffers
    std::int64_t weight, gamma, beta, mean, variance;
};

// A convolution and its batch normalisation.
struct Layer {
    LayerOffsets at;
    int channels_out, side;  // pixels of the output a side
    std::size_t place;       // of its weight gradient among a shard's
    PackedWeights forward, backward;
    void (*pack)(Layer&, const float* parameters, bool training);
    Buffer<Real> y;  // raw outputs [image][side][side][channels_out]
    BatchNorm norm;
    std::size_t map() const { return map_values(channels_out, side); }
    Real* output(int image) const { return y.get() + image * map(); }
};

struct Block {
    int first, second, projection;  // layers; projection: -1 where there is none
    int stage, stride;
    Shortcut shortcut;
    std::size_t map;
    Buffer<Real> gradient;  // of stride 2: towards its inputs [image][...]
    Buffer<Real> memory;    // for inputs [image][...]: its own, or those of all blocks at this place in a span
    Real* x;                // where its inputs lie, if they are kept: without a shortcut, they are made again from y
    // From one image's to the next's: that of the first block at this place, so that threads at different blocks never
    // meet in an image's memory.
    std::size_t pitch;
    Real* input(int image) const { return x + image * pitch; }
    bool keeps_input() const { return shortcut != Shortcut::NONE; }
};

// Of a net whose activations are not all kept, the inputs of every SPAN-th block are.
constexpr int SPAN = 16;

// Where a shard has the weight gradients of the layers at hand, until they are summed over the shards: of a block's
// second convolution or the stem, of its first, of its projection; and of the head. So small that caches hold them.
constexpr std::size_t PLACE_OF_SECOND = 0, PLACE_OF_FIRST = 9 * WIDEST * WIDEST;
constexpr std::size_t PLACE_OF_PROJECTION = 2 * PLACE_OF_FIRST, PLACE_OF_HEAD = PLACE_OF_PROJECTION + WIDEST * WIDEST;

// Images one after another, of one shard, that a thread takes together.
struct Group {
    int first, count;
};

static_assert(2 * MAPS<LAST> + 3 <= Ahead::REGIONS);  // what a way back asks for ahead

struct Batch {
    int size;
    const std::uint8_t* images;  // [size][row][column][colour]
    const std::int64_t* labels;  // [size]
    const std::int64_t* crops;   // [size][top, left] or null
    const std::uint8_t* flips;   // [size] or null
    const float* weights;        // [size] or null
    int pad;
    float smoothing;
};

struct Outputs {
    float *gradient, *statistics;  // flat, by the layers' offsets and the head's
    float* losses;                 // [size]
    std::uint8_t* errors;          // [size]
};

class Network {
   public:
    Network(const int* blocks, int option, int classes, int threads, const LayerOffsets* offsets,
            std::int64_t head_weight, std::int64_t head_bias, const float* mean, float scale, std::int64_t kept_bytes);

    void step(const float* parameters, const Batch& batch, const Outputs& outputs);
    void evaluate(const float* parameters, const float* statistics, const std::uint8_t* images, int count,
                  float* scores);

   private:
    // A fixed number of shards makes up the batch, and their sums are added in order: the same bytes for 1, 2 or 4
    // threads.
    static int shards_for(int threads) { return threads == 1 || threads == 2 || threads == 4 ? 4 : threads; }
    // The images of a shard are those from its begin to the next one's.
    int begin(int shard) const { return static_cast<int>(static_cast<long>(batch_->size) * shard / shards_); }
    // The shards of a thread are those from its first to the next one's.
    int first_shard(int thread) const { return shards_ * thread / team_.size(); }
    // The group that a thread takes after this one in the same shard: smaller or empty at its end.
    Group after(Group group, int shard) const {
        int next = group.first + group.count;
        return {next, std::min(group.count, begin(shard + 1) - next)};
    }
    template <int COUNT, class Work, class Then>
    void pass(int thread, Work work, Then then);
    template <class Body>
    static void by_stage(const Block& block, Body body);

    template <class Shape>
    int add_layer(const LayerOffsets& at, std::size_t place);
    void reserve(int images, bool training);
    void reserve_activations(int images);
    void train(int thread);

    // forward.cpp
    Join join_before(int block, int image) const;  // the input of a block (of the head: block = number of blocks)
    template <bool SUMS>
    void forward_stem(int image, const Stem& prepared, Scratch& scratch, int shard);
    template <int C, int W, int S, bool SUMS>
    void forward_first(int block, Group group, Scratch& scratch, int shard);
    template <int C, int W, bool SUMS>
    void forward_second(int block, Group group, Scratch& scratch, int shard);
    void evaluate_group(int image, Group slots, Scratch& scratch, const float* parameters, const std::uint8_t* images,
                        float* scores);
    void pooled_features(int image, Scratch& scratch, float* pooled) const;
    void normalise(int layer, int set);
    void forward(int thread);

    // backward.cpp
    void forward_and_backward_head(int image, Scratch& scratch, int shard);
    template <class Shape>
    void supply_gradient(Group group, int member, Scratch& scratch, int shard, const Layer& layer, const Real* g,
                         int row);
    template <class Shape, class Value>
    void weight_gradient(Group group, Scratch& scratch, int shard, const Layer& layer, Pairs<Shape::N, Shape::W>& dy,
                         Value value);
    template <int C, int W>
    void backward_second(int block, Group group, Scratch& scratch, int shard);
    template <int C, int W, int S>
    void backward_first(int block, Group group, Scratch& scratch, int shard);
    template <int C, int W, int S>
    void project_back(int block, Group group, Scratch& scratch, int shard);
    void backward_stem(int image, Scratch& scratch, int shard);
    void differentiate_layer(int layer, int kind);
    void differentiate_before(int block);
    void restore_inputs(int thread, int last);
    void backward(int thread);
    void clear(int thread, std::size_t place, std::size_t values);
    template <class Shape>
    void reduce(int thread, const Layer& layer);
    void reduce_head();

    // The gradients that stand between passes take the place of what no pass needs any more, where it is as large:
    // towards N1(y1) that of y2, towards the block's input that of y1. Those lines are in a cache: they were just read.
    Real* inner_gradient(int block, int image) const { return layers_[blocks_[block].second].output(image); }
    Real* last_gradient(int image) const { return last_gradient_.get() + image * map_values(FEATURES, LAST); }
    Real* input_gradient(int block, int image) const {
        if (block == static_cast<int>(blocks_.size())) return last_gradient(image);
        const Block& here = blocks_[block];
        return here.stride == 1 ? layers_[here.first].output(image) : here.gradient.get() + image * here.map;
    }
    // Each shard's gradients begin at a cache line.
    std::size_t shard_pitch() const { return (PLACE_OF_HEAD + head_values() + 15) / 16 * 16; }
    float* shard_gradient(int shard, std::size_t place) const {
        return shard_gradients_.get() + shard * shard_pitch() + place;
    }
    // Of the head: weights, and then biases.
    std::size_t head_values() const { return head_at(classes_, 0) + classes_; }
    bool has_projection(int block) const { return block >= 0 && blocks_[block].projection >= 0; }

    int classes_;
    std::int64_t head_weight_, head_bias_;
    std::size_t kept_bytes_;  // of a batch's activations that are all kept
    int span_ = 1;            // blocks from one kept input to the next
    std::vector<float> mean_;
    Preprocessing preprocessing_;
    std::vector<Layer> layers_;
    std::vector<Block> blocks_;
    int shards_;
    std::vector<std::unique_ptr<Scratch>> scratch_;
    Buffer<Stem> stems_;             // prepared images
    Buffer<Real> last_gradient_;     // [image][map], towards z of the last block
    Buffer<float> shard_gradients_;  // [shard][place, and a little room]
    std::vector<ShardSums> sums_[2];  // [shard]; the second of a projection
    int reserved_ = 0;
    bool reserved_training_ = false;
    // In every other pass a thread takes its shards from the last to the first: what the pass before ended with may
    // still be in a cache.
    bool backwards_ = false;

    const float* values_ = nullptr;  // of the step that is going on
    const Batch* batch_ = nullptr;
    const Outputs* outputs_ = nullptr;
    Team team_;  // last: its threads must go before what they use
};

// The sums over pixels that a batch normalisation needs, of all shards of one layer: [kind][channel].
void add_shards(const std::vector<ShardSums>& shards, double (*total)[WIDEST]);

// Calls body with the block's channels, side and stride as compile-time numbers.
template <class Body>
void Network::by_stage(const Block& block, Body body) {
    if (block.stage == 0) return body.template operator()<WIDTH<0>, SIDE<0>, 1>();
    if (block.stage == 1 && block.stride == 1) return body.template operator()<WIDTH<1>, SIDE<1>, 1>();
    if (block.stage == 1) return body.template operator()<WIDTH<1>, SIDE<1>, 2>();
    if (block.stride == 1) return body.template operator()<WIDTH<2>, SIDE<2>, 1>();
    return body.template operator()<WIDTH<2>, SIDE<2>, 2>();
}

// Calls work(group, shard) for groups of COUNT images of this thread's share of the batch, and then, when all are
// through, `then` in one thread.
template <int COUNT, class Work, class Then>
void Network::pass(int thread, Work work, Then then) {
    int first = first_shard(thread), count = first_shard(thread + 1) - first;
    for (int turn = 0; turn < count; ++turn) {
        int shard = first + (backwards_ ? count - 1 - turn : turn);
        for (auto& set : sums_) set[shard].clear();
        for (int image = begin(shard), end = begin(shard + 1); image < end; image += COUNT)
            work(Group{image, std::min(COUNT, end - image)}, shard);
    }
    settle();
    team_.meet([&] {
        backwards_ = !backwards_;
        then();
    });
}

}  // namespace reslab
