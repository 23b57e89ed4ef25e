"""A snnTorch layer whose spikes go to `spikescope listen` while it runs: pip install torch snntorch pyarrow."""

import json
import os
import socket

import numpy as np
import pyarrow as pa
import snntorch as snn
import torch

torch.manual_seed(1)
inputs, outputs, steps = 100, 50, 1000
linear = torch.nn.Linear(inputs, outputs)
cell = snn.Leaky(beta=0.9)
membrane = cell.init_leaky()

# What spikescope needs to know: how long a step is (torch has no unit of time), and the populations in order.
about = {"name": "snntorch", "dt_ms": "1",
         "populations": json.dumps([{"name": "input", "size": inputs}, {"name": "output", "size": outputs}])}
schema = pa.schema([("time_ms", pa.float64()), ("neuron", pa.uint32())], metadata=about)
sink = socket.create_connection(("127.0.0.1", 4718)).makefile("wb")
stream = pa.ipc.new_stream(sink, schema)
kept = []
with torch.no_grad():
    for step in range(1, steps + 1):
        noise = (torch.rand(1, inputs) < 0.05).float()
        spikes, membrane = cell(linear(3 * noise), membrane)
        neurons = torch.cat([noise[0], spikes[0]]).nonzero()[:, 0].numpy()
        kept.extend((float(step), neuron) for neuron in neurons)
        times = pa.array([float(step)] * len(neurons), pa.float64())
        stream.write_batch(pa.record_batch([times, pa.array(neurons, pa.uint32())], schema=schema))
        sink.flush()
stream.close()
sink.close()

# What the simulator itself kept, to compare with.
if "SPIKESCOPE_SAVE" in os.environ:
    times, neurons = zip(*kept)
    np.savez(os.environ["SPIKESCOPE_SAVE"], time_ms=times, neuron=neurons)
