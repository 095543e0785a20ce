"""Tables of medians and ratios from the results of gwload."""
import statistics

from cases import CASES, FIGURES, INTEGRITY, scenario_of


def flatten(result, prefix=""):
    """{"a": {"b": 1}} to {"a.b": 1}; what is not a number is left out."""
    flat = {}
    for key, value in result.items():
        if isinstance(value, dict):
            flat.update(flatten(value, f"{prefix}{key}."))
        elif isinstance(value, (int, float)):
            flat[prefix + key] = value
    return flat


def figures_of(result):
    flat = flatten(result)
    if flat.get("idle.wall_s"):
        flat["idle.cpu_percent"] = 100 * flat["idle.cpu_scheduled_s"] / flat["idle.wall_s"]
    if flat.get("saturated.sent"):
        flat["saturated.disk_kB_per_message"] = (
            flat["saturated.disk_kB"] / flat["saturated.sent"])
    return flat


def collect(runs):
    """{case: {gateway: {figure: [value of each run]}}}"""
    values = {}
    for run in runs:
        if "failed" in run["result"]:
            continue
        mine = values.setdefault(run["case"], {}).setdefault(run["gateway"], {})
        for key, value in figures_of(run["result"]).items():
            mine.setdefault(key, []).append(value)
    return values


def number(value):
    if value == 0:
        return "0"
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"


def spread(values):
    if not values:
        return "-"
    median = number(statistics.median(values))
    if len(values) == 1:
        return median
    return f"{median} [{number(min(values))}..{number(max(values))}]"


def ratio(mine, peer):
    if not mine or not peer or not statistics.median(peer):
        return "-"
    return f"{statistics.median(mine) / statistics.median(peer):.3g}"


def row(cells):
    return "| " + " | ".join(cells) + " |"


def figure_rows(figures, gateways, values):
    for key, label in figures.items():
        found = [values[g].get(key, []) for g in gateways]
        if not any(any(v) for v in found):
            continue
        more = " (more is better)" if label.startswith("+") else ""
        yield row([label.lstrip("+") + more, *map(spread, found),
                   *(ratio(found[0], peer) for peer in found[1:])])


def integrity(gateways, values):
    worst = {(g, key): max(values[g].get(key, [0])) for g in gateways for key in INTEGRITY}
    faults = [f"{g}: {key} = {number(v)}" for (g, key), v in worst.items() if v > 0]
    return "; ".join(faults) or "nothing lost, duplicated or reordered; no error, no crash."


def generator_bound(gateways, values):
    """Where the harness itself was the limit, throughput is only a lower bound."""
    busy = [g for g in gateways
            if statistics.median(values[g].get("saturated.harness_busy", [0])) > 0.8]
    return f"Limited by the harness when saturated: {', '.join(busy)}" if busy else None


def case_table(case, values):
    gateways = list(values)
    counts = {len(values[g]["calibration_ms"]) for g in gateways}
    lines = [
        f"### {case} (runs: {'/'.join(map(str, sorted(counts)))})", "",
        row(["", *gateways, *(f"{gateways[0]} / {peer}" for peer in gateways[1:])]),
        "|---|" + "---:|" * (2 * len(gateways) - 1),
        *figure_rows(FIGURES[scenario_of(case)], gateways, values), "",
        "Integrity: " + integrity(gateways, values),
    ]
    bound = generator_bound(gateways, values)
    return lines + ([bound, ""] if bound else [""])


def noise(runs):
    flat = [figures_of(r["result"]) for r in runs if "failed" not in r["result"]]
    if not flat:
        return "No run gave a result."
    calibration = [f["calibration_ms"] for f in flat]
    others = [100 * v for f in flat for k, v in f.items() if k.endswith("noise_others")] or [0]
    return (f"Noise: fixed work took {min(calibration):.0f}..{max(calibration):.0f} ms; other "
            f"processes used {max(0, statistics.median(others)):.0f} % of the machine in the "
            f"median, {max(others):.0f} % at most.")


def tables(runs):
    """Ratios are of the gateway that ran first to each of the others."""
    values = collect(runs)
    lines = []
    for case in CASES:
        if case in values:
            lines += case_table(case, values[case])
    failed = [f"{r['case']}, {r['gateway']}: {r['result']['failed']}" for r in runs
              if "failed" in r["result"]]
    return "\n".join([*lines, *(f"Failed: {f}" for f in failed), noise(runs)])
