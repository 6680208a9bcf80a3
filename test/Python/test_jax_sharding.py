"""eqc.jax on several devices: what the same layer in jnp does, for values, shardings and
refusals."""

import functools
import itertools
import re

import eqc
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_properties import few, layers

jax = pytest.importorskip("jax")
jax.config.update("jax_platforms", "cpu")
jax.config.update("jax_enable_x64", True)
jax.config.update("jax_num_cpu_devices", 4)

import eqc.jax  # noqa: E402
import jax.numpy as jnp  # noqa: E402
from jax.sharding import AxisType, NamedSharding  # noqa: E402
from jax.sharding import PartitionSpec as P  # noqa: E402
from reference_jax import dense  # noqa: E402
from test_jax_derivatives import arguments_of, assert_alike  # noqa: E402

LAYER = dict(group="S", n=2, k=1, l=2, channels=(2, 4), bias=True, dtype="f64")


def mesh_of(kind, *sizes):
    names = "de"[:len(sizes)]
    return jax.make_mesh(sizes, tuple(names), axis_types=(kind,) * len(sizes),
                         devices=jax.devices()[:int(np.prod(sizes))])


def apply_of(layer):
    return functools.partial(eqc.jax.linear, layer)


def placed(mesh, arguments, specs):
    return tuple(jax.device_put(a, NamedSharding(mesh, s)) for a, s in zip(arguments, specs))


def test_the_gradient_of_replicated_weights_is_summed():
    """By hand: y = w0 (sum of x) + w1 x, or the other way round, of 1..3, 4..6, .."""
    layer = eqc.Layer(group="S", n=3, k=1, l=1)
    weight = jnp.array([1, 2], jnp.float32).reshape(2, 1, 1)
    x = jnp.arange(1, 13, dtype=jnp.float32).reshape(4, 3, 1)
    columns = np.stack([np.arange(1, 13), np.repeat([6, 15, 24, 33], 3)])
    y = np.array([1, 2]) @ columns
    mesh = mesh_of(AxisType.Auto, 2)
    for check, jit in itertools.product((True, False), (jax.jit, lambda f: f)):
        function = jax.shard_map(apply_of(layer), mesh=mesh, in_specs=(P("d"), P()),
                                 out_specs=P("d"), check_vma=check)

        def loss(weight, function=function):
            return (function(x, weight)**2).sum()

        assert jit(jax.grad(loss))(weight).ravel().tolist() == (2 * columns @ y).tolist()
    assert (2 * columns @ y).tolist() == [9004, 26964]
    np.testing.assert_array_equal(function(x, weight).ravel(), y)
    np.testing.assert_array_equal(jax.jit(jax.hessian(loss))(weight).reshape(2, 2),
                                  2 * columns @ columns.T)
    assert jax.jvp(loss, (weight,), (weight,))[1] == 2 * (y**2).sum()


def loss_of(apply):
    return lambda *arguments: jnp.sin(apply(*arguments)).sum()


def first_derivatives(apply, arguments):
    where = tuple(range(len(arguments)))
    return (apply(*arguments), jax.jvp(apply, arguments, arguments)[1],
            jax.grad(loss_of(apply), where)(*arguments))


def derivatives(apply, arguments):
    """Of the first two orders, in both modes."""
    where = tuple(range(len(arguments)))
    gradient = jax.grad(loss_of(apply), where)
    return (first_derivatives(apply, arguments), jax.jvp(gradient, arguments, arguments)[1],
            jax.grad(lambda *a: sum((g**2).sum() for g in gradient(*a)), where)(*arguments))


def types(values):
    return [str(jax.typeof(v)) for v in jax.tree.leaves(values)]


sharded = settings(few, max_examples=12)


@sharded
@given(layers(optimize=1), st.sampled_from([0, 2, 4]),
       st.sampled_from(["manual", "auto", "explicit"]))
def test_derivatives_of_layers_over_devices(layer_and_n, batch, kind):
    layer, n = layer_and_n
    if layer.k == 0 and layer.n is None:
        return  # dense knows n, x does not show it
    arguments = arguments_of(layer, n, batch)
    want = jax.jit(functools.partial(derivatives, dense(layer, n)))(arguments)
    apply, batches = apply_of(layer), (P("d"), P(), P())[:len(arguments)]
    if kind == "manual":
        apply = jax.shard_map(apply, mesh=mesh_of(AxisType.Auto, 2), in_specs=batches,
                              out_specs=P("d"))
    else:
        kinds = dict(auto=AxisType.Auto, explicit=AxisType.Explicit)
        arguments = placed(mesh_of(kinds[kind], 2), arguments, batches)
    got = jax.jit(functools.partial(derivatives, apply))(arguments)
    assert_alike(jax.device_get(got), jax.device_get(want), layer.dtype, 20)


X_SPECS = [P(), P("d"), P(("d", "e")), P(None, "d"), P(None, None, "d"), P("d", "e"),
           P("d", None, "e")]
WEIGHT_SPECS = [P(), P("d"), P(None, "d"), P(None, None, "d"), P(None, None, "e")]
BIAS_SPECS = [P(), P("d"), P(None, "e")]


