//! Where a `trace` command leaves what it makes: a file that appears when it is complete; what is no file, a pipe or a
//! device, is written into; a link is followed to what it stands for.

use std::ffi::OsString;
use std::fmt::Display;
use std::fs::{self, File, Permissions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use crate::workload::trace::arrivals::CopyError;

/// Why not all was written.
#[derive(Debug)]
pub enum Failure {
    /// The output does not take it.
    Output(io::Error),
    /// What was to be written could not be had; the message says why.
    Source(String),
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Failure {
        Failure::Output(error)
    }
}

impl From<CopyError> for Failure {
    fn from(error: CopyError) -> Failure {
        match error {
            CopyError::Trace(flaw) => Failure::Source(flaw.to_string()),
            CopyError::Output(error) => Failure::Output(error),
        }
    }
}

impl Failure {
    fn told(self, output: impl Display) -> String {
        match self {
            Failure::Output(error) => format!("{output}: cannot be written: {error}"),
            Failure::Source(message) => message,
        }
    }
}

/// Writes to `path`, or to standard output where there is none. A regular file appears or changes when all of it is there,
/// and keeps its permissions; a failure leaves it as it was.
///
/// # Errors
/// What `write` could not get, and what the output does not take, named.
pub fn to_file<T>(path: Option<&Path>, write: impl FnOnce(&mut dyn Write) -> Result<T, Failure>) -> Result<T, String> {
    let Some(path) = path else {
        return filled(Patient(io::stdout().lock()), write).map_err(|failure| failure.told("standard output"));
    };
    let done = match fs::metadata(path) {
        // A folder does not open, which its message says.
        Ok(there) if !there.is_file() => opened(path).and_then(|file| filled(Patient(file), write)),
        Ok(there) => match path.canonicalize() {
            Ok(target) => replaced(&target, Some(there.permissions()), write),
            Err(error) => Err(error.into()),
        },
        Err(error) if error.kind() == io::ErrorKind::NotFound => replaced(&target_of(path), None, write),
        Err(error) => Err(error.into()),
    };
    done.map_err(|failure| failure.told(path.display()))
}

fn opened(path: &Path) -> Result<File, Failure> {
    Ok(File::options().write(true).open(path)?)
}

fn filled<T>(out: impl Write, write: impl FnOnce(&mut dyn Write) -> Result<T, Failure>) -> Result<T, Failure> {
    let mut out = BufWriter::new(out);
    let done = write(&mut out)?;
    out.flush()?;
    Ok(done)
}

/// Writes beside `target`, under a name that no other process takes, and puts that in its place.
fn replaced<T>(
    target: &Path,
    permissions: Option<Permissions>,
    write: impl FnOnce(&mut dyn Write) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let name = target.file_name().ok_or(io::Error::from(io::ErrorKind::InvalidFilename))?;
    let mut part = OsString::from(".");
    part.push(name);
    part.push(format!(".{}.part", std::process::id()));
    let aside = target.with_file_name(part);
    let file = File::create(&aside)?;
    let written = || {
        if let Some(permissions) = permissions {
            file.set_permissions(permissions)?;
        }
        let done = filled(&file, write)?;
        fs::rename(&aside, target)?;
        Ok(done)
    };
    // What is left of a table that ends too early would only be taken for one.
    written().map_err(|failure: Failure| match fs::remove_file(&aside) {
        Ok(()) => failure,
        Err(error) => {
            let left = format!("{}: cannot be removed: {error}", aside.display());
            Failure::Source(format!("{}\n{left}", failure.told(target.display())))
        }
    })
}

/// What a path stands for whose file does not exist yet: the end of its links. They end, since a ring of links is another
/// error than that nothing is there.
fn target_of(path: &Path) -> PathBuf {
    let mut target = path.to_owned();
    while let Ok(next) = fs::read_link(&target) {
        target = target.parent().map_or_else(|| next.clone(), |folder| folder.join(&next));
    }
    target
}

/// An output whose reader may have seen enough (`| head`).
struct Patient<W>(W);

impl<W: Write> Write for Patient<W> {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        let written = self.0.write(buffer);
        written.or_else(|error| if error.kind() == io::ErrorKind::BrokenPipe { Ok(buffer.len()) } else { Err(error) })
    }

    fn flush(&mut self) -> io::Result<()> {
        let flushed = self.0.flush();
        flushed.or_else(|error| if error.kind() == io::ErrorKind::BrokenPipe { Ok(()) } else { Err(error) })
    }
}

/// Prints a page; its reader may have seen enough.
///
/// # Errors
/// Standard output that takes nothing.
pub fn show(text: &str) -> Result<(), String> {
    to_file(None, |out| Ok(writeln!(out, "{text}")?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::{PermissionsExt, symlink};

    fn put(path: &Path, text: &str) -> Result<(), String> {
        to_file(Some(path), |out| Ok(out.write_all(text.as_bytes())?))
    }

    #[test]
    fn a_file_keeps_its_permissions_and_a_link_stays_a_link() {
        let folder = tempfile::tempdir().unwrap();
        let [file, link, far] = ["file", "link", "far"].map(|name| folder.path().join(name));
        put(&file, "one").unwrap();
        fs::set_permissions(&file, Permissions::from_mode(0o640)).unwrap();
        symlink("file", &link).unwrap();
        symlink("link", &far).unwrap();
        put(&far, "two").unwrap();
        assert_eq!(fs::read_to_string(&file).unwrap(), "two");
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o640);
        fs::remove_file(&file).unwrap();
        put(&far, "three").unwrap();
        assert_eq!(fs::read_to_string(&file).unwrap(), "three", "a link to a file that does not exist yet");
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink() && fs::symlink_metadata(&far).unwrap().is_symlink());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 3, "nothing is left aside");
    }

    #[test]
    fn what_cannot_be_written_is_named_and_left_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let [file, ring, full] = ["file", "ring", "full"].map(|name| folder.path().join(name));
        put(&file, "kept").unwrap();
        let failed: Result<(), String> = to_file(Some(&file), |_| Err(Failure::Source("no row".to_owned())));
        assert_eq!((failed.unwrap_err().as_str(), fs::read_to_string(&file).unwrap().as_str()), ("no row", "kept"));
        symlink("ring", &ring).unwrap();
        symlink("/dev/full", &full).unwrap();
        for refused in [&ring, &full, &folder.path().to_owned(), &folder.path().join("no/file")] {
            let message = put(refused, "text").unwrap_err();
            assert!(message.starts_with(&format!("{}: cannot be written: ", refused.display())), "{message}");
        }
        assert!(fs::symlink_metadata(&full).unwrap().is_symlink());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 3);
    }
}
