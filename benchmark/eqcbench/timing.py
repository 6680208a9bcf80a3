"""Interleaved timing: all candidates see the same minutes of the machine."""

import statistics
import time

# Calls of so many seconds do without what only short ones need: calls in
# advance, an uncounted call per turn and more than three turns.
SLOW = 0.5


def once(call):
    """The seconds of one call."""
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


class Candidate:
    def __init__(self, name, call):
        self.name, self.call = name, call
        self.times = []
        self.estimate = None

    def warm_up(self, seconds):
        """Calls until nothing is cold, once at least. What is timed has been
        called before, to be checked."""
        end = time.perf_counter() + seconds
        self.estimate = once(self.call)
        while time.perf_counter() < end:
            self.estimate = min(self.estimate, once(self.call))

    def take_turn(self, seconds):
        if self.estimate < SLOW:
            once(self.call)  # what the others left in caches is not its fault
        # Calls too short for the clock are timed several in a row.
        repeats = max(1, int(20e-6 / max(self.estimate, 1e-9)))
        spent = 0.0
        while True:
            start = time.perf_counter()
            for _ in range(repeats):
                self.call()
            took = time.perf_counter() - start
            self.times.append(took / repeats)
            spent += took
            if spent >= seconds:
                return

    def summary(self):
        times = sorted(self.times)
        return {"median": statistics.median(times), "fastest": times[0],
                "lower_quartile": times[len(times) // 4],
                "upper_quartile": times[3 * len(times) // 4],
                "runs": len(times)}


def measure(candidates, rounds=7, turn=0.05, warm=0.2):
    """Medians of `rounds` turns each; every round starts with another one."""
    for candidate in candidates:
        candidate.warm_up(warm)
    for turn_number in range(rounds):
        shift = turn_number % max(1, len(candidates))
        for candidate in candidates[shift:] + candidates[:shift]:
            if candidate.estimate > SLOW and turn_number >= 3:
                continue
            candidate.take_turn(turn)
    return {c.name: c.summary() for c in candidates}
