//===- DriverTest.cpp - Finding a driver, or none -------------------------===//
//
// A process finds its driver once, so each test is a process: the tests of this
// file are run in children, and what the stand-in is told is told through
// dlsym.
//
//===----------------------------------------------------------------------===//

#include <eqc/cuda.h>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>
#include <vector>

#include <dlfcn.h>
#include <sys/wait.h>
#include <unistd.h>

using testing::AllOf;
using testing::HasSubstr;

namespace {

struct Found {
  int count;
  std::string text;
};

Found find(const char *driver) {
  if (driver)
    setenv("EQC_CUDA_DRIVER", driver, 1);
  else
    unsetenv("EQC_CUDA_DRIVER");
  int count = eqc_cuda_device_count();
  return {count, count < 0 ? eqc_last_error() : ""};
}

/// What is written by a function of the child.
std::string inChild(const std::function<Found()> &run) {
  int ends[2];
  EXPECT_EQ(pipe(ends), 0);
  pid_t child = fork();
  if (child == 0) {
    Found found = run();
    std::string text = std::to_string(found.count) + " " + found.text;
    _exit(write(ends[1], text.data(), text.size()) < 0);
  }
  close(ends[1]);
  std::string text;
  char buffer[256];
  for (ssize_t got; (got = read(ends[0], buffer, sizeof buffer)) > 0;)
    text.append(buffer, static_cast<size_t>(got));
  close(ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
  return text;
}

template <typename... Args> void tell(const char *symbol, Args... args) {
  void *library = dlopen(EQC_TEST_STANDIN, RTLD_NOW);
  void *function = library ? dlsym(library, symbol) : nullptr;
  if (!function)
    abort();
  reinterpret_cast<void (*)(Args...)>(function)(args...);
}

TEST(Driver, ThereIsNone) {
  EXPECT_THAT(inChild([] { return find("/nowhere/libcuda.so.1"); }),
              AllOf(HasSubstr(std::to_string(EQC_ERR_NO_DEVICE)),
                    HasSubstr("eqc_cuda_device_count: no CUDA driver: "
                              "/nowhere/libcuda.so.1: cannot open")));
}

TEST(Driver, TheUsualNameIsLookedFor) {
  // Where there is a driver there may be a device.
  if (void *there = dlopen("libcuda.so.1", RTLD_NOW)) {
    dlclose(there);
    GTEST_SKIP() << "this machine has a driver";
  }
  for (const char *name : {static_cast<const char *>(nullptr), ""})
    EXPECT_THAT(inChild([=] { return find(name); }),
                HasSubstr("no CUDA driver: libcuda.so.1: cannot open"));
}

TEST(Driver, AnotherLibrary) {
  EXPECT_THAT(inChild([] { return find("libm.so.6"); }),
              HasSubstr("'libm.so.6' does not tell its version: it is no CUDA "
                        "driver"));
}

TEST(Driver, WithoutDevices) {
  EXPECT_THAT(inChild([] { return find(EQC_TEST_STANDIN); }),
              AllOf(HasSubstr(std::to_string(EQC_ERR_NO_DEVICE)),
                    HasSubstr("cuInit: no CUDA-capable device is detected "
                              "(CUDA_ERROR_NO_DEVICE, 100)")));
}

TEST(Driver, TooOld) {
  EXPECT_THAT(inChild([] {
                tell("standin_set_version", 11080);
                return find(EQC_TEST_STANDIN);
              }),
              HasSubstr("the CUDA driver is of version 11.8, and 12.0 or newer "
                        "is needed"));
}

TEST(Driver, ItIsLookedForUntilThereIsOne) {
  EXPECT_EQ(inChild([] {
              tell("standin_set_devices", 3);
              tell("standin_fail_init", 2);
              std::vector<Found> all = {
                  find("/nowhere/libcuda.so.1"), find(EQC_TEST_STANDIN),
                  find("/nowhere/libcuda.so.1"), find(EQC_TEST_STANDIN)};
              Found last = {all[3].count, ""};
              for (const Found &found : all)
                last.text += std::to_string(found.count) + " ";
              return last;
            }),
            // Without a file; no memory for it; no more is looked for.
            "3 -8 -5 3 3 ");
}

// As a shared library of layers does, which carries what it needs.
TEST(Driver, LibrariesAreUnloaded) {
  EXPECT_EQ(inChild([]() -> Found {
              tell("standin_set_devices", 1);
              tell("standin_make_context");
              setenv("EQC_CUDA_DRIVER", EQC_TEST_STANDIN, 1);
              int sum = 0;
              for (int i = 0; i != 3; ++i) {
                void *library = dlopen(EQC_TEST_LIBRARY, RTLD_NOW);
                if (!library)
                  return {1, dlerror()};
                void *prepare = dlsym(library, "test_prepare");
                sum += reinterpret_cast<int (*)()>(prepare)();
                if (dlsym(library, "eqc_rt_cuda_prepare") ||
                    !dlsym(library, "eqc_cuda_device_count"))
                  return {2, "exports"};
                if (dlclose(library) != 0)
                  return {3, dlerror()};
                if (dlopen(EQC_TEST_LIBRARY, RTLD_NOW | RTLD_NOLOAD))
                  return {4, "not unloaded"};
              }
              return {sum, "done"};
            }),
            "0 done");
}

} // namespace
