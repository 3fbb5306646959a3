//! Archives: every reader takes gzip and zstd, and one that is cut off or changed is an error and never a shorter trace.

use crate::data;
use ruzstd::encoding::{CompressionLevel, compress_to_vec};
use std::io::{Read, Write};
use std::path::PathBuf;
use stratosim::engine::random::Streams;
use stratosim::engine::time::Span;
use stratosim::workload::trace::feed::{BadRows, Reading, all};
use stratosim::workload::trace::mapped::Mapping;
use stratosim::workload::trace::recipe::{Format, Recipe};

/// The small file of each format.
fn small(format: Format) -> PathBuf {
    data(match format {
        Format::Arrivals => "arrivals/shop.csv",
        Format::Requests => "requests/requests.csv",
        Format::Counts => "counts/wits.txt",
        Format::Azure2019 => "azure-2019/invocations_per_function_md.anon.d01.csv",
        Format::Azure2021 => "azure-2021/AzureFunctionsInvocationTraceForTwoWeeksJan2021.txt",
        Format::Huawei => "huawei/requests_minute/day_000.csv",
        Format::Huawei2025 => "huawei-2025/requests_day_30.csv",
        Format::AlibabaBatch => "alibaba-2018/batch_task.csv",
        Format::AlibabaCalls => "alibaba-2021/MSCallGraph_0.csv",
        Format::Borg2011 => "borg-2011/part-00000-of-00500.csv.gz",
        Format::Bitbrains => "bitbrains/1.csv",
        Format::Globus => "globus/invocations.csv",
        Format::Lambda => "lambda/resize.log",
        Format::Alb => "alb/app.lb.log",
        Format::Clf => "clf/access.log",
        Format::Timetable => "timetable/calls.txt",
        Format::Csv => "csv/own.csv",
    })
}

fn plain(path: PathBuf) -> Vec<u8> {
    let bytes = std::fs::read(&path).unwrap();
    if path.extension().is_none_or(|ending| ending != "gz") {
        return bytes;
    }
    let mut text = Vec::new();
    flate2::read::GzDecoder::new(&bytes[..]).read_to_end(&mut text).unwrap();
    text
}

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    packed.write_all(text).unwrap();
    packed.finish().unwrap()
}

fn recipe(format: Format, file: PathBuf) -> Recipe {
    let mapping = "separator=semicolon,time=when:iso,function=who,service=took:ms,memory=size:KiB";
    Recipe {
        mapping: (format == Format::Csv).then(|| Mapping::parse(mapping).unwrap()),
        period: Span::from_secs(if format == Format::Huawei { 60 } else { 1 }),
        ..Recipe::new(format, vec![file])
    }
}

/// How many arrivals, or what is wrong.
fn read(recipe: &Recipe) -> Result<usize, String> {
    let opened = recipe.open(&Streams::new(1, 0));
    opened.and_then(|mut trace| all(&mut *trace)).map(|arrivals| arrivals.len()).map_err(|flaw| flaw.to_string())
}

#[test]
fn every_reader_unpacks_and_none_takes_a_torn_or_changed_archive_for_a_trace() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("packed");
    for format in Format::ALL {
        let text = plain(small(format));
        std::fs::write(&file, &text).unwrap();
        let arrivals = read(&recipe(format, file.clone())).unwrap_or_else(|error| panic!("{format:?}: {error}"));
        assert!(arrivals > 0, "{format:?}");
        for (kind, packed) in [("gzip", gzip(&text)), ("zstd", compress_to_vec(&text[..], CompressionLevel::Fastest))] {
            std::fs::write(&file, &packed).unwrap();
            assert_eq!(read(&recipe(format, file.clone())), Ok(arrivals), "{format:?} in {kind}");
            // Where it is cut, from the first byte after the header to the last before the checksum is whole.
            for end in [packed.len() / 2, packed.len() - 5, packed.len() - 1] {
                std::fs::write(&file, &packed[..end]).unwrap();
                let error = read(&recipe(format, file.clone())).expect_err("a torn archive");
                assert!(error.contains("cannot be read"), "{format:?} in {kind}, cut at {end}: {error}");
            }
            // One bit of the checksum, or of the sum over it.
            let mut changed = packed.clone();
            let place = changed.len() - if kind == "gzip" { 8 } else { 4 };
            changed[place] ^= 1;
            std::fs::write(&file, &changed).unwrap();
            for bad_rows in [BadRows::Stop, BadRows::Drop] {
                let reading = Reading { bad_rows, ..Reading::default() };
                let recipe = Recipe { reading, ..recipe(format, file.clone()) };
                let error = read(&recipe).expect_err("a changed archive");
                assert!(error.contains("cannot be read"), "{format:?} in {kind}: {error}");
            }
        }
    }
}
