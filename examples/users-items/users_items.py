"""Predicts ratings by layers on users x items, trained on other users and other items."""

import eqc
import eqc.jax
import jax
import jax.numpy as jnp
import numpy as np

CHANNELS = (2, 16, 16, 1)


def make_ratings(users, items, seed):
    """What every user thinks of every item, and who told: [users, items] each."""
    rng = np.random.default_rng(seed)
    generous, good = rng.normal(size=(users, 1)), rng.normal(size=(1, items))
    ratings = np.tanh(generous + good).astype(np.float32)
    return ratings, (rng.random((users, items)) < 0.4).astype(np.float32)


def make_layers(users, items):
    axes = [eqc.Space("S", users, name="users"), eqc.Space("S", items, name="items")]
    return [eqc.Layer(k=axes, l=axes, channels=pair, bias=True, normalize="mean")
            for pair in zip(CHANNELS, CHANNELS[1:])]


def predict(layers, parameters, ratings, told):
    x = jnp.stack([ratings * told, told], axis=-1)[None]
    for number, (layer, (weight, bias)) in enumerate(zip(layers, parameters)):
        x = eqc.jax.linear(layer, x, weight, bias)
        x = x if number + 1 == len(layers) else jax.nn.relu(x)
    return x[0, ..., 0]


def error(layers, parameters, ratings, told):
    """The mean square of what is wrong about ratings that nobody told."""
    wrong = predict(layers, parameters, ratings, told) - ratings
    return jnp.sum(wrong**2 * (1 - told)) / jnp.sum(1 - told)


def main(steps=150):
    layers = make_layers(24, 30)
    data = [make_ratings(24, 30, seed) for seed in range(8)]
    keys = jax.random.split(jax.random.key(0), len(layers))
    parameters = [eqc.jax.init(layer, key) for layer, key in zip(layers, keys)]

    def loss(parameters):
        return sum(error(layers, parameters, *one) for one in data) / len(data)

    # Adam.
    tree = jax.tree_util
    moments = tree.tree_map(jnp.zeros_like, (parameters, parameters))

    @jax.jit
    def step(parameters, moments, number):
        gradients = jax.grad(loss)(parameters)
        first = tree.tree_map(lambda m, g: 0.9 * m + 0.1 * g, moments[0], gradients)
        second = tree.tree_map(lambda m, g: 0.99 * m + 0.01 * g * g, moments[1], gradients)
        parameters = tree.tree_map(
            lambda p, m, v: p - 0.02 * (m / (1 - 0.9**number))
            / (jnp.sqrt(v / (1 - 0.99**number)) + 1e-8), parameters, first, second)
        return parameters, (first, second)

    others = make_ratings(40, 50, seed=100)
    seen = [eqc.jax.init(layer, key) for layer, key in zip(layers, keys)]
    for number in range(1, steps + 1):
        parameters, moments = step(parameters, moments, float(number))
    elsewhere = make_layers(40, 50)
    guess = float(jnp.var(others[0]))
    before = float(error(elsewhere, seen, *others))
    after = float(error(elsewhere, parameters, *others))
    print(f"mean squared error on 40 unseen users and 50 unseen items: {before:.3f} untrained, "
          f"{after:.3f} after {steps} steps; {guess:.3f} if one says the same of everything")
    return guess, after


if __name__ == "__main__":
    guess, after = main()
    assert after < 0.5 * guess
