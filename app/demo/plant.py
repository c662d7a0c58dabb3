"""The technical plant: emulated readers and edge gateways, by their configuration files and by the states they write.

Everything lies under ``DATA/demo``: ``emulator.json`` and its state, and a folder for each site's edge.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, TypeVar

import msgspec
import tomli_w

from suyuan.app.demo.ports import HOST
from suyuan.app.demo.scenario import GatePlan, Scenario
from suyuan.base.clock import parse_time
from suyuan.base.errors import InvalidInput
from suyuan.chain import durable
from suyuan.readers.edge_status import EdgeState
from suyuan.readers.emulator_state import EmulatorState
from suyuan.readers.script import EmulatorConfig

#: Seconds from one passage of a gate to its next: quick, and slow enough to watch.
_PACE: Final = 0.1
_ZONE: Final = "+08:00"
_EMULATOR_STATE: Final = "emulator-state.json"
_LARGEST_STATE: Final = 1 << 20

State = TypeVar("State")


class Plant:
    """Readers and edges of a scenario under one folder."""

    def __init__(self, folder: Path, scenario: Scenario) -> None:
        self._folder = folder
        self._scenario = scenario
        self.sites = list(scenario.sites())

    def configure(self, ports: Mapping[str, int], server: str) -> None:
        """Write all configuration files; readers listen on ``ports``, edges deliver to ``server``."""
        scripts = tuple(plan.script(ports[plan.gate.name], self._scenario.seed, _PACE) for plan in self._scenario.gates)
        emulator = EmulatorConfig(readers=scripts, state_file=_EMULATOR_STATE, host=HOST)
        durable.replace(self.emulator_config, msgspec.json.encode(emulator))
        for site, plans in self._scenario.sites().items():
            path = self.edge_config(site)
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            durable.replace(path, tomli_w.dumps(_edge(site, plans, ports, server)).encode())

    @property
    def emulator_config(self) -> Path:
        """The emulator's configuration file."""
        return self._folder / "emulator.json"

    def edge_config(self, site: str) -> Path:
        """The configuration file of one site's edge."""
        return self._folder / "edges" / site / "edge.toml"

    def emulator(self) -> EmulatorState | None:
        """How far the readers have come, None before they have begun."""
        return _state(self._folder / _EMULATOR_STATE, EmulatorState)

    def edge(self, site: str) -> EdgeState | None:
        """What a site's edge says of itself, None before it has said anything."""
        return _state(self.edge_config(site).with_name("edge-status.json"), EdgeState)

    def edges(self, since_us: int) -> dict[str, EdgeState]:
        """What edges have said of themselves since a moment (microseconds UTC), those that have."""
        states = ((site, self.edge(site)) for site in self.sites)
        return {site: state for site, state in states if state is not None and _said(state) >= since_us}


def key_name(site: str) -> str:
    """The name of the device key of a site's edge."""
    return f"edge-{site}"


def _said(state: EdgeState) -> int:
    try:
        return parse_time(state.time)[0]
    except InvalidInput:
        return 0


def _state(path: Path, kind: type[State]) -> State | None:
    """A state file, which its owner replaces as a whole; what isn't one counts as not yet written."""
    try:
        return msgspec.json.decode(durable.read(path, _LARGEST_STATE) or b"", type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None


def _edge(site: str, plans: list[GatePlan], ports: Mapping[str, int], server: str) -> dict[str, Any]:
    """An edge's configuration (docs/reference/edge.md). Its waits are short: the demonstration is watched."""
    return {
        "zone_offset": _ZONE,
        "server": {
            "url": server,
            "key_file": f"../../keys/{key_name(site)}.key",
            "longest_wait": 1.0,
            "hold_wait": 1.0,
        },
        "readers": [_reader(plan, ports[plan.gate.name]) for plan in plans],
    }


def _reader(plan: GatePlan, port: int) -> dict[str, Any]:
    gate = plan.gate
    point = {name: value for name, value in msgspec.to_builtins(gate.step()).items() if value not in (None, (), [])}
    cleaning = {name: value for name, value in msgspec.to_builtins(gate.cleaning()).items() if value not in (None, ())}
    return {
        "name": gate.name,
        "host": HOST,
        "port": port,
        "backoff_most": 1.0,
        "inventory": {"antennas": list(gate.antennas), "keepalive_ms": 5000},
        "read_points": [{**point, "cleaning": cleaning}],
    }
