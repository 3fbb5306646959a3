"""What Gnocchi's own code takes for the work of `benches/archive.rs`: batches of 10,000 measures into three granularities
with mean, max and 95pct, in memory. Only what computes is called (`gnocchi.carbonara`): no storage, no compression, no
service, so that the figure is the least that the original can take.

    python archive.py SPACING_NS BATCHES

prints CPU seconds. Wants `pip install gnocchi==4.7.1`.
"""

import sys
import time

import numpy
from gnocchi import carbonara

BATCH = 10_000
POINTS = 10_000


def main():
    spacing, batches = int(sys.argv[1]), int(sys.argv[2])
    widths = [numpy.timedelta64(seconds, "s") for seconds in (1, 60, 3600)]
    methods = ("mean", "max", "95pct")
    wanted = [
        [carbonara.Aggregation(method, width, width * POINTS) for method in methods]
        for width in widths
    ]
    kept = {kind: carbonara.AggregatedTimeSerie(kind) for kinds in wanted for kind in kinds}
    raw = carbonara.BoundTimeSerie(block_size=widths[-1], back_window=0)
    rng = numpy.random.default_rng(1)
    start = numpy.datetime64(0, "ns")
    spent = 0.0
    for batch in range(batches):
        offsets = numpy.arange(batch * BATCH, (batch + 1) * BATCH) * spacing
        measures = carbonara.make_timeseries(start + offsets.astype("timedelta64[ns]"), rng.random(BATCH))
        before = time.process_time()

        def compute(series):
            since = max(series.first, measures["timestamps"][0])
            for width, kinds in zip(widths, wanted):
                grouped = series.group_serie(width, carbonara.round_timestamp(since, width))
                for kind in kinds:
                    fresh = carbonara.AggregatedTimeSerie.from_grouped_serie(grouped, kind)
                    kept[kind].merge(fresh)
                    kept[kind].truncate()

        raw.set_values(measures, before_truncate_callback=compute)
        spent += time.process_time() - before
    print(spent)


if __name__ == "__main__":
    main()
