//===- Workers.cpp - Several threads doing the same for a while -----------===//
//
// POSIX threads rather than std::thread: a thread that cannot be made is a
// status here and an exception there.
//
//===----------------------------------------------------------------------===//

#include "compiler/Bench/Workers.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <pthread.h>
#include <sched.h>
#include <vector>

using namespace eqc;

double eqc::now() {
  using namespace std::chrono;
  return duration<double>(steady_clock::now().time_since_epoch()).count();
}

int eqc::availableCpus() {
#ifdef __linux__
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof(set), &set) == 0)
    return std::max(1, CPU_COUNT(&set));
#endif
  return 1;
}

namespace {
struct Team {
  const std::function<void(int)> &prepare;
  const std::function<void(int)> &work;
  std::atomic<int> ready{0};
  std::atomic<bool> go{false};
  std::vector<double> ends;
};
struct Member {
  Team *team;
  int index;
};
} // namespace

static void *runMember(void *argument) {
  const Member &member = *static_cast<Member *>(argument);
  Team &team = *member.team;
  team.prepare(member.index);
  team.ready.fetch_add(1);
  // Spinning, so that all start within nanoseconds; yielding, so that it ends
  // where there are fewer CPUs than threads.
  while (!team.go.load(std::memory_order_acquire))
    sched_yield();
  team.work(member.index);
  team.ends[member.index] = now();
  return nullptr;
}

double eqc::runTogether(int threads, const std::function<void(int)> &prepare,
                        const std::function<void(int)> &work, int *started) {
  Team team{prepare, work, {}, {}, std::vector<double>(threads)};
  std::vector<Member> members(threads);
  std::vector<pthread_t> handles;
  for (int t = 1; t < threads; ++t) {
    members[t] = {&team, t};
    pthread_t handle;
    if (pthread_create(&handle, nullptr, runMember, &members[t]) != 0)
      break;
    handles.push_back(handle);
  }
  prepare(0);
  int others = static_cast<int>(handles.size());
  while (team.ready.load() < others)
    sched_yield();
  double start = now();
  team.go.store(true, std::memory_order_release);
  work(0);
  team.ends[0] = now();
  for (pthread_t handle : handles)
    pthread_join(handle, nullptr);
  if (started)
    *started = others + 1;
  return *std::max_element(team.ends.begin(), team.ends.begin() + others + 1) -
         start;
}
