// How a net is made, its memory and its packed weights; and a step, from one end to the other.
#include "network.h"

#include "tiles.h"

namespace reslab {

Network::Network(const int* blocks, int option, int classes, int threads, const LayerOffsets* offsets,
                 std::int64_t head_weight, std::int64_t head_bias, std::int64_t parameters, const float* mean,
                 float scale, std::int64_t kept_bytes)
    : classes_(classes),
      head_weight_(head_weight),
      head_bias_(head_bias),
      parameters_(parameters),
      kept_bytes_(kept_bytes),
      mean_(mean, mean + SIZE * SIZE * COLOURS),
      preprocessing_{mean_.data(), scale},
      shards_(shards_for(threads)),
      team_(threads) {
    add_layer(*offsets++, COLOURS, 16, 3, 1, SIZE);
    for (int stage = 0; stage < 3; ++stage)
        for (int index = 0; index < blocks[stage]; ++index) {
            bool grows = stage > 0 && index == 0;
            int channels = 16 << stage, side = SIZE >> stage, channels_in = grows ? channels / 2 : channels;
            Block block{};
            block.stage = stage;
            block.stride = grows ? 2 : 1;
            block.map = static_cast<std::size_t>(side * block.stride) * (side * block.stride) * channels_in;
            block.first = static_cast<int>(layers_.size());
            add_layer(*offsets++, channels_in, channels, 3, block.stride, side);
            block.second = static_cast<int>(layers_.size());
            add_layer(*offsets++, channels, channels, 3, 1, side);
            block.projection = -1;
            block.shortcut = option == 0 ? Shortcut::NONE : grows ? Shortcut::ZERO_PAD : Shortcut::IDENTITY;
            if (option == 3 || (option == 2 && grows)) {
                block.shortcut = Shortcut::PROJECTION;
                block.projection = static_cast<int>(layers_.size());
                add_layer(*offsets++, channels_in, channels, 1, block.stride, side);
            }
            blocks_.push_back(std::move(block));
        }
    for (int thread = 0; thread < threads; ++thread) {
        scratch_.push_back(std::make_unique<Scratch>());
        scratch_.back()->scores.reserve(classes);
    }
    for (auto& set : sums_) set.resize(shards_);
}

void Network::add_layer(const LayerOffsets& at, int channels_in, int channels_out, int taps, int stride, int side) {
    Layer layer{};
    layer.at = at;
    layer.channels_in = channels_in;
    layer.channels_out = channels_out;
    layer.taps = taps;
    layer.side = side;
    int rows = channels_in == COLOURS ? STEM_CHANNELS : channels_in;
    layer.forward.reserve(packed_weights(rows, channels_out, stride, taps, rows));
    if (channels_in != COLOURS) layer.backward.reserve(packed_weights(rows, channels_out, stride, taps, channels_out));
    layers_.push_back(std::move(layer));
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
        for (auto& gradient : gradients_) gradient.reserve(reserved_ * STAGE_MAP);
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
    for (const auto& block : blocks_) values += block.map;
    span_ = images * values * sizeof(Real) <= kept_bytes_ ? 1 : SPAN;
    for (auto& layer : layers_) layer.y.reserve(images * layer.map());
    for (int b = 0; b < static_cast<int>(blocks_.size()); ++b) {
        Block &block = blocks_[b], &place = blocks_[b % span_ == 0 ? b : b % span_];
        if (&place != &block) block.memory = {};
        place.memory.reserve(images * block.map);
        block.x = place.memory.get();
    }
}

void Network::pack_layer(Layer& layer, const float* parameters, bool training) {
    const float* weights = parameters + layer.at.weight;
    auto both = [&]<class S>() {
        pack_forward<S>(weights, layer.channels_in, layer.forward.get());
        if (training && layer.channels_in != COLOURS) pack_backward<S>(weights, layer.backward.get());
    };
    int in = layer.channels_in, out = layer.channels_out;
    if (layer.taps == 1) {
        if (out == 16) return both.template operator()<Shape<16, 16, 32, 1, 1>>();
        if (out == 32 && in == 32) return both.template operator()<Shape<32, 32, 16, 1, 1>>();
        if (out == 32) return both.template operator()<Shape<16, 32, 16, 2, 1>>();
        if (in == 64) return both.template operator()<Shape<64, 64, 8, 1, 1>>();
        return both.template operator()<Shape<32, 64, 8, 2, 1>>();
    }
    if (in == COLOURS) return both.template operator()<Shape<STEM_CHANNELS, 16, 32, 1, 3>>();
    if (out == 16) return both.template operator()<Shape<16, 16, 32, 1, 3>>();
    if (out == 32 && in == 32) return both.template operator()<Shape<32, 32, 16, 1, 3>>();
    if (out == 32) return both.template operator()<Shape<16, 32, 16, 2, 3>>();
    if (in == 64) return both.template operator()<Shape<64, 64, 8, 1, 3>>();
    return both.template operator()<Shape<32, 64, 8, 2, 3>>();
}

void add_shards(const std::vector<ShardSums>& shards, double (*total)[64]) {
    std::memset(total, 0, 3 * 64 * sizeof(double));
    for (const auto& shard : shards)
        for (int kind = 0; kind < 3; ++kind)
            for (int n = 0; n < 64; ++n) total[kind][n] += shard.values[kind][n];
}

// ---- a step

void Network::train(int thread) {
    [[maybe_unused]] TileUse tiles;
    int threads = team_.size();
    for (int l = thread; l < static_cast<int>(layers_.size()); l += threads) pack_layer(layers_[l], values_, true);
    for (int shard = shards_ * thread / threads; shard < shards_ * (thread + 1) / threads; ++shard)
        std::memset(shard_gradient(shard), 0, parameters_ * sizeof(float));
    team_.meet([] {});
    forward(thread);
    backward(thread);
    reduce(thread);
}

void Network::step(const float* parameters, const Batch& batch, const Outputs& outputs) {
    reserve(batch.size, true);
    values_ = parameters;
    batch_ = &batch;
    outputs_ = &outputs;
    team_.run([this](int thread) { train(thread); });
}

}  // namespace reslab
