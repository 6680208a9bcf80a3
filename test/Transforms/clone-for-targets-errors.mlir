// RUN: %eqc-opt %s --eqc-clone-for-targets="triple=x86_64-unknown-linux-gnu cpus=z80" --verify-diagnostics

// expected-error @below {{'z80'}}
module {
}
