//===- EvaluateNests.cpp - Run nests without compiling --------------------===//

#include "EvaluateNests.h"

#include <gtest/gtest.h>

#include <algorithm>

using namespace eqc;
using namespace eqc::test;

using Index = std::vector<int64_t>;

std::vector<int64_t> eqc::test::extentsOf(const std::vector<Axis> &axes,
                                          int64_t n) {
  std::vector<int64_t> extents;
  for (const Axis &axis : axes)
    extents.push_back(axis.extent.at(n));
  return extents;
}

/// The row of a view in a table: an offset, and strides of some axes; entries
/// along one more axis follow each other.
static int64_t rowOf(const Table &table, int64_t row, int64_t offset,
                     int64_t strides, int strided, const Index &index,
                     int64_t n) {
  int64_t at = table.at(row, offset, n);
  for (int a = 0; a < strided; ++a)
    at += index[static_cast<size_t>(a)] * table.at(row, strides + a, n);
  return index.size() > static_cast<size_t>(strided) ? at + index.back() : at;
}

void NestArrays::run(const ReadNest &nest) {
  Rows &source = rows[nest.source], &target = rows[PlanArray::Stored];
  const Index extents = extentsOf(nest.kept, n);
  for (int64_t e = 0; e < nest.entries.size(); ++e)
    forAxes(extents, [&](const Index &kept) {
      int64_t from = 0, to = nest.entries.at(e, ReadNest::kTarget, n);
      for (size_t a = 0; a < kept.size(); ++a) {
        from += kept[a] * nest.entries.at(e, ReadNest::kStrides + a, n);
        to += kept[a] * nest.targetStrides[a].at(n);
      }
      const int64_t dropped = nest.entries.at(e, ReadNest::kDroppedExtent, n);
      EXPECT_LE(dropped, nest.mostDropped.at(n));
      for (int64_t g = 0; g < nest.groups; ++g)
        for (int64_t i = 0; i < nest.termsPerGroup; ++i) {
          const int64_t inEntry = g * nest.termsPerGroup + i;
          const int64_t term =
              nest.entries.at(e, ReadNest::kFirstTerm, n) + inEntry;
          const double sign = nest.terms.at(term, ReadNest::kSign, n);
          EXPECT_EQ(sign, nest.signs[static_cast<size_t>(inEntry)]);
          for (int64_t q = 0; q < dropped; ++q)
            for (int64_t c = 0; c < cIn; ++c)
              target.at(to + g, c) +=
                  sign /
                  (nest.mean ? static_cast<double>(nest.values.at(n)) : 1) *
                  source.at(
                      from + nest.terms.at(term, ReadNest::kRowOffset, n) +
                          q * nest.entries.at(e, ReadNest::kDroppedStride, n),
                      c);
        }
    });
}

void NestArrays::run(const SweepNest &nest) {
  Rows &source = rows[PlanArray::Input], &target = rows[PlanArray::Stored];
  forAxes(extentsOf(nest.axes, n), [&](const Index &index) {
    int64_t from = 0;
    for (size_t a = 0; a < index.size(); ++a)
      from += index[a] * nest.rowStrides[a].at(n);
    for (const SweepNest::Sum &sum : nest.sums) {
      EXPECT_TRUE(sum.strides[sum.axis].isZero());
      int64_t to = sum.target.at(n);
      for (size_t a = 0; a < index.size(); ++a)
        to += index[a] * sum.strides[a].at(n);
      for (int64_t c = 0; c < cIn; ++c)
        target.at(to, c) +=
            source.at(from, c) /
            (sum.mean ? static_cast<double>(sum.values.at(n)) : 1);
    }
  });
}

