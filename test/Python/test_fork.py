"""Processes that fork while their threads call and compile. What may hang runs in a process
of its own, with a limit."""

import os
import subprocess
import sys
import threading

import eqc
import pytest
from eqc import _registry

pytestmark = [pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork"),
              pytest.mark.filterwarnings("ignore:os.fork")]


def run(code):
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True,
                          timeout=200, cwd=os.path.dirname(__file__))
    assert (done.returncode, done.stderr) == (0, ""), done.stdout + done.stderr
    return done.stdout


PRELUDE = """
import itertools, os, signal, threading, time
import eqc, numpy as np, reference
from eqc import _registry

def check(layer):
    x, (weight, bias) = np.ones(layer.x_shape(3), np.float32), layer.init(0)
    x[0, 0] = 7
    assert reference.error(layer(x, weight, bias),
                           reference.forward(layer, x, weight, bias)) <= 3e-5

def forked(act):
    "How long the fork took; the child has a minute for what it does."
    begin = time.monotonic()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            signal.alarm(60)
            act()
            status = 0
        finally:
            os._exit(status)
    took = time.monotonic() - begin
    status = os.waitpid(child, 0)[1]
    assert status == 0, f"the child ended with {status}"
    return took

def fresh(numbers=itertools.count()):
    "A layer that nobody has compiled."
    return eqc.Layer(group="S", n=4, k=1, l=1, name=f"new{next(numbers)}", optimize=0,
                     grad=False, cache=False)
"""


def test_children_call_and_compile_whatever_other_threads_do():
    run(PRELUDE + """
known = eqc.Layer(group="S", n=4, k=2, l=2, channels=(3, 5), bias=True)
key = _registry.key_of(known)
rotations = eqc.Layer(group="SO", n=3, k=2, l=1, plan="schur")
stop, failed = threading.Event(), []

def repeat(act):
    try:
        while not stop.is_set():
            act()
    except BaseException as error:
        failed.append(error)

def larger():
    eqc.Layer(group="S", n=None, k=2, l=2, channels=(3, 5), cache=False)

threads = [threading.Thread(target=repeat, args=(act,), daemon=True) for act in
           (fresh, larger, lambda: check(known), lambda: _registry.layer_of(key).diagrams)]
for thread in threads:
    thread.start()

def child(i):
    check(_registry.layer_of(key))
    check(rotations)
    if i % 3 == 0:
        check(fresh())  # compiles
    if i % 3 == 1:
        forked(lambda: check(fresh()))  # a child of its own
    assert len(known.diagrams) == 15

for i in range(12):
    forked(lambda: child(i))
stop.set()
for thread in threads:
    thread.join()
assert not failed, failed
check(fresh())
""")


def test_neither_forks_nor_calls_wait_for_a_whole_compilation():
    out = run(PRELUDE + """
known = eqc.Layer(group="S", n=3, k=1, l=1)
calls, stop = [0], threading.Event()

def call():
    while not stop.is_set():
        check(known)
        calls[0] += 1

started, durations = threading.Event(), []

def compile_slowly():
    started.set()
    begin = time.monotonic()
    eqc.Layer(group="S", n=None, k=2, l=3, cache=False)
    durations.append(time.monotonic() - begin)

threads = [threading.Thread(target=act, daemon=True) for act in (call, compile_slowly)]
for thread in threads:
    thread.start()
started.wait()
time.sleep(0.05)
before = calls[0]
took = forked(lambda: check(known))
during = calls[0] - before
threads[1].join()
stop.set()
threads[0].join()
print(took, during, *durations)
""")
    took, calls, whole = map(float, out.split())
    assert took < whole / 2
    assert took < 0.2 or calls >= 3


def test_nothing_is_imported_late():
    """A child forked amid an import of another thread waits for the module for ever."""
    assert run("""
import sys
import eqc, numpy as np
import copy, pickle
before = set(sys.modules)
layer = eqc.Layer(group="S", n=3, k=1, l=1, bias=True, cache=False)
weight, bias = layer.init(0)
x = np.ones((2, 3, 1), np.float32)
layer.backward(x, weight, layer(x, layer.pack(weight), bias))
for wrong in (lambda: eqc.compile("layer"), lambda: layer(np.ma.ones(x.shape), weight, bias),
              lambda: layer(x, weight, bias, out=x), lambda: layer([1], weight, bias)):
    try:
        wrong()
    except (eqc.Error, TypeError):
        pass
pickle.loads(pickle.dumps(copy.deepcopy(layer)))
repr(layer), hash(layer), layer.diagrams, eqc.set_num_threads(0)
eqc.Layer(group="S", n=4, k=1, l=1)  # from or into the cache
eqc.clear_cache()
print(*sorted(set(sys.modules) - before))
""") == "\n"


@pytest.fixture
def held(monkeypatch):
    """A layer that some thread is compiling until this test ends."""
    begun, end = threading.Event(), threading.Event()
    compile_function = _registry.compile

    def compile_held(source, **options):
        if "held" in source and threading.current_thread() is thread:
            begun.set()
            end.wait()
        return compile_function(source, **options)

    _registry._layers.clear()  # of another test
    key = _registry.key_of_source("layer held { group = S; n = 3; k = 1; l = 1 }",
                                  eqc.Layer(group="S", n=3, k=1, l=1).options)
    thread = threading.Thread(target=_registry.layer_of, args=(key,))
    monkeypatch.setattr(_registry, "compile", compile_held)
    thread.start()
    assert begun.wait(60)
    yield key
    end.set()
    thread.join()


def within(seconds, act):
    """What `act` returns, which a thread of its own has so long to say."""
    results = []
    thread = threading.Thread(target=lambda: results.append(act()), daemon=True)
    thread.start()
    thread.join(seconds)
    assert results, "it waits for ever"
    return results[0]


def test_known_layers_wait_for_no_compilation(held):
    layer = eqc.Layer(group="S", n=5, k=1, l=1)
    key = within(60, lambda: _registry.key_of(layer))
    assert within(60, lambda: _registry.layer_of(key)) == layer
    new = _registry.key_of_source(layer.spec.replace("n = 5", "n = 6"), layer.options)
    assert within(60, lambda: _registry.layer_of(new)).n == 6


def child_of(act):
    """Whether a forked child finds `act` true."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            status = 0 if act() else 1
        finally:
            os._exit(status)
    return os.waitpid(child, 0)[1] == 0


def test_a_child_does_not_wait_for_a_thread_it_has_not(held):
    layer = eqc.Layer(group="S", n=5, k=1, l=1)
    key = _registry.key_of(layer)
    assert child_of(lambda: within(60, lambda: _registry.layer_of(key)) is layer
                    and within(60, lambda: _registry.layer_of(held)).name == "held")


def test_a_child_calls_operators_of_torch(held):
    torch = pytest.importorskip("torch")
    import eqc.torch
    layer = eqc.Layer(group="S", n=3, k=1, l=1)
    x, weight = torch.tensor([[[1.], [2.], [4.]]]), torch.tensor([[[10.]], [[1.]]])

    def call():
        return eqc.torch.linear(layer, x, weight).ravel().tolist() == [17, 27, 47]

    assert within(60, call)
    assert child_of(lambda: within(60, call))
