" Vim syntax of eqc's layers.
if exists("b:current_syntax")
  finish
endif

syntax keyword eqDeclaration layer space network input output
syntax keyword eqField group n k l channels bias dtype layout normalize pool diagrams weights batch
syntax keyword eqField quadratic in_symmetry out_symmetry
syntax keyword eqValue true false f32 f64 bf16 f16 channels_last channels_first none mean
syntax keyword eqValue all basis connected diagram orbit sum max min
syntax match eqGroup /\<\%(SO\|Sp\|GL\|Perm\|Graph\|S\|O\|H\|B\|A\)\>'\?/
syntax keyword eqFunction relu leaky_relu elu gelu silu sigmoid softplus tanh softsign
syntax keyword eqFunction sin cos exp abs square norm scale concat
syntax match eqNumber /-\?\<\d\+\>\|?/
syntax match eqOperator /->\|[=+*:]/
syntax match eqVertex /\<[oi]\d\+\>/ contained
syntax region eqString start=/"/ end=/"/ oneline contains=eqVertex
syntax match eqComment /\(#\|\/\/\).*$/ contains=@Spell

highlight default link eqDeclaration Keyword
highlight default link eqField Identifier
highlight default link eqValue Constant
highlight default link eqGroup Type
highlight default link eqFunction Function
highlight default link eqNumber Number
highlight default link eqOperator Operator
highlight default link eqVertex Special
highlight default link eqString String
highlight default link eqComment Comment

let b:current_syntax = "eq"
