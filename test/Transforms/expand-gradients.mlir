// RUN: %eqc-opt %s --eqc-add-gradients --eqc-choose-plans=plan=schur --eqc-expand-plan | FileCheck %s
// RUN: %eqc-opt %s --eqc-add-gradients --eqc-choose-plans=plan=shared --eqc-expand-plan | FileCheck %s --check-prefix=SHARED

// Gradients of weights in the basis of their layer: matrices over R^3 are trace, antisymmetric
// part and traceless symmetric part. The sums of the three copies with themselves are put
// together as packing took weights apart.

// CHECK-LABEL: func.func @matrices(
// CHECK: eqc.pack %{{.*}} order {{\[\[}}0 : [[$T:.*]], 1 : [[$A:.*]], 2 : [[$A]]], [1 : [[$B:.*]], 2 : -[[$B]]], [1 : [[$C:.*]], 2 : [[$C]]]]
// CHECK-LABEL: func.func @matrices.grad_weight(
// CHECK-SAME: eqc.plan = "gradient"
// CHECK: %[[XROWS:.*]] = eqc.to_rows %arg0
// CHECK: %[[X:.*]] = eqc.transform %[[XROWS]] to [{{.*}}] : (tensor<?x9x64xf32>) -> tensor<?x9x64xf32>
// CHECK: %[[YROWS:.*]] = eqc.to_rows %arg1
// CHECK: %[[Y:.*]] = eqc.transform %[[YROWS]] to [{{.*}}] : (tensor<?x9x32xf32>) -> tensor<?x9x32xf32>
// CHECK: %[[TRACE:.*]] = eqc.sum_copies O(3) dimension 1 x(%[[X]] : {{.*}}) copies [0] grad_y(%[[Y]] : {{.*}}) copies [0]
// CHECK: %[[ANTI:.*]] = eqc.sum_copies O(3) dimension 3 x(%[[X]] : {{.*}}) copies [1] grad_y(%[[Y]] : {{.*}}) copies [1]
// CHECK: %[[SYMMETRIC:.*]] = eqc.sum_copies O(3) dimension 5 x(%[[X]] : {{.*}}) copies [4] grad_y(%[[Y]] : {{.*}}) copies [4]
// CHECK: %[[W:.*]] = eqc.unpack %[[TRACE]], %[[ANTI]], %[[SYMMETRIC]] order [0, [0 : [[$A]], 1 : [[$B]], 2 : [[$C]]], [0 : [[$A]], 1 : -[[$B]], 2 : [[$C]]]]
// CHECK: %[[SUMS:.*]] = eqc.sum_rows %[[Y]] rows [0]
// CHECK: %[[BIAS:.*]] = eqc.transform %[[SUMS]] to [0]
// CHECK: return %[[W]], %[[BIAS]]

// Another plan knows no other basis.

// SHARED-LABEL: func.func @matrices.grad_weight(
// SHARED: eqc.grad_weight
func.func @matrices(%x: tensor<?x3x3x64xf32>, %w: tensor<3x64x32xf32>, %b: tensor<1x32xf32>) -> tensor<?x3x3x32xf32> {
  %y = eqc.linear O(3) order 2 -> 2 x(%x : tensor<?x3x3x64xf32>) weight(%w : tensor<3x64x32xf32>) bias(%b : tensor<1x32xf32>)
      diagrams ["o1 o2 | i1 i2", "o1 i1 | o2 i2", "o1 i2 | o2 i1"] bias_diagrams ["o1 o2"] : tensor<?x3x3x32xf32>
  return %y : tensor<?x3x3x32xf32>
}

// Sums over strands stay one operation, which says so.

// CHECK-LABEL: func.func @graphs.grad_weight(
// CHECK: eqc.grad_weight S(50) order 2 -> 2
// CHECK-SAME: eqc.plan = #eqc.plan<name = "schur", basis = "strands"
// SHARED-LABEL: func.func @graphs.grad_weight(
// SHARED: eqc.grad_weight S(50) order 2 -> 2
// SHARED-NOT: basis = "strands"
func.func @graphs(%x: tensor<?x50x50x32xf32>, %w: tensor<2x32x32xf32>) -> tensor<?x50x50x32xf32> {
  %y = eqc.linear S(50) order 2 -> 2 x(%x : tensor<?x50x50x32xf32>) weight(%w : tensor<2x32x32xf32>)
      diagrams ["o1 i1 | o2 i2", "o1 i2 | o2 i1"] : tensor<?x50x50x32xf32>
  return %y : tensor<?x50x50x32xf32>
}