def types_or_refusal(apply, arguments):
    try:
        shapes = jax.eval_shape(functools.partial(first_derivatives, apply), arguments)
    except Exception as error:
        assert type(error).__name__ in ("ShardingTypeError", "ValueError"), error
        return None
    return [(s.shape, s.sharding) for s in jax.tree.leaves(shapes)]


@pytest.mark.parametrize("layout", ["channels_last", "channels_first"])
def test_explicit_axes_are_those_of_einsum(layout):
    layer = eqc.Layer(**LAYER, layout=layout)
    mesh = mesh_of(AxisType.Explicit, 2, 2)
    arguments, answers = arguments_of(layer, batch=4), []
    with jax.set_mesh(mesh):
        for specs in itertools.product(X_SPECS, WEIGHT_SPECS, BIAS_SPECS):
            some = placed(mesh, arguments, specs)
            answers.append(types_or_refusal(apply_of(layer), some))
            assert answers[-1] == types_or_refusal(dense(layer), some), specs
    refused = answers.count(None)
    assert 0 < refused < len(answers)


@pytest.mark.parametrize("jit", [True, False])
@pytest.mark.parametrize("specs", [
    (P("d"), P(), P()), (P(None, "d"), P(None, "e"), P()),
    (P("d"), P(None, None, "e"), P(None, "e"))], ids=str)
def test_explicit_derivatives(specs, jit):
    layer = eqc.Layer(**LAYER)
    mesh = mesh_of(AxisType.Explicit, 2, 2)
    some = placed(mesh, arguments_of(layer, batch=4), specs)
    with jax.set_mesh(mesh):
        if not jit:
            got, want = (first_derivatives(apply, some)
                         for apply in (apply_of(layer), dense(layer)))
        else:
            got, want = (jax.jit(functools.partial(derivatives, apply))(some)
                         for apply in (apply_of(layer), dense(layer)))
    assert types(got) == types(want)
    assert_alike(got, want, np.float64, 10)


def test_explicit_vmap():
    layer = eqc.Layer(**LAYER)
    mesh = mesh_of(AxisType.Explicit, 2, 2)
    x, weight, bias = arguments_of(layer, batch=2, lead=(4,))
    with jax.set_mesh(mesh):
        for x_spec, weight_spec, axes in (
                (P("d", "e"), P(), (0, None, None)), (P("d"), P("d"), (0, 0, 0)),
                (P(), P("d"), (None, 0, 0)), (P("e"), P("e"), (0, 0, None))):
            some = [a if axis == 0 else a[0] for a, axis in zip((x, weight, bias), axes)]
            some = placed(mesh, some, (x_spec, weight_spec, P("d") if axes[2] == 0 else P()))
            if axes[2] == 0 and x_spec != P():
                some = (*some[:2], jax.device_put(some[2], NamedSharding(mesh, x_spec)))

            def both(apply):
                mapped = jax.vmap(apply, axes)
                return mapped(*some), jax.grad(loss_of(mapped), (0, 1, 2))(*some)

            got, want = (jax.jit(functools.partial(both, apply))()
                         for apply in (apply_of(layer), dense(layer)))
            assert types(got) == types(want)
            assert_alike(got, want, np.float64, 10)


def collectives(function, *arguments):
    text = jax.jit(function).lower(*arguments).compile().as_text()
    return sorted(re.findall(r"(all-gather|all-reduce|all-to-all|collective-permute)\(", text))


@pytest.mark.parametrize("kind", [AxisType.Auto, AxisType.Explicit])
def test_batches_are_not_gathered(kind):
    layer = eqc.Layer(**LAYER)
    arguments = placed(mesh_of(kind, 4), arguments_of(layer, batch=8), (P("d"), P(), P()))
    apply = apply_of(layer)
    assert collectives(apply, *arguments) == []
    assert jax.jit(apply)(*arguments).sharding.spec == P("d", *[None] * 3 * (
        kind == AxisType.Explicit))

    loss = loss_of(apply)
    assert collectives(jax.grad(loss), *arguments) == []
    found = collectives(jax.grad(loss, (0, 1, 2)), *arguments)
    assert set(found) == {"all-reduce"} and len(found) <= 2
    mapped = jax.vmap(jax.grad(loss, 1), (0, None, None))
    assert collectives(mapped, *arguments) == []


def test_batches_that_devices_do_not_divide():
    """XLA fills up arrays inside a computation; what it fills in must not be summed."""
    layer = eqc.Layer(**LAYER)
    mesh = mesh_of(AxisType.Auto, 4)
    x, weight, bias = arguments_of(layer, batch=6)

    def loss(apply, x, weight, bias):
        x = jax.lax.with_sharding_constraint(jnp.exp(x), NamedSharding(mesh, P("d")))
        return jnp.sin(apply(x, weight, bias)).sum()

    got, want = (jax.jit(jax.grad(functools.partial(loss, apply), (0, 1, 2)))(x, weight, bias)
                 for apply in (apply_of(layer), dense(layer)))
    assert_alike(got, want, np.float64, 10)


