"""One network in NEST. Arguments: network, recording folder, threads, repetitions.

Prints one line of JSON: wall seconds of every repetition, rate, version. Synapses with one weight are of the type that
stores it once (static_synapse_hom_w, stdp_synapse_hom), which is the faster one. Spikes are counted in a run of their own.
"""

import sys
import time
from pathlib import Path

import nest
import numpy as np

from networks import CELLS, DT_MS, DURATION_MS, NETWORKS, PLASTICITY, WARM_UP_MS
from wiring import Wiring, report

# Where a repetition takes longer than this, one is enough.
ENOUGH_S = 20.0


def neurons(network, wiring):
    c = CELLS[network.cells]
    common = dict(E_L=c["rest"], V_reset=c["reset"], V_th=c["threshold"], t_ref=c["refractory"])
    if network.cells == "current":
        model = "iaf_psc_exp"
        # A jump of w mV in the scene's g is a current of w * C / tau.
        common |= dict(C_m=200.0, tau_m=c["tau"], tau_syn_ex=c["tau_e"], tau_syn_in=c["tau_i"])
    elif network.cells == "conductance":
        model = "iaf_cond_exp"
        leak = 10.0
        common |= dict(C_m=leak * c["tau"], g_L=leak, E_ex=c["reversal_e"], E_in=c["reversal_i"],
                       tau_syn_ex=c["tau_e"], tau_syn_in=c["tau_i"], I_e=leak * c["drive"])
    else:
        model = "iaf_psc_delta"
        common |= dict(C_m=1.0, tau_m=c["tau"])
        if network.plastic:
            common |= dict(tau_minus=PLASTICITY["tau_minus"])
    group = nest.Create(model, wiring.size, common)
    if network.cells == "delta":
        group.V_m = c["rest"]
    else:
        group.V_m = nest.random.uniform(c["reset"], c["threshold"])
    return group


def connect(network, wiring):
    factor = {"delta": 1.0, "current": 10.0, "conductance": 10.0}[network.cells]
    for name, (members, weight) in wiring.groups.items():
        weight *= factor
        if network.cells == "conductance" and name == "inhibitory":
            weight = -weight
        if network.plastic and name == "excitatory":
            p = PLASTICITY
            to_excitatory = wiring.post[members] < wiring.excitatory
            nest.CopyModel("stdp_synapse_hom", "plastic", dict(
                weight=weight, delay=wiring.delay_ms, tau_plus=p["tau_plus"], alpha=p["alpha"], mu_plus=1.0, mu_minus=1.0,
                Wmax=p["weight_max"]) | {"lambda": p["rate"]})
            join(wiring, members[to_excitatory], "plastic")
            members = members[~to_excitatory]
        nest.CopyModel("static_synapse_hom_w", name, dict(weight=weight, delay=wiring.delay_ms))
        join(wiring, members, name)


def join(wiring, members, model):
    # In pieces: the lists that NEST makes of them are larger than the synapses.
    for part in np.array_split(members, max(1, len(members) // 2_000_000)):
        nest.Connect((wiring.pre[part] + 1).astype(np.int64), (wiring.post[part] + 1).astype(np.int64), "one_to_one",
                     dict(synapse_model=model))


def main(name, folder, threads, repetitions):
    network, wiring = NETWORKS[name], Wiring(Path(folder))
    nest.ResetKernel()
    nest.verbosity = nest.VerbosityLevel.ERROR
    nest.set(resolution=DT_MS, local_num_threads=threads, rng_seed=1, print_time=False)
    # Until something else is known, NEST checks delays against those of the models that are there.
    for model in ("static_synapse", "static_synapse_hom_w", "stdp_synapse_hom"):
        nest.SetDefaults(model, dict(delay=wiring.delay_ms))
    group = neurons(network, wiring)
    connect(network, wiring)
    c = CELLS[network.cells]
    if "background_hz" in c:
        noise = nest.Create("poisson_generator", params=dict(rate=c["background_hz"]))
        nest.Connect(noise, group, syn_spec=dict(weight=c["background_mv"], delay=wiring.delay_ms))
    nest.Prepare()
    nest.Run(WARM_UP_MS)
    walls = []
    for _ in range(repetitions):
        begun = time.perf_counter()
        nest.Run(DURATION_MS)
        walls.append(time.perf_counter() - begun)
        if walls[-1] > ENOUGH_S:
            break
    nest.Cleanup()
    recorder = nest.Create("spike_recorder", params=dict(record_to="memory"))
    nest.Connect(group, recorder)
    nest.Simulate(DURATION_MS)
    rate_hz = recorder.n_events / wiring.size / (DURATION_MS * 1e-3)
    report(simulator="NEST", version=nest.__version__, threads=threads, walls_s=walls, rate_hz=float(rate_hz))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
