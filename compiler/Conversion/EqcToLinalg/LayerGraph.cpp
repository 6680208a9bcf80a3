//===- LayerGraph.cpp - Patterns of a layer as tensor operations ----------===//

#include "compiler/Conversion/EqcToLinalg/LayerGraph.h"
#include "compiler/Algebra/Action.h"
#include "compiler/Algebra/Groups/GroupRules.h"
#include "compiler/Plan/Shared/SharedGeometry.h"

#include <numeric>

using namespace eqc;
using namespace mlir;

/// Whether a pair in one row carries an alternating form, not a diagonal one.
static bool carriesForm(Group group) { return rulesOf(group).sizeUnit() > 1; }

/// Gives each of these indices the sign that a diagonal form has there.
static void lower(IndexCoefficient &coefficient, Group group,
                  ArrayRef<unsigned> dims) {
  if (!group.hasSignature())
    return;
  coefficient.lowered.append(dims.begin(), dims.end());
  coefficient.firstMinus = group.plus();
}

LayerGraph::LayerGraph(GraphBuilder &graph, const LayerSpec &spec, Value x,
                       Value weight, Value bias)
    : graph(graph), spec(spec), x(x), weight(weight), bias(bias) {}

Value LayerGraph::weightOf(int64_t diagram) {
  weights.resize(std::max<size_t>(weights.size(), diagram + 1));
  if (!weights[diagram])
    weights[diagram] = graph.slice(weight, diagram);
  return weights[diagram];
}

PatternTensor LayerGraph::input() const {
  return {x, identityPattern(spec.k), /*isRow=*/true};
}

bool LayerGraph::keepsOwnFree(const RowPattern &pattern, bool isTop) const {
  const int own = pattern.numFree();
  const int other = static_cast<int>(spec.n) - own;
  return isTop ? own < other : own <= other;
}

int LayerGraph::numFreeAxes(const RowPattern &pattern) const {
  if (pattern.free < 0)
    return 0;
  return std::min(pattern.numFree(),
                  static_cast<int>(spec.n) - pattern.numFree());
}

SmallVector<unsigned> LayerGraph::axesOf(bool isRow, ArrayRef<unsigned> letters,
                                         unsigned channel) const {
  SmallVector<unsigned> dims{kBatchDim};
  const bool first = isRow && spec.layout == Layout::ChannelsFirst;
  if (first)
    dims.push_back(channel);
  dims.append(letters.begin(), letters.end());
  if (!first)
    dims.push_back(channel);
  return dims;
}

SmallVector<int64_t> LayerGraph::shapeOf(bool isRow, int letters,
                                         int64_t channels) const {
  SmallVector<int64_t> shape{GraphBuilder::kBatch};
  const bool first = isRow && spec.layout == Layout::ChannelsFirst;
  if (first)
    shape.push_back(channels);
  shape.append(letters, GraphBuilder::kAxis);
  if (!first)
    shape.push_back(channels);
  return shape;
}

Value LayerGraph::weightOf(const PackedTerm &term) {
  if (term.size() == 1 && term.front().factor == 1)
    return weightOf(static_cast<int64_t>(term.front().diagram));
  Value sum;
  for (const WeightedDiagram &weighted : term) {
    if (!sum)
      sum = graph.zeros({spec.cIn, spec.cOut});
    IndexCoefficient scaled;
    scaled.scale = graph.number(weighted.factor);
    sum = graph.addProduct(
        {sum, {0, 1}},
        {{weightOf(static_cast<int64_t>(weighted.diagram)), {0, 1}}}, scaled);
  }
  return sum;
}

PatternTensor LayerGraph::outputZeros(const RowPattern &pattern) {
  const bool isRow = isIdentity(pattern);
  const int letters = pattern.numKept() + numFreeAxes(pattern);
  return {graph.zeros(shapeOf(isRow, letters, spec.cOut)), pattern, isRow};
}

/// Numbers of dimensions from `first` on.
static SmallVector<unsigned> dimensions(unsigned first, int count) {
  SmallVector<unsigned> dims(count);
  std::iota(dims.begin(), dims.end(), first);
  return dims;
}

