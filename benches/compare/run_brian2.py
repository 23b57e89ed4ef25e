"""One network in Brian2, C++ standalone. Arguments: network, recording folder, threads, build folder, repetitions.

Prints one line of JSON: wall seconds of every repetition, rate, version. Times are taken inside the built program, around
each run of the network, so that neither building nor reading the connectivity counts. Brian2's defaults: double
precision, -O3 -march=native -ffast-math.
"""

import sys
from pathlib import Path

import brian2 as b
import numpy as np

from networks import CELLS, DT_MS, DURATION_MS, NETWORKS, PLASTICITY, WARM_UP_MS
from wiring import Wiring, report

STAMP = """{
    struct timespec now; clock_gettime(CLOCK_MONOTONIC, &now);
    std::ofstream stamps("STAMPS", std::ios::app); stamps.precision(17);
    stamps << now.tv_sec + 1e-9 * now.tv_nsec << std::endl;
}"""


def neurons(network, wiring):
    c = CELLS[network.cells]
    names = dict(tau=c["tau"] * b.ms, rest=c["rest"] * b.mV, reset=c["reset"] * b.mV, threshold=c["threshold"] * b.mV)
    traces = ""
    if network.cells == "current":
        names |= dict(tau_e=c["tau_e"] * b.ms, tau_i=c["tau_i"] * b.ms)
        model = """dv/dt = (ge + gi - (v - rest)) / tau : volt (unless refractory)
                   dge/dt = -ge / tau_e : volt
                   dgi/dt = -gi / tau_i : volt"""
        method = "exact"
    elif network.cells == "conductance":
        names |= dict(tau_e=c["tau_e"] * b.ms, tau_i=c["tau_i"] * b.ms, reversal_e=c["reversal_e"] * b.mV,
                      reversal_i=c["reversal_i"] * b.mV, drive=c["drive"] * b.mV)
        model = """dv/dt = (rest - v + ge * (reversal_e - v) + gi * (reversal_i - v) + drive) / tau
                           : volt (unless refractory)
                   dge/dt = -ge / tau_e : 1
                   dgi/dt = -gi / tau_i : 1"""
        method = "exponential_euler"
    else:
        model, method = "dv/dt = (rest - v) / tau : volt (unless refractory)", "exact"
        if network.plastic:
            # Traces of neurons instead of synapses: the faster of the usual ways.
            names |= dict(tau_plus=PLASTICITY["tau_plus"] * b.ms, tau_minus=PLASTICITY["tau_minus"] * b.ms)
            model += """
                   da_plus/dt = -a_plus / tau_plus : 1
                   da_minus/dt = -a_minus / tau_minus : 1"""
            traces = "; a_plus += 1; a_minus += 1"
    group = b.NeuronGroup(wiring.size, model, method=method, threshold="v >= threshold",
                          reset="v = reset" + traces, refractory=c["refractory"] * b.ms, namespace=names)
    if network.cells != "delta":
        group.v = "reset + rand() * (threshold - reset)"
    return group


def synapses(network, wiring, group):
    for name, (members, weight) in wiring.groups.items():
        unit = 1.0 if network.cells == "conductance" else b.mV
        target = {"delta": "v", "current": "ge", "conductance": "ge"}[network.cells]
        if name == "inhibitory" and network.cells != "delta":
            target = "gi"
        parts = [members]
        if network.plastic and name == "excitatory":
            to_excitatory = wiring.post[members] < wiring.excitatory
            parts = [members[~to_excitatory]]
            yield plastic(wiring, group, members[to_excitatory], weight)
        for part in parts:
            s = b.Synapses(group, group, on_pre=f"{target}_post += w", delay=wiring.delay_ms * b.ms,
                           namespace=dict(w=weight * unit))
            s.connect(i=wiring.pre[part], j=wiring.post[part])
            yield s


def plastic(wiring, group, members, weight):
    p = PLASTICITY
    names = dict(down=p["rate"] * p["alpha"], up=p["rate"], largest=p["weight_max"] * b.mV)
    s = b.Synapses(group, group, "w : 1",
                   # Delays postpone transmission, not learning.
                   on_pre=dict(learn="w = clip(w - down * w * a_minus_post, 0, 1)", transmit="v_post += w * largest"),
                   on_post="w = clip(w + up * (1 - w) * a_plus_pre, 0, 1)",
                   delay=dict(transmit=wiring.delay_ms * b.ms), namespace=names)
    s.connect(i=wiring.pre[members], j=wiring.post[members])
    s.w = weight / p["weight_max"]
    return s


def main(name, folder, threads, build, repetitions):
    network, wiring = NETWORKS[name], Wiring(Path(folder))
    b.set_device("cpp_standalone", build_on_run=False, directory=build)
    b.prefs.devices.cpp_standalone.openmp_threads = 0 if threads == 1 else threads
    b.defaultclock.dt = DT_MS * b.ms
    b.seed(1)
    group = neurons(network, wiring)
    objects = [group, *synapses(network, wiring, group)]
    c = CELLS[network.cells]
    if "background_hz" in c:
        objects.append(b.PoissonInput(group, "v", N=1000, rate=c["background_hz"] / 1000 * b.Hz,
                                      weight=c["background_mv"] * b.mV))
    monitor = b.SpikeMonitor(group, record=False)
    net = b.Network(*objects, monitor)
    stamps = Path(build).resolve() / "stamps.txt"
    monitor.active = False
    net.run(WARM_UP_MS * b.ms)
    b.device.insert_code("before_network_run", STAMP.replace("STAMPS", str(stamps)))
    b.device.insert_code("after_network_run", STAMP.replace("STAMPS", str(stamps)))
    for _ in range(repetitions):
        net.run(DURATION_MS * b.ms)
    monitor.active = True
    net.run(DURATION_MS * b.ms)
    b.device.build(directory=build, compile=True, run=False)
    stamps.unlink(missing_ok=True)
    b.device.run(build, with_output=False, run_args=[])
    marks = np.loadtxt(stamps)
    walls = marks[1::2] - marks[::2]
    rate_hz = float(np.sum(monitor.count)) / wiring.size / (DURATION_MS * 1e-3)
    report(simulator="Brian2 C++", version=b.__version__, threads=threads, walls_s=walls[:repetitions].tolist(),
           rate_hz=rate_hz)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4], int(sys.argv[5]))
