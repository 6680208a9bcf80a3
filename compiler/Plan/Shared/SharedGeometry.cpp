//===- SharedGeometry.cpp - Where patterns of a shared plan lie -----------===//

#include "compiler/Plan/Shared/SharedGeometry.h"

#include <algorithm>
#include <cassert>

using namespace eqc;

bool eqc::isView(const RowPattern &pattern) {
  return pattern.droppedBlocks().empty() && !pattern.hasSymbol() &&
         pattern.steps.empty();
}

bool eqc::isIdentity(const RowPattern &pattern) {
  return isView(pattern) && pattern.numBlocks() == pattern.size();
}

bool eqc::isWhole(const RowPattern &pattern) {
  return isIdentity(pattern) && pattern.part.empty();
}

std::vector<RowPattern> eqc::slicesOf(Group group,
                                      const std::vector<int> &axes) {
  std::vector<RowPattern> slices;
  if (std::none_of(axes.begin(), axes.end(),
                   [&](int axis) { return sumOf(group, axis); }))
    return slices;
  const auto size = static_cast<int>(axes.size());
  forEachAssignment({group, 0, size, 0, axes}, [&](const LayerRows &assigned) {
    slices.push_back(identityPattern(size, assigned.axes, assigned.part));
    return true;
  });
  return slices;
}

RowPattern eqc::identityPattern(int size, const std::vector<int> &axes,
                                const std::vector<int> &part) {
  RowPattern identity;
  identity.space = axes;
  identity.part = part;
  for (int v = 0; v < size; ++v) {
    identity.block.push_back(v);
    identity.kept.push_back(true);
  }
  return identity;
}

/// How many values the free vertices of a pattern take.
static int64_t valuesOfFree(const RowPattern &pattern, Group group, int64_t n) {
  return sizeOf(group, n, pattern.spaceOf(pattern.free));
}

int64_t eqc::numSubsetsOf(const RowPattern &pattern, Group group, int64_t n) {
  return pattern.hasSymbol()
             ? pattern.numEntries(sizeOf(group, n, pattern.spaceOfSymbol()))
             : 1;
}

Poly eqc::rowsOf(const RowPattern &pattern, Group group, int64_t n) {
  return productOf(lengthsOfKept(group, pattern),
                   numSubsetsOf(pattern, group, n));
}

SharedGeometry::SharedGeometry(const LayerSpec &spec) {
  plan.group = spec.group;
  plan.n = spec.n;
  plan.k = spec.k;
  plan.l = spec.l;
  plan.xAxes = spec.xAxes;
  plan.yAxes = spec.yAxes;
  plan.mean = spec.normalize == Normalize::Mean;
  plan.pool = spec.pool;
  plan.unpools = spec.unpools;
}

std::vector<Poly> SharedGeometry::stridesOf(const RowPattern &pattern) const {
  return rowMajorStrides(lengthsOfKept(plan.group, pattern),
                         numSubsetsOf(pattern, plan.group, plan.n));
}

void SharedGeometry::addStored(const RowPattern &pattern) {
  storedPlace[pattern] = {static_cast<int>(plan.stored.size()),
                          plan.storedRows};
  plan.stored.push_back(pattern);
  plan.storedRows += rowsOf(pattern, plan.group, plan.n);
}

// A node of a symbol is indexed by the values of the free *inputs*; there are
// as many subsets of them as of the free outputs, their complements.
void SharedGeometry::addNode(const RowPattern &pattern) {
  nodePlace[pattern] = {static_cast<int>(plan.nodes.size()), plan.nodeRows};
  plan.nodes.push_back(pattern);
  if (!isIdentity(pattern))
    plan.nodeRows += rowsOf(pattern, plan.group, plan.n);
}

RowView SharedGeometry::viewOfBottom(const RowPattern &pattern) const {
  RowView view;
  if (isView(pattern) && !isStored(pattern)) {
    view.array = PlanArray::Input;
    Walk walk = makeWalk(pattern, plan.group, plan.n,
                         rowMajorStrides(plan.inputLengths()));
    view.offset = walk.terms.front().rowOffset;
    for (const Letter &letter : walk.kept)
      view.strides.push_back(letter.rowStride);
    return view;
  }
  view.array = PlanArray::Stored;
  view.offset = storedPlace.at(pattern).offset;
  view.strides = stridesOf(pattern);
  return view;
}

ReadEntry SharedGeometry::makeRead(const RowPattern &pattern,
                                   const RowPattern &parent) const {
  const RowView source = viewOfBottom(parent);
  ReadEntry entry;
  entry.stored = storedPlace.at(pattern).index;
  entry.parent = parent;
  entry.target = storedPlace.at(pattern).offset;
  entry.walk = makeWalk(relativePattern(parent, pattern), plan.group, plan.n,
                        source.strides);
  for (WalkTerm &term : entry.walk.terms)
    term.rowOffset += source.offset;
  entry.divisions = static_cast<int>(entry.walk.dropped.size());
  lowerFree(entry.walk, pattern);
  return entry;
}

/// Free inputs are arguments of the Levi-Civita symbol through the form, which
/// changes the sign of a term with as many of them where it is -1.
void SharedGeometry::lowerFree(Walk &walk, const RowPattern &pattern) const {
  if (pattern.free < 0)
    return;
  const GroupRules &rules =
      rulesOf(plan.group.of(pattern.spaceOf(pattern.free)));
  const std::vector<std::vector<int>> subsets =
      subsetsOf(valuesOfFree(pattern, plan.group, plan.n), pattern.numFree());
  for (size_t i = 0; i < walk.terms.size(); ++i)
    for (int value : subsets[i / walk.termsPerGroup % subsets.size()])
      walk.terms[i].sign *= rules.form(value, value);
}

