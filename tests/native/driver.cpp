// Steps and evaluations of small nets through the kernels' C interface, for a sanitizer to watch.
//
// driver CASES   each line of the file CASES is a net, in numbers: blocks of the three stages, the shortcut, classes;
//                floats of the parameters and of the statistics; where the head's weights and biases begin; how many
//                layers, and the five offsets of each.
// Odd numbers of threads keep no more of the blocks' inputs than they must. Arrays are exactly as long as the interface
// says, so that one element further is out of bounds. Prints how many steps and evaluations there were; ends with 1
// where an output is missing or no number.
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <limits>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "network.h"

extern "C" {
int reslab_ready();
int reslab_create(void**, const int*, int, int, int, const reslab::LayerOffsets*, std::int64_t, std::int64_t,
                  const float*, float, std::int64_t);
const char* reslab_reason();
void reslab_destroy(void*);
int reslab_step(void*, const float*, const reslab::Batch*, const reslab::Outputs*);
int reslab_evaluate(void*, const float*, const float*, const std::uint8_t*, int, float*);
}

namespace {

constexpr int PAD = 4;

struct Net {
    int blocks[3], option, classes;
    std::int64_t parameters, statistics, head_weight, head_bias;
    std::vector<reslab::LayerOffsets> layers;
};

struct Images {
    std::vector<std::uint8_t> pixels, flips;
    std::vector<std::int64_t> labels, crops;
    std::vector<float> weights;
};

std::mt19937 generator(1);

std::vector<float> random_floats(std::size_t count, float least, float most) {
    std::uniform_real_distribution<float> distribution(least, most);
    std::vector<float> values(count);
    for (float& value : values) value = distribution(generator);
    return values;
}

template <class T>
std::vector<T> random_integers(std::size_t count, int most) {
    std::uniform_int_distribution<int> distribution(0, most);
    std::vector<T> values(count);
    for (T& value : values) value = static_cast<T>(distribution(generator));
    return values;
}

std::vector<Net> read(const char* path) {
    std::vector<Net> nets;
    std::ifstream file(path);
    for (std::string line; std::getline(file, line);) {
        std::istringstream numbers(line);
        Net net;
        std::size_t count = 0;
        for (int& stage : net.blocks) numbers >> stage;
        numbers >> net.option >> net.classes >> net.parameters >> net.statistics;
        numbers >> net.head_weight >> net.head_bias >> count;
        net.layers.resize(count);
        for (auto& at : net.layers) numbers >> at.weight >> at.gamma >> at.beta >> at.mean >> at.variance;
        if (!numbers) return {};
        nets.push_back(net);
    }
    return nets;
}

// Crops reach into the padding on every side: each second edge is the first or the last possible one.
Images some_images(int count, int classes) {
    Images images{random_integers<std::uint8_t>(static_cast<std::size_t>(count) * reslab::IMAGE, 255),
                  random_integers<std::uint8_t>(count, 1), random_integers<std::int64_t>(count, classes - 1),
                  random_integers<std::int64_t>(2 * static_cast<std::size_t>(count), 2 * PAD),
                  random_floats(count, 0, 2)};
    for (int i = 0; i < count; ++i) images.crops[2 * i + i % 2] = i / 2 % 2 ? 2 * PAD : 0;
    return images;
}

bool finite(const std::vector<float>& values) {
    for (float value : values)
        if (!std::isfinite(value)) return false;
    return true;
}

bool step(void* network, const Net& net, const std::vector<float>& parameters, int count, bool augmented) {
    Images images = some_images(count, net.classes);
    float missing = std::numeric_limits<float>::quiet_NaN();
    std::vector<float> gradient(net.parameters, missing), statistics(net.statistics, missing), losses(count, missing);
    std::vector<std::uint8_t> errors(count, 2);
    reslab::Batch batch{count, images.pixels.data(), images.labels.data(), augmented ? images.crops.data() : nullptr,
                        augmented ? images.flips.data() : nullptr, augmented ? images.weights.data() : nullptr,
                        augmented ? PAD : 0, augmented ? 0.1f : 0.0f};
    reslab::Outputs outputs{gradient.data(), statistics.data(), losses.data(), errors.data()};
    if (reslab_step(network, parameters.data(), &batch, &outputs) != 0) return false;
    for (std::uint8_t error : errors)
        if (error > 1) return false;
    return finite(gradient) && finite(statistics) && finite(losses);
}

bool evaluate(void* network, const Net& net, const std::vector<float>& parameters, int count) {
    Images images = some_images(count, net.classes);
    std::vector<float> statistics = random_floats(net.statistics, 0.5f, 1.5f);
    std::vector<float> scores(static_cast<std::size_t>(count) * net.classes, std::numeric_limits<float>::quiet_NaN());
    int failed =
        reslab_evaluate(network, parameters.data(), statistics.data(), images.pixels.data(), count, scores.data());
    return failed == 0 && finite(scores);
}

}  // namespace

int main(int count, char** arguments) {
    if (count != 2 || !reslab_ready()) return 1;
    std::vector<Net> nets = read(arguments[1]);
    std::vector<float> mean = random_floats(reslab::IMAGE, 90, 150);
    int done = 0;
    for (const Net& net : nets)
        for (int threads = 1; threads <= 4; ++threads) {
            std::vector<float> parameters = random_floats(net.parameters, -0.2f, 0.3f);
            void* network = nullptr;
            int failed = reslab_create(&network, net.blocks, net.option, net.classes, threads, net.layers.data(),
                                       net.head_weight, net.head_bias, mean.data(), 1 / 64.0f,
                                       threads % 2 ? 0 : std::int64_t{1} << 40);
            if (failed) {
                std::fprintf(stderr, "no network: %s\n", reslab_reason());
                return 1;
            }
            bool whole = evaluate(network, net, parameters, 1) && step(network, net, parameters, 3, true) &&
                         step(network, net, parameters, 7, false) && step(network, net, parameters, 1, true) &&
                         evaluate(network, net, parameters, 9) && step(network, net, parameters, 5, true);
            reslab_destroy(network);
            if (!whole) {
                std::fprintf(stderr, "an output is missing or no number: shortcut %d, %d threads\n", net.option,
                             threads);
                return 1;
            }
            done += 6;
        }
    std::printf("%d\n", done);
    return done == 0;
}
