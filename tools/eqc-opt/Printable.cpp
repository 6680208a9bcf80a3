//===- Printable.cpp - Diagnostics that can be printed --------------------===//

#include "tools/eqc-opt/Printable.h"

#include "compiler/Frontend/SourceText.h"
#include "dialect/Eqc/EqcDialect.h"

#include "mlir/Bytecode/BytecodeReader.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/DialectRegistry.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/JSON.h"

using namespace eqc;
using namespace mlir;

std::unique_ptr<llvm::MemoryBuffer>
opt::withPrintableText(std::unique_ptr<llvm::MemoryBuffer> buffer) {
  StringRef text = buffer->getBuffer();
  if (isBytecode(*buffer) || llvm::json::isUTF8(text))
    return buffer;
  std::string printable;
  while (!text.empty()) {
    if (std::optional<CodePoint> point = decodeUtf8(text)) {
      printable += text.take_front(point->length);
      text = text.drop_front(point->length);
      continue;
    }
    printable += "\\" + llvm::utohexstr(uint8_t(text.front()), false, 2);
    text = text.drop_front();
  }
  return llvm::MemoryBuffer::getMemBufferCopy(printable,
                                              buffer->getBufferIdentifier());
}

/// Emits a message that is not UTF-8 again as one that is, else passes it on.
static LogicalResult makePrintable(Diagnostic &diagnostic) {
  auto isPrintable = [](Diagnostic &d) { return llvm::json::isUTF8(d.str()); };
  if (isPrintable(diagnostic) &&
      llvm::all_of(diagnostic.getNotes(), isPrintable))
    return failure();
  Diagnostic printable(diagnostic.getLocation(), diagnostic.getSeverity());
  printable << llvm::json::fixUTF8(diagnostic.str());
  for (Diagnostic &note : diagnostic.getNotes())
    printable.attachNote(note.getLocation()) << llvm::json::fixUTF8(note.str());
  diagnostic.getLocation()->getContext()->getDiagEngine().emit(
      std::move(printable));
  return success();
}

void opt::registerPrintableMessages(DialectRegistry &registry) {
  // Of the handlers, the last one registered is asked first: this one comes
  // with the dialect, after that which prints.
  registry.addExtension(+[](MLIRContext *context, ir::EqcDialect *) {
    context->getDiagEngine().registerHandler(makePrintable);
  });
}
