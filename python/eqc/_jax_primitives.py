"""A layer as two JAX primitives, which are all its derivatives.

With F(x, weight) the layer without, and B(bias) nothing but its bias:

    linear    (x, weight, ..[, bias]) -> sum of F(x, weight) over the pairs, + B(bias)
    backward  ([x,] [weight,] grad_y) -> the gradients of <grad_y, F(x, weight) + B(bias)>
                                         that are needed, by x, weight, bias

Each is linear in every argument, and each is the other's transpose. So tangents and cotangents
of every order are calls of these two. (Layers that take largest or smallest entries are not
linear in x; `_jax_pooled` differentiates them.) Where samples differ in size, their sizes are the first
operand of either: integers, one for each sample, of which nothing has a derivative.

Every array has `mapped` axes in front, each of its full size, or of size 1 where the array
does not depend on it (vmap over weights). Then x, y and grad_y have any number of axes of the
batch (vmap over x alone adds one); sizes have no others. Arrays of results are sharded as
`spec` or `specs` say, on the mesh of the arguments; arguments vary over the same manual axes,
and so do results.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import Array
from jax.core import ShapedArray
from jax.extend.core import Primitive
from jax.interpreters import ad, batching, partial_eval
from jax.sharding import NamedSharding, PartitionSpec

from eqc.layer import Layer

__all__ = ["Call", "backward_p", "backward_shapes", "batch_axes", "full_sizes", "linear_p",
           "linear_shape", "pairs_of", "sizes_first"]

linear_p = Primitive("eqc_linear")
backward_p = Primitive("eqc_backward")
backward_p.multiple_results = True


class Call(NamedTuple):
    """What all calls of one application of a layer have in common."""

    layer: Layer
    n: Any  # an integer, or a symbolic size
    mapped: int
    padded: bool = False  # whether samples have sizes of their own


def _is_zero(value: Any) -> bool:
    return type(value) is ad.Zero


def sizes_first(call: Call, operands: Sequence[Any]) -> tuple[list[Any], list[Any]]:
    """The sizes of the samples, if there are any, and the other operands."""
    return list(operands[:call.padded]), list(operands[call.padded:])


def pairs_of(operands: Sequence[Any], pairs: int) -> tuple[list[tuple[Any, Any]], list[Any]]:
    """The pairs (x, weight), and the bias if there is one."""
    return (list(zip(operands[:2 * pairs:2], operands[1:2 * pairs:2])),
            list(operands[2 * pairs:]))


def _spec(aval: ShapedArray) -> tuple[Any, ...]:
    spec = tuple(aval.sharding.spec)
    return spec + (None,) * (aval.ndim - len(spec))


def batch_axes(call: Call, aval: ShapedArray, order: int) -> slice:
    """Which axes of an x (order k), a y (order l) or sizes (order -1) are of the batch."""
    return slice(call.mapped, aval.ndim - order - 1)


def full_sizes(operands: Iterable[Any], mapped: int) -> tuple[Any, ...]:
    """The sizes of the mapped axes of a result."""
    return tuple(next((size for size in sizes if size != 1), 1)
                 for sizes in zip(*(o.shape[:mapped] for o in operands)))


def _result(avals: Sequence[ShapedArray], dtype: Any, shape: Sequence[Any],
            spec: PartitionSpec) -> ShapedArray:
    """The type of a result: on the mesh of the arguments, varying as they do."""
    like = next((a for a in avals if not a.sharding.mesh.empty), avals[0])
    mesh = like.sharding.mesh if not like.sharding.mesh.empty else (
        jax.sharding.get_abstract_mesh())
    axes = like.manual_axis_type.update(unreduced=frozenset(), reduced=frozenset())
    return like.update(shape=tuple(shape), dtype=dtype, weak_type=False,
                       manual_axis_type=axes, sharding=NamedSharding(mesh, spec))


# linear


def linear_shape(operands: Sequence[Any], call: Call, pairs: int) -> tuple[Any, ...]:
    """The shape of y. A bias alone has no batch, but where the samples have sizes."""
    layer = call.layer
    batch = ()
    if call.padded or pairs:
        batch = operands[0].shape[batch_axes(call, operands[0], -1 if call.padded else layer.k)]
    return (*full_sizes(operands, call.mapped), *batch, *layer.y_shape(1, call.n)[1:])


def _linear_type(*avals: ShapedArray, call: Call, pairs: int,
                 spec: PartitionSpec) -> ShapedArray:
    return _result(avals, call.layer.dtype, linear_shape(avals, call, pairs), spec)


def _linear_of(call: Call, sizes: Sequence[Array], terms: Sequence[tuple[Array, Array]],
               bias: Array | None, like: ShapedArray) -> Array:
    """The sum of terms and of a bias, as an array like y."""
    operands = [*sizes, *itertools.chain(*terms), *([] if bias is None else [bias])]
    if terms or sizes:
        return _fitted(linear_p.bind(*operands, call=call, pairs=len(terms),
                                     spec=PartitionSpec(*_spec(like))), like)
    # A bias alone is the same for the whole batch.
    batch = range(*batch_axes(call, like, call.layer.l).indices(like.ndim))
    kept = [axis for axis in range(like.ndim) if axis not in batch]
    y = linear_p.bind(*operands, call=call, pairs=0,
                      spec=PartitionSpec(*(_spec(like)[axis] for axis in kept)))
    return _fitted(jnp.expand_dims(y, list(batch)), like)


def _fitted(value: Array, like: ShapedArray) -> Array:
    """Repeated along axes of size 1 that are larger in `like`."""
    shape = tuple(size if size != 1 else full for size, full in zip(value.shape, like.shape))
    if all(a is b or a == b for a, b in zip(shape, value.shape)):
        return value
    return _repeated(value, shape, like.sharding)


def _repeated(value: Array, shape: Sequence[Any], sharding: NamedSharding) -> Array:
    """Along axes of size 1 that are larger in `shape`."""
    explicit = jax.sharding.AxisType.Explicit in sharding.mesh.axis_types
    return jax.lax.broadcast_in_dim(value, shape, range(value.ndim),
                                    out_sharding=sharding if explicit else None)


def _summed(value: Array, like: ShapedArray) -> Array:
    """Summed over axes that have size 1 in `like`: an array that does not depend on a mapped
    axis gets what all its points say."""
    axes = [axis for axis, (size, full) in enumerate(zip(like.shape, value.shape))
            if size is not full and size != full]
    return value.sum(axes, keepdims=True) if axes else value


def _linear_jvp(primals: Sequence[Any], tangents: Sequence[Any], *, call: Call, pairs: int,
                spec: PartitionSpec) -> tuple[Array, Any]:
    y = linear_p.bind(*primals, call=call, pairs=pairs, spec=spec)
    sizes, primals = sizes_first(call, primals)
    _, tangents = sizes_first(call, tangents)
    terms = []
    for (x, weight), (dx, dweight) in zip(pairs_of(primals, pairs)[0],
                                          pairs_of(tangents, pairs)[0]):
        terms += [] if _is_zero(dx) else [(dx, weight)]
        terms += [] if _is_zero(dweight) else [(x, dweight)]
    bias = next((t for t in tangents[2 * pairs:] if not _is_zero(t)), None)
    if not terms and bias is None:
        return y, ad.Zero(jax.typeof(y).to_tangent_aval())
    return y, _linear_of(call, sizes, terms, bias, jax.typeof(y))


def _linear_transpose(grad_y: Any, *operands: Any, call: Call, pairs: int,
                      spec: PartitionSpec) -> list[Any]:
    del spec
    sizes, operands = sizes_first(call, operands)
    wanted = [ad.is_undefined_primal(o) for o in operands]
    if _is_zero(grad_y):
        return [None] * len(sizes) + [ad.Zero(o.aval.to_ct_aval()) if w else None
                                      for o, w in zip(operands, wanted)]
    results: list[Any] = [None] * len(operands)
    xs = [i for i in range(0, 2 * pairs, 2) if wanted[i]]
    weights = [i for i in range(1, 2 * pairs, 2) if wanted[i]]
    if any(i + 1 in weights for i in xs):
        raise ValueError("a layer is linear in x and in (weight, bias), not in all of them "
                         "at once: it has no transpose with respect to both")
    biases = [i for i in range(2 * pairs, len(operands)) if wanted[i]]
    for x, weight, bias in itertools.zip_longest(xs, weights, biases):
        grads = _backward_of(call, sizes, None if weight is None else operands[weight - 1],
                             None if x is None else operands[x + 1], grad_y,
                             *(None if i is None else operands[i].aval.to_ct_aval()
                               for i in (x, weight, bias)))
        for i, grad in zip((x, weight, bias), grads):
            if i is not None:
                results[i] = grad
    return [None] * len(sizes) + results


def _linear_batch(args: Sequence[Any], dims: Sequence[int | None], *, call: Call, pairs: int,
                  spec: PartitionSpec) -> tuple[Array, int]:
    name = _name_of_axis(args, dims)
    sizes, operands = sizes_first(call, args)
    size_dim, operand_dims = sizes_first(call, dims)
    terms, bias = pairs_of(operands, pairs)
    term_dims, bias_dim = pairs_of(operand_dims, pairs)
    own_sizes = any(d is not None for d in size_dim)
    if all(d is None for d in (*(w for _, w in term_dims), *bias_dim)) and not (
            own_sizes and any(d is None for d, _ in term_dims)):
        # Of x alone: one more axis of the batch. Terms that do not have it are added to all.
        have = [i for i, (d, _) in enumerate(term_dims) if d is not None]
        others = [term for i, term in enumerate(terms) if i not in have]
        own_bias = bias if not others else []
        moved = [(jnp.moveaxis(terms[i][0], term_dims[i][0], call.mapped), terms[i][1])
                 for i in have]
        each = _sizes_of_all(call, args, dims, name)
        y = linear_p.bind(*each, *itertools.chain(*moved), *own_bias, call=call,
                          pairs=len(have), spec=_inserted(spec, call.mapped, name))
        if others:
            rest = linear_p.bind(*sizes, *itertools.chain(*others), *bias, call=call,
                                 pairs=len(others), spec=spec)
            y = y + jnp.expand_dims(rest, call.mapped)
        return y, call.mapped
    y = linear_p.bind(*_mapped_in_front(args, dims), pairs=pairs,
                      call=call._replace(mapped=call.mapped + 1),
                      spec=_inserted(spec, 0, name))
    return y, 0


# backward


def backward_shapes(operands: Sequence[Any], call: Call, needs: str) -> list[tuple[Any, ...]]:
    layer, grad_y = call.layer, operands[-1]
    sizes = full_sizes(operands, call.mapped)
    batch = grad_y.shape[batch_axes(call, grad_y, layer.l)]
    shapes = {"x": (*batch, *layer.x_shape(1, call.n)[1:]), "w": layer.weight_shape,
              "b": layer.bias_shape}
    return [(*sizes, *shapes[need]) for need in needs]


def _backward_type(*avals: ShapedArray, call: Call, needs: str,
                   specs: tuple[PartitionSpec, ...]) -> list[ShapedArray]:
    return [_result(avals, gradient_dtype(call, need), shape, spec)
            for need, shape, spec in zip(needs, backward_shapes(avals, call, needs), specs)]


def gradient_dtype(call: Call, need: str) -> Any:
    """The type of the gradient of x, of the weight or of the bias."""
    return call.layer.dtype if need == "x" else call.layer.weight_dtype


def _backward_of(call: Call, sizes: Sequence[Array], x: Array | None, weight: Array | None,
                 grad_y: Array, like_x: ShapedArray | None, like_weight: ShapedArray | None,
                 like_bias: ShapedArray | None) -> tuple[Array | None, ...]:
    """The gradients that have a type: as arrays of it."""
    if not call.layer.has_backward:
        raise ValueError("the layer was compiled without gradients")
    likes = {"x": like_x, "w": like_weight, "b": like_bias}
    needs = "".join(need for need, like in likes.items() if like is not None)
    front = _spec(jax.typeof(grad_y))[:call.mapped]
    specs = tuple(
        PartitionSpec(*(name if like.shape[axis] == 1 else own for axis, (name, own) in
                        enumerate(zip(front, _spec(like)))), *_spec(like)[call.mapped:])
        for like in likes.values() if like is not None)
    operands = [*sizes, *(o for need, o in (("w", x), ("x", weight)) if need in needs)]
    grads = dict(zip(needs, backward_p.bind(*operands, grad_y, call=call, needs=needs,
                                            specs=specs)))
    return tuple(_summed(grads[need], like) if need in needs else None
                 for need, like in likes.items())


def _named(operands: Sequence[Any], needs: str) -> tuple[Any, Any, Any]:
    """x, weight, grad_y; None for what is not an operand."""
    given = iter(operands)
    return (next(given) if "w" in needs else None, next(given) if "x" in needs else None,
            next(given))


def _backward_jvp(primals: Sequence[Any], tangents: Sequence[Any], *, call: Call, needs: str,
                  specs: tuple[PartitionSpec, ...]) -> tuple[list[Array], list[Any]]:
    grads = backward_p.bind(*primals, call=call, needs=needs, specs=specs)
    sizes, primals = sizes_first(call, primals)
    x, weight, grad_y = _named(primals, needs)
    dx, dweight, dgrad_y = _named(sizes_first(call, tangents)[1], needs)
    types = {need: jax.typeof(grad) for need, grad in zip(needs, grads)}
    results: dict[str, Any] = {}

    def add(some: str, *operands: Array) -> None:
        parts = backward_p.bind(*sizes, *operands, call=call, needs=some, specs=tuple(
            spec for need, spec in zip(needs, specs) if need in some))
        for need, part in zip(some, parts):
            part = _fitted(part, types[need])
            results[need] = results[need] + part if need in results else part

    if not _is_zero(dgrad_y):
        add(needs, *(o for o in (x, weight) if o is not None), dgrad_y)
    # The gradient of x is one of the weight and of grad_y; that of the weight, of x and grad_y.
    moving = {need: d for need, d in (("x", dweight), ("w", dx))
              if need in needs and not _is_zero(d)}
    if moving:
        add("".join(moving), *(moving[need] for need in "wx" if need in moving), grad_y)
    return grads, [results.get(need, ad.Zero(types[need].to_tangent_aval()))
                   for need, grad in zip(needs, grads)]


def _backward_transpose(of_grads: Sequence[Any], *operands: Any, call: Call, needs: str,
                        specs: tuple[PartitionSpec, ...]) -> list[Any]:
    # Of <of_x, grad_x> + <of_weight, grad_weight> + <of_bias, grad_bias>, which is
    # <grad_y, F(of_x, weight) + F(x, of_weight) + B(of_bias)>.
    del specs
    sizes, operands = sizes_first(call, operands)
    x, weight, grad_y = _named(operands, needs)
    of = {need: value for need, value in zip(needs, of_grads) if not _is_zero(value)}
    wanted = [ad.is_undefined_primal(o) for o in operands]

    def zero(o: Any) -> Any:
        return ad.Zero(o.aval.to_ct_aval())

    if wanted[-1]:
        if any(wanted[:-1]):
            raise ValueError("the gradients of a layer have no transpose with respect to both "
                             "the gradient of y and x or weight")
        terms = [(of["x"], weight)] if "x" in of else []
        terms += [(x, of["w"])] if "w" in of else []
        like = grad_y.aval.to_ct_aval()
        result = _summed(_linear_of(call, sizes, terms, of.get("b"), like), like) if of else (
            ad.Zero(like))
        return [None] * (len(sizes) + len(operands) - 1) + [result]
    # With grad_y known: <of_x, grad_x> is <grad_y, F(of_x, weight)>, and so on.
    like_weight = weight.aval.to_ct_aval() if (
        ad.is_undefined_primal(weight) and "x" in of) else None
    like_x = x.aval.to_ct_aval() if ad.is_undefined_primal(x) and "w" in of else None
    grad_x = grad_weight = None
    if like_x is not None or like_weight is not None:
        grad_x, grad_weight, _ = _backward_of(call, sizes, of.get("x"), of.get("w"), grad_y,
                                              like_x, like_weight, None)
    results = {"w": grad_x, "x": grad_weight}
    named = [need for need in "wx" if need in needs]
    return [*(None for _ in sizes),
            *((zero(o) if results[need] is None else results[need]) if want else None
              for need, o, want in zip(named, operands, wanted)), None]


def _backward_batch(args: Sequence[Any], dims: Sequence[int | None], *, call: Call, needs: str,
                    specs: tuple[PartitionSpec, ...]) -> tuple[list[Array], list[int]]:
    name = _name_of_axis(args, dims)
    if needs == "x" and dims[-2] is None and dims[-1] is not None:
        # Nothing is summed over the batch: one more axis of it.
        weight, grad_y = args[-2:]
        grads = backward_p.bind(*_sizes_of_all(call, args, dims, name), weight,
                                jnp.moveaxis(grad_y, dims[-1], call.mapped), call=call,
                                needs=needs, specs=(_inserted(specs[0], call.mapped, name),))
        return grads, [call.mapped]
    grads = backward_p.bind(*_mapped_in_front(args, dims), needs=needs,
                            call=call._replace(mapped=call.mapped + 1),
                            specs=tuple(_inserted(spec, 0, name) for spec in specs))
    return grads, [0] * len(grads)


def _backward_dce(used: list[bool], eqn: Any) -> tuple[list[bool], Any]:
    """Computes only gradients that somebody uses."""
    if not any(used):
        return [False] * len(eqn.invars), None
    old, call = eqn.params["needs"], eqn.params["call"]
    used = list(used)
    if call.layer.pool != "sum" and "x" in old and used[old.index("x")]:
        used[old.index("w")] = True  # which brings x along
    needs = "".join(need for need, use in zip(old, used) if use)
    kept = [True] * call.padded
    kept += [need in needs for need in "wx" if need in old]
    kept.append(True)
    specs = tuple(itertools.compress(eqn.params["specs"], used))
    return kept, eqn.replace(invars=list(itertools.compress(eqn.invars, kept)),
                             outvars=list(itertools.compress(eqn.outvars, used)),
                             params=dict(eqn.params, needs=needs, specs=specs))


# vmap


def _name_of_axis(args: Sequence[Any], dims: Sequence[int | None]) -> Any:
    """How the axis that is mapped is sharded."""
    return next(_spec(jax.typeof(arg))[d] for arg, d in zip(args, dims) if d is not None)


def _inserted(spec: PartitionSpec, axis: int, name: Any) -> PartitionSpec:
    return PartitionSpec(*spec[:axis], name, *spec[axis:])


def _sizes_of_all(call: Call, args: Sequence[Any], dims: Sequence[int | None],
                  name: Any) -> list[Array]:
    """The sizes, if there are any, with the axis that is mapped as the first of the batch."""
    if not call.padded:
        return []
    if dims[0] is not None:
        return [jnp.moveaxis(args[0], dims[0], call.mapped)]
    sizes, axis = jnp.expand_dims(args[0], call.mapped), call.mapped
    count = next(arg.shape[d] for arg, d in zip(args, dims) if d is not None)
    spec = _inserted(PartitionSpec(*_spec(jax.typeof(args[0]))), axis, name)
    return [_repeated(sizes, (*sizes.shape[:axis], count, *sizes.shape[axis + 1:]),
                      NamedSharding(jax.typeof(sizes).sharding.mesh, spec))]


def _mapped_in_front(args: Sequence[Any], dims: Sequence[int | None]) -> list[Array]:
    return [jnp.expand_dims(arg, 0) if d is None else jnp.moveaxis(arg, d, 0)
            for arg, d in zip(args, dims)]


# How JAX comes to know all that


@functools.lru_cache(maxsize=4096)
def _compiled(primitive: Primitive, names: tuple[str, ...],
              values: tuple[Any, ...]) -> Callable[..., Any]:
    def function(*operands: Array) -> Any:
        return primitive.bind(*operands, **dict(zip(names, values)))

    function.__name__ = function.__qualname__ = primitive.name  # what messages call it
    return jax.jit(function)


def _apply(primitive: Primitive, *operands: Any, **params: Any) -> Any:
    with jax.disable_jit(False):  # which would come back here
        return _compiled(primitive, tuple(params), tuple(params.values()))(*operands)


for _primitive, _type, _jvp, _transpose, _batch in (
        (linear_p, _linear_type, _linear_jvp, _linear_transpose, _linear_batch),
        (backward_p, _backward_type, _backward_jvp, _backward_transpose, _backward_batch)):
    _primitive.def_impl(functools.partial(_apply, _primitive))
    _primitive.def_abstract_eval(_type)
    ad.primitive_jvps[_primitive] = _jvp
    ad.primitive_transposes[_primitive] = _transpose
    batching.primitive_batchers[_primitive] = _batch
partial_eval.dce_rules[backward_p] = _backward_dce
