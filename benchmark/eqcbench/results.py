"""Results on disk: saved after every workload, so that a run may be cut."""

import json
import os

from . import suite

# Of the file; one of another is measured again rather than read.
FORMAT = 2
# What has to agree for earlier results to count as those of a run.
SETTINGS = ("quick", "main_only", "peers", "backward")


class Results:
    """The results of workloads, one per name and number of threads. Those of
    a workload that failed have "error" and no "cases"."""

    def __init__(self, machine, path=None):
        self.machine, self.path, self.entries = machine, path, {}
        if path and not os.path.isdir(os.path.dirname(path) or "."):
            raise ValueError("there is no such folder")
        if path and os.path.exists(path):
            document = load(path)
            if document["machine"] != machine:
                raise ValueError("the results there are of another machine, "
                                 "or of other versions of the baselines")
            for entry in document["results"]:
                self.entries[entry["name"], entry["threads"]] = entry

    def has(self, name, threads, settings):
        """Whether there is a result, measured in this way, that may stay."""
        entry = self.entries.get((name, threads), {})
        return "cases" in entry and all(
            entry.get(key) == settings[key] for key in SETTINGS)

    def put(self, entry):
        """Replaces what there was of the workload, on disk too."""
        self.entries[entry["name"], entry["threads"]] = entry
        if self.path:
            save(self.document(), self.path)

    def document(self):
        names = suite.ORDER + list(suite.CURVES)
        order = sorted(self.entries, key=lambda key: (
            names.index(key[0]) if key[0] in names else len(names), key))
        return {"format": FORMAT, "machine": self.machine,
                "results": [self.entries[key] for key in order]}


def load(path):
    with open(path) as file:
        document = json.load(file)
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise ValueError("it has another format; measure again")
    return document


def save(document, path):
    """All of it or nothing: a file beside it takes its place."""
    beside = path + ".new"
    with open(beside, "w") as file:
        json.dump(document, file, indent=1)
        file.write("\n")
        file.flush()
        os.fsync(file.fileno())
    os.replace(beside, path)


def failures(document):
    return [r for r in document["results"] if "cases" not in r]
