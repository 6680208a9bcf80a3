//===- SignatureTest.cpp - The C functions of layers ----------------------===//
//
// What is written, exported and declared is what the list says.
//
//===----------------------------------------------------------------------===//

#include "compiler/Interface/Signature.h"

#include "compiler/Driver/HeaderEmitter.h"
#include "compiler/Frontend/Frontend.h"
#include "compiler/Library/LoadedObject.h"
#include "compiler/Pipelines/Compile.h"

#include "llvm/Object/ObjectFile.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/SourceMgr.h"

#include "gtest/gtest.h"

#include <set>

using namespace eqc;

static std::vector<LayerSpec> parse(const std::string &source) {
  llvm::SourceMgr sources;
  unsigned id = sources.AddNewSourceBuffer(
      llvm::MemoryBuffer::getMemBufferCopy(source, "layers.eq"), llvm::SMLoc());
  DiagnosticEngine diags;
  return parseLayers(sources, id, "layers.eq", FrontendOptions(), diags).layers;
}

/// What a linker would find in the object.
static std::set<std::string> exportsOf(llvm::ArrayRef<char> bytes) {
  std::set<std::string> names;
  auto object = llvm::cantFail(llvm::object::ObjectFile::createObjectFile(
      llvm::MemoryBufferRef(llvm::StringRef(bytes.data(), bytes.size()), "o")));
  for (const llvm::object::SymbolRef &symbol : object->symbols()) {
    const uint32_t flags = llvm::cantFail(symbol.getFlags());
    using llvm::object::BasicSymbolRef;
    if ((flags & BasicSymbolRef::SF_Global) &&
        !(flags & BasicSymbolRef::SF_Undefined))
      names.insert(llvm::cantFail(symbol.getName()).str());
  }
  return names;
}

TEST(SignatureTest, EveryFunctionIsExportedAndDeclaredAndNoOther) {
  const std::vector<LayerSpec> layers =
      parse("layer fixed { group = S; n = 3; k = 1; l = 1; bias = true }\n"
            "layer sized { group = Sp; n = ?; k = 1; l = 1; dtype = f64 }\n");
  ASSERT_EQ(layers.size(), 2u);
  struct Case {
    bool gradients, ragged;
  };
  for (const auto &[gradients, ragged] :
       {Case{true, false}, Case{false, false}, Case{true, true},
        Case{false, true}}) {
    CompileOptions options;
    options.cpus = {"native"};
    options.gradients = gradients;
    options.ragged = ragged;
    llvm::SmallVector<char, 0> object;
    CompileFailure failure;
    std::vector<int64_t> sizes;
    ASSERT_TRUE(compileLayers(layers, options, CodeKind::Object, object,
                              failure, &sizes))
        << failure.message;
    std::string problem;
    auto loaded = LoadedObject::load(object, problem);
    ASSERT_TRUE(loaded) << problem;
    // Samples of a layer with one n have that.
    const std::vector<bool> isRagged = {hasRagged(layers, options, 0),
                                        hasRagged(layers, options, 1)};
    EXPECT_EQ(isRagged, std::vector<bool>({false, ragged}));
    const std::string header = emitHeader(layers, sizes, "a.h", gradients,
                                          /*device=*/nullptr, isRagged);
    std::set<std::string> expected;
    for (const LayerSpec &layer : layers)
      for (const CFunction *function : cFunctions()) {
        const std::string name = nameOf(*function, layer.name);
        const bool exists =
            (gradients || !function->needsGradients) &&
            (!function->isRagged() || (ragged && layer.dynamicN()));
        EXPECT_EQ(loaded->function(name) != nullptr, exists) << name;
        EXPECT_EQ(header.find(declarationOf(*function, layer)) !=
                      std::string::npos,
                  exists)
            << name;
        if (exists)
          expected.insert(name);
      }
    EXPECT_EQ(exportsOf(object), expected);
    EXPECT_EQ(cFunctions(gradients).size() +
                  cFunctions(gradients, Interface::Host, ragged).size(),
              expected.size());
  }
}

