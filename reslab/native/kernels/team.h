// Threads that go through a step together.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace reslab {

// A fixed number of threads; the caller of run() is the first of them. Between runs the others sleep.
class Team {
   public:
    // Throws where the system does not start so many; then none is left.
    explicit Team(int size) : size_(size) {
        try {
            for (int index = 1; index < size; ++index) threads_.emplace_back([this, index] { serve(index); });
        } catch (...) {
            leave();
            throw;
        }
    }
    Team(const Team&) = delete;
    Team& operator=(const Team&) = delete;
    ~Team() { leave(); }

    int size() const { return size_; }

    // Calls job(index) in every thread and returns when all are through.
    void run(const std::function<void(int)>& job) {
        {
            std::lock_guard lock(mutex_);
            job_ = &job;
            ++round_;
        }
        wake_.notify_all();
        job(0);
        meet([] {});
    }

    // Waits for all; the last to arrive calls `then` before any goes on.
    template <class Then>
    void meet(Then then) {
        unsigned turn = turn_.load(std::memory_order_acquire);
        if (arrived_.fetch_add(1, std::memory_order_acq_rel) + 1 == size_) {
            arrived_.store(0, std::memory_order_relaxed);
            then();
            turn_.store(turn + 1, std::memory_order_release);
            turn_.notify_all();
            return;
        }
        for (int i = 0; i < PATIENCE; ++i) {
            if (turn_.load(std::memory_order_acquire) != turn) return;
#if defined(__x86_64__)
            __builtin_ia32_pause();
#endif
        }
        while (turn_.load(std::memory_order_acquire) == turn) turn_.wait(turn, std::memory_order_acquire);
    }

   private:
    static constexpr int PATIENCE = 20000;  // looks before going to sleep: some hundred microseconds

    void leave() {
        {
            std::lock_guard lock(mutex_);
            leaving_ = true;
        }
        wake_.notify_all();
        for (auto& thread : threads_) thread.join();
    }

    void serve(int index) {
        for (unsigned long seen = 0;;) {
            const std::function<void(int)>* job;
            {
                std::unique_lock lock(mutex_);
                wake_.wait(lock, [&] { return leaving_ || round_ != seen; });
                if (leaving_) return;
                seen = round_;
                job = job_;
            }
            (*job)(index);
            meet([] {});
        }
    }

    const int size_;
    std::vector<std::thread> threads_;
    std::mutex mutex_;
    std::condition_variable wake_;
    const std::function<void(int)>* job_ = nullptr;
    unsigned long round_ = 0;
    bool leaving_ = false;
    std::atomic<int> arrived_{0};
    std::atomic<unsigned> turn_{0};
};

}  // namespace reslab
