//===- Expect.cpp - Calls and their right results, for another machine ----===//
//
// Expect FILE: writes calls of all layers with random arguments and what the
// oracle says about them, for main.c to repeat.
//
//===----------------------------------------------------------------------===//

#include "test/Integration/Layers/Layers.h"

#include <cstdio>
#include <cstdlib>

using namespace eqc::test;

static FILE *file;

static void write(const void *data, size_t bytes) {
  if (bytes > 0 && fwrite(data, bytes, 1, file) != 1) {
    perror("write");
    exit(1);
  }
}

int main(int argc, char **argv) {
  file = argc == 2 ? fopen(argv[1], "wb") : nullptr;
  if (!file)
    return 2;
  for (const Layer &layer : allLayers())
    for (int64_t batch : {1, 7, 16})
      for (int64_t n : {1, 4, 11}) {
        if (layer.info->n > 0 && n > 1)
          continue;
        const Call call(layer, n, batch);
        const std::vector<double> expected = call.expected();
        char name[32] = {};
        layer.name.copy(name, sizeof name - 1);
        write(name, sizeof name);
        const int64_t sizes[] = {call.n,
                                 batch,
                                 static_cast<int64_t>(layer.elementSize()),
                                 static_cast<int64_t>(call.x.size()),
                                 static_cast<int64_t>(call.weight.size()),
                                 static_cast<int64_t>(call.bias.size()),
                                 static_cast<int64_t>(expected.size())};
        write(sizes, sizeof sizes);
        write(call.x.data(), call.x.size());
        write(call.weight.data(), call.weight.size());
        write(call.bias.data(), call.bias.size());
        write(expected.data(), expected.size() * sizeof(double));
      }
  return fclose(file) != 0;
}
