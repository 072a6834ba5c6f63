// The way forward: from images to the scores, in training and in evaluation. Its letters are those of network.h.
#include "network.h"
#include "tiles.h"

namespace reslab {

// What ReLU(z) of the block before `block` is made of, of one image; of the stem for the first block.
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

// y = conv(x) by `layer`, from Shape::K channels to Shape::N, of a group's padded maps x: stored as Real, and where
// SUMS the shard's sums of y and y^2, image by image. supply() as convolve() has it.
template <class Shape, bool SUMS, class Supply>
RESLAB_INLINE void convolve_layer(Layer& layer, const Padded<Shape::K, Shape::IN>* x, Group group, Scratch& scratch,
                                  ShardSums& to, Supply supply) {
    constexpr int N = Shape::N, W = Shape::W, CHANNELS = CHANNELS_OF_ROW<Shape, N>;
    ImageSums<N> sums[TOGETHER<Shape>];
    for (int from = 0; from < group.count; from += TOGETHER<Shape>) {
        int count = std::min(TOGETHER<Shape>, group.count - from);
        convolve<Shape>(x + from / ABREAST<Shape::IN>, count, layer.forward.of<Shape>(),
                        std::get<Workspace<N>>(scratch.work),
                        [&](int member, int row) RESLAB_INLINED { supply(from + member, row); },
                        [&](int member, int row, int cut, const float* values) RESLAB_INLINED {
                            scratch.ahead.next();
                            keep_row<N, W, CHANNELS, spacing<Shape>(CHANNELS), SUMS>(
                                values, row, cut, layer.output(group.first + from + member), sums[member]);
                        });
        if constexpr (SUMS)
            for (int member = 0; member < count; ++member) {
                to.add(sums[member]);
                sums[member] = {};
            }
    }
}

// y = conv(prepared image, w), 32 x 32 pixels, from 4 channels to 16: stored as Real, and where SUMS the shard's sums
// of y and y^2.
template <bool SUMS>
void Network::forward_stem(int image, const Stem& prepared, Scratch& scratch, int shard) {
    scratch.ahead.begin(1);
    convolve_layer<StemShape, SUMS>(layers_[0], &prepared, {image, 1}, scratch, sums_[0][shard], supplied);
}

// Of a group, for a block of C channels on W x W pixels: x = ReLU(z of the block before), K = C / S channels on S * W
// x S * W pixels, is padded and, where it is kept, stored; then y1 = conv(x, w1) and yp = conv(x, wp), where there is
// a projection.
template <int C, int W, int S, bool SUMS>
void Network::forward_first(int index, Group group, Scratch& scratch, int shard) {
    constexpr int K = C / S, IN = S * W;
    using Here = FirstShape<C, W, S>;
    Block& block = blocks_[index];
    auto& inputs = std::get<Maps<K, IN>>(scratch.input);
    scratch.ahead.begin(group.count * (IN + ROWS_FORWARD<Here>));
    if constexpr (SUMS) {
        auto [image, count] = after(group, shard);
        Join next = join_before(index, image);
        std::size_t bytes = count * block.map * sizeof(Real);
        scratch.ahead.add(next.y, bytes);
        if (next.other) scratch.ahead.add(next.other, bytes);
    }
    Join joins[TOGETHER<Here>];
    for (int member = 0; member < group.count; ++member) joins[member] = join_before(index, group.first + member);
    auto supply = [&](int member, int row) RESLAB_APART {
        scratch.ahead.next();
        Real* x = block.keeps_input() ? block.input(group.first + member) : nullptr;
        for_row<K, IN>(joins[member], row, [&](int column, int channel, Twin value) RESLAB_INLINED {
            put(inputs.at(member, row, column) + channel, value);
            if (!x) return;
            Real* to = x + pixel_at<K, IN>(row, column) + channel;
            if constexpr (SUMS)
                leave(to, value);
            else  // it is read next
                put(to, value);
        });
    };
    convolve_layer<Here, SUMS>(layers_[block.first], inputs.padded.data(), group, scratch, sums_[0][shard], supply);
    if (block.projection < 0) return;
    scratch.ahead.begin(1);
    convolve_layer<ProjectionShape<C, W, S>, SUMS>(layers_[block.projection], inputs.padded.data(), group, scratch,
                                                   sums_[1][shard], supplied);
}

// y2 = conv(h, w2), h = ReLU(y1 * scale + shift): of a group, from C channels to C on W x W pixels. Only scratch memory
// ever holds h.
template <int C, int W, bool SUMS>
void Network::forward_second(int index, Group group, Scratch& scratch, int shard) {
    using Here = SecondShape<C, W>;
    Layer &first = layers_[blocks_[index].first], &second = layers_[blocks_[index].second];
    auto& inputs = std::get<Maps<C, W>>(scratch.input);
    scratch.ahead.begin(group.count * (W + ROWS_FORWARD<Here>));
    if constexpr (SUMS) {
        auto [image, count] = after(group, shard);
        scratch.ahead.add(first.output(image), count * first.map() * sizeof(Real));
    }
    auto supply = [&](int member, int row) RESLAB_APART {
        scratch.ahead.next();
        for_row<C, W>({first.output(group.first + member), &first.norm}, row,
                      [&](int column, int channel, Twin value) RESLAB_INLINED {
                          put(inputs.at(member, row, column) + channel, value);
                      });
    };
    convolve_layer<Here, SUMS>(second, inputs.padded.data(), group, scratch, sums_[0][shard], supply);
}

// p[f] = mean over the LAST x LAST pixels of x[pixel][f], x = ReLU(z of the last block), of one image: pooled[feature].
// x, rounded to Real, stays in scratch.features [row][column][feature], for the ReLU's mask on the way back.
void Network::pooled_features(int image, Scratch& scratch, float* pooled) const {
    Floats sums[FEATURES / LANES] = {};
    for_each<FEATURES, LAST>(join_before(static_cast<int>(blocks_.size()), image),
                             [&](int row, int column, int channel, Twin value) {
                                 put(scratch.features + pixel_at<FEATURES, LAST>(row, column) + channel, value);
                                 sums[channel / LANES] += widen(first_of(value));
                                 sums[channel / LANES + 1] += widen(second_of(value));
                             });
    for (int f = 0; f < FEATURES; f += LANES) store(pooled + f, sums[f / LANES] / static_cast<float>(LAST * LAST));
}

// N of a layer from the sums of y and y^2 over the whole batch: those of all shards, in order.
void Network::normalise(int index, int set) {
    Layer& layer = layers_[index];
    double total[3][WIDEST];
    add_shards(sums_[set], total);
    double count = static_cast<double>(batch_->size) * layer.side * layer.side;
    normalise_by_batch(layer.norm, total, layer.channels_out, count, values_ + layer.at.gamma, values_ + layer.at.beta,
                       outputs_->statistics + layer.at.mean, outputs_->statistics + layer.at.variance);
}

// y of the stem; then block by block y1 (with yp), y2. After each pass one thread makes N of what it stored.
void Network::forward(int thread) {
    Scratch& scratch = *scratch_[thread];
    pass<1>(
        thread,
        [&](Group group, int shard) {
            int n = group.first, centre = batch_->pad;
            int top = batch_->crops ? static_cast<int>(batch_->crops[2 * n]) : centre;
            int left = batch_->crops ? static_cast<int>(batch_->crops[2 * n + 1]) : centre;
            prepare(batch_->images + static_cast<long>(n) * IMAGE, preprocessing_, top, left,
                    batch_->flips && batch_->flips[n], centre, stems_[n]);
            forward_stem<true>(n, stems_[n], scratch, shard);
        },
        [&] { normalise(0, 0); });
    for (int b = 0; b < static_cast<int>(blocks_.size()); ++b)
        by_stage(blocks_[b], [&]<int C, int W, int S>() {
            pass<TOGETHER<FirstShape<C, W, S>>>(
                thread, [&](Group group, int shard) { forward_first<C, W, S, true>(b, group, scratch, shard); },
                [&] {
                    normalise(blocks_[b].first, 0);
                    if (has_projection(b)) normalise(blocks_[b].projection, 1);
                });
            pass<TOGETHER<SecondShape<C, W>>>(
                thread, [&](Group group, int shard) { forward_second<C, W, true>(b, group, scratch, shard); },
                [&] { normalise(blocks_[b].second, 0); });
        });
}

// Some images, from `image` on, through the whole net, in the memory of `slots`: scores[image][class].
void Network::evaluate_group(int image, Group slots, Scratch& scratch, const float* parameters,
                             const std::uint8_t* images, float* scores) {
    for (int member = 0; member < slots.count; ++member) {
        prepare(images + static_cast<long>(image + member) * IMAGE, preprocessing_, 0, 0, false, 0, scratch.image);
        forward_stem<false>(slots.first + member, scratch.image, scratch, 0);
    }
    for (int b = 0; b < static_cast<int>(blocks_.size()); ++b)
        by_stage(blocks_[b], [&]<int C, int W, int S>() {
            auto groups = [&]<class Here>(auto work) {
                for (int from = 0; from < slots.count; from += TOGETHER<Here>)
                    work(Group{slots.first + from, std::min(TOGETHER<Here>, slots.count - from)});
            };
            groups.template operator()<FirstShape<C, W, S>>(
                [&](Group group) { forward_first<C, W, S, false>(b, group, scratch, 0); });
            groups.template operator()<SecondShape<C, W>>(
                [&](Group group) { forward_second<C, W, false>(b, group, scratch, 0); });
        });
    for (int member = 0; member < slots.count; ++member) {
        alignas(64) float pooled[FEATURES];
        pooled_features(slots.first + member, scratch, pooled);
        score(pooled, parameters + head_weight_, parameters + head_bias_, classes_,
              scores + static_cast<long>(image + member) * classes_);
    }
}

// images[count][row][column][colour] -> scores[count][class], N by the running statistics. Each group of images goes
// through the whole net in one thread: nothing has to wait for the batch.
void Network::evaluate(const float* parameters, const float* statistics, const std::uint8_t* images, int count,
                       float* scores) {
    constexpr int SLOTS = MAPS<LAST>;  // of a thread
    int threads = team_.size();
    reserve(threads * SLOTS, false);
    team_.run([&](int thread) {
        [[maybe_unused]] TileUse tiles;
        for (int l = thread; l < static_cast<int>(layers_.size()); l += threads) {
            Layer& layer = layers_[l];
            layer.pack(layer, parameters, false);
            normalise_by_running(layer.norm, layer.channels_out, parameters + layer.at.gamma,
                                 parameters + layer.at.beta, statistics + layer.at.mean,
                                 statistics + layer.at.variance);
        }
        team_.meet([] {});
        for (int image = thread * SLOTS; image < count; image += threads * SLOTS)
            evaluate_group(image, {thread * SLOTS, std::min(SLOTS, count - image)}, *scratch_[thread], parameters,
                           images, scores);
    });
}

}  // namespace reslab