TEST(SignatureTest, SizesComeFirst) {
  LayerSpec spec;
  spec.name = "f";
  spec.n = -1;
  spec.dtype = DType::F64;
  EXPECT_EQ(declarationOf(kForward, spec),
            "int f_forward(int64_t n, int64_t batch, const double *x, "
            "const double *weight,\n    const double *bias, double *y);");
  EXPECT_EQ(declarationOf(kPack, spec),
            "int f_pack(const double *weight, double *packed);");
  EXPECT_EQ(declarationOf(kInfo, spec), "const eqc_layer_info *f_info(void);");
  EXPECT_EQ(declarationOf(kSelftest, spec),
            "int f_selftest(char *report, size_t size);");
  using Forward = int (*)(int64_t, int64_t, const double *, const double *,
                          const double *, double *);
  static_assert(
      std::is_same_v<CFunctionPointer<double, kForward, true>, Forward>);
  using Fixed = int (*)(int64_t, const float *, const float *, const float *,
                        float *, float *, float *);
  static_assert(
      std::is_same_v<CFunctionPointer<float, kBackward, false>, Fixed>);
  using Pack = int (*)(const float *, float *);
  static_assert(std::is_same_v<CFunctionPointer<float, kPack, true>, Pack>);
}

TEST(SignatureTest, SizesOfSamplesFollowTheBatch) {
  LayerSpec spec;
  spec.name = "f";
  spec.n = -1;
  EXPECT_EQ(declarationOf(kForwardRagged, spec),
            "int f_forward_ragged(int64_t batch, const int64_t *n, const float "
            "*x, const float *weight,\n    const float *bias, float *y);");
  EXPECT_EQ(declarationOf(kBackwardPadded, spec),
            "int f_backward_padded(int64_t n, int64_t batch, const int64_t "
            "*sizes, const float *x,\n    const float *weight, const float "
            "*grad_y, float *grad_x, float *grad_weight, float *grad_bias);");
  using Ragged = int (*)(int64_t, const int64_t *, const float *, const float *,
                         const float *, float *);
  static_assert(
      std::is_same_v<CFunctionPointer<float, kForwardRagged, true>, Ragged>);
  using Padded =
      int (*)(int64_t, int64_t, const int64_t *, const double *, const double *,
              const double *, double *, double *, double *);
  static_assert(
      std::is_same_v<CFunctionPointer<double, kBackwardPadded, true>, Padded>);
}

TEST(SignatureTest, SuffixesAreThoseOfFunctionsAndMacros) {
  const std::set<std::string> suffixes(exportedSuffixes().begin(),
                                       exportedSuffixes().end());
  const std::set<std::string> expected = {"_forward",
                                          "_pack",
                                          "_forward_packed",
                                          "_backward",
                                          "_info",
                                          "_forward_ragged",
                                          "_backward_ragged",
                                          "_forward_padded",
                                          "_backward_padded",
                                          "_selftest",
                                          "_workspace_bytes",
                                          "_forward_in",
                                          "_backward_in",
                                          "_prepare",
                                          "_GROUP",
                                          "_N",
                                          "_K",
                                          "_L",
                                          "_C_IN",
                                          "_C_OUT",
                                          "_DIAGRAMS",
                                          "_BIAS_DIAGRAMS",
                                          "_WEIGHT_SIZE",
                                          "_BIAS_SIZE",
                                          "_PACKED_SIZE",
                                          "_K1",
                                          "_K2",
                                          "_C_IN2"};
  EXPECT_EQ(suffixes, expected);
}

TEST(SignatureTest, FunctionsForGpusTakeAStreamLast) {
  LayerSpec layer;
  layer.name = "a";
  auto declared = [&](const CFunction &function) {
    return declarationOf(function, layer, Interface::Device);
  };
  EXPECT_EQ(declared(kPack),
            "int a_pack(const float *weight, float *packed, void *stream);");
  EXPECT_EQ(declared(kPrepare), "int a_prepare(void *stream);");
  EXPECT_EQ(declared(kWorkspaceBytes),
            "int64_t a_workspace_bytes(int64_t batch, int backward);");
  EXPECT_EQ(declared(kForwardIn),
            "int a_forward_in(int64_t batch, const float *x, const float "
            "*weight,\n    const float *bias, float *y, void *workspace, "
            "void *stream);");
  EXPECT_EQ(declared(kInfo), "const eqc_layer_info *a_info(void);");
}
