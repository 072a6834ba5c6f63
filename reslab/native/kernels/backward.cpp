// The way back: from the loss to the gradient of all parameters.
//
// With the letters of network.h, and g, g1 the gradients towards z and N1(y1), a block's gradients are
//   dy2 = g a2 + y2 b2 + c2    dw2 = correlate(h, dy2)    g1 = conv_back(dy2, w2) where h > 0, else 0
//   dy1 = g1 a1 + y1 b1 + c1   dw1 = correlate(x, dy1)
//   dyp = g ap + yp bp + cp    dwp = correlate(x, dyp)    with a projection
//   dx  = conv_back(dy1, w1) + what comes through the shortcut: g, or g without the padded channels and between the
//         pixels that were taken zeros, or conv_back(dyp, wp), or nothing
//   g of the block before = dx where x > 0, else 0
// The coefficients a, b, c are batch_norm.h's, from the sums of g and g y over the batch that the pass before
// collected. conv_back(dy, w) is the gradient towards the input of conv (convolution.h), and
//   correlate(x, dy)[i][k][j][n] = sum over pixels of x under tap (i, j), channel k  *  dy, channel n
#include "correlate.h"
#include "network.h"
#include "tile_gradients.h"

namespace reslab {

// Of one image: its loss and error, from the scores; the shard's share of the head's gradient; and of the last block
//   g[pixel][f] = dp[f] / LAST^2 where x > 0, else 0, dp being the gradient towards the pooled features p
// on LAST x LAST pixels, with the shard's sums of g, g y2 and g yp. What is differentiated is the mean over the batch
// of weight * loss.
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

    Floats dpooled[FEATURES / LANES];
    float* dweights = shard_gradient(shard, PLACE_OF_HEAD);
    score_back(scores, pooled, weights, classes_, dweights, dweights + head_at(classes_, 0), dpooled);
    alignas(64) float row_values[LAST * FEATURES];
    constexpr int CHANNELS = Cut<FEATURES>::CHANNELS;
    ImageSums<FEATURES> sums;
    const Block& last = blocks_.back();
    GradientMap<FEATURES> map{last_gradient(image), layers_[last.second].output(image)};
    map.x = scratch.features;
    map.sums = &sums;
    if (last.projection >= 0) map.other_y = layers_[last.projection].output(image);
    for (int cut = 0; cut < FEATURES; cut += CHANNELS) {
        for (int column = 0; column < LAST; ++column)
            for (int c = 0; c < CHANNELS; c += LANES)
                store(row_values + column * CHANNELS + c, dpooled[(cut + c) / LANES] / static_cast<float>(LAST * LAST));
        for (int row = 0; row < LAST; ++row)
            if (map.other_y)
                finish_row<FEATURES, LAST, CHANNELS, CHANNELS, Shortcut::NONE, true, true>(map, row_values, row, cut);
            else
                finish_row<FEATURES, LAST, CHANNELS, CHANNELS, Shortcut::NONE, true, false>(map, row_values, row, cut);
    }
    sums_[0][shard].add(sums);
}

namespace {

// Of an image in the group whose weight gradients matrix units take together.
struct Seat {
    int member;
    bool complete;  // is the group, with it?
};

template <int W>
Seat seat(int image, int begin, int end) {
    int member = (image - begin) % MEMBERS<W>;
    return {member, member + 1 == MEMBERS<W> || image + 1 == end};
}

// Channels in whose sums registers hold, beside their factors: with T taps and two vectors each.
template <int T>
constexpr int KEPT = LANES == 16 ? 4 : T == 3 ? 1 : 2;

// to += correlate(x, dy), Summed, of one image.
template <class Shape>
void correlate_image(const Planes<Shape::K, Shape::W, Shape::S>& x, const Pairs<Shape::N, Shape::W>& dy, float* to) {
    if constexpr (Shape::IS_STEM && Shape::N == LANES)
        correlate_rows<Shape, COLOURS>(x, dy, to);
    else if constexpr (Shape::IS_STEM)
        correlate<Shape, 1>(x, dy, to);
    else if constexpr (Shape::N == LANES)
        correlate_rows<Shape, 8>(x, dy, to);
    else
        correlate<Shape, KEPT<Shape::T>>(x, dy, to);
}

}  // namespace

