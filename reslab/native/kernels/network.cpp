// How a net is made, its memory and its packed weights; and a step, from one end to the other.
#include "network.h"

#include "tiles.h"

namespace reslab {

Network::Network(const int* blocks, int option, int classes, int threads, const LayerOffsets* offsets,
                 std::int64_t head_weight, std::int64_t head_bias, const float* mean, float scale,
                 std::int64_t kept_bytes)
    : classes_(classes),
      head_weight_(head_weight),
      head_bias_(head_bias),
      kept_bytes_(kept_bytes),
      mean_(mean, mean + IMAGE),
      preprocessing_{mean_.data(), scale},
      shards_(shards_for(threads)),
      team_(threads) {
    add_layer<StemShape>(*offsets++, PLACE_OF_SECOND);
    for (int stage = 0; stage < STAGES; ++stage)
        for (int index = 0; index < blocks[stage]; ++index) {
            bool grows = stage > 0 && index == 0, projects = option == 3 || (option == 2 && grows);
            Block block{};
            block.stage = stage;
            block.stride = grows ? 2 : 1;
            block.shortcut = option == 0 ? Shortcut::NONE
                             : projects  ? Shortcut::PROJECTION
                             : grows     ? Shortcut::ZERO_PAD
                                         : Shortcut::IDENTITY;
            by_stage(block, [&]<int C, int W, int S>() {
                using First = FirstShape<C, W, S>;
                block.map = map_values(First::K, First::IN);
                block.first = add_layer<First>(*offsets++, PLACE_OF_FIRST);
                block.second = add_layer<SecondShape<C, W>>(*offsets++, PLACE_OF_SECOND);
                block.projection =
                    projects ? add_layer<ProjectionShape<C, W, S>>(*offsets++, PLACE_OF_PROJECTION) : -1;
            });
            blocks_.push_back(std::move(block));
        }
    for (int thread = 0; thread < threads; ++thread) {
        scratch_.push_back(std::make_unique<Scratch>());
        scratch_.back()->scores.reserve(classes);
    }
    for (auto& set : sums_) set.resize(shards_);
}

// Adds a layer and returns its number.
template <class Shape>
int Network::add_layer(const LayerOffsets& at, std::size_t place) {
    Layer layer{};
    layer.at = at;
    layer.place = place;
    layer.channels_out = Shape::N;
    layer.side = Shape::W;
    layer.forward.reserve<Shape>(WeightsForward<Shape>::VALUES);
    if constexpr (!Shape::IS_STEM) layer.backward.reserve<Shape>(WeightsBack<Shape>::VALUES);
    layer.pack = [](Layer& self, const float* parameters, bool training) {
        const float* weights = parameters + self.at.weight;
        pack_forward<Shape>(weights, self.forward.of<Shape>());
        if constexpr (!Shape::IS_STEM)
            if (training) pack_backward<Shape>(weights, self.backward.of<Shape>());
    };
    layers_.push_back(std::move(layer));
    return static_cast<int>(layers_.size()) - 1;
}

void Network::reserve(int images, bool training) {
    if (images > reserved_) {
        reserved_ = 0;  // where memory ends in the middle, nothing is there to be used
        reserve_activations(images);
        reserved_ = images;
        reserved_training_ = false;
    }
    if (training && !reserved_training_) {
        stems_.reserve(reserved_);
        std::memset(static_cast<void*>(stems_.get()), 0, reserved_ * sizeof(Stem));  // their borders stay so
        last_gradient_.reserve(reserved_ * map_values(FEATURES, LAST));
        for (auto& block : blocks_)
            if (block.stride == 2) block.gradient.reserve(reserved_ * block.map);
        shard_gradients_.reserve(shards_ * shard_pitch());
        reserved_training_ = true;
    }
}

// Where raw outputs and blocks' inputs together would take more than what may be kept, all spans of blocks share the
// first span's places for inputs, but for each span's first block, which keeps its own: the way back computes them
// again (restore_inputs). Maps do not grow from block to block, so that the first span's places are large enough.
void Network::reserve_activations(int images) {
    std::size_t values = 0;
    for (const auto& layer : layers_) values += layer.map();
    for (const auto& block : blocks_) values += block.keeps_input() ? block.map : 0;
    bool plain = !blocks_[0].keeps_input();  // there is nothing to save
    span_ = plain || images * values * sizeof(Real) <= kept_bytes_ ? 1 : SPAN;
    for (auto& layer : layers_) layer.y.reserve(images * layer.map());
    for (int b = 0; b < static_cast<int>(blocks_.size()); ++b) {
        Block &block = blocks_[b], &place = blocks_[b % span_ == 0 ? b : b % span_];
        if (!block.keeps_input()) continue;
        if (&place != &block) block.memory = {};
        place.memory.reserve(images * block.map);
        block.x = place.memory.get();
        block.pitch = place.map;
    }
}

void add_shards(const std::vector<ShardSums>& shards, double (*total)[WIDEST]) {
    std::memset(total, 0, 3 * WIDEST * sizeof(double));
    for (const auto& shard : shards)
        for (int kind = 0; kind < 3; ++kind)
            for (int n = 0; n < WIDEST; ++n) total[kind][n] += shard.values[kind][n];
}

// ---- a step

void Network::train(int thread) {
    [[maybe_unused]] TileUse tiles;
    int threads = team_.size();
    for (int l = thread; l < static_cast<int>(layers_.size()); l += threads) layers_[l].pack(layers_[l], values_, true);
    team_.meet([] {});
    forward(thread);
    backward(thread);
}

void Network::step(const float* parameters, const Batch& batch, const Outputs& outputs) {
    reserve(batch.size, true);
    values_ = parameters;
    batch_ = &batch;
    outputs_ = &outputs;
    team_.run([this](int thread) { train(thread); });
}

}  // namespace reslab
