! Hooke's law as an equivariant layer.
program main
  use, intrinsic :: iso_c_binding, only: c_double, c_int64_t
  use hooke_eqc
  implicit none
  integer, parameter :: samples = 5
  real(c_double), parameter :: lambda = 60.5d0, mu = 25.9d0
  ! The layer's axes, the first index fastest: [channels, 3, 3, samples].
  real(c_double), dimension(hooke_c_in, hooke_n, hooke_n, samples) :: strain, stress, wanted, gradient
  real(c_double) :: weight(hooke_c_out, hooke_c_in, hooke_diagrams), slope, step
  real(c_double) :: moved(hooke_c_in, hooke_n, hooke_n, samples)
  integer :: b, i

  call random_init(repeatable=.true., image_distinct=.false.)
  call random_number(strain)
  do b = 1, samples
    strain(1, :, :, b) = (strain(1, :, :, b) + transpose(strain(1, :, :, b))) / 2
  end do

  ! The maps in the order of `eqc explain`: trace(x) I, and x + transpose(x).
  weight(1, 1, :) = [lambda, mu]
  if (hooke_forward(int(samples, c_int64_t), strain, weight, y=stress) /= 0) error stop hooke_eqc_error()

  do b = 1, samples
    wanted(1, :, :, b) = 2 * mu * strain(1, :, :, b)
    do i = 1, 3
      wanted(1, i, i, b) = wanted(1, i, i, b) + lambda * trace(strain(1, :, :, b))
    end do
  end do
  print "(a, es10.2)", "largest difference from Hooke's law: ", maxval(abs(stress - wanted))
  if (maxval(abs(stress - wanted)) > 1d-11) error stop "the layer is not Hooke's law"

  ! What is not wanted of the gradients is left out.
  if (hooke_backward(int(samples, c_int64_t), weight=weight, grad_y=strain, grad_x=gradient) /= 0) &
    error stop hooke_eqc_error()
  ! The energy strain * stress / 2 has the stress as its gradient.
  print "(a, es10.2)", "gradient of the energy from the stress: ", maxval(abs(gradient - stress))
  if (maxval(abs(gradient - stress)) > 1d-11) error stop "the gradient of the energy is not the stress"
  step = 1d-6
  moved = strain
  moved(1, 2, 2, 1) = moved(1, 2, 2, 1) + step
  slope = (energy(moved) - energy(strain)) / step
  if (abs(slope - stress(1, 2, 2, 1)) > 1d-3) error stop "it is not the slope of the energy"
  print "(a)", "Strains give stresses, energies their gradients."

contains

  real(c_double) function trace(matrix)
    real(c_double), intent(in) :: matrix(:, :)
    trace = matrix(1, 1) + matrix(2, 2) + matrix(3, 3)
  end function

  real(c_double) function energy(x)
    real(c_double), intent(in) :: x(hooke_c_in, hooke_n, hooke_n, samples)
    real(c_double) :: y(hooke_c_in, hooke_n, hooke_n, samples)
    if (hooke_forward(int(samples, c_int64_t), x, weight, y=y) /= 0) error stop "forward"
    energy = sum(x * y) / 2
  end function
end program
