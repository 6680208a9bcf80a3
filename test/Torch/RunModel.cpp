//===- RunModel.cpp - Runs an exported model without Python ---------------===//
//
// RunModel LIBEQC_TORCH MODEL OUTPUT {f32|f64 SIZE,SIZE,.. FILE}..
//
// Prints a line per result, its sizes, and appends its numbers to OUTPUT. Ends
// with 3 if a Python is in the process.
//
//===----------------------------------------------------------------------===//

#include <ATen/Functions.h>
#include <torch/csrc/inductor/aoti_package/model_package_loader.h>

#include <dlfcn.h>
#include <fstream>
#include <iostream>
#include <sstream>

static at::Tensor readTensor(const std::string &type, const std::string &sizes,
                             const char *path) {
  std::vector<int64_t> shape;
  std::istringstream text(sizes);
  for (std::string size; std::getline(text, size, ',');)
    shape.push_back(std::stoll(size));
  at::Tensor tensor =
      at::empty(shape, type == "f64" ? at::kDouble : at::kFloat);
  std::ifstream(path, std::ios::binary)
      .read(static_cast<char *>(tensor.data_ptr()),
            static_cast<std::streamsize>(tensor.nbytes()));
  return tensor;
}

static bool hasPython() {
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);)
    if (line.find("python") != std::string::npos &&
        line.find("lib/libtorch") == std::string::npos &&
        line.find("lib/libc10") == std::string::npos &&
        line.find("lib/libgomp") == std::string::npos)
      return true;
  return false;
}

int main(int argc, char **argv) {
  void *library = dlopen(argv[1], RTLD_NOW);
  if (!library) {
    std::cerr << dlerror() << "\n";
    return 2;
  }
  using Register = const char *();
  auto *ask =
      reinterpret_cast<Register *>(dlsym(library, "eqc_torch_register"));
  if (const char *why = ask()) {
    std::cerr << why << "\n";
    return 2;
  }
  try {
    torch::inductor::AOTIModelPackageLoader model(argv[2]);
    std::vector<at::Tensor> inputs;
    for (int i = 4; i + 2 < argc; i += 3)
      inputs.push_back(readTensor(argv[i], argv[i + 1], argv[i + 2]));
    std::ofstream output(argv[3], std::ios::binary);
    for (const at::Tensor &result : model.run(inputs)) {
      at::Tensor whole = result.contiguous();
      std::cout << whole.sizes() << "\n";
      output.write(static_cast<const char *>(whole.data_ptr()),
                   static_cast<std::streamsize>(whole.nbytes()));
    }
  } catch (const std::exception &error) {
    std::cerr << error.what() << "\n";
    return 1;
  }
  return hasPython() ? 3 : 0;
}
