"""A NEST network whose spikes go to `spikescope listen` while it runs: pip install nest-simulator pyarrow."""

import json
import os
import socket

import nest
import numpy as np
import pyarrow as pa

nest.ResetKernel()
nest.SetKernelStatus({"resolution": 0.1, "rng_seed": 1})
excitatory = nest.Create("iaf_psc_alpha", 400)
inhibitory = nest.Create("iaf_psc_alpha", 100)
noise = nest.Create("poisson_generator", params={"rate": 8000.0})
recorder = nest.Create("spike_recorder")
cells = excitatory + inhibitory
nest.Connect(noise, cells, syn_spec={"weight": 40.0, "delay": 1.0})
nest.Connect(excitatory, cells, {"rule": "fixed_indegree", "indegree": 40}, {"weight": 20.0, "delay": 1.5})
nest.Connect(inhibitory, cells, {"rule": "fixed_indegree", "indegree": 10}, {"weight": -100.0, "delay": 1.5})
nest.Connect(cells, recorder)

# What spikescope needs to know: the step, and the populations in the order of neuron ids.
about = {"name": "nest", "dt_ms": "0.1",
         "populations": json.dumps([{"name": "excitatory", "size": 400}, {"name": "inhibitory", "size": 100}])}
schema = pa.schema([("time_ms", pa.float64()), ("neuron", pa.uint32())], metadata=about)
sink = socket.create_connection(("127.0.0.1", 4718)).makefile("wb")
stream = pa.ipc.new_stream(sink, schema)
sent = 0
with nest.RunManager():
    for _ in range(50):
        nest.Run(20.0)
        events = recorder.get("events")
        times, senders = events["times"][sent:], events["senders"][sent:]
        sent += len(times)
        order = np.argsort(times, kind="stable")
        neurons = pa.array(senders[order] - excitatory[0].global_id, pa.uint32())
        stream.write_batch(pa.record_batch([pa.array(times[order]), neurons], schema=schema))
        sink.flush()
stream.close()
sink.close()

# What the simulator itself kept, to compare with.
if "SPIKESCOPE_SAVE" in os.environ:
    kept = recorder.get("events")
    np.savez(os.environ["SPIKESCOPE_SAVE"], time_ms=kept["times"], neuron=kept["senders"] - excitatory[0].global_id)