/// `a` then `b`.
static SmallVector<unsigned> joined(ArrayRef<unsigned> a,
                                    ArrayRef<unsigned> b) {
  SmallVector<unsigned> dims(a);
  dims.append(b.begin(), b.end());
  return dims;
}

PatternTensor LayerGraph::read(const PatternTensor &source,
                               const RowPattern &pattern) {
  const RowPattern relative = relativePattern(source.pattern, pattern);
  const bool ownFree = keepsOwnFree(pattern, /*isTop=*/false);
  const int freeAxes = numFreeAxes(pattern);
  const std::vector<int> kept = relative.keptBlocks();
  const SmallVector<unsigned> letters =
      dimensions(1, static_cast<int>(kept.size()) + freeAxes);
  const auto channel = static_cast<unsigned>(letters.size() + 1);
  unsigned next = channel + 1;

  SmallVector<unsigned> axes(relative.size());
  IndexCoefficient coefficient;
  const std::vector<std::vector<int>> blocks = relative.blocks();
  for (size_t a = 0; a < kept.size(); ++a)
    for (int axis : blocks[kept[a]])
      axes[axis] = letters[a];
  for (int block : relative.droppedBlocks()) {
    if (carriesForm(spec.group)) {
      coefficient.forms.push_back({next, next + 1});
      for (int axis : blocks[block])
        axes[axis] = next++;
      continue;
    }
    for (int axis : blocks[block])
      axes[axis] = next;
    lower(coefficient, spec.group, {next});
    ++next;
  }
  if (relative.free >= 0) {
    const ArrayRef<unsigned> free = ArrayRef(letters).take_back(freeAxes);
    SmallVector<unsigned> own(free);
    if (!ownFree) {
      own = dimensions(next, pattern.numFree());
      coefficient.symbols.push_back(joined(free, own));
    }
    for (auto [axis, dim] : llvm::zip(blocks[relative.free], own))
      axes[axis] = dim;
  }
  if (spec.normalize == Normalize::Mean)
    coefficient.scale =
        graph.inverseOfN(static_cast<int>(relative.droppedBlocks().size()));

  const Value zeros = inputZeros(static_cast<int>(letters.size()));
  return {
      graph.addProduct({zeros, axesOf(false, letters, channel)},
                       {{source.value, axesOf(source.isRow, axes, channel)}},
                       coefficient),
      pattern};
}

SmallVector<unsigned> LayerGraph::lettersOf(const PatternTensor &source,
                                            const RowPattern &bottom,
                                            ArrayRef<unsigned> kept,
                                            ArrayRef<unsigned> free) {
  if (!source.isRow && source.pattern == bottom)
    return joined(kept, free);
  const RowPattern relative = relativePattern(source.pattern, bottom);
  const std::vector<std::vector<int>> blocks = relative.blocks();
  SmallVector<unsigned> axes(relative.size());
  for (auto [block, dim] : llvm::zip(relative.keptBlocks(), kept))
    for (int axis : blocks[block])
      axes[axis] = dim;
  if (relative.free >= 0)
    for (auto [axis, dim] : llvm::zip(blocks[relative.free], free))
      axes[axis] = dim;
  return axes;
}

Value LayerGraph::inputZeros(int letters) {
  return graph.zeros(shapeOf(false, letters, spec.cIn));
}

Value LayerGraph::addPermuted(Value sum, const PatternTensor &source,
                              const RowPattern &bottom,
                              ArrayRef<int> permutation, double factor) {
  const SmallVector<unsigned> letters =
      dimensions(1, static_cast<int>(permutation.size()));
  const auto channel = static_cast<unsigned>(letters.size() + 1);
  SmallVector<unsigned> kept;
  for (int letter : permutation)
    kept.push_back(letters[letter]);
  IndexCoefficient scaled;
  scaled.scale = graph.number(factor);
  return graph.addProduct(
      {sum, axesOf(false, letters, channel)},
      {{source.value,
        axesOf(source.isRow, lettersOf(source, bottom, kept, {}), channel)}},
      scaled);
}

