#include "network.h"

namespace reslab {

namespace {

constexpr std::size_t STAGE_MAP = SIZE * SIZE * 16;  // values of the largest map of an image

template <int N, class Offset>
void add_to_shard(ShardSums& shard, const ImageSums<N>& image, Offset) {
    shard.add(image);
}

}  // namespace

Network::Network(const int* blocks, int option, int classes, int threads, const LayerOffsets* offsets,
                 std::int64_t head_weight, std::int64_t head_bias, std::int64_t parameters, const float* mean, float scale)
    : classes_(classes),
      head_weight_(head_weight),
      head_bias_(head_bias),
      parameters_(parameters),
      mean_(mean, mean + SIZE * SIZE * COLOURS),
      preprocessing_{mean_.data(), scale},
      shards_(shards_for(threads)),
      team_(threads) {
    add_layer(*offsets++, COLOURS, 16, 3, SIZE);
    for (int stage = 0; stage < 3; ++stage)
        for (int index = 0; index < blocks[stage]; ++index) {
            bool grows = stage > 0 && index == 0;
            int channels = 16 << stage, side = SIZE >> stage, channels_in = grows ? channels / 2 : channels;
            Block block{};
            block.stage = stage;
            block.stride = grows ? 2 : 1;
            block.map = static_cast<std::size_t>(side * block.stride) * (side * block.stride) * channels_in;
            block.first = static_cast<int>(layers_.size());
            add_layer(*offsets++, channels_in, channels, 3, side);
            block.second = static_cast<int>(layers_.size());
            add_layer(*offsets++, channels, channels, 3, side);
            block.projection = -1;
            block.shortcut = option == 0 ? Shortcut::NONE : grows ? Shortcut::ZERO_PAD : Shortcut::IDENTITY;
            if (option == 3 || (option == 2 && grows)) {
                block.shortcut = Shortcut::PROJECTION;
                block.projection = static_cast<int>(layers_.size());
                add_layer(*offsets++, channels_in, channels, 1, side);
            }
            blocks_.push_back(std::move(block));
        }
    for (int thread = 0; thread < threads; ++thread) {
        scratch_.push_back(std::make_unique<Scratch>());
        scratch_.back()->scores.reserve(classes);
    }
    for (auto& set : sums_) set.resize(shards_);
}

void Network::add_layer(const LayerOffsets& at, int channels_in, int channels_out, int taps, int side) {
    Layer layer{};
    layer.at = at;
    layer.channels_in = channels_in;
    layer.channels_out = channels_out;
    layer.taps = taps;
    layer.side = side;
    std::size_t rows = channels_in == COLOURS ? STEM_CHANNELS : channels_in;
    layer.forward.reserve(rows * channels_out * taps * packed_taps(static_cast<int>(rows), taps));
    if (channels_in != COLOURS) layer.backward.reserve(rows * channels_out * taps * packed_taps(channels_out, taps));
    layers_.push_back(std::move(layer));
}

void Network::reserve(int images, bool training) {
    if (images > reserved_) {
        reserved_ = 0;  // where memory ends in the middle, nothing is there to be used
        for (auto& layer : layers_) layer.y.reserve(images * layer.map());
        for (auto& block : blocks_) block.x.reserve(images * block.map);
        reserved_ = images;
        reserved_training_ = false;
    }
    if (training && !reserved_training_) {
        stems_.reserve(reserved_);
        for (auto& gradient : gradients_) gradient.reserve(reserved_ * STAGE_MAP);
        shard_gradients_.reserve(shards_ * shard_pitch());
        reserved_training_ = true;
    }
}

// Calls body with the block's channels, side and stride as compile-time numbers.
template <class Body>
void Network::by_stage(const Block& block, Body body) {
    if (block.stage == 0) return body.template operator()<16, 32, 1>();
    if (block.stage == 1 && block.stride == 1) return body.template operator()<32, 16, 1>();
    if (block.stage == 1) return body.template operator()<32, 16, 2>();
    if (block.stride == 1) return body.template operator()<64, 8, 1>();
    return body.template operator()<64, 8, 2>();
}

template <class Work, class Then>
void Network::pass(int thread, Work work, Then then) {
    int threads = team_.size();
    for (int shard = shards_ * thread / threads; shard < shards_ * (thread + 1) / threads; ++shard) {
        for (auto& set : sums_) set[shard].clear();
        for (int image = begin(shard); image < begin(shard + 1); ++image) work(image, shard);
    }
    team_.meet(then);
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

// ---- forward

Join Network::join_before(int block, int image) const {
    if (block == 0) return {layers_[0].output(image), &layers_[0].norm};
    const Block& before = blocks_[block - 1];
    Join join{layers_[before.second].output(image), &layers_[before.second].norm, before.shortcut};
    if (before.shortcut == Shortcut::PROJECTION) {
        join.other = layers_[before.projection].output(image);
        join.other_norm = &layers_[before.projection].norm;
    } else if (before.shortcut != Shortcut::NONE) {
        join.other = before.input(image);
    }
    return join;
}

template <bool SUMS>
void Network::forward_stem(int image, const Stem& prepared, int shard) {
    ImageSums<16> sums;
    convolve<Shape<STEM_CHANNELS, 16, 32, 1, 3>, SUMS>(prepared, layers_[0].forward.get(), layers_[0].output(image), sums,
                                                         {});
    if constexpr (SUMS) sums_[0][shard].add(sums);
}

template <int C, int W, int S, bool SUMS>
void Network::forward_first(int index, int image, Scratch& scratch, int shard) {
    constexpr int K = C / S, IN = S * W;
    Block& block = blocks_[index];
    auto& padded = std::get<Padded<K, IN>>(scratch.input);
    Real* x = block.input(image);
    for_each<K, IN>(join_before(index, image), [&](int row, int column, int channel, Reals value) {
        put(padded.at(row, column) + channel, value);
        put(x + (row * IN + column) * K + channel, value);
    });
    Layer& first = layers_[block.first];
    ImageSums<C> sums;
    scratch.ahead.clear();
    if constexpr (SUMS) {
        Join next = join_before(index, image + 1);
        scratch.ahead.add(next.y, block.map * sizeof(Real));
        if (next.other) scratch.ahead.add(next.other, block.map * sizeof(Real));
    }
    convolve<Shape<K, C, W, S, 3>, SUMS>(padded, first.forward.get(), first.output(image), sums, scratch.ahead);
    if constexpr (SUMS) sums_[0][shard].add(sums);
    if (block.projection < 0) return;
    Layer& projection = layers_[block.projection];
    ImageSums<C> projected;
    convolve<Shape<K, C, W, S, 1>, SUMS>(padded, projection.forward.get(), projection.output(image), projected, {});
    if constexpr (SUMS) sums_[1][shard].add(projected);
}

template <int C, int W, bool SUMS>
void Network::forward_second(int index, int image, Scratch& scratch, int shard) {
    Layer &first = layers_[blocks_[index].first], &second = layers_[blocks_[index].second];
    auto& padded = std::get<Padded<C, W>>(scratch.input);
    for_each<C, W>({first.output(image), &first.norm},
                   [&](int row, int column, int channel, Reals value) { put(padded.at(row, column) + channel, value); });
    ImageSums<C> sums;
    scratch.ahead.clear();
    if constexpr (SUMS) scratch.ahead.add(first.output(image + 1), first.map() * sizeof(Real));
    convolve<Shape<C, C, W, 1, 3>, SUMS>(padded, second.forward.get(), second.output(image), sums, scratch.ahead);
    if constexpr (SUMS) sums_[0][shard].add(sums);
}

void Network::pooled_features(int image, Scratch& scratch, float* pooled) const {
    Floats sums[FEATURES / LANES] = {};
    for_each<FEATURES, LAST>(join_before(static_cast<int>(blocks_.size()), image),
                             [&](int row, int column, int channel, Reals value) {
                                 put(scratch.features + (row * LAST + column) * FEATURES + channel, value);
                                 sums[channel / LANES] += widen(value);
                             });
    for (int f = 0; f < FEATURES; f += LANES) store(pooled + f, sums[f / LANES] / static_cast<float>(LAST * LAST));
}

// ---- head, there and back

void Network::forward_and_backward_head(int image, Scratch& scratch, int shard) {
    alignas(64) float pooled[FEATURES];
    pooled_features(image, scratch, pooled);
    const float *weights = values_ + head_weight_, *bias = values_ + head_bias_;
    float* scores = scratch.scores.get();
    score(pooled, weights, bias, classes_, scores);
    float weight = (batch_->weights ? batch_->weights[image] : 1.0f) / static_cast<float>(batch_->size);
    Loss loss = cross_entropy(scores, classes_, static_cast<int>(batch_->labels[image]), batch_->smoothing, weight);
    outputs_->losses[image] = loss.loss;
    outputs_->errors[image] = loss.error;

    float *dweights = shard_gradient(shard) + head_weight_, *dbias = shard_gradient(shard) + head_bias_;
    Floats towards[FEATURES / LANES] = {};
    for (int c = 0; c < classes_; ++c) {
        dbias[c] += scores[c];
        for (int f = 0; f < FEATURES; f += LANES) {
            long at = static_cast<long>(c) * FEATURES + f;
            towards[f / LANES] += scores[c] * load(weights + at);
            store(dweights + at, load(dweights + at) + scores[c] * load(pooled + f));
        }
    }
    alignas(64) float row_values[LAST * FEATURES];
    constexpr int CHANNELS = Cut<FEATURES>::CHANNELS;
    ImageSums<FEATURES> sums;
    const Block& last = blocks_.back();
    GradientMap<FEATURES> map{gradients_[0].get() + image * STAGE_MAP, layers_[last.second].output(image)};
    map.x = scratch.features;
    map.sums = &sums;
    if (last.projection >= 0) map.other_y = layers_[last.projection].output(image);
    for (int cut = 0; cut < FEATURES; cut += CHANNELS) {
        for (int column = 0; column < LAST; ++column)
            for (int c = 0; c < CHANNELS; c += LANES)
                store(row_values + column * CHANNELS + c, towards[(cut + c) / LANES] / static_cast<float>(LAST * LAST));
        for (int row = 0; row < LAST; ++row)
            if (map.other_y)
                finish_row<FEATURES, LAST, Shortcut::NONE, true, true>(map, row_values, row, cut);
            else
                finish_row<FEATURES, LAST, Shortcut::NONE, true, false>(map, row_values, row, cut);
    }
    sums_[0][shard].add(sums);
}

// ---- backward

namespace {

// With matrix units a group of images is taken together, when it is `complete`; else each image by itself.
template <class Shape>
void weight_gradient(Inputs<Shape::K, Shape::W, Shape::S>& x, Pairs<Shape::N, Shape::W>& dy, bool complete, float* to) {
    if constexpr (Shape::K == STEM_CHANNELS) {
        correlate_rows<Shape, COLOURS, COLOURS>(x, dy, to);
    } else {
#if RESLAB_AMX
        if (!complete) return;
        clear_from(dy.member + 1, dy);
        clear_from(x.member + 1, x);
        correlate_group<Shape>(x, dy, to);
#else
        static_cast<void>(complete);
        if constexpr (Shape::N == LANES)
            correlate_rows<Shape, 8, Shape::K>(x, dy, to);
        else
            correlate<Shape, 4, Shape::K>(x, dy, to);
#endif
    }
}

// Of an image in its shard.
struct Place {
    int member;     // of its group, see GROUP
    bool complete;  // is the group, with it?
};

template <int W>
Place place(int image, int begin, int end) {
    int member = (image - begin) % GROUP<W>;
    return {member, member + 1 == GROUP<W> || image + 1 == end};
}

}  // namespace

template <int C, int W>
void Network::backward_second(int index, int image, Scratch& scratch, int shard) {
    Layer &first = layers_[blocks_[index].first], &second = layers_[blocks_[index].second];
    using Here = Shape<C, C, W, 1, 3>;
    auto& dy = std::get<Padded<C, W>>(scratch.gradient);
    auto& pairs = std::get<Pairs<C, W>>(scratch.pairs);
    auto& inputs = std::get<Inputs<C, W, 1>>(scratch.inputs);
    Place here = place<W>(image, begin(shard), begin(shard + 1));
    if constexpr (GROUP<W> > 1) pairs.member = inputs.member = here.member;
    const Real* y = first.output(image);
    differentiate_map<C, W>(second.norm, gradients_[0].get() + image * STAGE_MAP, second.output(image), &dy, pairs);
    pair_inputs(inputs, [&](int row, int column, int channel) {
        return narrow(relu(affine(first.norm, y + (row * W + column) * C, channel)));
    });
    ImageSums<C> sums;
    GradientMap<C> map{gradients_[1].get() + image * STAGE_MAP, y};
    map.norm = &first.norm;
    map.sums = &sums;
    alignas(64) float strip_values[SUM_ROWS * W * Cut<C>::CHANNELS];
    Ahead& ahead = scratch.ahead;
    ahead.clear();
    ahead.add(gradients_[0].get() + (image + 1) * STAGE_MAP, second.map() * sizeof(Real));
    ahead.add(second.output(image + 1), second.map() * sizeof(Real));
    ahead.add(first.output(image + 1), first.map() * sizeof(Real));
    for (int cut = 0; cut < C; cut += Cut<C>::CHANNELS)
        for (int row = 0; row < W; ++row) {
            ahead.fetch(cut / Cut<C>::CHANNELS * W + row, C / Cut<C>::CHANNELS * W);
            const float* row_values = convolve_back_row<Here, false>(dy, second.backward.get(), cut, row, strip_values);
            finish_row<C, W, Shortcut::NONE, false, false>(map, row_values, row, cut);
        }
    sums_[0][shard].add(sums);
    weight_gradient<Here>(inputs, pairs, here.complete, shard_gradient(shard) + second.at.weight);
}

template <int C, int W, int S>
void Network::backward_first(int index, int image, Scratch& scratch, int shard) {
    constexpr int K = C / S, IN = S * W, CHANNELS = Cut<K>::CHANNELS;
    using Here = Shape<K, C, W, S, 3>;
    using Beside = Shape<K, C, W, S, 1>;
    Block& block = blocks_[index];
    Layer& first = layers_[block.first];
    auto& dy = std::get<Padded<C, W>>(scratch.gradient);
    auto& pairs = std::get<Pairs<C, W>>(scratch.pairs);
    auto& inputs = std::get<Inputs<K, W, S>>(scratch.inputs);
    auto& projected = std::get<Padded<C, W>>(scratch.projected);
    Place here = place<W>(image, begin(shard), begin(shard + 1));
    if constexpr (GROUP<W> > 1) pairs.member = inputs.member = here.member;
    const Real *g = gradients_[0].get() + image * STAGE_MAP, *x = block.input(image);
    differentiate_map<C, W>(first.norm, gradients_[1].get() + image * STAGE_MAP, first.output(image), &dy, pairs);
    pair_inputs(inputs, [&](int row, int column, int channel) { return get(x + (row * IN + column) * K + channel); });
    weight_gradient<Here>(inputs, pairs, here.complete, shard_gradient(shard) + first.at.weight);
    if (block.projection >= 0) {
        Layer& projection = layers_[block.projection];
        auto& projected_pairs = std::get<Pairs<C, W>>(scratch.projected_pairs);
        if constexpr (GROUP<W> > 1) projected_pairs.member = here.member;
        differentiate_map<C, W>(projection.norm, g, projection.output(image), &projected, projected_pairs);
        weight_gradient<Beside>(inputs, projected_pairs, here.complete, shard_gradient(shard) + projection.at.weight);
    }
    ImageSums<K> sums;
    Join before = join_before(index, image);
    GradientMap<K> map{gradients_[2].get() + image * STAGE_MAP, before.y};
    map.x = x;
    map.sums = &sums;
    map.through = g;
    bool two = has_projection(index - 1);
    if (two) map.other_y = before.other;
    alignas(64) float strip_values[SUM_ROWS * IN * CHANNELS];
    Ahead& ahead = scratch.ahead;
    ahead.clear();
    ahead.add(gradients_[0].get() + (image + 1) * STAGE_MAP, first.map() * sizeof(Real));
    ahead.add(gradients_[1].get() + (image + 1) * STAGE_MAP, first.map() * sizeof(Real));
    ahead.add(first.output(image + 1), first.map() * sizeof(Real));
    ahead.add(block.input(image + 1), block.map * sizeof(Real));
    ahead.add(join_before(index, image + 1).y, block.map * sizeof(Real));
    auto rows = [&]<Shortcut SHORTCUT, bool TWO>() {
        for (int cut = 0; cut < K; cut += CHANNELS)
            for (int row = 0; row < IN; ++row) {
                ahead.fetch(cut / CHANNELS * IN + row, K / CHANNELS * IN);
                float* row_values = convolve_back_row<Here, false>(dy, first.backward.get(), cut, row, strip_values);
                if (SHORTCUT == Shortcut::PROJECTION)
                    convolve_back_row<Beside, true>(projected, layers_[block.projection].backward.get(), cut, row, row_values);
                finish_row<K, IN, SHORTCUT, true, TWO>(map, row_values, row, cut);
            }
    };
    auto by_shortcut = [&]<bool TWO>() {
        switch (block.shortcut) {
            case Shortcut::NONE: return rows.template operator()<Shortcut::NONE, TWO>();
            case Shortcut::PROJECTION: return rows.template operator()<Shortcut::PROJECTION, TWO>();
            case Shortcut::IDENTITY:
                if constexpr (S == 1) return rows.template operator()<Shortcut::IDENTITY, TWO>();
                break;
            case Shortcut::ZERO_PAD:
                if constexpr (S == 2) return rows.template operator()<Shortcut::ZERO_PAD, TWO>();
        }
    };
    if (two)
        by_shortcut.template operator()<true>();
    else
        by_shortcut.template operator()<false>();
    sums_[0][shard].add(sums);
}

void Network::backward_stem(int image, Scratch& scratch, int shard) {
    Layer& stem = layers_[0];
    auto& pairs = std::get<Pairs<16, 32>>(scratch.pairs);
    auto& inputs = std::get<Inputs<STEM_CHANNELS, 32, 1>>(scratch.inputs);
    differentiate_map<16, 32>(stem.norm, gradients_[0].get() + image * STAGE_MAP, stem.output(image), nullptr, pairs);
    pair_image(stems_[image], inputs);
    weight_gradient<Shape<STEM_CHANNELS, 16, 32, 1, 3>>(inputs, pairs, true, shard_gradient(shard) + stem.at.weight);
}

// ---- between passes, in one thread

namespace {

void add_shards(const std::vector<ShardSums>& shards, double (*total)[64]) {
    std::memset(total, 0, 3 * 64 * sizeof(double));
    for (const auto& shard : shards)
        for (int kind = 0; kind < 3; ++kind)
            for (int n = 0; n < 64; ++n) total[kind][n] += shard.values[kind][n];
}

}  // namespace

void Network::normalise(int index, int set) {
    Layer& layer = layers_[index];
    double total[3][64];
    add_shards(sums_[set], total);
    double count = static_cast<double>(batch_->size) * layer.side * layer.side;
    normalise_by_batch(layer.norm, total, layer.channels_out, count, values_ + layer.at.gamma, values_ + layer.at.beta,
                       outputs_->statistics + layer.at.mean, outputs_->statistics + layer.at.variance);
}

void Network::differentiate_layer(int index, int kind) {
    Layer& layer = layers_[index];
    double total[3][64];
    add_shards(sums_[0], total);
    double count = static_cast<double>(batch_->size) * layer.side * layer.side;
    differentiate(layer.norm, total[0], total[kind], layer.channels_out, count, values_ + layer.at.gamma,
                  outputs_->gradient + layer.at.gamma, outputs_->gradient + layer.at.beta);
}

// The normalisations whose sum the input of `block` is.
void Network::differentiate_before(int block) {
    if (block == 0) return differentiate_layer(0, 1);
    differentiate_layer(blocks_[block - 1].second, 1);
    if (has_projection(block - 1)) differentiate_layer(blocks_[block - 1].projection, 2);
}

// ---- a step

void Network::train(int thread) {
    [[maybe_unused]] TileUse tiles;
    int threads = team_.size(), depth = static_cast<int>(blocks_.size());
    Scratch& scratch = *scratch_[thread];
    for (int l = thread; l < static_cast<int>(layers_.size()); l += threads) pack_layer(layers_[l], values_, true);
    for (int shard = shards_ * thread / threads; shard < shards_ * (thread + 1) / threads; ++shard)
        std::memset(shard_gradient(shard), 0, parameters_ * sizeof(float));
    team_.meet([] {});

    pass(
        thread,
        [&](int n, int shard) {
            int centre = batch_->pad;
            int top = batch_->crops ? static_cast<int>(batch_->crops[2 * n]) : centre;
            int left = batch_->crops ? static_cast<int>(batch_->crops[2 * n + 1]) : centre;
            prepare(batch_->images + static_cast<long>(n) * SIZE * SIZE * COLOURS, preprocessing_, top, left,
                    batch_->flips && batch_->flips[n], centre, stems_[n]);
            forward_stem<true>(n, stems_[n], shard);
        },
        [&] { normalise(0, 0); });
    for (int b = 0; b < depth; ++b)
        by_stage(blocks_[b], [&]<int C, int W, int S>() {
            pass(
                thread, [&](int n, int shard) { forward_first<C, W, S, true>(b, n, scratch, shard); },
                [&] {
                    normalise(blocks_[b].first, 0);
                    if (has_projection(b)) normalise(blocks_[b].projection, 1);
                });
            pass(
                thread, [&](int n, int shard) { forward_second<C, W, true>(b, n, scratch, shard); },
                [&] { normalise(blocks_[b].second, 0); });
        });
    pass(
        thread, [&](int n, int shard) { forward_and_backward_head(n, scratch, shard); }, [&] { differentiate_before(depth); });
    for (int b = depth - 1; b >= 0; --b)
        by_stage(blocks_[b], [&]<int C, int W, int S>() {
            pass(
                thread, [&](int n, int shard) { backward_second<C, W>(b, n, scratch, shard); },
                [&] { differentiate_layer(blocks_[b].first, 1); });
            pass(
                thread, [&](int n, int shard) { backward_first<C, W, S>(b, n, scratch, shard); },
                [&] {
                    differentiate_before(b);
                    std::swap(gradients_[0], gradients_[2]);
                });
        });
    pass(
        thread, [&](int n, int shard) { backward_stem(n, scratch, shard); }, [] {});
    reduce(thread);
}

// Adds the shards' weight gradients, in order, and brings them from the kernels' order [i][in][j][out] to PyTorch's.
void Network::reduce(int thread) {
    int threads = team_.size();
    for (int l = thread; l < static_cast<int>(layers_.size()); l += threads) {
        const Layer& layer = layers_[l];
        int T = layer.taps, K = layer.channels_in, N = layer.channels_out;
        float* to = outputs_->gradient + layer.at.weight;
        long from = layer.at.weight;
        for (int i = 0; i < T; ++i)
            for (int k = 0; k < K; ++k)
                for (int j = 0; j < T; ++j)
                    for (int n = 0; n < N; n += LANES, from += LANES) {
                        Floats sum = load(shard_gradient(0) + from);
                        for (int shard = 1; shard < shards_; ++shard) sum += load(shard_gradient(shard) + from);
                        for (int lane = 0; lane < LANES; ++lane) to[(((n + lane) * K + k) * T + i) * T + j] = sum[lane];
                    }
    }
    if (thread != 0) return;
    for (long at : {static_cast<long>(head_weight_), static_cast<long>(head_bias_)}) {
        long end = at + classes_ * (at == head_weight_ ? FEATURES : 1);
        for (; at < end; ++at) {
            float sum = 0;
            for (int shard = 0; shard < shards_; ++shard) sum += shard_gradient(shard)[at];
            outputs_->gradient[at] = sum;
        }
    }
}

void Network::step(const float* parameters, const Batch& batch, const Outputs& outputs) {
    reserve(batch.size, true);
    values_ = parameters;
    batch_ = &batch;
    outputs_ = &outputs;
    team_.run([this](int thread) { train(thread); });
}

// Each image goes through the whole net in one thread: nothing has to wait for the batch.
void Network::evaluate(const float* parameters, const float* statistics, const std::uint8_t* images, int count,
                       float* scores) {
    int threads = team_.size(), depth = static_cast<int>(blocks_.size());
    reserve(threads, false);
    team_.run([&](int thread) {
        [[maybe_unused]] TileUse tiles;
        for (int l = thread; l < static_cast<int>(layers_.size()); l += threads) {
            Layer& layer = layers_[l];
            pack_layer(layer, parameters, false);
            normalise_by_running(layer.norm, layer.channels_out, parameters + layer.at.gamma, parameters + layer.at.beta,
                                 statistics + layer.at.mean, statistics + layer.at.variance);
        }
        team_.meet([] {});
        Scratch& scratch = *scratch_[thread];
        for (int n = thread; n < count; n += threads) {
            prepare(images + static_cast<long>(n) * SIZE * SIZE * COLOURS, preprocessing_, 0, 0, false, 0, scratch.image);
            forward_stem<false>(thread, scratch.image, 0);
            for (int b = 0; b < depth; ++b)
                by_stage(blocks_[b], [&]<int C, int W, int S>() {
                    forward_first<C, W, S, false>(b, thread, scratch, 0);
                    forward_second<C, W, false>(b, thread, scratch, 0);
                });
            alignas(64) float pooled[FEATURES];
            pooled_features(thread, scratch, pooled);
            score(pooled, parameters + head_weight_, parameters + head_bias_, classes_, scores + static_cast<long>(n) * classes_);
        }
    });
}

}  // namespace reslab