void NestArrays::run(const MixNest &nest) {
  Rows &target = rows[nest.target];
  for (int64_t t = 0; t < nest.targets.size(); ++t)
    forAxes(extentsOf(nest.axes, n), [&](const Index &index) {
      int64_t to = nest.targets.at(t, MixNest::kOffset, n);
      for (size_t a = 0; a < nest.targetStrides.size(); ++a)
        to += index[a] * nest.targetStrides[a].at(n);
      if (index.size() > nest.targetStrides.size())
        to += index.back();
      std::vector<double> sum(static_cast<size_t>(cOut));
      auto range = [&](int64_t field, const auto &visit) {
        for (int64_t i = nest.targets.at(t, field, n),
                     end = nest.targets.at(t, field + 1, n);
             i < end; ++i)
          visit(i);
      };
      range(MixNest::kNodeInits, [&](int64_t init) {
        const int64_t row =
            rowOf(nest.nodeInits, init, MixNest::kInitOffset,
                  MixNest::kInitStrides, nest.strided, index, n);
        for (int64_t c = 0; c < cOut; ++c)
          sum[c] += rows[PlanArray::Nodes].at(row, c);
      });
      for (int64_t b = 0; b < nest.targets.at(t, MixNest::kNumBias, n); ++b)
        for (int64_t c = 0; c < cOut; ++c)
          sum[c] += rows[PlanArray::Bias].at(
              nest.targets.at(t, MixNest::kBias, n), c);
      auto addTerms = [&](int64_t field, const Table &terms, PlanArray array) {
        int64_t count = 0;
        range(field, [&](int64_t term) {
          const int64_t row =
              rowOf(terms, term, MixNest::kTermOffset, MixNest::kTermStrides,
                    nest.strided, index, n);
          const auto &weight =
              packed[static_cast<size_t>(terms.at(term, MixNest::kWeight, n))];
          for (int64_t ci = 0; ci < cIn; ++ci)
            for (int64_t co = 0; co < cOut; ++co)
              sum[co] += rows[array].at(row, ci) * weight[ci * cOut + co];
          ++count;
        });
        EXPECT_LE(count, nest.mostTerms(field));
      };
      addTerms(MixNest::kInputTerms, nest.inputTerms, PlanArray::Input);
      addTerms(MixNest::kStoredTerms, nest.storedTerms, PlanArray::Stored);
      for (int64_t c = 0; c < cOut; ++c)
        target.at(to, c) = sum[c];
    });
}

void NestArrays::run(const GatherNest &nest) {
  Rows &nodes = rows[PlanArray::Nodes], &target = rows[PlanArray::Output];
  for (int64_t row = 0; row < nest.rows.size(); ++row) {
    auto add = [&](int64_t first, double sign) {
      const int64_t end = nest.rows.at(row, first + 1, n);
      EXPECT_LE(end - nest.rows.at(row, first, n), nest.most);
      for (int64_t i = nest.rows.at(row, first, n); i < end; ++i)
        for (int64_t c = 0; c < cOut; ++c)
          target.at(row, c) += sign * nodes.at(nest.sources.at(i, 0, n), c);
    };
    add(GatherNest::kFirstAdded, 1);
    add(GatherNest::kEndAdded, -1);
  }
}

void NestArrays::runWalk(const WalkNest &nest, int64_t w, Rows &target,
                         int64_t firstTarget, int64_t firstSource) {
  Rows &source = rows[PlanArray::Nodes];
  auto field = [&](int64_t letter, WalkNest::LetterField of) {
    return nest.walks.at(w, WalkNest::fieldOf(letter, of), n);
  };
  Index extents;
  for (int64_t a = 0; a < nest.letters; ++a)
    extents.push_back(field(a, WalkNest::kExtent));
  for (int64_t term = nest.walks.at(w, WalkNest::kFirstTerm, n),
               end = nest.walks.at(w, WalkNest::kEndTerm, n);
       term < end; ++term)
    forAxes(extents, [&](const Index &index) {
      int64_t to =
          firstTarget + nest.terms.at(term, WalkNest::kTargetOffset, n);
      int64_t from =
          firstSource + nest.terms.at(term, WalkNest::kSourceOffset, n);
      for (int64_t a = 0; a < nest.letters; ++a) {
        to += index[a] * field(a, WalkNest::kTargetStride);
        from += index[a] * field(a, WalkNest::kSourceStride);
      }
      const double sign = nest.terms.at(term, WalkNest::kSign, n);
      EXPECT_TRUE(nest.hasSigns || sign > 0);
      // Where a finer pattern takes up a coarser one, both lie in Nodes.
      for (int64_t c = 0; c < cOut; ++c)
        target.at(to, c) += sign * source.at(from, c);
    });
}

