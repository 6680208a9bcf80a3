//! The symplectic area of two deviations, along the motion of two coupled oscillators.

mod area {
    #![allow(dead_code, non_upper_case_globals)]
    include!(concat!(env!("OUT_DIR"), "/area.rs"));
}

const N: usize = area::area_N as usize;
type Point = [f64; N]; // q1, p1, q2, p2

/// One step of the leapfrog method: kick, drift, kick. Linear, and symplectic.
fn step(mut x: Point) -> Point {
    let dt = 0.01;
    let kick = |x: &mut Point| {
        let (q1, q2) = (x[0], x[2]);
        x[1] -= dt / 2.0 * (2.0 * q1 - q2);
        x[3] -= dt / 2.0 * (2.0 * q2 - q1);
    };
    kick(&mut x);
    x[0] += dt * x[1];
    x[2] += dt * x[3];
    kick(&mut x);
    x
}

fn area_of(u: &Point, v: &Point) -> f64 {
    let mut x = [0.0; N * N];
    for i in 0..N {
        for j in 0..N {
            x[i * N + j] = u[i] * v[j];
        }
    }
    let weight = [1.0; area::area_WEIGHT_SIZE as usize];
    let mut y = 0.0;
    let status = unsafe {
        area::area_forward(1, x.as_ptr(), weight.as_ptr(), std::ptr::null(), &mut y)
    };
    assert_eq!(status, 0, "area_forward");
    y
}

fn main() {
    let (mut u, mut v): (Point, Point) = ([0.3, -1.0, 0.5, 0.2], [1.0, 0.4, -0.7, 0.9]);
    let before = area_of(&u, &v);
    let by_hand = u[0] * v[1] - u[1] * v[0] + u[2] * v[3] - u[3] * v[2];
    for _ in 0..1000 {
        u = step(u);
        v = step(v);
    }
    let after = area_of(&u, &v);
    println!("area by hand {:.6}, by the layer {:.6}, after 1000 steps {:.6}", by_hand, before, after);
    assert!((before - by_hand).abs() < 1e-12, "the layer is not the symplectic form");
    assert!((after - before).abs() < 1e-9, "the motion is not symplectic");
    assert!((u[0] - 0.3).abs() > 1e-3, "nothing moved");
    println!("Motion keeps the area.");
}
