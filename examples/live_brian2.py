"""A Brian2 network whose spikes go to `spikescope listen` while it runs: pip install brian2 pyarrow."""

import json
import os
import socket

import numpy as np
import pyarrow as pa
from brian2 import NeuronGroup, SpikeMonitor, Synapses, defaultclock, ms, mV, network_operation, run, seed

seed(1)
defaultclock.dt = 0.1 * ms
cells = NeuronGroup(
    400,
    """dv/dt = (ge + gi - (v + 49*mV)) / (20*ms) : volt (unless refractory)
       dge/dt = -ge / (5*ms) : volt
       dgi/dt = -gi / (10*ms) : volt""",
    threshold="v > -50*mV", reset="v = -60*mV", refractory=5 * ms, method="exact",
)
cells.v = "-60*mV + rand()*10*mV"
excitation = Synapses(cells[:320], cells, on_pre="ge += 1.62*mV")
inhibition = Synapses(cells[320:], cells, on_pre="gi -= 9*mV")
excitation.connect(p=0.2)
inhibition.connect(p=0.2)
spikes = SpikeMonitor(cells)

# What spikescope needs to know: the step, and the populations in the order of neuron ids.
about = {"name": "brian2", "dt_ms": "0.1",
         "populations": json.dumps([{"name": "excitatory", "size": 320}, {"name": "inhibitory", "size": 80}])}
schema = pa.schema([("time_ms", pa.float64()), ("neuron", pa.uint32())], metadata=about)
sink = socket.create_connection(("127.0.0.1", 4718)).makefile("wb")
stream = pa.ipc.new_stream(sink, schema)
sent = 0


@network_operation(dt=10 * ms)
def send():
    global sent
    times, neurons = spikes.t[sent:] / ms, spikes.i[sent:]
    sent += len(times)
    # Brian2 stamps a spike with the beginning of its step, spikescope with its end.
    stream.write_batch(pa.record_batch([pa.array(times + 0.1), pa.array(neurons, pa.uint32())], schema=schema))
    sink.flush()


run(1000 * ms)
send.function()
stream.close()
sink.close()

# What the simulator itself kept, to compare with.
if "SPIKESCOPE_SAVE" in os.environ:
    np.savez(os.environ["SPIKESCOPE_SAVE"], time_ms=spikes.t / ms + 0.1, neuron=np.asarray(spikes.i))