@pytest.mark.parametrize("jit", [True, False])
def test_some_axes_manual(jit):
    layer = eqc.Layer(**LAYER)
    arguments = arguments_of(layer, batch=4)
    run = derivatives if jit else first_derivatives
    want = jax.jit(functools.partial(run, dense(layer)))(arguments)
    for kind in (AxisType.Auto, AxisType.Explicit):
        mesh = mesh_of(kind, 2, 2)
        some = placed(mesh, arguments, (P(("d", "e")), P(), P()))
        with jax.set_mesh(mesh):
            apply = jax.shard_map(apply_of(layer), axis_names={"d"}, out_specs=P("d"),
                                  in_specs=(P("d"), P(), P()))
            function = functools.partial(run, apply)
            got = (jax.jit(function) if jit else function)(some)
        assert_alike(jax.device_get(got), jax.device_get(want), np.float64, 10)


def test_collectives_inside_of_manual_axes():
    """Means over devices, weights of each device's own, and a scan."""
    layer = eqc.Layer(group="S", n=2, k=1, l=1, channels=(2, 2), dtype="f64")
    mesh = mesh_of(AxisType.Auto, 2)
    x, weight = arguments_of(layer, batch=4)
    weights = jnp.stack([weight, 2 * weight])

    def outer(apply):
        @functools.partial(jax.shard_map, mesh=mesh, in_specs=(P("d"), P("d"), P()),
                           out_specs=(P("d"), P()))
        def function(x, own, shared):
            def step(x, scale):
                return jnp.tanh(apply(x, scale * shared)), None

            y, _ = jax.lax.scan(jax.checkpoint(step), apply(x, own[0]), jnp.arange(1., 3.))
            return y, jax.lax.pmean((y**2).sum(), "d")

        def loss(*arguments):
            y, mean = function(*arguments)
            return jnp.sin(y).sum() * mean

        arguments = (x, weights, weight)
        return (loss(*arguments), jax.grad(loss, (0, 1, 2))(*arguments),
                jax.jvp(loss, arguments, arguments)[1], jax.jit(jax.hessian(loss, 2))(*arguments))

    assert_alike(outer(apply_of(layer)), outer(dense(layer)), np.float64, 10)


def test_pmap():
    layer = eqc.Layer(**LAYER)
    x, weight, bias = arguments_of(layer, batch=4)

    def loss(apply, weight):
        y = jax.pmap(apply, in_axes=(0, None, None))(x.reshape(2, 2, *x.shape[1:]), weight, bias)
        return jnp.sin(y).sum()

    got, want = (jax.value_and_grad(functools.partial(loss, apply))(weight)
                 for apply in (apply_of(layer), dense(layer)))
    assert_alike(got, want, np.float64, 10)


def test_partial_sums_are_refused():
    layer = eqc.Layer(**LAYER)
    mesh = mesh_of(AxisType.Explicit, 2)
    x, weight, bias = placed(mesh, arguments_of(layer, batch=4), (P("d"), P(), P()))
    with jax.set_mesh(mesh):
        weight = jax.sharding.reshard(weight, P(reduced={"d"}))
        with pytest.raises(ValueError, match="weight is sharded as .*jax.sharding.reshard"):
            eqc.jax.linear(layer, x, weight, bias)


def test_gradients_that_are_summed_later():
    """Of weights that shard_map calls reduced: each device keeps its part of the sum."""
    layer = eqc.Layer(**LAYER)
    mesh = mesh_of(AxisType.Explicit, 2)
    x, weight, _ = placed(mesh, arguments_of(layer, batch=4), (P("d"), P(), P()))

    def function(apply, x, weight):
        weight = jax.lax.pcast(weight, "d", to="reduced")
        return jax.lax.psum(jax.grad(lambda w: jnp.sin(apply(x, w)).sum())(weight), "d")

    with jax.set_mesh(mesh):
        got, want = (jax.shard_map(functools.partial(function, apply), in_specs=(P("d"), P()),
                                   out_specs=P())(x, weight)
                     for apply in (apply_of(layer), dense(layer)))
    assert_alike(got, want, np.float64, 10)


def test_exported_programs_on_several_devices():
    layer = eqc.Layer(**LAYER)
    arguments = placed(mesh_of(AxisType.Auto, 2), arguments_of(layer, batch=4), (P("d"), P(), P()))
    gradient = jax.jit(jax.grad(loss_of(apply_of(layer)), (0, 1, 2)))
    checks = [jax.export.DisabledSafetyCheck.custom_call(f"eqc_xla_{name}")
              for name in ("forward", "backward")]
    got = jax.export.export(gradient, disabled_checks=checks)(*arguments).call(*arguments)
    assert_alike(got, jax.grad(loss_of(dense(layer)), (0, 1, 2))(*arguments), np.float64, 10)


def test_arguments_on_different_devices_are_refused():
    layer = eqc.Layer(**LAYER)
    arguments = [jax.device_put(a, d) for a, d in zip(arguments_of(layer), jax.devices())]
    with pytest.raises(ValueError, match="incompatible devices.*eqc_linear"):
        eqc.jax.linear(layer, *arguments)
