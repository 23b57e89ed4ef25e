#!/usr/bin/env python3
"""spikescope beside Brian2 and NEST: the same synapses, one machine, one table.

    benches/compare/compare.py [NETWORK ...] [--venv FOLDER] [--program FILE] [--work FOLDER] [--table FILE]

spikescope compiles each network and writes its synapses down (`simulate --record`); the other two read them. Every
simulator warms up for 200 ms and then runs 1 s five times without recording spikes; the median counts. A simulator whose
mean rate leaves the network's band gets no time printed. NEST, where a second takes it
more than 20 s, runs one. Brian2 and NEST come from PyPI into an environment of their own,
made on the first run. Build the program first: cargo build --release
"""

import argparse
import datetime
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path.insert(0, str(HERE))
from networks import NETWORKS  # noqa: E402

REPETITIONS = 5


def environment(folder: Path) -> Path:
    python = folder / "bin" / "python"
    if not (folder / "ready").exists():
        print(f"making {folder} with Brian2 and NEST", file=sys.stderr)
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        subprocess.run([str(python), "-m", "pip", "install", "-q", "brian2==2.9.0",
                        "nest-simulator==3.10.0", "numpy>=2,<2.4", "pyarrow", "setuptools"],
                       check=True)
        (folder / "ready").touch()
    return python


def last_json(command, **options):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options)
    lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
    if done.returncode != 0 or not lines:
        raise RuntimeError(f"{command[1]} failed:\n{done.stdout[-800:]}\n{done.stderr[-2000:]}")
    return json.loads(lines[-1])


def changes(network):
    return [part for change in network.changes for part in ("--set", change)]


def run_spikescope(program, network, threads):
    command = [str(program), "bench", network.scene, "--engine", "cpu", "--repetitions", str(REPETITIONS), "--quiet",
               "--json", *changes(network)]
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ | {"RAYON_NUM_THREADS": str(threads)})
    if done.returncode != 0:
        raise RuntimeError(done.stderr)
    run = json.loads(done.stdout)[0]
    return dict(simulator="spikescope", version=run["version"], threads=threads, wall_s=run["wall_s"],
                spread_s=[run["wall_s_min"], run["wall_s_max"]], rate_hz=run["mean_rate_hz"],
                neurons=run["neurons"], synapses=run["synapses"])


def run_other(python, script, name, folder, threads, work):
    extra = [str(work / f"brian2-{name}-{threads}")] if script == "run_brian2.py" else []
    environment = os.environ | {"OMP_NUM_THREADS": str(threads), "PYNEST_QUIET": "1"}
    run = last_json([str(python), str(HERE / script), name, str(folder), str(threads), *extra, str(REPETITIONS)],
                    cwd=work, env=environment)
    walls = run.pop("walls_s")
    return run | dict(wall_s=statistics.median(walls), spread_s=[min(walls), max(walls)])


def measure(name, program, python, work):
    network, folder = NETWORKS[name], work / f"recording-{name}"
    shutil.rmtree(folder, ignore_errors=True)
    subprocess.run([str(program), "simulate", network.scene, "--engine", "cpu", "--duration-ms", "0.1", "--record",
                    str(folder), "--quiet", *changes(network)], check=True, stdout=subprocess.DEVNULL)
    runs = []
    for threads in (1, 2):
        runs.append(run_spikescope(program, network, threads))
    for script in ("run_brian2.py", "run_nest.py"):
        for threads in (1, 2):
            try:
                runs.append(run_other(python, script, name, folder, threads, work))
            except RuntimeError as error:
                print(f"{name}: {error}", file=sys.stderr)
    low, high = network.band_hz()
    for run in runs:
        run["in_band"] = low <= run["rate_hz"] <= high
        said = f"{run['wall_s']:.4f} s" if run["in_band"] else f"no time: outside {low:.2f} to {high:.2f} Hz"
        print(f"{name:16} {run['simulator']:11} {run['threads']} threads  {run['rate_hz']:6.2f} Hz  {said}", file=sys.stderr)
    shutil.rmtree(folder, ignore_errors=True)
    return runs


def processor():
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.processor() or "unknown"


def best(runs, simulator):
    fit = [run for run in runs if run["simulator"] == simulator and run["in_band"]]
    return min(fit, key=lambda run: run["wall_s"]) if fit else None


def cell(run):
    return f"{run['wall_s']:.4f} ({run['threads']})" if run else "-"


def table(results):
    versions = {run["simulator"]: run["version"] for runs in results.values() for run in runs}
    lines = [
        "# The CPU engine beside Brian2 and NEST",
        "",
        "Wall seconds for 1 s of biological time, spikes not recorded: medians of five after 200 ms of warm-up, the better",
        "of 1 and 2 threads (which one is in brackets). All three run the same synapses. Ratio: the faster of Brian2 and",
        "NEST over spikescope. A dash: its rate was outside of the network's band, or it did not run. Where one second takes",
        "NEST more than 20 s, it ran one.",
        "",
        f"Machine: {processor()}, {os.cpu_count()} cores; {datetime.date.today()}; "
        + ", ".join(f"{name} {version}" for name, version in versions.items())
        + ". Brian2 computes in double precision, spikescope in single.",
        "Made by `cargo build --release && benches/compare/compare.py --table docs/reports/cpu-compare.md`.",
        "",
        "| network | neurons | synapses | rate Hz: spikescope, Brian2, NEST | spikescope | Brian2 C++ | NEST | ratio |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name, runs in results.items():
        own, brian2, nest = (best(runs, simulator) for simulator in ("spikescope", "Brian2 C++", "NEST"))
        others = [run["wall_s"] for run in (brian2, nest) if run]
        ratio = f"{min(others) / own['wall_s']:.2f}" if own and others else "-"
        rates = ", ".join(f"{run['rate_hz']:.2f}" if run else "-" for run in (own, brian2, nest))
        size = next(run for run in runs if run["simulator"] == "spikescope")
        lines.append(f"| {name} | {size['neurons']:,} | {size['synapses']:,} | {rates} | {cell(own)} | {cell(brian2)} "
                     f"| {cell(nest)} | {ratio} |")
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("networks", nargs="*", metavar="NETWORK", help=", ".join(NETWORKS))
    parser.add_argument("--venv", type=Path, default=ROOT / "target" / "compare" / "venv")
    parser.add_argument("--work", type=Path, default=ROOT / "target" / "compare" / "work")
    parser.add_argument("--program", type=Path, default=ROOT / "target" / "release" / "spikescope")
    parser.add_argument("--table", type=Path, help="write the table here as well")
    arguments = parser.parse_args()
    unknown = [name for name in arguments.networks if name not in NETWORKS]
    if unknown:
        parser.error(f"no network is called {unknown[0]}; there are {', '.join(NETWORKS)}")
    if not arguments.program.exists():
        parser.error(f"{arguments.program} is not there: cargo build --release")
    python = environment(arguments.venv)
    arguments.work.mkdir(parents=True, exist_ok=True)
    kept = arguments.work / "results.json"
    results = json.loads(kept.read_text()) if kept.exists() and arguments.networks else {}
    for name in arguments.networks or NETWORKS:
        results[name] = measure(name, arguments.program.resolve(), python.absolute(), arguments.work.resolve())
        results = {name: results[name] for name in NETWORKS if name in results}
        kept.write_text(json.dumps(results, indent=1))
    text = table(results)
    if arguments.table:
        arguments.table.parent.mkdir(parents=True, exist_ok=True)
        arguments.table.write_text(text)
    print(text)


if __name__ == "__main__":
    main()
