//! Opening a trace: plain, gzip or zstd, told apart by the first bytes and never by the name.
//!
//! Several members or frames in a row are read as one file (`cat a.gz b.gz`), skippable frames are skipped, checksums are
//! checked. Formats that hold traces but are not text are named, with what to do about them.

use super::flaw::Flaw;
use flate2::bufread::MultiGzDecoder;
use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;
use std::sync::Arc;

/// Text of a trace, whatever it was packed with.
pub type Text = Box<dyn BufRead + Send>;

const BUFFER: usize = 1 << 16;

/// A path as it is named in messages.
pub fn name(path: &Path) -> Arc<str> {
    path.to_string_lossy().into()
}

/// Opens a file and unpacks it as it is read.
///
/// # Errors
/// A missing file, a folder, an empty file, and archives or binary formats that hold no text.
pub fn open(path: &Path) -> Result<Text, Flaw> {
    let file = name(path);
    let unreadable = |source| Flaw::Unreadable { file: file.clone(), source };
    if std::fs::metadata(path).map_err(unreadable)?.is_dir() {
        return Err(Flaw::file(&file, "a folder", "a file of a trace"));
    }
    let mut raw = BufReader::with_capacity(BUFFER, File::open(path).map_err(unreadable)?);
    let head = raw.fill_buf().map_err(unreadable)?;
    if head.is_empty() {
        return Err(Flaw::file(&file, "an empty file", "a trace"));
    }
    if let Some((found, wanted)) = not_text(head) {
        return Err(Flaw::file(&file, found, wanted));
    }
    Ok(unpack(raw))
}

/// What unpacks `raw`, by its first bytes.
pub fn unpack(mut raw: BufReader<File>) -> Text {
    match raw.fill_buf() {
        Ok([0x1f, 0x8b, ..]) => Box::new(BufReader::with_capacity(BUFFER, MultiGzDecoder::new(raw))),
        Ok([0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..]) => {
            Box::new(BufReader::with_capacity(BUFFER, Frames { raw, decoder: FrameDecoder::new(), within: false }))
        }
        // An error that is there now is there again at the first read.
        _ => Box::new(raw),
    }
}

fn not_text(head: &[u8]) -> Option<(&'static str, &'static str)> {
    let kinds: [(&[u8], &str, &str); 8] = [
        (b"Rar!\x1a\x07", "a RAR archive", "the text file inside it (unrar x)"),
        (b"PK\x03\x04", "a ZIP archive", "the files inside it (unzip)"),
        (b"\xfd7zXZ\x00", "a file packed with xz", "a plain, gzip or zstd file (xz -d)"),
        (b"BZh", "a file packed with bzip2", "a plain, gzip or zstd file (bzip2 -d)"),
        (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive", "the files inside it (7z x)"),
        (b"SQLite format 3\x00", "an SQLite database", "a table of it as CSV (sqlite3 -csv)"),
        (b"PAR1", "a Parquet file", "its rows as CSV"),
        (b"\x80\x04\x95", "a Python pickle", "its rows as CSV; a pickle cannot be read safely"),
    ];
    if head.len() > 262 && &head[257..262] == b"ustar" {
        return Some(("a TAR archive", "the files inside it (tar xf)"));
    }
    kinds.iter().find(|(magic, ..)| head.starts_with(magic)).map(|&(_, found, wanted)| (found, wanted))
}

/// The frames of a zstd file, one after the other.
struct Frames {
    raw: BufReader<File>,
    decoder: FrameDecoder,
    /// Whether the decoder is in the middle of a frame.
    within: bool,
}

impl Read for Frames {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while !buffer.is_empty() {
            if !self.within && !self.next_frame()? {
                break;
            }
            while self.decoder.can_collect() < buffer.len() && !self.decoder.is_finished() {
                let lacking = buffer.len() - self.decoder.can_collect();
                let part = BlockDecodingStrategy::UptoBytes(lacking);
                self.decoder.decode_blocks(&mut self.raw, part).map_err(invalid)?;
            }
            let read = self.decoder.read(buffer)?;
            if read > 0 {
                return Ok(read);
            }
            let told = self.decoder.get_checksum_from_data();
            if told.is_some() && told != self.decoder.get_calculated_checksum() {
                return Err(invalid("wrong checksum"));
            }
            self.within = false;
        }
        Ok(0)
    }
}

impl Frames {
    /// Enters the next frame, or passes over one that holds no data; false at the end of the file.
    fn next_frame(&mut self) -> io::Result<bool> {
        while !self.raw.fill_buf()?.is_empty() {
            match self.decoder.reset(&mut self.raw) {
                Ok(()) => {
                    self.within = true;
                    return Ok(true);
                }
                Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame { length, .. })) => {
                    let mut skipped = Read::by_ref(&mut self.raw).take(u64::from(length));
                    io::copy(&mut skipped, &mut io::sink())?;
                }
                Err(error) => return Err(invalid(error)),
            }
        }
        Ok(false)
    }
}

fn invalid(what: impl std::fmt::Display) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("zstd frame: {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ruzstd::encoding::{CompressionLevel, compress_to_vec};
    use std::io::Write;

    fn text(bytes: &[u8]) -> io::Result<String> {
        let mut file = tempfile::NamedTempFile::new()?;
        file.write_all(bytes)?;
        let mut text = String::new();
        open(file.path()).map_err(io::Error::other)?.read_to_string(&mut text)?;
        Ok(text)
    }

    fn gzip(text: &str) -> Vec<u8> {
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        packed.write_all(text.as_bytes()).unwrap();
        packed.finish().unwrap()
    }

    fn zstd(text: &str) -> Vec<u8> {
        compress_to_vec(text.as_bytes(), CompressionLevel::Fastest)
    }

    #[test]
    fn plain_gzip_and_zstd_are_one() {
        let long = "1,2,3\n".repeat(50_000);
        assert_eq!(text(long.as_bytes()).unwrap(), long);
        assert_eq!(text(&gzip(&long)).unwrap(), long);
        assert_eq!(text(&zstd(&long)).unwrap(), long);
    }

    #[test]
    fn members_and_frames_in_a_row_are_one_file() {
        assert_eq!(text(&[gzip("a\n"), gzip("b\n")].concat()).unwrap(), "a\nb\n");
        let skippable = b"\x50\x2a\x4d\x18\x03\x00\x00\x00xyz".to_vec();
        let frames = [skippable.clone(), zstd("a\n"), skippable, zstd("b\n")].concat();
        assert_eq!(text(&frames).unwrap(), "a\nb\n");
    }

    #[test]
    fn a_torn_file_is_an_error_and_not_an_end() {
        let long: String = (0..5_000).map(|k| format!("{}\n", k * 7919)).collect();
        for packed in [gzip(&long), zstd(&long)] {
            assert!(text(&packed[..packed.len() / 2]).is_err());
        }
    }

    #[test]
    fn what_is_not_text_is_named() {
        for (head, found) in [
            (&b"Rar!\x1a\x07\x01\x00"[..], "a RAR archive"),
            (b"PK\x03\x04..", "a ZIP archive"),
            (b"\xfd7zXZ\x00..", "a file packed with xz"),
            (b"BZh91AY", "a file packed with bzip2"),
            (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
            (b"SQLite format 3\x00", "an SQLite database"),
            (b"PAR1", "a Parquet file"),
            (b"\x80\x04\x95", "a Python pickle"),
            (b"", "an empty file"),
        ] {
            let error = text(head).unwrap_err().to_string();
            assert!(error.contains(&format!("found {found}, want ")), "{error}");
        }
    }
}