void LayerGraph::mixLetters(PatternTensor &target, Value value, int numLetters,
                            Value weight) {
  const SmallVector<unsigned> letters = dimensions(1, numLetters);
  const auto output = static_cast<unsigned>(numLetters + 1);
  target.value =
      graph.addProduct({target.value, axesOf(target.isRow, letters, output)},
                       {{value, axesOf(false, letters, output + 1)},
                        {weight, {output + 1, output}}});
}

void LayerGraph::mix(PatternTensor &target, const PatternTensor &source,
                     const Diagram &diagram, Value weights) {
  const Split split = splitDiagram(diagram);
  const int kept = split.top.numKept(), freeAxes = numFreeAxes(split.bottom);
  const SmallVector<unsigned> letters = dimensions(1, kept + freeAxes);
  const auto output = static_cast<unsigned>(letters.size() + 1);
  const unsigned input = output + 1;

  // The dimension of each kept block of inputs.
  SmallVector<unsigned> keptDims(kept);
  for (int a = 0; a < kept; ++a)
    keptDims[split.sigma[a]] = letters[a];
  const ArrayRef<unsigned> freeDims = ArrayRef(letters).take_back(freeAxes);
  const SmallVector<unsigned> axes =
      lettersOf(source, split.bottom, keptDims, freeDims);
  // Free inputs are lowered. Where letters stand for the free outputs, which
  // have all other values, that differs by the sign of the whole form.
  IndexCoefficient coefficient;
  if (split.bottom.free >= 0) {
    lower(coefficient, spec.group, freeDims);
    if (!keepsOwnFree(split.bottom, /*isTop=*/false) &&
        spec.group.minus() % 2 != 0)
      coefficient.scale = graph.number(-1);
  }
  target.value =
      graph.addProduct({target.value, axesOf(target.isRow, letters, output)},
                       {{source.value, axesOf(source.isRow, axes, input)},
                        {weights, {input, output}}},
                       coefficient);
}

void LayerGraph::addBias(PatternTensor &target, int64_t row) {
  const SmallVector<unsigned> letters = dimensions(1, target.pattern.numKept());
  const auto channel = static_cast<unsigned>(letters.size() + 1);
  target.value =
      graph.addProduct({target.value, axesOf(target.isRow, letters, channel)},
                       {{graph.slice(bias, row), {channel}}});
}

void LayerGraph::add(PatternTensor &target, const PatternTensor &coarse) {
  const RowPattern relative = relativePattern(target.pattern, coarse.pattern);
  const SmallVector<unsigned> letters = dimensions(1, relative.size());
  const auto channel = static_cast<unsigned>(letters.size() + 1);
  const std::vector<std::vector<int>> blocks = relative.blocks();
  auto dimsOf = [&](int block) {
    SmallVector<unsigned> dims;
    for (int axis : blocks[block])
      dims.push_back(letters[axis]);
    return dims;
  };
  IndexCoefficient coefficient;
  SmallVector<unsigned> axes;
  for (int block : relative.keptBlocks()) {
    coefficient.equal.push_back(dimsOf(block));
    axes.push_back(coefficient.equal.back().front());
  }
  for (int block : relative.droppedBlocks()) {
    const SmallVector<unsigned> dims = dimsOf(block);
    if (carriesForm(spec.group)) {
      coefficient.forms.push_back({dims[0], dims[1]});
    } else {
      coefficient.equal.push_back(dims);
      lower(coefficient, spec.group, {dims[0]});
    }
  }
  if (relative.free >= 0) {
    const SmallVector<unsigned> own = dimsOf(relative.free);
    SmallVector<unsigned> free = own;
    if (!keepsOwnFree(coarse.pattern, /*isTop=*/true)) {
      free = dimensions(channel + 1, numFreeAxes(coarse.pattern));
      coefficient.symbols.push_back(joined(own, free));
    }
    axes.append(free);
  }
  target.value = graph.addProduct(
      {target.value, axesOf(target.isRow, letters, channel)},
      {{coarse.value, axesOf(coarse.isRow, axes, channel)}}, coefficient);
}

