"""The networks that are compared: which scene of spikescope, with which changes, and which mean rate it must have.

A band is the rate (Hz, all neurons) that every simulator must keep to before a time is printed: what the three agree on
for the network of the source, 10 % up and down.
"""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Network:
    scene: str
    cells: str
    rate_hz: float
    source: str
    changes: tuple[str, ...] = ()
    plastic: bool = False

    def band_hz(self) -> tuple[float, float]:
        return 0.9 * self.rate_hz, 1.1 * self.rate_hz


VOGELS_ABBOTT = "Brette et al. 2007, benchmark {}; in-degrees of 64 and 16 at every size"
BRUNEL = "Brunel 2000 as NEST's brunel_delta example has it (order 2500, g 5, eta 2)"

NETWORKS = {
    "cuba-4000": Network("cuba", "current", 5.3, VOGELS_ABBOTT.format(2)),
    "cuba-20000": Network("cuba", "current", 5.3, VOGELS_ABBOTT.format(2), ("population.excitatory.size=16000",)),
    "coba-4000": Network("coba", "conductance", 13.4, VOGELS_ABBOTT.format(1)),
    "coba-20000": Network(
        "coba", "conductance", 13.4, VOGELS_ABBOTT.format(1), ("population.excitatory.size=16000",)
    ),
    "brunel-12500": Network(
        "brunel",
        "delta",
        32.0,
        BRUNEL,
        (
            "population.excitatory.size=10000",
            "projection.excitation.in_degree=1000",
            "projection.excitation.weight=0.1",
            "projection.inhibition.in_degree=250",
            "projection.inhibition.weight=-0.5",
        ),
    ),
    "brunel-plastic": Network(
        "brunel-plastic", "delta", 35.0, "Brunel's network with the multiplicative pair rule of Auryn's comparison", (), True
    ),
}

# Cells, as the scenes have them: mV and ms.
CELLS = {
    "current": dict(rest=-49.0, reset=-60.0, threshold=-50.0, tau=20.0, refractory=5.0, tau_e=5.0, tau_i=10.0),
    "conductance": dict(
        rest=-60.0, reset=-60.0, threshold=-50.0, tau=20.0, refractory=5.0, tau_e=5.0, tau_i=10.0,
        reversal_e=0.0, reversal_i=-80.0, drive=20.0,
    ),
    "delta": dict(rest=0.0, reset=0.0, threshold=20.0, tau=20.0, refractory=2.0, background_hz=20_000.0,
                  background_mv=0.1),
}
# Pair rule of brunel-plastic; weights are shares of weight_max.
PLASTICITY = dict(tau_plus=20.0, tau_minus=20.0, alpha=2.02, rate=0.01, weight_max=1.5)
DT_MS = 0.1
WARM_UP_MS = 200.0
DURATION_MS = 1000.0
