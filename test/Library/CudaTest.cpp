//===- CudaTest.cpp - Layers for GPUs through libeqc ----------------------===//
//
// On the driver without a GPU that EQC_CUDA_DRIVER names. Calls and their
// numbers: test/Python/test_cuda.py.
//
//===----------------------------------------------------------------------===//

#include <eqc/compiler.h>
#include <eqc/cuda.h>

#include <gtest/gtest.h>

#include <cstdlib>
#include <dlfcn.h>
#include <memory>
#include <string>

namespace {

struct Freed {
  void operator()(eqc_program *program) const { eqc_program_free(program); }
};
using Program = std::unique_ptr<eqc_program, Freed>;

constexpr char source[] =
    "layer sets { group = S; n = 3; k = 1; l = 1; channels = 2 -> 4 }";

eqc_compile_options optionsOf(const char *target, const char *chip) {
  eqc_compile_options options = {};
  options.struct_size = sizeof options;
  options.target = target;
  options.chip = chip;
  return options;
}

Program compile(const eqc_compile_options &options) {
  return Program(eqc_compile(source, sizeof source - 1, &options));
}

class Cuda : public testing::Test {
protected:
  void SetUp() override {
    setenv("EQC_CUDA_DRIVER", EQC_TEST_STANDIN, 1);
    library = dlopen(EQC_TEST_STANDIN, RTLD_NOW | RTLD_LOCAL);
    ASSERT_NE(library, nullptr);
    find<void(int)>("standin_interpret")(90);
  }
  template <typename Type> Type *find(const char *name) {
    return reinterpret_cast<Type *>(dlsym(library, name));
  }
  size_t liveModules() { return find<size_t()>("standin_live_modules")(); }

  void *library = nullptr;
};

} // namespace

TEST_F(Cuda, ModulesGoWithTheirProgram) {
  Program program = compile(optionsOf("cuda", eqc_cuda_chip(90)));
  ASSERT_EQ(eqc_program_status(program.get()), 0)
      << eqc_program_messages(program.get());
  EXPECT_STREQ(eqc_program_layer(program.get(), 0)->plan, "shared");
  EXPECT_GE(eqc_program_packed_size(program.get(), 0), 16);
  for (const char *name : {"sets_forward", "sets_forward_in", "sets_backward",
                           "sets_backward_in", "sets_pack", "sets_info",
                           "sets_forward_packed", "sets_workspace_bytes"})
    EXPECT_NE(eqc_program_function(program.get(), name), nullptr) << name;
  auto *prepare = reinterpret_cast<int (*)(void *)>(
      eqc_program_function(program.get(), "sets_prepare"));
  ASSERT_NE(prepare, nullptr);
  EXPECT_EQ(prepare(nullptr), EQC_ERR_NO_DEVICE);
  ASSERT_EQ(eqc_cuda_push_device(0), EQC_OK) << eqc_last_error();
  EXPECT_EQ(prepare(nullptr), EQC_OK) << eqc_last_error();
  EXPECT_EQ(liveModules(), 1u);
  program.reset();
  EXPECT_EQ(liveModules(), 0u);
  EXPECT_EQ(eqc_cuda_pop_device(0), EQC_OK);
}

TEST_F(Cuda, ChipsAreThoseThatADeviceRuns) {
  EXPECT_STREQ(eqc_cuda_chip(90), "sm_90");
  EXPECT_STREQ(eqc_cuda_chip(99), "sm_90");
  EXPECT_STREQ(eqc_cuda_chip(75), "sm_75");
  EXPECT_EQ(eqc_cuda_chip(74), nullptr);
  EXPECT_STREQ(eqc_cuda_chip(1000), "sm_121");
}

TEST_F(Cuda, WrongOptionsAreRefused) {
  auto refusal = [](eqc_compile_options options) {
    Program program(eqc_parse(source, sizeof source - 1, &options));
    EXPECT_EQ(eqc_program_status(program.get()), 2);
    return std::string(eqc_program_messages(program.get()));
  };
  EXPECT_NE(refusal(optionsOf("metal", nullptr)).find("unknown target 'metal'"),
            std::string::npos);
  EXPECT_NE(refusal(optionsOf("rocm", nullptr))
                .find("there is no runtime for the target 'rocm' yet"),
            std::string::npos);
  EXPECT_NE(refusal(optionsOf(nullptr, "sm_90")).find("needs the target"),
            std::string::npos);
  EXPECT_NE(refusal(optionsOf("cuda", "sm_42")).find("'sm_42' is no chip"),
            std::string::npos);
  eqc_compile_options both = optionsOf("cuda", "sm_90");
  both.cpu = "native";
  EXPECT_NE(refusal(both).find("'cuda' takes 'chip'"), std::string::npos);
}

TEST_F(Cuda, JsonNamesChipsToo) {
  const std::string text = std::string(R"({"target": "cuda", "chip": )") +
                           R"("sm_80,sm_90", "source": ")" + source + "\"}";
  Program program(eqc_compile_json(text.data(), text.size()));
  EXPECT_EQ(eqc_program_status(program.get()), 0)
      << eqc_program_messages(program.get());
  EXPECT_NE(eqc_program_function(program.get(), "sets_forward_in"), nullptr);
  EXPECT_NE(std::string(eqc_interface_json()).find("\"workspace_bytes\""),
            std::string::npos);
}