void NestArrays::run(const WalkNest &nest, PlanArray which) {
  for (int64_t w = 0; w < nest.walks.size(); ++w)
    runWalk(nest, w, rows[which], 0, 0);
}

void NestArrays::run(const LinesNest &nest, int64_t line) {
  Rows &output = rows[PlanArray::Output];
  const int64_t ofLine =
      static_cast<int64_t>(output.values.size()) / output.channels / n;
  for (int64_t w = 0; w < nest.walks.walks.size(); ++w)
    runWalk(nest.walks, w, output,
            line * (ofLine + nest.steps.at(w, LinesNest::kRow, n)),
            line * nest.steps.at(w, LinesNest::kSource, n));
}

void NestArrays::run(const StrandNest &nest, PlanArray which) {
  const StrandTransform &transform = nest.transform;
  const int order = transform.order;
  Rows &target = rows[which];
  auto viewAt = [&](const Table &table, int64_t row, int64_t offset,
                    int64_t strides, const Index &letter,
                    const std::vector<int> &permutation) {
    int64_t at = table.at(row, offset, n);
    for (int b = 0; b < order; ++b)
      at += letter[permutation[b]] * table.at(row, strides + b, n);
    return at;
  };
  forAxes(Index(order, n), [&](const Index &letter) {
    if (!std::is_sorted(letter.begin(), letter.end()))
      return;
    const int slots = transform.slots;
    std::vector<Rows> spread(nest.sources.size(),
                             {cIn, std::vector<double>(slots * cIn)});
    std::vector<Rows> mixed(nest.ends.targets.size(),
                            {cOut, std::vector<double>(slots * cOut)});
    for (int64_t s = 0; s < nest.sources.size(); ++s) {
      Rows &source =
          rows[s < nest.sources.inputs ? PlanArray::Input : PlanArray::Stored];
      for (int slot = 0; slot < slots; ++slot)
        for (size_t p = 0; p < transform.permutations.size(); ++p) {
          const int64_t row =
              viewAt(nest.sources.table, s, StrandViews::kOffset,
                     StrandViews::kStrides, letter, transform.permutations[p]);
          for (int64_t c = 0; c < cIn; ++c)
            spread[s].at(slot, c) +=
                transform.matrix[slot][p] * source.at(row, c);
        }
    }
    for (int64_t b = 0; b < nest.blocks.size(); ++b) {
      auto field = [&](StrandNest::BlockField of) {
        return nest.blocks.at(b, of, n);
      };
      const int64_t dimension = field(StrandNest::kDimension);
      for (int64_t row = 0; row < dimension; ++row) {
        const int64_t slot = field(StrandNest::kFirstSlot) + row * dimension;
        for (int64_t s = 0; s < nest.sources.size(); ++s)
          for (int64_t j = 0; j < dimension; ++j) {
            const auto &weight =
                packed[field(StrandNest::kFirstTerm) + s * dimension + j];
            for (int64_t ci = 0; ci < cIn; ++ci)
              for (int64_t co = 0; co < cOut; ++co)
                mixed[field(StrandNest::kTarget)].at(
                    slot + field(StrandNest::kColumn), co) +=
                    spread[s].at(slot + j, ci) * weight[ci * cOut + co];
          }
      }
    }
    for (int64_t t = 0; t < nest.ends.targets.size(); ++t)
      for (size_t p = 0; p < transform.permutations.size(); ++p) {
        const std::vector<int> &permutation = transform.permutations[p];
        int64_t to = nest.ends.targets.at(t, MixNest::kOffset, n);
        for (int b = 0; b < order; ++b)
          to += letter[permutation[b]] * nest.ends.targetStrides[b].at(n);
        for (int64_t c = 0; c < cOut; ++c) {
          double sum = 0;
          for (int slot = 0; slot < slots; ++slot)
            sum += transform.matrix[slot][p] * mixed[t].at(slot, c);
          for (int64_t
                   i = nest.ends.targets.at(t, MixNest::kNodeInits, n),
                   end = nest.ends.targets.at(t, MixNest::kNodeInits + 1, n);
               i < end; ++i)
            sum += rows[PlanArray::Nodes].at(
                viewAt(nest.ends.nodeInits, i, MixNest::kInitOffset,
                       MixNest::kInitStrides, letter, permutation),
                c);
          if (nest.ends.targets.at(t, MixNest::kNumBias, n))
            sum += rows[PlanArray::Bias].at(
                nest.ends.targets.at(t, MixNest::kBias, n), c);
          for (int64_t d = 0; d < nest.diagonals.size(); ++d)
            if (letter.front() == letter.back())
              sum += rows[PlanArray::Nodes].at(
                  nest.diagonals.at(d, StrandNest::kNode, n) +
                      letter.front() *
                          nest.diagonals.at(d, StrandNest::kNodeStride, n),
                  c);
          target.at(to, c) = sum;
        }
      }
  });
}

