"""Compares a recording that was received live with what the simulator kept: python compare-live.py FOLDER FILE.npz"""

import sys

import numpy as np
import pyarrow.parquet as pq

table = pq.read_table(f"{sys.argv[1]}/spikes.parquet")
kept = np.load(sys.argv[2])
arrived = sorted(zip(np.round(table["time_ms"].to_numpy(), 6), table["neuron"].to_numpy()))
expected = sorted(zip(np.round(kept["time_ms"], 6), kept["neuron"]))
if arrived != expected:
    sys.exit(f"{sys.argv[1]}: {len(arrived)} spikes arrived, {len(expected)} were kept, or they differ")
print(f"{sys.argv[1]}: all {len(arrived)} spikes arrived as they were kept")
