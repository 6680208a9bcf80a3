/*===- Formula.c - The arithmetic of a layer's record --------------- C99 -===*/

#include "Cuda.h"

int eqc_rt_cuda_damaged(const eqc_cuda_call *call, const char *what) {
  return eqc_rt_fail(EQC_ERR_ARG, "%s_%s: the layer's record is damaged: %s",
                     call->args.layer, call->args.suffix, what);
}

static int64_t divide_down(int64_t a, int64_t b) {
  return a / b - (a % b != 0 && a < 0);
}

/* a op b for operations on two values. Returns whether it overflowed. */
static int apply(int64_t op, int64_t a, int64_t b, int64_t *value) {
  switch (op) {
  case EQC_OP_ADD:
    return __builtin_add_overflow(a, b, value);
  case EQC_OP_SUB:
    return __builtin_sub_overflow(a, b, value);
  case EQC_OP_MUL:
    return __builtin_mul_overflow(a, b, value);
  case EQC_OP_DIV:
    *value = divide_down(a, b);
    return 0;
  case EQC_OP_CEIL:
    *value = divide_down(a, b) + (a % b != 0);
    return 0;
  case EQC_OP_MOD:
    *value = a - b * divide_down(a, b);
    return 0;
  case EQC_OP_MIN:
    *value = a < b ? a : b;
    return 0;
  case EQC_OP_MAX:
    *value = a > b ? a : b;
    return 0;
  case EQC_OP_EQ:
    *value = a == b;
    return 0;
  default:
    *value = a <= b;
    return 0;
  }
}

int eqc_rt_cuda_evaluate(const eqc_cuda_call *call, eqc_formula formula,
                         int64_t *value) {
  int64_t stack[EQC_FORMULA_DEPTH] = {0};
  int depth = 0;
  int64_t op;
  *value = 0;
  if (!formula)
    return EQC_OK;
  while ((op = *formula++) != EQC_OP_END) {
    int takes = op == EQC_OP_SELECT                      ? 3
                : op == EQC_OP_CONST || op == EQC_OP_VAR ? 0
                                                         : 2;
    if (op < 0 || op >= EQC_NUM_OPS || depth < takes ||
        depth - takes >= EQC_FORMULA_DEPTH)
      return eqc_rt_cuda_damaged(call, "a formula");
    depth -= takes;
    if (op == EQC_OP_CONST) {
      stack[depth] = *formula++;
    } else if (op == EQC_OP_VAR) {
      int64_t variable = *formula++;
      if (variable < 0 || variable >= EQC_NUM_VARS)
        return eqc_rt_cuda_damaged(call, "a variable of a formula");
      stack[depth] = call->vars[variable];
    } else if (op == EQC_OP_SELECT) {
      stack[depth] = stack[depth] != 0 ? stack[depth + 1] : stack[depth + 2];
    } else {
      int divides = op == EQC_OP_DIV || op == EQC_OP_CEIL || op == EQC_OP_MOD;
      if (divides && stack[depth + 1] < 1)
        return eqc_rt_cuda_damaged(call, "a divisor of a formula");
      if (apply(op, stack[depth], stack[depth + 1], &stack[depth]))
        return eqc_rt_fail(EQC_ERR_SIZE,
                           "%s_%s: a size overflows for n = %lld and batch = "
                           "%lld",
                           call->args.layer, call->args.suffix,
                           (long long)call->args.n,
                           (long long)call->args.batch);
    }
    ++depth;
  }
  if (depth != 1)
    return eqc_rt_cuda_damaged(call, "a formula");
  *value = stack[0];
  return EQC_OK;
}