/// The tuples of an orbit, by a table of all tuples.
void LayerGraph::addOrbit(IndexCoefficient &coefficient, const Diagram &diagram,
                          unsigned first) {
  const Action &action = *spec.group.action();
  const auto vertices = static_cast<int>(diagram.orbit.values.size());
  const TupleOrbits &all = action.orbits(vertices);
  Value &table = tables[vertices];
  if (!table) {
    const SmallVector<int64_t> shape(static_cast<size_t>(vertices), action.n());
    const auto type = RankedTensorType::get(shape, graph.b.getI32Type());
    table = arith::ConstantOp::create(
        graph.b, graph.loc,
        DenseElementsAttr::get(type, ArrayRef<int32_t>(all.orbitOf)));
  }
  coefficient.orbits = table;
  coefficient.orbit = all.orbitOf[action.numberOf(diagram.orbit.values)];
  for (int vertex = 0; vertex < vertices; ++vertex)
    coefficient.tuple.push_back(first + vertex);
}

SmallVector<IndexedTensor> LayerGraph::edgesOf(IndexCoefficient &coefficient,
                                               const Diagram &diagram,
                                               unsigned first,
                                               unsigned others) {
  SmallVector<IndexedTensor> factors;
  if (!diagram.map.exists() || diagram.map.edges.empty())
    return factors;
  if (!adjacency) {
    const Action &graphOf = *spec.group.action();
    std::vector<double> matrix(static_cast<size_t>(graphOf.n() * graphOf.n()),
                               0.0);
    const Adjacency::Lists &rows = graphOf.adjacency().rows;
    for (int64_t from = 0; from < graphOf.n(); ++from)
      for (int64_t i = rows.start[from]; i < rows.start[from + 1]; ++i)
        matrix[from * graphOf.n() + rows.entries[i].vertex] =
            static_cast<double>(rows.entries[i].label);
    adjacency = graph.constant(matrix, graphOf.n(), graphOf.n());
  }
  const std::vector<std::vector<int>> blocks = diagram.blocks();
  auto dimOf = [&](int letter) {
    const auto ofVertices = static_cast<int>(blocks.size());
    return letter < ofVertices ? first + blocks[letter].front()
                               : others + letter - ofVertices;
  };
  coefficient.adjacency = adjacency;
  for (auto [a, b] : diagram.map.edges) {
    coefficient.edges.emplace_back(dimOf(a), dimOf(b));
    factors.push_back({adjacency, {dimOf(a), dimOf(b)}});
  }
  return factors;
}

/// The legs of a head. The value m that n - 1 legs miss is what their sum lacks
/// of that of all values, and n - 1 - m of them are larger.
void LayerGraph::signLegs(IndexCoefficient &coefficient, const Diagram &diagram,
                          unsigned first) {
  if (diagram.head < 0)
    return;
  if (diagram.orbit.exists())
    return addOrbit(coefficient, diagram, first);
  const std::vector<std::vector<int>> blocks = diagram.blocks();
  SmallVector<unsigned> legs;
  for (int leg : diagram.legs())
    legs.push_back(first + blocks[leg].front());
  if (static_cast<int64_t>(legs.size()) < spec.n) {
    coefficient.alternating = legs;
    if ((spec.n - 1 - spec.n * (spec.n - 1) / 2) % 2 != 0)
      coefficient.scale = graph.number(-1);
  }
  coefficient.symbols.push_back(legs);
}

/// What the matrix of a diagram asks of the indices of its vertices, which have
/// the dimensions from `first` on.
IndexCoefficient LayerGraph::coefficientOf(const Diagram &diagram,
                                           unsigned first) {
  const Group group = spec.group;
  IndexCoefficient coefficient;
  signLegs(coefficient, diagram, first);
  const std::vector<std::vector<int>> blocks = diagram.blocks();
  for (size_t b = 0; b < blocks.size(); ++b) {
    SmallVector<unsigned> dims;
    for (int vertex : blocks[b])
      dims.push_back(first + vertex);
    const bool oneRow =
        blocks[b].back() < diagram.l || blocks[b].front() >= diagram.l;
    if (static_cast<int>(b) == diagram.free) {
      coefficient.symbols.push_back(dims);
      for (int vertex : blocks[b])
        if (vertex >= diagram.l)
          lower(coefficient, group, {first + vertex});
    } else if (carriesForm(group) && oneRow) {
      coefficient.forms.push_back({dims[0], dims[1]});
    } else {
      coefficient.equal.push_back(dims);
      if (oneRow)
        lower(coefficient, group, {dims[0]});
    }
  }
  return coefficient;
}