void SharedGeometry::indexByOtherRow(ReadEntry &entry,
                                     const RowPattern &pattern) const {
  std::vector<WalkTerm> &terms = entry.walk.terms;
  if (pattern.free < 0)
    return; // legs of outputs always have the order of the inputs' entries
  lowerFree(entry.walk, pattern); // twice is not at all: these are outputs
  reindexByFreeInputs(entry.walk, pattern);
  auto key = [&](const WalkTerm &term) {
    return std::make_pair(term.innerOffset.at(plan.n),
                          term.rowOffset.at(plan.n));
  };
  std::sort(
      terms.begin(), terms.end(),
      [&](const WalkTerm &a, const WalkTerm &b) { return key(a) < key(b); });
}

MixTarget SharedGeometry::makeTarget(const RowPattern &pattern) const {
  MixTarget target;
  if (isIdentity(pattern)) {
    const std::vector<Poly> strides = rowMajorStrides(plan.outputLengths());
    const Walk slice = makeWalk(pattern, plan.group, plan.n, strides);
    target.target = {PlanArray::Output, slice.terms.front().rowOffset, strides};
    if (const auto node = nodePlace.find(pattern);
        !isWhole(pattern) && node != nodePlace.end())
      target.node = node->second.index;
    return target;
  }
  const Place &place = nodePlace.at(pattern);
  target.node = place.index;
  target.target = {PlanArray::Nodes, place.offset, stridesOf(pattern)};
  return target;
}

void SharedGeometry::addTerm(MixTarget &target, int diagram,
                             const Split &split) const {
  MixTerm term;
  term.diagram = diagram;
  RowView bottom = viewOfBottom(split.bottom);
  term.view.array = bottom.array;
  term.view.offset = bottom.offset;
  for (int a : split.sigma)
    term.view.strides.push_back(bottom.strides[a]);
  (bottom.array == PlanArray::Input ? target.fromInput : target.fromStored)
      .push_back(std::move(term));
}

void SharedGeometry::addBias(MixTarget &target, int row,
                             const RowPattern &top) const {
  // Bias tops keep nothing and have all of a symbol or none of one.
  RowView view{PlanArray::Bias, Poly(static_cast<int64_t>(row)), {}};
  view.strides.assign(top.numKept(), Poly());
  target.inits.push_back(std::move(view));
  target.biasRows.push_back(row);
}

bool SharedGeometry::isBroadcast(const RowPattern &node,
                                 const RowPattern &parent) const {
  // Every letter is one axis of the target.
  const RowPattern relative = relativePattern(parent, node);
  return relative.numBlocks() == relative.size() && !relative.hasSymbol() &&
         relative.steps.empty();
}

void SharedGeometry::addBroadcast(const RowPattern &node,
                                  const RowPattern &parent,
                                  MixTarget &target) const {
  const RowPattern relative = relativePattern(parent, node);
  const Place &place = nodePlace.at(node);
  RowView view{PlanArray::Nodes, place.offset, {}};
  const std::vector<Poly> inner =
      rowMajorStrides(lengthsOfKept(plan.group, relative));
  size_t next = 0;
  for (int v = 0; v < relative.size(); ++v)
    view.strides.push_back(relative.kept[relative.block[v]] ? inner[next++]
                                                            : Poly());
  target.inits.push_back(std::move(view));
  target.broadcasts.push_back(place.index);
}

WriteEntry SharedGeometry::makeWrite(const RowPattern &node,
                                     const RowPattern &parent,
                                     const MixTarget &target) const {
  const RowPattern relative = relativePattern(parent, node);
  const Place &place = nodePlace.at(node);
  WriteEntry entry;
  entry.node = place.index;
  entry.parent = target.node;
  entry.source = {PlanArray::Nodes, place.offset, {}};
  entry.walk = makeWalk(relative, plan.group, plan.n, target.target.strides);
  for (WalkTerm &term : entry.walk.terms) {
    term.rowOffset += target.target.offset;
    term.innerOffset += place.offset;
  }
  if (relative.free >= 0)
    reindexByFreeInputs(entry.walk, relative);
  entry.routes = plan.unpools && !relative.hasSymbol();
  return entry;
}

/// Turns the subset of values of the free outputs into the subset of values of
/// the free inputs, its complement, and applies the sign of (outputs, inputs)
/// as a permutation of 0..n-1.
void SharedGeometry::reindexByFreeInputs(Walk &walk,
                                         const RowPattern &pattern) const {
  const int top = pattern.numFree();
  const int64_t values = valuesOfFree(pattern, plan.group, plan.n);
  const int bottom = static_cast<int>(values) - top;
  const std::vector<std::vector<int>> tops = subsetsOf(values, top);
  const std::vector<std::vector<int>> bottoms = subsetsOf(values, bottom);
  std::map<std::vector<int>, int64_t> number;
  for (size_t i = 0; i < bottoms.size(); ++i)
    number[bottoms[i]] = static_cast<int64_t>(i);
  for (size_t i = 0; i < walk.terms.size(); ++i) {
    // Beside an orbit these are the subsets of each of its entries.
    const size_t subset = i / walk.termsPerGroup % tops.size();
    const std::vector<int> &outputs = tops[subset];
    std::vector<int> inputs;
    int inversions = 0;
    for (int value = 0; value < values; ++value)
      if (!std::binary_search(outputs.begin(), outputs.end(), value))
        inputs.push_back(value);
    for (int output : outputs)
      for (int input : inputs)
        inversions += output > input;
    WalkTerm &term = walk.terms[i];
    term.innerOffset += Poly(number.at(inputs) - static_cast<int64_t>(subset));
    if (inversions % 2)
      term.sign = -term.sign;
  }
}
