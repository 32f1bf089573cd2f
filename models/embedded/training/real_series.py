"""Real series of the evaluation data and the windows taken from them. Never trained on."""
from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

WINDOWS_PER_SERIES = {"ett": 14, "petshop": 3, "wiki": 20, "yosemite": 24, "kpi_1h": 6, "kpi_1m": 14, "donut": 20, "asd": 3, "smd": 2}
DAY_OF_5_MINUTES = 288


class Series(NamedTuple):
    dataset: str
    name: str
    values: np.ndarray
    period: int
    anomalous: np.ndarray | None = None


class Window(NamedTuple):
    series: str
    context: np.ndarray
    ahead: np.ndarray
    period: int


def load(folder: Path) -> list[Series]:
    readers = (ett, petshop, prophet, kpi, donut, asd, smd)
    return [series for reader in readers for series in reader(folder)]


def ett(folder: Path) -> Iterator[Series]:
    table = pd.read_csv(folder / "forecast/ett/ETTh1.csv.gz")
    for column in table.columns[1:]:
        yield Series("ett", column, table[column].to_numpy(float), 24)


def petshop(folder: Path) -> Iterator[Series]:
    table = pd.read_csv(folder / "forecast/petshop/low_traffic_noissue_metrics.csv.gz", header=None, skiprows=4)
    for column in range(1, table.shape[1]):
        values = pd.to_numeric(table[column], errors="coerce").to_numpy(float)
        if np.isfinite(values).mean() >= 0.95 and np.nanstd(values) > 0:
            yield Series("petshop", f"c{column}", values, DAY_OF_5_MINUTES)


def prophet(folder: Path) -> Iterator[Series]:
    for dataset, file, step, period in (("wiki", "wp_log_peyton_manning", "D", 7), ("yosemite", "yosemite_temps", "5min", DAY_OF_5_MINUTES)):
        values = pd.read_csv(folder / f"forecast/prophet/example_{file}.csv", parse_dates=["ds"]).set_index("ds").y
        yield Series(dataset, file, values[~values.index.duplicated()].asfreq(step).to_numpy(float), period)


def kpi(folder: Path) -> Iterator[Series]:
    for path in sorted((folder / "kpi/microsoft").glob("*/*.csv")):
        table = pd.read_csv(path)
        time = pd.DatetimeIndex(pd.to_datetime(table.iloc[:, 0], utc=True))
        values, labels = (pd.to_numeric(table.iloc[:, column], errors="coerce") for column in (1, 2))
        grid = pd.DataFrame({"value": values.to_numpy(), "label": labels.fillna(0).to_numpy()}, index=time)
        grid = grid[~grid.index.duplicated()].sort_index()
        step = grid.index.to_series().diff().median()
        grid = grid.asfreq(step)
        minutes = step.total_seconds() == 60
        anomalous = grid.label.fillna(0).to_numpy() > 0
        yield Series("kpi_1m" if minutes else "kpi_1h", path.stem, grid.value.to_numpy(float), 1440 if minutes else 24, anomalous)


def donut(folder: Path) -> Iterator[Series]:
    for path in sorted((folder / "kpi/donut").glob("*.csv")):
        table = pd.read_csv(path).drop_duplicates("timestamp").set_index("timestamp").sort_index()
        table = table.reindex(np.arange(table.index[0], table.index[-1] + 1, 300))
        yield Series("donut", path.stem, table.value.to_numpy(float), DAY_OF_5_MINUTES, table.label.fillna(0).to_numpy() > 0)


def asd(folder: Path) -> Iterator[Series]:
    for path in sorted((folder / "asd").glob("*/train.csv.gz")):
        table = pd.read_csv(path)
        for column in table.columns[table.std() > 0]:
            yield Series("asd", path.parent.name + column, table[column].to_numpy(float), DAY_OF_5_MINUTES)


def smd(folder: Path) -> Iterator[Series]:
    for path in sorted((folder / "smd").glob("*/train.txt.gz")):
        table = np.loadtxt(path, delimiter=",")
        for column in np.flatnonzero(table.std(0) > 0):
            yield Series("smd", f"{path.parent.name}c{column}", table[:, column], 1440)


def windows(series: list[Series], context: int, horizon: int) -> dict[str, list[Window]]:
    """Rolling origins spread evenly over each series; windows with labelled anomalies or many gaps are left out."""
    found: dict[str, list[Window]] = defaultdict(list)
    for s in series:
        for origin in origins(len(s.values), context, horizon, WINDOWS_PER_SERIES[s.dataset]):
            past, ahead = slice(origin - context, origin), slice(origin, origin + horizon)
            if s.anomalous is not None and (s.anomalous[ahead].any() or s.anomalous[past].mean() > 0.02):
                continue
            if usable(s.values[past], s.values[ahead]):
                found[s.dataset].append(Window(s.name, s.values[past], s.values[ahead], s.period))
    return found


def origins(length: int, context: int, horizon: int, count: int) -> np.ndarray:
    first, last = context, length - horizon
    if last < first:
        return np.array([], int)
    if last - first > 3 * count:
        return np.unique(np.linspace(first, last, count + 2).astype(int))[1:-1]
    return np.unique(np.linspace(first, last, min(count, last - first + 1)).astype(int))


def usable(context: np.ndarray, ahead: np.ndarray) -> bool:
    if np.isfinite(context).mean() < 0.7 or np.isfinite(ahead).mean() < 0.7:
        return False
    return np.nanmax(context) - np.nanmin(context) > 1e-9 * max(1, np.nanmax(np.abs(context)))