void LayerGraph::applyHead(PatternTensor &y, const Diagram &diagram,
                           Value weights) {
  const auto vertices = static_cast<unsigned>(spec.l + spec.k);
  const SmallVector<unsigned> outputs = dimensions(1, spec.l);
  const SmallVector<unsigned> inputs = dimensions(1 + spec.l, spec.k);
  const unsigned input = vertices + 1, output = vertices + 2;
  IndexCoefficient coefficient = coefficientOf(diagram, 1);
  SmallVector<IndexedTensor> factors{{x, axesOf(true, inputs, input)},
                                     {weights, {input, output}}};
  factors.append(edgesOf(coefficient, diagram, 1, output + 1));
  y.value = graph.addProduct({y.value, axesOf(true, outputs, output)}, factors,
                             coefficient);
}

void LayerGraph::addBiasOfHead(PatternTensor &y, const Diagram &diagram,
                               int64_t row) {
  const SmallVector<unsigned> outputs = dimensions(1, spec.l);
  const auto channel = static_cast<unsigned>(spec.l + 1);
  y.value = graph.addProduct({y.value, axesOf(true, outputs, channel)},
                             {{graph.slice(bias, row), {channel}}},
                             coefficientOf(diagram, 1));
}

void LayerGraph::transformBias(const RowTransform &sums) {
  if (bias && !sums.rows.empty())
    bias = graph.sumsOfRows(sums.rows, bias);
}

Value LayerGraph::applyDense(ArrayRef<PackedTerm> weights,
                             ArrayRef<PackedTerm> biases) {
  const auto vertices = static_cast<unsigned>(spec.l + spec.k);
  // The matrix has no batch, so vertices take the dimensions from 0 on.
  SmallVector<int64_t> shape(vertices, GraphBuilder::kAxis);
  shape.append({spec.cIn, spec.cOut});
  Value matrix = graph.zeros(shape);
  for (size_t d = 0; d < spec.diagrams.size(); ++d) {
    const Diagram &diagram = spec.diagrams[d];
    IndexCoefficient coefficient = coefficientOf(diagram, 0);
    // Blocks that means divide by are none beside a head.
    if (spec.normalize == Normalize::Mean && diagram.head < 0)
      coefficient.scale = graph.inverseOfN(diagram.numBottomOnlyBlocks());
    if (spec.normalize == Normalize::Mean && diagram.orbit.exists())
      coefficient.scale =
          graph.number(1.0 / static_cast<double>(diagram.orbit.divisor));
    SmallVector<IndexedTensor> factors{
        {weightOf(weights[d]), {vertices, vertices + 1}}};
    factors.append(edgesOf(coefficient, diagram, 0, vertices + 2));
    matrix = graph.addProduct(
        {matrix, dimensions(0, static_cast<int>(vertices) + 2)}, factors,
        coefficient);
  }
  const SmallVector<unsigned> outputs = dimensions(1, spec.l);
  const SmallVector<unsigned> inputs = dimensions(1 + spec.l, spec.k);
  const unsigned input = vertices + 1, output = vertices + 2;
  PatternTensor y = outputZeros(identityPattern(spec.l));
  const SmallVector<unsigned> yDims = axesOf(true, outputs, output);
  y.value = graph.addProduct(
      {y.value, yDims},
      {{x, axesOf(true, inputs, input)},
       {matrix,
        joined(dimensions(1, static_cast<int>(vertices)), {input, output})}});
  for (size_t e = 0; e < spec.biasDiagrams.size(); ++e) {
    // Without inputs the channels follow the outputs.
    const auto channel = static_cast<unsigned>(spec.l + 1);
    for (const WeightedDiagram &row : biases[e]) {
      IndexCoefficient coefficient = coefficientOf(spec.biasDiagrams[e], 1);
      if (row.factor != 1)
        coefficient.scale = graph.number(row.factor);
      y.value = graph.addProduct(
          {y.value, axesOf(true, outputs, channel)},
          {{graph.slice(bias, static_cast<int64_t>(row.diagram)), {channel}}},
          coefficient);
    }
  }
  return y.value;
}
