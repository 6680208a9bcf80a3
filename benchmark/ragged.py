#!/usr/bin/env python3
"""Times batches of graphs of different sizes: the functions for ragged batches beside

  - the sum of the samples' best times: each in a call of its own, weights packed before
  - the same in PyTorch, the published form (one contraction for each diagram, shared sums),
    one call for each bucket of equal sizes, eager and compiled
  - padding every sample to the largest, plain function

One thread, all in turns, the least times; the printed ratios are those of docs/Batches.md.
"""

import argparse
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))),
                                "python"))

import numpy as np  # noqa: E402 (finds the package first)
import torch  # noqa: E402

import eqc  # noqa: E402

SMALLEST, LARGEST, GRAPHS, CHANNELS = 9, 29, 128, 32


def pooled(x, weight, bias):
    """S 2 -> 2 on graphs of one size, [batch, n, n, c], as people write it: what is pooled is
    pooled once, and diagrams that are written to the same entries are mixed in one product."""
    n = x.shape[1]
    diagonal = x.diagonal(dim1=1, dim2=2).transpose(1, 2)
    rows, columns = x.sum(2), x.sum(1)
    trace, total = diagonal.sum(1), rows.sum(1)
    w = {name: weight[i] for i, name in enumerate(DIAGRAMS)}
    y = torch.cat([x, x.transpose(1, 2)], -1) @ torch.cat(
        [w["o1 i1 | o2 i2"], w["o1 i2 | o2 i1"]])
    lines = torch.cat([rows, columns, diagonal], -1)
    ends = torch.cat([total, trace], -1)

    def of(*names):
        return torch.cat([w[name] for name in names])

    y = y + (lines @ of("o1 i1 | o2 | i2", "o1 i2 | o2 | i1", "o1 i1 i2 | o2"))[:, :, None]
    y = y + (lines @ of("o1 | o2 i1 | i2", "o1 | o2 i2 | i1", "o1 | o2 i1 i2"))[:, None]
    y = y + (ends @ of("o1 | o2 | i1 | i2", "o1 | o2 | i1 i2") + bias[1])[:, None, None]
    on_diagonal = (lines @ of("o1 o2 i1 | i2", "o1 o2 i2 | i1", "o1 o2 i1 i2")
                   + (ends @ of("o1 o2 | i1 | i2", "o1 o2 | i1 i2") + bias[0])[:, None])
    index = torch.arange(n)
    y[:, index, index] = y[:, index, index] + on_diagonal
    return y


def in_buckets(function, samples, sizes, weight, bias):
    """One call for each size that occurs."""
    results = [None] * len(samples)
    for n in np.unique(sizes):
        members = np.flatnonzero(sizes == n)
        y = function(torch.stack([samples[i] for i in members]), weight, bias)
        for member, each in zip(members, y):
            results[member] = each
    return results