void eqc::test::addSums(const GradientNest &nest, NestArrays &x,
                        NestArrays &gradY, std::vector<double> &sums) {
  const int64_t n = x.n;
  Index extents;
  for (const Axis &axis : nest.axes)
    extents.push_back(axis.extent.at(n));
  for (int64_t t = 0; t < nest.terms.size(); ++t)
    forAxes(extents, [&](const Index &index) {
      int64_t xRow = nest.terms.at(t, GradientNest::kX, n);
      int64_t yRow = nest.terms.at(t, GradientNest::kGradY, n);
      for (int a = 0; a < nest.strided; ++a) {
        xRow += index[a] * nest.terms.at(t, GradientNest::kStrides + a, n);
        yRow += index[a] * nest.gradYStrides[a].at(n);
      }
      if (index.size() > static_cast<size_t>(nest.strided)) {
        xRow += index.back();
        yRow += index.back();
      }
      sums[nest.terms.at(t, GradientNest::kSums, n)] +=
          x[nest.x].at(xRow, 0) * gradY[nest.gradY].at(yRow, 0);
    });
}

void eqc::test::addSums(const StrandSumsNest &nest, NestArrays &x,
                        NestArrays &gradY, std::vector<double> &sums) {
  const int64_t n = x.n;
  const StrandTransform &transform = nest.transform;
  auto spread = [&](const StrandViews &views, NestArrays &side,
                    const Index &letter) {
    std::vector<double> values;
    for (int64_t v = 0; v < views.size(); ++v) {
      Rows &source =
          side[v < views.inputs ? PlanArray::Input : PlanArray::Stored];
      for (int slot = 0; slot < transform.slots; ++slot) {
        double value = 0;
        for (size_t p = 0; p < transform.permutations.size(); ++p) {
          int64_t row = views.table.at(v, StrandViews::kOffset, n);
          for (int b = 0; b < transform.order; ++b)
            row += letter[transform.permutations[p][b]] *
                   views.table.at(v, StrandViews::kStrides + b, n);
          value += transform.matrix[slot][p] * source.at(row, 0);
        }
        values.push_back(value);
      }
    }
    return values;
  };
  forAxes(Index(transform.order, n), [&](const Index &letter) {
    if (!std::is_sorted(letter.begin(), letter.end()))
      return;
    // Orders of letters that are the same.
    double orders = 1;
    for (size_t l = 1, run = 1; l < letter.size(); ++l) {
      run = letter[l] == letter[l - 1] ? run + 1 : 1;
      orders *= static_cast<double>(run);
    }
    const std::vector<double> left = spread(nest.x, x, letter);
    const std::vector<double> right = spread(nest.gradY, gradY, letter);
    for (int64_t i = 0; i < nest.items.size(); ++i) {
      auto field = [&](StrandSumsNest::ItemField of) {
        return nest.items.at(i, of, n);
      };
      const int64_t irrepRows = field(StrandSumsNest::kIrrepRows);
      for (int64_t r = 0; r < irrepRows; ++r)
        sums[field(StrandSumsNest::kSumsRow)] +=
            left[field(StrandSumsNest::kXSource) * transform.slots +
                 field(StrandSumsNest::kXSlot) + r * irrepRows] *
            right[field(StrandSumsNest::kGradYSource) * transform.slots +
                  field(StrandSumsNest::kGradYSlot) + r * irrepRows] /
            orders;
    }
  });
}
