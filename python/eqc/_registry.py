"""Layers by a text that says all about them.

The operators of frameworks take a layer as a plain string: it can be stored in an exported
program, it means the same in every process, and equal layers are one.

Looking up a layer that is known takes no lock: neither another thread's compilation nor a
fork in the midst of one makes anybody wait.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable
from dataclasses import asdict
from typing import Generic, TypeVar

from eqc._native import key_of_source
from eqc.layer import Layer
from eqc.network import Network
from eqc.program import compile  # noqa: A004

__all__ = ["Once", "key_of", "key_of_source", "layer_of", "network_key", "network_of",
           "ragged_key"]

Value = TypeVar("Value")


class Once(Generic[Value]):
    """Values by texts, each made when it is first asked for and kept. Threads that want the
    same one wait for who makes it."""

    def __init__(self) -> None:
        self._known: dict[str, Value] = {}
        #: For each value that is being made, what others wait for.
        self._making: dict[str, threading.Lock] = {}
        # A child has none of the threads that would end these.
        os.register_at_fork(after_in_child=self._making.clear)

    def add(self, key: str, value: Value) -> None:
        self._known.setdefault(key, value)

    def clear(self) -> None:
        self._known.clear()

    def get(self, key: str, make: Callable[[], Value]) -> Value:
        value = self._known.get(key)
        if value is not None:
            return value
        with self._making.setdefault(key, threading.Lock()):
            try:
                value = self._known.get(key)
                if value is None:
                    value = self._known.setdefault(key, make())
                return value
            finally:
                self._making.pop(key, None)


_layers: Once[Layer] = Once()
_networks: Once[Network] = Once()


def network_key(network: Network) -> str:
    """The text for a network that exists."""
    key = json.dumps({"network": network.name, "source": network.spec,
                      **asdict(network.options)}, sort_keys=True)
    _networks.add(key, network)
    return key


def network_of(key: str) -> Network:
    """The network, compiled on first use."""
    def compiled() -> Network:
        options = json.loads(key)
        name, source = options.pop("network"), options.pop("source")
        return compile(source, file=f"<network {name}>", **options).network(name)

    return _networks.get(key, compiled)


def ragged_key(network: Network) -> str:
    """The text for the same network with functions for samples of different sizes."""
    options = asdict(network.options) | {"ragged": True}
    return json.dumps({"network": network.name, "source": network.spec, **options},
                      sort_keys=True)


def key_of(layer: Layer) -> str:
    """The text for a layer that exists."""
    _layers.add(layer._key, layer)
    return layer._key


def layer_of(key: str, cache: bool = True) -> Layer:
    """The layer, compiled on first use."""
    def compiled() -> Layer:
        options = json.loads(key)
        source = options.pop("source")
        return compile(source, file="<layer>", cache=cache, **options).layer

    return _layers.get(key, compiled)