class Best:
    """The least time of each of several things that are done in turns."""

    def __init__(self):
        self.seconds = {}

    def time(self, name, run):
        start = time.thread_time()  # others may be at work on this machine
        run()
        spent = time.thread_time() - start
        self.seconds[name] = min(spent, self.seconds.get(name, spent))


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--no-compile", action="store_true", help="leave out torch.compile")
    arguments = parser.parse_args()
    eqc.set_num_threads(1)
    torch.set_num_threads(1)

    random = np.random.default_rng(0)
    sizes = random.integers(SMALLEST, LARGEST + 1, GRAPHS)
    layer = eqc.Layer(group="S", n=None, k=2, l=2, channels=(CHANNELS, CHANNELS), bias=True,
                      ragged=True)
    global DIAGRAMS
    DIAGRAMS = layer.diagrams
    weight = random.standard_normal(layer.weight_shape).astype("f4") / 8
    bias = random.standard_normal(layer.bias_shape).astype("f4")
    samples = [random.standard_normal((1, n, n, CHANNELS)).astype("f4") for n in sizes]
    packed = np.concatenate([sample.reshape(-1, CHANNELS) for sample in samples])
    grad = random.standard_normal(packed.shape).astype("f4")
    padded = np.zeros((GRAPHS, LARGEST, LARGEST, CHANNELS), "f4")
    for i, n in enumerate(sizes):
        padded[i, :n, :n] = samples[i]
    bounds = np.concatenate([[0], np.cumsum(sizes**2)])
    grads = [grad[a:b].reshape(sample.shape)
             for sample, a, b in zip(samples, bounds, bounds[1:])]
    # Without Python's checks of arguments, which would count once a sample.
    ready = np.empty(layer._packed_size, "f4")
    layer._pack(weight.ctypes.data, ready.ctypes.data)
    outs = [np.empty_like(sample) for sample in samples]
    of_weight, of_bias = np.empty_like(weight), np.empty_like(bias)

    def arguments_of(n, *arrays):
        return (int(n), 1, *(array.ctypes.data for array in arrays))

    forward_calls = [arguments_of(n, sample, ready, bias, out)
                     for n, sample, out in zip(sizes, samples, outs)]
    backward_calls = [arguments_of(n, sample, weight, each, out, of_weight, of_bias)
                      for n, sample, each, out in zip(sizes, samples, grads, outs)]
    out, padded_out = np.empty_like(packed), np.empty_like(padded)
    tensors = [torch.from_numpy(sample[0]) for sample in samples]
    w, b = torch.from_numpy(weight), torch.from_numpy(bias)
    peers = {"torch, in buckets": pooled}
    if not arguments.no_compile:
        peers["torch.compile, in buckets"] = torch.compile(pooled, dynamic=True)

    expected = layer.forward_ragged(packed, weight, bias, sizes=sizes)
    with torch.no_grad():
        for function in peers.values():
            y = np.concatenate([each.numpy().reshape(-1, CHANNELS) for each in
                                in_buckets(function, tensors, sizes, w, b)])
            error = np.abs(y - expected).max() / np.abs(expected).max()
            assert error < 1e-5, error

    best, forward, backward = Best(), Best(), Best()
    wx, wb = (torch.from_numpy(value).requires_grad_() for value in (weight, bias))
    leaves = [tensor.clone().requires_grad_() for tensor in tensors]
    torch_grads = [torch.from_numpy(each[0]) for each in grads]

    def train(function):
        torch.autograd.grad(in_buckets(function, leaves, sizes, wx, wb), [*leaves, wx, wb],
                            torch_grads)

    for _ in range(arguments.rounds):
        for i in range(GRAPHS):
            forward.time(i, lambda: layer._forward_packed(*forward_calls[i]))
            backward.time(i, lambda: layer._backward(*backward_calls[i]))
        best.time("ragged", lambda: layer.forward_ragged(packed, weight, bias, sizes=sizes,
                                                         out=out))
        best.time("padded", lambda: layer.forward_padded(padded, weight, bias, sizes=sizes,
                                                         out=padded_out))
        best.time("all of the largest size", lambda: layer(padded, weight, bias, out=padded_out))
        best.time("ragged, gradients", lambda: layer.backward_ragged(packed, weight, grad,
                                                                     sizes=sizes))
        for name, function in peers.items():
            with torch.no_grad():
                best.time(name, lambda: in_buckets(function, tensors, sizes, w, b))
            best.time(f"{name}, training step", lambda: train(function))
    best.seconds["samples alone"] = sum(forward.seconds.values())
    best.seconds["samples alone, gradients"] = sum(backward.seconds.values())
    best.seconds["ragged, training step"] = (best.seconds["ragged"]
                                             + best.seconds["ragged, gradients"])
    ragged = {"": best.seconds["ragged"], "gradients": best.seconds["ragged, gradients"],
              "training step": best.seconds["ragged, training step"]}
    print(f"{GRAPHS} graphs of {SMALLEST} to {LARGEST} nodes, S 2 -> 2, {CHANNELS} -> {CHANNELS}, "
          "one thread")
    for name, seconds in sorted(best.seconds.items()):
        kind = name.rsplit(", ", 1)[-1]
        base = ragged.get(kind if kind in ragged else "")
        print(f"  {name:<42} {seconds * 1e3:8.3f} ms   {seconds / base:6.2f} of ragged")


if __name__ == "__main__":
    main()
