//===- SyntaxErrorsTest.cpp - Errors of shape, names and values -----------===//
//
// The exact place and words of every error that needs no mathematics.
//
//===----------------------------------------------------------------------===//

#include "Support.h"

#include <gtest/gtest.h>

using namespace eqc;
using namespace eqc::test;

/// What stands behind 'group' takes.
#define GROUPS                                                                 \
  "'S', 'O', 'SO', 'Sp', 'H', 'S'', 'B', 'B'', 'GL', 'A', 'Perm' or 'Graph'"

/// A legal rest of a layer, for errors in what stands before it.
#define REST "group=S;n=3;k=1;l=1}"

const std::vector<ErrorCase> &eqc::test::syntaxErrorCases() {
  static const std::vector<ErrorCase> cases = {
      {"", {"1:1: no layer declared [E0001]"}},
      {"\n\n  # only a comment\n", {"1:1: no layer declared [E0001]"}},
      {"\357\273\277", {"1:1: no layer declared [E0001]"}},
      {"\357\273\277\n  x",
       {"2:3: expected 'layer', 'space' or 'network', found 'x' [E0006]"}},
      {"group = S\nn = 3\n",
       {"1:1: expected 'layer', 'space' or 'network', found 'group' [E0006]"}},
      {"space c = S(3) + S(2)\nlayer a {" REST,
       {"1:16: expected 'layer', 'space' or 'network', found '+' [E0006]"}},
      {"layer a {group=S;n=3;k=1;l=1;channels=16, 32}",
       {"1:41: expected '->' between the channels of x and those of y, found "
        "',' [E0006]"}},
      {"layer a {group=S;n=3;k=1;l=1};",
       {"1:30: expected 'layer', 'space' or 'network', found ';' [E0006]"}},
      {"Layer a {" REST,
       {"1:1: expected 'layer', 'space' or 'network', found 'Layer' [E0006]"}},
      {"version = 99\nlayer a {" REST,
       {"1:1: expected 'layer', 'space' or 'network', found 'version' "
        "[E0006]"}},
      {"}\nlayer a {" REST,
       {"1:1: expected 'layer', 'space' or 'network', found '}' [E0006]"}},
      {"layer a {" REST "@@@ layer b {" REST, {"1:30: unexpected '@' [E0002]"}},
      {"layer a {\001\033[31m " REST,
       {"1:10: unexpected control character U+0001 [E0002]"}},
      {"layer a { group: S; n=3;k=1;l=1}",
       {"1:16: expected '=' after 'group', found ':' [E0006]"}},
      {"layer a { group='S'; n=3;k=1;l=1}",
       {"1:17: unexpected single quote [E0002]"}},
      {"layer a { k=+1;group=S;n=3;l=1}", {"1:13: unexpected '+' [E0002]"}},
      {"layer a { /* no */ " REST, {"1:11: unexpected '/' [E0002]"}},
      {std::string("\377\376l\000", 4),
       {"1:1: the source is not valid UTF-8: byte 0xFF at byte offset 0 "
        "[E0003]"}},
      {"# caf\351\r\nlayer a {" REST,
       {"1:6: the source is not valid UTF-8: byte 0xE9 at byte offset 5 "
        "[E0003]"}},
      {"layer a { n = \300\200;group=S;k=1;l=1}",
       {"1:15: the source is not valid UTF-8: byte 0xC0 at byte offset 14 "
        "[E0003]"}},
      {"# \355\240\200 \365\nlayer a {" REST,
       {"1:3: the source is not valid UTF-8: byte 0xED at byte offset 2 "
        "[E0003]"}},
      {"layer a {\n  diagrams = [\"o1 i1]\n  " REST,
       {"2:15: this string is not closed on its line [E0004]"}},
      {"layer a { group = \"S",
       {"1:19: this string is not closed on its line [E0004]",
        "1:21: expected '}' at the end of the layer, found the end of the file "
        "[E0008]"}},
      {std::string(100000, '{'),
       {"1:1: expected 'layer', 'space' or 'network', found '{' [E0006]",
        "1:65: braces are nested deeper than 64 [E0005]"}},
      {"layer a { k = " + std::string(65, '{'),
       {"1:15: expected a value for 'k', found '{' [E0006]",
        "1:79: braces are nested deeper than 64 [E0005]"}},
      {"layer a {{}{}" REST,
       {"1:10: expected a field or '}', found '{' [E0006]"}},
      {"layer",
       {"1:6: expected a layer name, found the end of the file [E0016]"}},
      {"layer a",
       {"1:8: expected '{' after the layer's name, found the end of the file "
        "[E0006]"}},
      {"layer a {",
       {"1:10: expected '}' at the end of the layer, found the end of the file "
        "[E0008]"}},
      {"layer a {\n group = S\n",
       {"2:11: expected '}' at the end of the layer, found the end of the file "
        "[E0008]"}},
      {"layer a\nlayer b {" REST,
       {"2:1: expected '{' after the layer's name, found 'layer' [E0006]"}},
      {"layer a " REST,
       {"1:9: expected '{' after the layer's name, found 'group' [E0006]"}},
      {"layer a ( ) {" REST,
       {"1:9: expected '{' after the layer's name, found '(' [E0006]"}},
      {"layer a { group=S(;k=1;l=1}",
       {"1:19: expected a value for 'group', found ';' [E0006]"}},
      {"layer a { group=S(4;k=1;l=1}",
       {"1:20: expected ',' or ')', found ';' [E0006]"}},
      {"layer a { group=S(4,);k=1;l=1}",
       {"1:21: expected a value for 'group', found ')' [E0006]"}},
      {"layer a { group=S();k=1;l=1}",
       {"1:19: expected a value for 'group', found ')' [E0006]"}},
      {"layer a { group=(4);k=1;l=1}",
       {"1:17: expected a value for 'group', found '(' [E0006]"}},
      {"layer a { group=S(4) n=4;k=1;l=1}",
       {"1:22: expected a newline or ';' before field 'n' [E0009]",
        "1:24: n is given twice, behind the group too [E0021]"}},
      {"layer a { group=S(-4);k=1;l=1}",
       {"1:19: 'n' must be at least 1, found '-4' [E0020]"}},
      {"layer a { group=S;n=f(4);k=1;l=1}",
       {"1:21: 'n' takes an integer or '?', found 'f(..)' [E0013]"}},
      {"layer a { group=S'';n=4;k=1;l=1}",
       {"1:19: unexpected single quote [E0002]"}},
      {"layer a' {" REST, {"1:7: layer name 'a'' has an apostrophe [E0016]"}},
      {"layer a { group=S;n=3;k=1;l=1\nlayer b {" REST,
       {"1:30: expected '}' at the end of the layer, found 'layer' [E0008]"}},
      {"layer a { group S\n n=3;k=1;l=1}",
       {"1:17: expected '=' after 'group', found 'S' [E0006]"}},
      {"layer a { group\n n=3;k=1;l=1}",
       {"2:2: expected '=' after 'group', found 'n' [E0006]"}},
      {"layer a { group =\n n = 3;k=1;l=1}",
       {"1:18: expected a value for 'group', found field 'n' [E0006]"}},
      {"layer a { group = ;n = 3;k=1;l=1}",
       {"1:19: expected a value for 'group', found ';' [E0006]"}},
      {"layer a { n=3;k=1;l=1;group=}",
       {"1:29: expected a value for 'group', found '}' [E0006]"}},
      {"layer a { channels = 1 -> ;" REST,
       {"1:27: expected a value for 'channels', found ';' [E0006]"}},
      {"layer a { channels = 1 -> 2 -> 3;" REST,
       {"1:29: expected a newline, ';' or '}' after the value of 'channels', "
        "found '->' [E0006]"}},
      {"layer a { = 3;" REST,
       {"1:11: expected a field or '}', found '=' [E0006]"}},
      {"layer a { 3 = k;" REST,
       {"1:11: expected a field or '}', found an integer '3' [E0006]"}},
      {"layer a { group=S n=3 k=1 l=1}",
       {"1:19: expected a newline or ';' before field 'n' [E0009]",
        "1:23: expected a newline or ';' before field 'k' [E0009]",
        "1:27: expected a newline or ';' before field 'l' [E0009]"}},
      {"layer a { bias = true false;" REST,
       {"1:23: expected a newline, ';' or '}' after the value of 'bias', found "
        "'false' [E0006]"}},
      {"layer a { diagrams = [\"o1 i1\" \"o1 | i1\"];" REST,
       {"1:31: expected ',' or ']' in the list, found a string [E0006]"}},
      {"layer a { diagrams = [,];" REST,
       {"1:23: expected a value for 'diagrams', found ',' [E0006]"}},
      {"layer a { diagrams = [\"o1 i1\"\n " REST,
       {"2:2: expected ',' or ']' in the list, found 'group' [E0006]"}},
      {"layer a { diagrams = [\"o1 i1\", 0x1, \"o1\"];" REST,
       {"1:32: malformed integer '0x1' [E0015]",
        "1:38: vertex 'i1' is missing [E0042]"}},
      {"layer a { gr\320\276up = S;n=3;k=1;l=1}",
       {"1:13: character U+043E is not allowed outside comments [E0007]"}},
      {"layer a\342\200\213 {" REST,
       {"1:8: invisible character U+200B is not allowed outside comments "
        "[E0007]"}},
      {"layer \342\200\256a {" REST,
       {"1:7: bidirectional control character U+202E is not allowed outside "
        "comments [E0007]"}},
      {"layer a {\302\240" REST,
       {"1:10: character U+00A0 is not allowed outside comments [E0007]"}},
      {"layer a { diagrams=[\"o1 \321\226\"];" REST,
       {"1:25: character U+0456 is not allowed outside comments [E0007]"}},
      {"layer a { group=S;n=\331\243;k=1;l=1}",
       {"1:21: character U+0663 is not allowed outside comments [E0007]"}},
      {"layer a {" REST "\357\273\277layer b {" REST,
       {"1:30: invisible character U+FEFF is not allowed outside comments "
        "[E0007]"}},
      // Comments do not start between quotes.
      {"layer a { diagrams=[\"o1 # i1\", \"o1 // i1\"];" REST,
       {"1:25: expected a vertex such as 'o1' or 'i2', not '#' [E0042]",
        "1:36: expected a vertex such as 'o1' or 'i2', not '//' [E0042]"}},
      {"layer a { chanels = 4;" REST,
       {"1:11: unknown field 'chanels' [E0010]"}},
      {"layer a { color = 4;" REST, {"1:11: unknown field 'color' [E0010]"}},
      {"layer a { gruop=S;n=3;k=1;l=1}",
       {"1:11: unknown field 'gruop' [E0010]"}},
      {"layer a { K=1;group=S;n=3;l=1}", {"1:11: unknown field 'K' [E0010]"}},
      {"layer a { layer = 1;" REST, {"1:11: unknown field 'layer' [E0010]"}},
      {"layer a {\n k = 1\n k = 1\n k = 2\n" REST,
       {"3:2: field 'k' is given more than once [E0011]",
        "4:2: field 'k' is given more than once [E0011]",
        "5:13: field 'k' is given more than once [E0011]"}},
      {"layer a {}",
       {"1:7: layer 'a' lacks the required fields 'group', 'n', 'k', 'l' "
        "[E0012]"}},
      {"layer a { n = 3; l = 1 }",
       {"1:7: layer 'a' lacks the required fields 'group', 'k' [E0012]"}},
      {"layer a { k = 1; bias = true }",
       {"1:7: layer 'a' lacks the required fields 'group', 'n', 'l' [E0012]"}},
      {"layer a { k=\"2\";l=2.0;n=true;group=3}",
       {"1:13: 'k' takes an integer, found a string [E0013]",
        "1:19: 'l' takes an integer, found a floating-point number '2.0' "
        "[E0013]",
        "1:25: 'n' takes an integer or '?', found 'true' [E0013]",
        "1:36: 'group' takes " GROUPS ", found an integer '3' "
        "[E0013]"}},
      {"layer a { k=?;l=S;n=[];group=\"S\"}",
       {"1:13: 'k' takes the names of spaces, or 0, found '?' [E0013]",
        "1:17: unknown space 'S' [E0070]",
        "1:19: a layer whose axes are those of spaces has no field 'n' [E0071]",
        "1:24: a layer whose axes are those of spaces has no field 'group' "
        "[E0071]"}},
      {"layer a { k=1->2;l=.5;n=1.5e3;group=?}",
       {"1:13: 'k' takes an integer, found a pair with '->' [E0013]",
        "1:20: unexpected '.' [E0002]",
        "1:25: 'n' takes an integer or '?', found a floating-point number "
        "'1.5e3' [E0013]",
        "1:37: 'group' takes " GROUPS ", found '?' [E0013]"}},
      {"layer a { channels=16;" REST,
       {"1:20: 'channels' takes a pair such as '16 -> 32', found an integer "
        "'16' [E0013]"}},
      {"layer a { channels=[1,2];" REST,
       {"1:20: 'channels' takes a pair such as '16 -> 32', found a list "
        "[E0013]"}},
      {"layer a { channels=a->2.5;" REST,
       {"1:20: 'channels' takes an integer, found 'a' [E0013]",
        "1:23: 'channels' takes an integer, found a floating-point number "
        "'2.5' [E0013]"}},
      {"layer a { "
       "bias=1;dtype=32;layout=\"channels_last\";normalize=?;batch=all;" REST,
       {"1:16: 'bias' takes 'false' or 'true', found an integer '1' [E0013]",
        "1:24: 'dtype' takes 'f32', 'f64', 'bf16' or 'f16', found an integer "
        "'32' [E0013]",
        "1:34: 'layout' takes 'channels_last' or 'channels_first', found a "
        "string [E0013]",
        "1:60: 'normalize' takes 'none' or 'mean', found '?' [E0013]",
        "1:68: 'batch' takes an integer, found 'all' [E0013]"}},
      {"layer a { diagrams=\"o1 i1\";" REST,
       {"1:20: 'diagrams' takes 'all', 'basis' or a list of strings, found a "
        "string [E0013]"}},
      {"layer a { diagrams=3;" REST,
       {"1:20: 'diagrams' takes 'all', 'basis' or a list of strings, found an "
        "integer '3' [E0013]"}},
      {"layer a { diagrams=[1, all];" REST,
       {"1:21: 'diagrams' takes strings such as \"o1 i1\" in its list, found "
        "an integer '1' [E0013]",
        "1:24: 'diagrams' takes strings such as \"o1 i1\" in its list, found "
        "'all' [E0013]"}},
      {"layer a { "
       "bias=True;dtype=f80;layout=channels_lst;normalize=sum;diagrams="
       "bases;" REST,
       {"1:16: unknown value 'True' of 'bias' [E0014]",
        "1:27: unknown value 'f80' of 'dtype' [E0014]",
        "1:38: unknown value 'channels_lst' of 'layout' [E0014]",
        "1:61: unknown value 'sum' of 'normalize' [E0014]",
        "1:74: unknown value 'bases' of 'diagrams' [E0014]"}},
      {"layer a { k=0x10;l=1e3;n=1_000;group=S}",
       {"1:13: malformed integer '0x10' [E0015]",
        "1:20: malformed integer '1e3' [E0015]",
        "1:26: malformed integer '1_000' [E0015]"}},
      {"layer a { k=1e-3;l=12abc;n=-0x1;batch=1e;group=S}",
       {"1:13: malformed integer '1e-3' [E0015]",
        "1:20: malformed integer '12abc' [E0015]",
        "1:28: malformed integer '-0x1' [E0015]",
        "1:39: malformed integer '1e' [E0015]"}},
      {"layer {" REST, {"1:7: expected a layer name, found '{' [E0016]"}},
      {"layer \"a\" {" REST,
       {"1:7: expected a layer name, found a string [E0016]"}},
      {"layer 3d {" REST,
       {"1:7: expected a layer name, found a malformed number '3d' [E0016]"}},
      {"layer 7 {" REST,
       {"1:7: expected a layer name, found an integer '7' [E0016]"}},
      {"layer a-b {" REST, {"1:8: unexpected '-' [E0002]"}},
      {"layer " + std::string(129, 'x') + " {group=S;n=3;k=1;l=1}",
       {"1:7: layer name "
        "'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx...' "
        "has 129 characters [E0016]"}},
      {"layer %s%n {" REST, {"1:7: unexpected '%' [E0002]"}},
      {"layer int {" REST,
       {"1:7: layer name 'int' is a keyword of C or C++ [E0017]"}},
      {"layer co_await {" REST,
       {"1:7: layer name 'co_await' is a keyword of C or C++ [E0017]"}},
      {"layer _Bool {" REST,
       {"1:7: layer name '_Bool' is a keyword of C or C++ [E0017]"}},
      {"layer xor {" REST,
       {"1:7: layer name 'xor' is a keyword of C or C++ [E0017]"}},
      {"layer eqc_a {" REST,
       {"1:7: layer name 'eqc_a' starts with 'eqc_' [E0017]"}},
      {"layer eqc_ {" REST,
       {"1:7: layer name 'eqc_' starts with 'eqc_' [E0017]"}},
      {"layer a {" REST "\nlayer b {" REST "\nlayer a {" REST
       "\nlayer a {" REST,
       {"3:7: layer 'a' is declared more than once [E0018]",
        "4:7: layer 'a' is declared more than once [E0018]"}},
      {"layer a_BIAS {" REST "\nlayer a {" REST,
       {"1:7: layers 'a' and 'a_BIAS' would both define 'a_BIAS_DIAGRAMS' "
        "[E0019]"}},
      {"layer a { k=-1;l=-0;n=0;channels=0->-4;batch=0;group=S}",
       {"1:13: 'k' must be at least 0, found '-1' [E0020]",
        "1:18: 'l' must be at least 0, found '-0' [E0020]",
        "1:23: 'n' must be at least 1, found '0' [E0020]",
        "1:34: 'channels' must be at least 1, found '0' [E0020]",
        "1:37: 'channels' must be at least 1, found '-4' [E0020]",
        "1:46: 'batch' must be at least 1, found '0' [E0020]"}},
      {"layer a { "
       "k=9223372036854775808;l=99999999999999999999999999;n=1;group=S;batch="
       "9223372036854775808}",
       {"1:13: value '9223372036854775808' of 'k' is out of range [E0020]",
        "1:35: value '99999999999999999999999999' of 'l' is out of range "
        "[E0020]",
        "1:80: value '9223372036854775808' of 'batch' is out of range "
        "[E0020]"}},
      {"layer a {\r group = S\r\n n = 0\n\r k = -1; l = 1\r}",
       {"3:6: 'n' must be at least 1, found '0' [E0020]",
        "5:6: 'k' must be at least 0, found '-1' [E0020]"}},
  };
  return cases;
}

TEST(SyntaxErrors, PlaceAndMessage) { expectErrors(syntaxErrorCases()); }