// LANES channels of a pixel and of the next one into a group's padded maps.
template <int C, int W>
RESLAB_INLINE void put_pixels(Maps<C, W>& to, int member, int row, int column, int channel, Twin both) {
    if constexpr (C == LANES) {  // they lie one after the other
        put(to.at(member, row, column), both);
    } else {
        put(to.at(member, row, column) + channel, first_of(both));
        put(to.at(member, row, column + 1) + channel, second_of(both));
    }
}

// A row of an image's dy = g a + y b + c, N channels on W x W pixels, g being the gradient towards N(y):
// padded, and as Pairs where products are not Winograd's.
template <class Shape>
RESLAB_INLINE void Network::supply_gradient(Group group, int member, Scratch& scratch, int shard, const Layer& layer,
                                            const Real* g, int row) {
    constexpr int N = Shape::N, W = Shape::W;
    auto& dy = std::get<Maps<N, W>>(scratch.gradient);
    const Real* y = layer.output(group.first + member);
    scratch.ahead.next();
    if constexpr (IS_WINOGRAD<Shape>) {
        for (int column = 0; column < W; ++column)
            RESLAB_UNROLL for (int channel = 0; channel < N; channel += LANES)
                store(dy.at(member, row, column) + channel,
                      differentiate(layer.norm, g, y, pixel_at<N, W>(row, column), channel));
    } else {
        auto& pairs = std::get<Pairs<N, W>>(scratch.pairs);
        if constexpr (MEMBERS<W> > 1) pairs.member = (group.first + member - begin(shard)) % MEMBERS<W>;
        differentiate_row<N, W>(layer.norm, g, y, pairs, row, [&](int column, int channel, Twin both) RESLAB_INLINED {
            put_pixels<N, W>(dy, member, row, column, channel, both);
        });
    }
}

// dw += correlate(x, dy) of a group, dw being the shard's gradient of the layer, Summed, and dy what was supplied. x
// has K channels on S * W x S * W pixels: value(image, row, column, channel) -> Floats, or Reals. With matrix units,
// MEMBERS images are waited for; Winograd's stay Points until the last group of the shard.
template <class Shape, class Value>
void Network::weight_gradient(Group group, Scratch& scratch, int shard, const Layer& layer,
                              Pairs<Shape::N, Shape::W>& dy, Value value) {
    [[maybe_unused]] constexpr int N = Shape::N, K = Shape::K, W = Shape::W, IN = Shape::IN;
    float* to = shard_gradient(shard, layer.place);
#if RESLAB_AMX
    int last = group.first + group.count - 1;
    Seat here = seat<W>(last, begin(shard), begin(shard + 1));
    if (!here.complete) return;
    clear_from(here.member + 1, dy);
    correlate_group<Shape>(std::get<Turned<Shape::S>>(scratch.turned), dy, here.member + 1, to,
                           [&](int member, int row, int column, int channel) RESLAB_INLINED {
                               return value(last - here.member + member, row, column, channel);
                           });
#else
    if constexpr (IS_WINOGRAD<Shape>) {
        auto& work = std::get<Workspace<N>>(scratch.work);
        auto& inputs = std::get<Maps<N, W>>(scratch.input);
        for (int member = 0; member < group.count; ++member)
            for (int row = 0; row < IN; ++row)
                for (int column = 0; column < IN; ++column)
                    RESLAB_UNROLL for (int channel = 0; channel < K; channel += LANES)
                        put(inputs.at(member, row, column) + channel,
                            narrow(value(group.first + member, row, column, channel)));
        if (group.first == begin(shard)) work.points.clear();
        const auto& gradients = std::get<Maps<N, W>>(scratch.gradient);
        correlate_patches(inputs.padded.data(), gradients.padded.data(), group.count, work);
        if (group.first + group.count == begin(shard + 1)) gather_gradient<Shape>(work.points, to);
    } else {
        auto& inputs = std::get<Planes<K, W, Shape::S>>(scratch.inputs);
        pair_inputs(inputs, [&](int row, int column, int channel) RESLAB_INLINED {
            return value(group.first, row, column, channel);
        });
        correlate_image<Shape>(inputs, dy, to);
    }
#endif
}

