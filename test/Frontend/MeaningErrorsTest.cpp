//===- MeaningErrorsTest.cpp - Errors of groups, diagrams and sizes -------===//
//
// The exact place and words of every error that needs mathematics.
//
//===----------------------------------------------------------------------===//

#include "Support.h"

#include <gtest/gtest.h>

using namespace eqc;
using namespace eqc::test;

const std::vector<ErrorCase> &eqc::test::meaningErrorCases() {
  static const std::vector<ErrorCase> cases = {
      {"layer a { group=G2;n=3;k=1;l=1 }",
       {"1:17: unknown group 'G2' [E0030]"}},
      {"layer a { group=sp;n=3;k=1;l=1 }",
       {"1:17: unknown group 'sp' [E0030]"}},
      {"layer a { group=o;n=3;k=1;l=2 }", {"1:17: unknown group 'o' [E0030]"}},
      {"layer a { group=SU;n=3;k=1;l=2 }",
       {"1:17: unknown group 'SU' [E0030]"}},
      {"layer a { group=O;n=3;k=2;l=1 }",
       {"1:17: O(n) has no equivariant maps when k + l is odd (k + l = 3) "
        "[E0031]"}},
      {"layer a { group=O;n=?;k=0;l=1 }",
       {"1:17: O(n) has no equivariant maps when k + l is odd (k + l = 1) "
        "[E0031]"}},
      {"layer a { group=Sp;n=4;k=2;l=1 }",
       {"1:17: Sp(n) has no equivariant maps when k + l is odd (k + l = 3) "
        "[E0031]"}},
      {"layer a { group=SO;n=4;k=2;l=1 }",
       {"1:17: SO(n) has no equivariant maps when n is even and k + l is odd "
        "(n = 4, k + l = 3) [E0031]"}},
      {"layer a { group=SO;n=5;k=2;l=1 }",
       {"1:17: SO(n) has no equivariant maps when k + l is odd and less than n "
        "(n = 5, k + l = 3) [E0031]"}},
      {"layer a { group=H;n=?;k=2;l=1 }",
       {"1:17: H(n) has no equivariant maps when k + l is odd (k + l = 3) "
        "[E0031]"}},
      {"layer a { group=S';n=3;k=0;l=1 }",
       {"1:17: S'(n) has no equivariant maps when k + l is odd (k + l = 1) "
        "[E0031]"}},
      {"layer a { group=B'(?);k=0;l=1 }",
       {"1:17: B'(n) has no equivariant maps when k + l is odd (k + l = 1) "
        "[E0031]"}},
      {"layer a { group=O(1,3);k=2;l=1 }",
       {"1:17: O(1,3) has no equivariant maps when k + l is odd (k + l = 3) "
        "[E0031]"}},
      {"layer a { group=SO(1,3);k=2;l=1 }",
       {"1:17: SO(1,3) has no equivariant maps when n is even and k + l is odd "
        "(n = 4, k + l = 3) [E0031]"}},
      {"layer a { group=H;n=3;k=1;l=3;bias=true }",
       {"1:36: group 'H' has no (l,0)-diagram, so the bias could only be zero "
        "[E0035]"}},
      {"layer a { group=S(4);n=4;k=1;l=1 }",
       {"1:24: n is given twice, behind the group too [E0021]"}},
      {"layer a { group=O(1,3);n=?;k=1;l=1 }",
       {"1:26: n is given twice, behind the group too [E0021]"}},
      {"layer a { group=S(1,3);k=1;l=1 }",
       {"1:19: group 'S' takes a size in parentheses, found 2 values [E0022]"}},
      {"layer f { group = Perm(3, \"(0 1)(1 2)\"); k = 1; l = 1 }",
       {"1:34: point 1 stands in the cycles twice [E0023]"}},
      {"layer f { group = Graph(3, \"0-1 1-3\"); k = 1; l = 1 }",
       {"1:35: there is no such point: points are 0 to 2 [E0023]"}},
      {"layer f { group = Graph; k = 1; l = 1 }",
       {"1:19: group 'Graph' takes n and a list of edges, or a file, in "
        "parentheses [E0022]"}},
      {"layer f { group = Perm; n = 3; k = 1; l = 1 }",
       {"1:19: group 'Perm' takes n and generators, or a file, in parentheses "
        "[E0022]"}},
      {"layer f { group = Graph(file \"/\"); k = 1; l = 1 }",
       {"1:30: file '/' is not in the folder of the source [E0024]"}},
      {"layer f { group = Graph(file \"no.graph\"); k = 1; l = 1 }",
       {"1:30: cannot read 'no.graph': no such file [E0025]"},
       3},
      {"layer f { group = Perm(4097, \"()\"); k = 1; l = 1 }",
       {"1:24: a group has from 1 to 4096 points, found 4097 [E0102]"},
       4},
      {"layer f { group = Graph(4096, \"\"); k = 1; l = 2 }",
       {"1:47: n^(k + l) is above the limit of 2^24 tuples of which orbits are "
        "made [E0102]"},
       4},
      {"layer f { group = Graph(3, \"0-1 1-2\"); k = 1; l = 1\n"
       "diagrams = [\"o1=a i1=b : a-c1 c1-c2 c2-c3 c3-c4 c4-c5 c5-c6 c6-c7 "
       "c7-c8 c8-c9 c9-d1 d1-d2 d2-d3 d3-d4 d4-d5 d5-d6 d6-b\"] }",
       {"2:13: a graph map has at most 16 letters, found 17 [E0103]"},
       4},
      {"layer f { group = Graph(3, \"0-1 1-2\"); k = 1; l = 1\n"
       "normalize = mean; diagrams = [\"o1=a i1=b : a-b\"] }",
       {"2:13: graph maps are sums, not means [E0104]"}},
      {"layer a { group=O(1,2,3);k=1;l=1 }",
       {"1:19: group 'O' takes a size or the two numbers of a signature in "
        "parentheses, found 3 values [E0022]"}},
      {"layer a { group=O(0,3);k=1;l=1 }",
       {"1:19: 'p' must be at least 1, found '0' [E0020]"}},
      {"layer a { group=O(?,3);k=1;l=1 }",
       {"1:19: 'p' takes an integer, found '?' [E0013]"}},
      {"layer a { group=O(1,9223372036854775807);k=1;l=1 }",
       {"1:19: the size p + q is out of range [E0020]"}},
      {"layer a { group=S(0);k=1;l=1 }",
       {"1:19: 'n' must be at least 1, found '0' [E0020]"}},
      {"layer a { group=SO(?);k=1;l=1 }",
       {"1:20: group 'SO' needs a fixed n [E0033]"}},
      {"layer a { group=Sp(3);k=1;l=1 }",
       {"1:20: Sp(n) needs n to be even, found 3 [E0032]"}},
      {"layer a { group=A(?);k=1;l=1 }",
       {"1:19: group 'A' needs a fixed n [E0033]"}},
      {"layer a { group=A(1);k=1;l=1 }",
       {"1:19: A(n) needs n to be at least 2, found 1 [E0032]"}},
      {"layer a { group=A(4);k=1;l=1;diagrams=[\"* | o1 | i1\"] }",
       {"1:40: a jellyfish of A(4) has 3 or 4 blocks, but this one has 2 "
        "[E0043]"}},
      {"layer a { group=A(2);k=1;l=1;diagrams=[\"* o1 i1\"] }",
       {"1:40: a jellyfish of A(2) starts with a lone '*', without vertices "
        "[E0043]"}},
      {"layer a { group=S(2);k=1;l=1;diagrams=[\"* | o1 | i1\"] }",
       {"1:40: only A has jellyfish, which start with a lone '*' [E0043]"}},
      {"layer a { group=O(2);k=1;l=1;diagrams=[\"* | o1 i1\"] }",
       {"1:40: only A has jellyfish, which start with a lone '*' [E0043]"}},
      {"layer a { group=A(2);k=1;l=1;diagrams=[\"* | * | o1 i1\"] }",
       {"1:45: a second '*' block [E0042]"}},
      {"layer a { group=A(3);k=1 * 1;l=1;channels=2 }",
       {"1:24: jellyfish, such as '* | o1 i1 | i2', are not built yet in "
        "layers of two inputs [E0074]"}},
      {"layer a { group=A(10);k=10;l=0;diagrams=[\"* | i1 | i2 | i3 | i4 | i5 "
       "| i6 | i7 | i8 | i9 | i10\"] }",
       {"1:41: the diagrams have 3628800 terms of jellyfish, the limit is "
        "1048576 [E0096]"},
       4},
      {"layer a { group=Lorentz(1,3);k=1;l=1 }",
       {"1:17: unknown group 'Lorentz' [E0030]"}},
      {"layer a { group=H;n=3;k=1;l=1;diagrams=[\"o1 | i1\"] }",
       {"1:41: a diagram of H(3) has blocks of even size, but the block 'o1' "
        "has 1 [E0043]"}},
      {"layer a { group=B;n=?;k=2;l=1;diagrams=[\"o1 i1 i2\"] }",
       {"1:41: a diagram of B(n) has blocks of one or two vertices, but the "
        "block 'o1 i1 i2' has 3 [E0043]"}},
      {"layer a { group=O(1,3);k=1;l=1;diagrams=[\"o1 | i1\"] }",
       {"1:42: a diagram of O(1,3) joins its vertices in pairs, but the block "
        "'o1' has 1 [E0043]"}},
      {"layer a { group=H;n=99;k=8;l=8 }",
       {"1:26: the layer has 156297964 diagrams, the limit is 32768 [E0091]"},
       4},
      {"layer a { group=O;n=3;k=9223372036854775807;l=9223372036854775806 }",
       {"1:17: group 'O' has no equivariant maps for these k and l [E0031]",
        "1:25: k + l is above the limit of 128 [E0094]",
        "1:25: n^k, the number of elements of 'x', is above 2^63 - 1 [E0092]",
        "1:47: n^l, the number of elements of 'y', is above 2^63 - 1 [E0092]"}},
      {"layer a { group=Sp;n=3;k=1;l=1 }",
       {"1:22: Sp(n) needs n to be even, found 3 [E0032]"}},
      {"layer a { group=Sp;n=1;k=1;l=2 }",
       {"1:17: Sp(n) has no equivariant maps when k + l is odd (k + l = 3) "
        "[E0031]",
        "1:22: Sp(n) needs n to be even, found 1 [E0032]"}},
      {"layer a { group=SO;n=?;k=1;l=1 }",
       {"1:22: group 'SO' needs a fixed n [E0033]"}},
      {"layer a { group=S;n=?;k=1;l=1;diagrams=basis }",
       {"1:40: 'diagrams = basis' needs a fixed n [E0034]"}},
      {"layer a { group=SO;n=?;k=1;l=1;diagrams=basis }",
       {"1:22: group 'SO' needs a fixed n [E0033]",
        "1:41: 'diagrams = basis' needs a fixed n [E0034]"}},
      {"layer a { group=O;n=3;k=1;l=1;bias=true }",
       {"1:36: group 'O' has no (l,0)-diagram, so the bias could only be zero "
        "[E0035]"}},
      {"layer a { group=SO;n=4;k=1;l=1;bias=true }",
       {"1:37: group 'SO' has no (l,0)-diagram, so the bias could only be zero "
        "[E0035]"}},
      {"layer a { group=Sp;n=?;k=3;l=1;bias=true }",
       {"1:37: group 'Sp' has no (l,0)-diagram, so the bias could only be zero "
        "[E0035]"}},
      {"layer a { group=S;n=3;k=1;l=1;diagrams=[] }",
       {"1:40: the list of diagrams is empty [E0040]"}},
      {"layer a { group=S;n=3;k=1;l=1;diagrams=[\"o1 i1\", \"o1 | i1\", \"i1 "
       "o1\", \"i1|o1\"] }",
       {"1:61: diagram 'o1 i1' is listed more than once [E0041]",
        "1:70: diagram 'o1 | i1' is listed more than once [E0041]"}},
      {"layer a { group=S;n=3;k=2;l=1;diagrams=[\"o1 i1\", \"o1 o2 i1 i2\", "
       "\"o1 i1 i1 i2\", \"o1 i1 || i2\", \"\", \"1\", \"o1 i1 x\", \"o1 % "
       "i1\"] }",
       {"1:42: vertex 'i2' is missing [E0042]",
        "1:54: unknown vertex 'o2': the only output is o1 [E0042]",
        "1:72: vertex 'i1' appears twice [E0042]", "1:88: empty block [E0042]",
        "1:96: empty diagram [E0042]",
        "1:100: '1' is the diagram without vertices, but here l + k = 3 "
        "[E0042]",
        "1:111: expected a vertex such as 'o1' or 'i2', not 'x' [E0042]",
        "1:119: expected a vertex such as 'o1' or 'i2', not '%' [E0042]"}},
      {"layer a { group=S;n=3;k=0;l=0;diagrams=[\"o1\", \"1 1\"] }",
       {"1:42: unknown vertex 'o1': there are no outputs [E0042]",
        "1:50: nothing may follow '1', the diagram without vertices [E0042]"}},
      {"layer a { group=O;n=3;k=2;l=2;diagrams=[\"o1 i1 | o2 i2\", \"o1 o2 i1 "
       "i2\", \"o1 i1 | o2 | i2\", \"* o1 i1 i2 | o2\"] }",
       {"1:58: a diagram of O(3) joins its vertices in pairs, but the block "
        "'o1 o2 i1 i2' has 4 [E0043]",
        "1:73: a diagram of O(3) joins its vertices in pairs, but the block "
        "'o2' has 1 [E0043]",
        "1:92: only SO has diagrams with a '*' block [E0043]"}},
      {"layer a { group=SO;n=3;k=2;l=1;diagrams=[\"* o1 i1 i2\", \"* o1 i1 | "
       "i2\", \"o1 i1 i2\"] }",
       {"1:56: the '*' block of a diagram of SO(3) has 3 vertices, but 'o1 i1' "
        "has 2 [E0043]",
        "1:72: a diagram of SO(3) joins its vertices in pairs, but the block "
        "'o1 i1 i2' has 3 [E0043]"}},
      {"layer a { group=S;n=3;k=1;l=1;diagrams=[\"* o1 i1\"] }",
       {"1:41: only SO has diagrams with a '*' block [E0043]"}},
      {"layer a { group=Sp;n=?;k=1;l=1;diagrams=[\"o1 | i1\"] }",
       {"1:42: a diagram of Sp(n) joins its vertices in pairs, but the block "
        "'o1' has 1 [E0043]"}},
      {"layer a { group=O;n=3;k=2;l=1;diagrams=[\"o1 i1\", 3] }",
       {"1:17: O(n) has no equivariant maps when k + l is odd (k + l = 3) "
        "[E0031]",
        "1:42: vertex 'i2' is missing [E0042]",
        "1:50: 'diagrams' takes strings such as \"o1 i1\" in its list, found "
        "an integer '3' [E0013]"}},
      {"layer a { group=S;n=99;k=7;l=7 }",
       {"1:26: the layer has 190899322 diagrams, the limit is 32768 [E0091]"},
       4},
      {"layer a { group=S;n=?;k=5;l=6;diagrams=all }",
       {"1:40: the layer has 678570 diagrams, the limit is 32768 [E0091]"},
       4},
      {"layer a { group=S;n=5;k=20;l=20 }",
       {"1:25: the layer has more than 1.8e19 diagrams, the limit is 32768 "
        "[E0091]"},
       4},
      {"layer a { group=O;n=2;k=25;l=25;diagrams=basis }",
       {"1:42: the layer has more than 1.8e19 diagrams before pruning, the "
        "limit is 32768 [E0091]"},
       4},
      {"layer a { group=O;n=3;k=0;l=16;bias=true }",
       {"1:29: the layer has 2027025 diagrams, the limit is 32768 [E0091]",
        "1:37: the layer has 2027025 bias diagrams, the limit is 32768 "
        "[E0091]"},
       4},
      {"layer a { group=S;n=2;k=1000000000000;l=5 }",
       {"1:25: the layer has more than 1.8e19 diagrams, the limit is 32768 "
        "[E0091]",
        "1:25: n^k, the number of elements of 'x', is above 2^63 - 1 [E0092]"},
       4},
      {"layer a { group=S;n=?;k=0;l=12;bias=true }",
       {"1:29: the layer has 4213597 diagrams, the limit is 32768 [E0091]",
        "1:37: the layer has 4213597 bias diagrams, the limit is 32768 "
        "[E0091]"},
       4},
      {"layer a { group=S;n=2097152;k=3;l=1 }",
       {"1:31: n^k, the number of elements of 'x', is above 2^63 - 1 [E0092]"},
       4},
      {"layer a { group=S;n=9223372036854775807;k=1;l=2 }",
       {"1:43: n^k * c_in * 4, the number of bytes of 'x', is above 2^63 - 1 "
        "[E0092]",
        "1:47: n^l, the number of elements of 'y', is above 2^63 - 1 [E0092]"},
       4},
      {"layer a { group=S;n=2;k=3;l=1;channels=1152921504606846976->1 }",
       {"1:40: n^k * c_in, the number of elements of 'x', is above 2^63 - 1 "
        "[E0092]",
        "1:40: the weights, diagrams * c_in * c_out * 4 bytes are above 2^63 - "
        "1 [E0093]"},
       4},
      {"layer a { group=S;n=4611686018427387904;k=1;l=0 }",
       {"1:43: n^k * c_in * 4, the number of bytes of 'x', is above 2^63 - 1 "
        "[E0092]"},
       4},
      {"layer a { group=S;n=1152921504606846976;k=1;l=0;dtype=f64 }",
       {"1:55: n^k * c_in * 8, the number of bytes of 'x', is above 2^63 - 1 "
        "[E0092]"},
       4},
      {"layer a { group=S;n=10;k=1;l=1;batch=1000000000000000000 }",
       {"1:38: batch * n^k * c_in * 4, the number of bytes of 'x', is above "
        "2^63 - 1 [E0092]",
        "1:38: batch * n^l * c_out * 4, the number of bytes of 'y', is above "
        "2^63 - 1 [E0092]"},
       4},
      {"layer a { group=S;n=?;k=1;l=1;channels=1->4611686018427387904 }",
       {"1:40: n^l * c_out * 4, the number of bytes of 'y', is above 2^63 - 1 "
        "[E0092]",
        "1:40: the weights, diagrams * c_in * c_out * 4 bytes are above 2^63 - "
        "1 [E0093]"},
       4},
      {"layer a { group=S;n=3;k=2;l=2;channels=1000000000->1000000000 }",
       {"1:40: the weights, diagrams * c_in * c_out * 4 bytes are above 2^63 - "
        "1 [E0093]"},
       4},
      {"layer a { "
       "group=S;n=3;k=2;l=2;channels=1000000000->1000000000;diagrams=basis }",
       {"1:40: the weights, diagrams * c_in * c_out * 4 bytes are above 2^63 - "
        "1 [E0093]"},
       4},
      {"layer a { group=S;n=?;k=0;l=4;channels=1->200000000000000000;bias=true "
       "}",
       {"1:40: the weights, diagrams * c_in * c_out * 4 bytes are above 2^63 - "
        "1 [E0093]",
        "1:40: the bias, bias_diagrams * c_out * 4 bytes are above 2^63 - 1 "
        "[E0093]"},
       4},
      {"layer a { group=S;n=1;k=64;l=65 }",
       {"1:30: k + l is above the limit of 128 [E0094]"},
       4},
      {"layer a { "
       "group=O;n=?;k=9223372036854775807;l=9223372036854775807;diagrams=[\"o1 "
       "i1\"] }",
       {"1:25: k + l is above the limit of 128 [E0094]"},
       4},
      {"layer a { group=S;n=1;k=3;l=9223372036854775807 }",
       {"1:29: k + l is above the limit of 128 [E0094]"},
       4},
      {"layer a { group=S;n=99;k=7;l=7;bias=maybe }",
       {"1:26: the layer has 190899322 diagrams, the limit is 32768 [E0091]",
        "1:37: unknown value 'maybe' of 'bias' [E0014]"}},
      {"layer a { group=SO;n=3;k=2;l=2;bias=true;n=? }",
       {"1:42: field 'n' is given more than once [E0011]"}},
  };
  return cases;
}

TEST(MeaningErrors, PlaceAndMessage) { expectErrors(meaningErrorCases()); }
