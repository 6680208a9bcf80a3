//===- ThreadTest.cpp - Calls from many threads ---------------------------===//

#include "test/Cuda/CudaTest.h"

#include <atomic>
#include <thread>

#include <sys/wait.h>
#include <unistd.h>

using namespace eqc::test;
using namespace eqc::standin;

namespace {

class Threads : public CudaTest {
protected:
  /// A call in a loop, in a context of each thread or in one for all.
  void hammer(const std::vector<void *> &contexts, const FakeLayer &layer) {
    std::atomic<int> wrong{0};
    std::vector<std::thread> threads;
    for (size_t i = 0; i != 8; ++i)
      threads.emplace_back([&, i] {
        void *mine = contexts[i % contexts.size()];
        void *stream = createStream(mine);
        if (i % 2)
          setCurrent(mine);
        FakeCall call(4, 70, i % 4 < 2 ? 4 : 0);
        call.x[0] = static_cast<float>(i);
        for (int turn = 0; turn != 50; ++turn) {
          call.clear();
          wrong += call.forward(layer, stream) != EQC_OK;
          wrong += call.result() != call.expected();
        }
        // Each thread has a text of its own.
        call.n = 0;
        wrong += call.forward(layer, stream) != EQC_ERR_ARG;
        wrong += std::string(eqc_last_error()).find("'n'") == std::string::npos;
        call.n = 4;
      });
    for (std::thread &thread : threads)
      thread.join();
    EXPECT_EQ(wrong, 0) << eqc_last_error();
  }
};

TEST_F(Threads, OneContext) {
  FakeLayer layer;
  // So that all threads want it before it is there.
  setTimes(std::chrono::milliseconds(50), {});
  hammer({context}, layer);
  EXPECT_EQ(countCalls("cuModuleLoadDataEx"), 1);
}

TEST_F(Threads, ManyContexts) {
  start({sm90, sm80});
  FakeLayer layer;
  hammer({context, createContext(1), createContext(0)}, layer);
  EXPECT_EQ(countCalls("cuModuleLoadDataEx"), 3);
}

TEST_F(Threads, WithoutPools) {
  Chip chip = sm90;
  chip.pools = false;
  start({chip});
  FakeLayer layer;
  // So that calls are enqueued amid each other.
  setTimes({}, std::chrono::microseconds(100));
  hammer({context}, layer);
  EXPECT_LE(liveBytes(), 8 * 256u);
  keptBytes = liveBytes();
}

TEST_F(Threads, LayersAreReleasedBesideCalls) {
  FakeLayer layer;
  std::thread other([&] {
    setCurrent(context);
    for (int i = 0; i != 20; ++i) {
      FakeLayer passing;
      FakeCall call(4, 3);
      EXPECT_EQ(call.forward(passing), EQC_OK) << eqc_last_error();
    }
  });
  hammer({context}, layer);
  other.join();
}

TEST_F(Threads, AForkedChildIsTold) {
  FakeLayer layer;
  ASSERT_EQ(eqc_rt_cuda_prepare(&layer.kernel, nullptr), EQC_OK);
  pid_t child = fork();
  if (child == 0) {
    bool told = eqc_rt_cuda_prepare(&layer.kernel, nullptr) == EQC_ERR_CUDA &&
                std::string(eqc_last_error())
                        .find("before this process was "
                              "forked") != std::string::npos;
    eqc_rt_cuda_release(&layer.kernel);
    _exit(told ? 0 : 1);
  }
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
}

} // namespace