// Of a group, C channels on W x W pixels: dy2, and g1, which is stored, with the shard's sums of it and of g1 y1; then
// dw2. Its mask, h > 0, and h are made of y1 again.
template <int C, int W>
void Network::backward_second(int index, Group group, Scratch& scratch, int shard) {
    using Here = SecondShape<C, W>;
    constexpr int CHANNELS = CHANNELS_OF_ROW<Here, C>;
    Layer &first = layers_[blocks_[index].first], &second = layers_[blocks_[index].second];
    ImageSums<C> sums[TOGETHER<Here>];
    GradientMap<C> maps[TOGETHER<Here>];
    Ahead& ahead = scratch.ahead;
    ahead.begin(group.count * (W + ROWS_BACK<Here>));
    auto [next, count] = after(group, shard);
    for (int image = next; image < next + count; ++image)
        ahead.add(input_gradient(index + 1, image), second.map() * sizeof(Real));
    ahead.add(second.output(next), count * second.map() * sizeof(Real));
    ahead.add(first.output(next), count * first.map() * sizeof(Real));
    for (int member = 0; member < group.count; ++member) {
        int image = group.first + member;
        maps[member] = {.g = inner_gradient(index, image),
                        .y = first.output(image),
                        .norm = &first.norm,
                        .sums = &sums[member]};
    }
    convolve_back<Here>(
        std::get<Maps<C, W>>(scratch.gradient).padded.data(), group.count, second.backward.of<Here>(),
        std::get<Workspace<C>>(scratch.work),
        [&](int member, int row) RESLAB_APART {
            const Real* g = input_gradient(index + 1, group.first + member);
            supply_gradient<Here>(group, member, scratch, shard, second, g, row);
        },
        [&](int member, int row, int cut, float* values) RESLAB_INLINED {
            ahead.next();
            finish_row<C, W, CHANNELS, spacing<Here>(CHANNELS), Shortcut::NONE, false, false>(maps[member], values, row,
                                                                                              cut);
        });
    for (int member = 0; member < group.count; ++member) sums_[0][shard].add(sums[member]);
    weight_gradient<Here>(group, scratch, shard, second, std::get<Pairs<C, W>>(scratch.pairs),
                          [&](int image, int row, int column, int channel) RESLAB_INLINED {
                              const Real* y = first.output(image) + pixel_at<C, W>(row, column);
                              return relu(affine(first.norm, y, channel));
                          });
}

// Of a group: dyp from g and yp, C channels on W x W pixels, and dwp from it and x, C / S channels on S * W x S * W
// pixels. dyp is left in scratch.projected, padded.
template <int C, int W, int S>
void Network::project_back(int index, Group group, Scratch& scratch, int shard) {
    const Block& block = blocks_[index];
    constexpr int K = C / S, IN = S * W;
    using Beside = ProjectionShape<C, W, S>;
    Layer& projection = layers_[block.projection];
    auto& pairs = std::get<Pairs<C, W>>(scratch.projected_pairs);
    auto& projected = std::get<Maps<C, W>>(scratch.projected);
    for (int member = 0; member < group.count; ++member) {
        int image = group.first + member;
        const Real* g = input_gradient(index + 1, image);
        if constexpr (MEMBERS<W> > 1) pairs.member = (image - begin(shard)) % MEMBERS<W>;
        for (int row = 0; row < W; ++row)
            differentiate_row<C, W>(projection.norm, g, projection.output(image), pairs, row,
                                    [&](int column, int channel, Twin both) RESLAB_INLINED {
                                        put_pixels<C, W>(projected, member, row, column, channel, both);
                                    });
        if (TILED && member + 1 < group.count) continue;  // they are taken together
        Group here = TILED ? group : Group{image, 1};
        weight_gradient<Beside>(here, scratch, shard, projection, pairs,
                                [&](int of, int row, int column, int channel) RESLAB_INLINED {
                                    return get(block.input(of) + pixel_at<K, IN>(row, column) + channel);
                                });
    }
}

