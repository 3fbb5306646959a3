//! Recorded arrivals: a reader per public format, and what is done with recorded arrivals whatever they were read from.
//!
//! Every reader is a [`feed::Trace`]: a stream in order of time, in memory that does not grow with the trace, with the names
//! it refers to and a report of what was repaired and dropped. Formats with a row per event are layouts of a
//! [`feed::Feed`], which brings rows into order within a window; tables of counts are periods of a [`blocks::Blocks`],
//! which places and sorts one period at a time.

pub mod access_log;
pub mod alibaba_batch;
pub mod alibaba_calls;
pub mod arrival;
pub mod arrivals;
pub mod azure_2019;
pub mod azure_2021;
pub mod bitbrains;
pub mod blocks;
pub mod borg;
pub mod clock;
pub mod counts;
pub mod cut;
pub mod feed;
pub mod flaw;
pub mod huawei;
pub mod lambda_report;
pub mod line;
pub mod mapped;
pub mod merged;
pub mod number;
pub mod order;
pub mod packed;
pub mod periods;
pub mod place;
pub mod recipe;
pub mod report;
pub mod requests;
pub mod scaled;
pub mod timetable;

/// A file that holds `text`, for tests.
#[cfg(test)]
pub(super) fn test_file(text: &str) -> tempfile::NamedTempFile {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), text).unwrap();
    file
}
