"""Synapses of a spikescope recording as arrays, grouped by what makes them alike: weight and plasticity."""

import json
from pathlib import Path

import numpy as np
import pyarrow.parquet as parquet


class Wiring:
    """What both of the other simulators are built from. Ids count from 0 over all neurons."""

    def __init__(self, folder: Path):
        neurons = parquet.read_table(folder / "neurons.parquet", columns=["population"])
        population = neurons["population"].to_numpy(zero_copy_only=False)
        self.size = len(population)
        self.excitatory = int(np.count_nonzero(population == population[0]))
        synapses = parquet.read_table(folder / "synapses.parquet", columns=["pre", "post", "weight", "delay_ms"])
        self.pre = synapses["pre"].to_numpy().astype(np.int32)
        self.post = synapses["post"].to_numpy().astype(np.int32)
        delays = np.unique(synapses["delay_ms"].to_numpy())
        if len(delays) != 1:
            raise SystemExit(f"{folder}: one delay was expected, not {delays}")
        self.delay_ms = round(float(delays[0]), 6)
        weight = synapses["weight"].to_numpy().astype(np.float64)
        from_excitatory = self.pre < self.excitatory
        self.groups = {}
        for name, members in (("excitatory", from_excitatory), ("inhibitory", ~from_excitatory)):
            values = np.unique(weight[members])
            if len(values) != 1:
                raise SystemExit(f"{folder}: {name} synapses have {len(values)} weights, one was expected")
            self.groups[name] = (np.flatnonzero(members), float(values[0]))


def report(**figures) -> None:
    """The one line that the driver reads."""
    print(json.dumps(figures), flush=True)