// Of a group, for a block of C channels on W x W pixels and its input of K = C / S on S * W x S * W: dyp and dwp, dy1
// and dx; g of the block before is stored, with the shard's sums of it and of its products with y2 and yp of that
// block. Then dw1, of x, which stands where it was (or is made again): g took the place of y1.
template <int C, int W, int S>
void Network::backward_first(int index, Group group, Scratch& scratch, int shard) {
    constexpr int K = C / S, IN = S * W;
    using Here = FirstShape<C, W, S>;
    using Beside = ProjectionShape<C, W, S>;
    constexpr int CHANNELS = CHANNELS_OF_ROW<Here, K>;
    Block& block = blocks_[index];
    Layer& first = layers_[block.first];
    bool two = has_projection(index - 1);
    const Real* beside = block.projection < 0 ? nullptr : layers_[block.projection].backward.of<Beside>();
    ImageSums<K> sums[TOGETHER<Here>];
    GradientMap<K> maps[TOGETHER<Here>];
    Ahead& ahead = scratch.ahead;
    ahead.begin(group.count * (W + ROWS_BACK<Here>));
    auto [next, count] = after(group, shard);
    for (int image = next; image < next + count; ++image) {
        ahead.add(input_gradient(index + 1, image), first.map() * sizeof(Real));
        ahead.add(inner_gradient(index, image), first.map() * sizeof(Real));
    }
    ahead.add(first.output(next), count * first.map() * sizeof(Real));
    if (block.keeps_input()) ahead.add(block.input(next), count * block.map * sizeof(Real));
    ahead.add(join_before(index, next).y, count * block.map * sizeof(Real));
    for (int member = 0; member < group.count; ++member) {
        int image = group.first + member;
        Join before = join_before(index, image);
        maps[member] = {.g = input_gradient(index, image),
                        .y = before.y,
                        .other_y = two ? before.other : nullptr,
                        .x = block.keeps_input() ? block.input(image) : nullptr,
                        .norm = before.norm,
                        .through = input_gradient(index + 1, image),
                        .sums = &sums[member]};
    }
    if (block.projection >= 0) project_back<C, W, S>(index, group, scratch, shard);
    auto supply = [&](int member, int row) RESLAB_APART {
        const Real* g = inner_gradient(index, group.first + member);
        supply_gradient<Here>(group, member, scratch, shard, first, g, row);
    };
    const auto& projected = std::get<Maps<C, W>>(scratch.projected).padded;
    auto rows = [&]<Shortcut SHORTCUT, bool TWO>() {
        convolve_back<Here>(
            std::get<Maps<C, W>>(scratch.gradient).padded.data(), group.count, first.backward.of<Here>(),
            std::get<Workspace<C>>(scratch.work), supply,
            [&](int member, int row, int cut, float* values) RESLAB_INLINED {
                constexpr int SPACING = spacing<Here>(CHANNELS);
                ahead.next();
                if constexpr (SHORTCUT == Shortcut::PROJECTION)
                    for (int part = 0; part < CHANNELS; part += Cut<K>::CHANNELS)
                        convolve_back_row<Beside, true, SPACING>(projected[member / ABREAST<W>], member % ABREAST<W>,
                                                                 beside, cut + part, row, values + part);
                constexpr bool KEPT = SHORTCUT != Shortcut::NONE;
                finish_row<K, IN, CHANNELS, SPACING, SHORTCUT, KEPT, TWO>(maps[member], values, row, cut);
            });
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
    for (int member = 0; member < group.count; ++member) sums_[0][shard].add(sums[member]);
    auto& dy = std::get<Pairs<C, W>>(scratch.pairs);
    if (block.keeps_input())
        weight_gradient<Here>(group, scratch, shard, first, dy,
                              [&](int image, int row, int column, int channel) RESLAB_INLINED {
                                  return get(block.input(image) + pixel_at<K, IN>(row, column) + channel);
                              });
    else
        weight_gradient<Here>(group, scratch, shard, first, dy,
                              [&](int image, int row, int column, int channel) RESLAB_INLINED {
                                  const Layer& before = layers_[index ? blocks_[index - 1].second : 0];
                                  const Real* y = before.output(image) + pixel_at<K, IN>(row, column);
                                  return relu(affine(before.norm, y, channel));
                              });
}

// Of one image, 16 channels on 32 x 32 pixels: dy = g a + y b + c, dw += correlate(prepared image, dy) of the shard.
void Network::backward_stem(int image, Scratch& scratch, int shard) {
    using Here = StemShape;
    Layer& stem = layers_[0];
    auto& pairs = std::get<Pairs<Here::N, Here::W>>(scratch.pairs);
    const Real* g = input_gradient(0, image);
    float* to = shard_gradient(shard, stem.place);
    for (int row = 0; row < Here::W; ++row)
        differentiate_row<Here::N, Here::W>(stem.norm, g, stem.output(image), pairs, row, [](int, int, Twin) {});
#if RESLAB_AMX
    correlate_stem(std::get<Turned<1>>(scratch.turned), stems_[image], pairs, to);
#else
    auto& inputs = std::get<PlanesOf<Here>>(scratch.inputs);
    pair_image(stems_[image], inputs);
    correlate_image<Here>(inputs, pairs, to);
#endif
}

// Zeros in a place of this thread's shards, before the pass that sums in it. What was summed there before, nobody reads
// any more: all have met since.
void Network::clear(int thread, std::size_t place, std::size_t values) {
    for (int shard = first_shard(thread); shard < first_shard(thread + 1); ++shard)
        std::memset(shard_gradient(shard, place), 0, values * sizeof(float));
}

// dw of a convolution = sum over shards, in order, of their dw: from the kernels' layout, Summed, to PyTorch's
// (parameter_at). There the weights q = (k, i, j) of a channel out lie one after another: LANES of them, of LANES
// channels out, are summed and transposed at a time. The stem has some left over, and its last LANES begin among those
// before. Threads share the channels out.
template <class Shape>
void Network::reduce(int thread, const Layer& layer) {
    constexpr int T = Shape::T, K = Shape::LEARNT, N = Shape::N, COUNT = K * T * T;
    const float* shards = shard_gradient(0, layer.place);
    float* to = outputs_->gradient + layer.at.weight;
    for (int block = 0; block < COUNT; block += LANES) {
        int first = std::min(block, COUNT - LANES);
        for (int n = thread * LANES; n < N; n += team_.size() * LANES) {
            Floats sums[LANES];
            RESLAB_UNROLL for (int lane = 0; lane < LANES; ++lane) {
                int q = first + lane;
                const float* from = shards + Summed<Shape>::at(q / T % T, q / (T * T), q % T, n);
                sums[lane] = load(from);
                for (int shard = 1; shard < shards_; ++shard) sums[lane] += load(from + shard * shard_pitch());
            }
            transpose(sums);
            RESLAB_UNROLL for (int lane = 0; lane < LANES; ++lane)
                store(to + parameter_at(K, T, n + lane, 0, 0, 0) + first, sums[lane]);
        }
    }
}

// ---- between passes, in one thread

// a, b, c, dgamma and dbeta of a layer from the sums over the whole batch of g, and of g y, which are of the kind 1, or
// 2 for a projection.
void Network::differentiate_layer(int index, int kind) {
    Layer& layer = layers_[index];
    double total[3][WIDEST];
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

// ---- the whole way

// The inputs of a span of blocks up to the block `last`, where they are not kept: again by the operations of the way
// forward, from the same numbers, so that they are the same to the last bit. Of this thread's images, for which nobody
// else has to be waited for.
void Network::restore_inputs(int thread, int last) {
    for (int image = begin(first_shard(thread)), end = begin(first_shard(thread + 1)); image < end; ++image)
        for (int b = last / span_ * span_ + 1; b <= last; ++b)
            by_stage(blocks_[b], [&]<int C, int W, int S>() {
                constexpr int K = C / S, IN = S * W;
                Real* x = blocks_[b].input(image);
                for_each<K, IN>(join_before(b, image), [&](int row, int column, int channel, Twin value) {
                    put(x + pixel_at<K, IN>(row, column) + channel, value);
                });
            });
}

// The head; from the last block to the first backward_second and backward_first; the stem. After each pass one thread
// makes a, b, c of the normalisations whose g it stored.
void Network::backward(int thread) {
    Scratch& scratch = *scratch_[thread];
    int depth = static_cast<int>(blocks_.size());
    clear(thread, PLACE_OF_HEAD, head_values());
    pass<1>(
        thread, [&](Group group, int shard) { forward_and_backward_head(group.first, scratch, shard); },
        [&] { differentiate_before(depth); });
    for (int b = depth - 1; b >= 0; --b) {
        if (span_ > 1 && b % span_ == span_ - 1 && b + 1 < depth) restore_inputs(thread, b);
        by_stage(blocks_[b], [&]<int C, int W, int S>() {
            clear(thread, PLACE_OF_SECOND, Summed<SecondShape<C, W>>::VALUES);
            pass<TOGETHER<SecondShape<C, W>>>(
                thread, [&](Group group, int shard) { backward_second<C, W>(b, group, scratch, shard); },
                [&] { differentiate_layer(blocks_[b].first, 1); });
            reduce<SecondShape<C, W>>(thread, layers_[blocks_[b].second]);
            clear(thread, PLACE_OF_FIRST, Summed<FirstShape<C, W, S>>::VALUES);
            clear(thread, PLACE_OF_PROJECTION, Summed<ProjectionShape<C, W, S>>::VALUES);
            pass<TOGETHER<FirstShape<C, W, S>>>(
                thread, [&](Group group, int shard) { backward_first<C, W, S>(b, group, scratch, shard); },
                [&] { differentiate_before(b); });
            reduce<FirstShape<C, W, S>>(thread, layers_[blocks_[b].first]);
            if (blocks_[b].projection >= 0)
                reduce<ProjectionShape<C, W, S>>(thread, layers_[blocks_[b].projection]);
        });
    }
    clear(thread, PLACE_OF_SECOND, Summed<StemShape>::VALUES);
    pass<1>(
        thread, [&](Group group, int shard) { backward_stem(group.first, scratch, shard); }, [] {});
    reduce<StemShape>(thread, layers_[0]);
    if (thread == 0) reduce_head();
}

// dw of the head, which is as PyTorch has it.
void Network::reduce_head() {
    for (int at = 0, weights = head_at(classes_, 0); at < weights + classes_; ++at) {
        float sum = 0;
        for (int shard = 0; shard < shards_; ++shard) sum += shard_gradient(shard, PLACE_OF_HEAD)[at];
        outputs_->gradient[at < weights ? head_weight_ + at : head_bias_ + at - weights] = sum;
    }
}

}  // namespace reslab
