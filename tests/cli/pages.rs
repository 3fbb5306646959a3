//! Reports as a person meets them: the page in a real browser, which says what it drew.
//!
//! The browser is `STRATOSIM_BROWSER`, or a Chromium on the path; where there is none, the test says so and checks the rest.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::{Place, oracle};

/// Names under which Chromium is installed.
const BROWSERS: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "chrome"];

fn browser() -> Option<PathBuf> {
    if let Some(named) = std::env::var_os("STRATOSIM_BROWSER") {
        return Some(PathBuf::from(named));
    }
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).flat_map(|folder| BROWSERS.map(|name| folder.join(name))).find(|file| file.is_file())
}

/// What a page looked like: its document after its scripts, and what it said on the console.
struct Seen {
    document: String,
    console: Vec<String>,
}

fn open(browser: &Path, profile: &Path, page: &Path, further: &[&str]) -> Seen {
    let output = Command::new(browser)
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"])
        .args(["--enable-logging=stderr", "--v=0", "--window-size=1000,1400", "--virtual-time-budget=10000"])
        .arg(format!("--user-data-dir={}", profile.display()))
        .args(further)
        .arg(format!("file://{}", page.display()))
        .output()
        .unwrap_or_else(|error| panic!("{}: {error}", browser.display()));
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{said}");
    let console = said.lines().filter(|line| line.contains("CONSOLE")).map(str::to_owned).collect();
    Seen { document: String::from_utf8_lossy(&output.stdout).into_owned(), console }
}

/// Added to a copy of the page: measures every plot as the browser laid it out, and shows every SVG file as a picture.
const PROBE: &str = r#"
<script>
addEventListener("load", () => {
  const seen = [];
  for (const svg of document.querySelectorAll("figure svg")) {
    const box = svg.getBoundingClientRect();
    const ink = [...svg.querySelectorAll("text,rect,polyline,circle")].filter(e => e.getBBox().width + e.getBBox().height > 0);
    seen.push("plot " + svg.parentNode.id + " " + Math.round(box.width) + "x" + Math.round(box.height) + " ink " + ink.length);
  }
  for (const image of document.querySelectorAll("img")) seen.push("file " + image.alt + " " + image.naturalWidth);
  const list = document.createElement("pre");
  list.id = "probe";
  list.textContent = "\n" + seen.join("\n") + "\n";
  document.body.append(list);
});
</script>
"#;

/// Runs two small scenarios and writes a report of both.
fn reported() -> (Place, Vec<PathBuf>) {
    let place = Place::new();
    for scenario in ["town", "crowd"] {
        assert_eq!(place.line(&format!("run {scenario}.toml -q")).code, Some(0), "{scenario}");
    }
    let said = place.line("report results");
    assert_eq!((said.code, said.err.as_str()), (Some(0), ""));
    assert!(said.out.contains("page: results/report/index.html"), "{}", said.out);
    let mut files = vec![];
    super::list(&place.path("results/report"), &mut files);
    let mut pictures: Vec<PathBuf> =
        files.into_iter().filter(|file| file.extension().is_some_and(|ending| ending == "svg")).collect();
    pictures.sort();
    assert!(pictures.len() > 20, "{pictures:?}");
    (place, pictures)
}

#[test]
fn a_report_is_whole_and_the_same_bytes_again() {
    let (place, pictures) = reported();
    for picture in &pictures {
        let text = std::fs::read_to_string(picture).unwrap();
        let document =
            roxmltree::Document::parse(&text).unwrap_or_else(|error| panic!("{}: {error}", picture.display()));
        assert_eq!(document.root_element().tag_name().name(), "svg");
        for ending in ["csv", "png"] {
            let beside = picture.with_extension(ending);
            assert!(std::fs::metadata(&beside).unwrap().len() > 10, "{}", beside.display());
        }
    }
    let first = place.hashes("results/report");
    let mut again = place.command(["report", "results", "--out", "again", "--base", "max"]);
    again.env("POLARS_MAX_THREADS", "1");
    assert_eq!(super::said(&again.output().unwrap()).code, Some(0));
    assert_eq!(place.line("report results --out again").code, Some(0));
    assert_eq!(place.hashes("again"), first);
    let said = place.line("report results --base nope --tables");
    assert_eq!((said.code, said.out.as_str()), (Some(2), ""));
    assert!(said.err.starts_with("--base nope: want a strategy of the runs: "), "{}", said.err);
    let tables = place.line("report results/town --tables --out none");
    assert_eq!(tables.code, Some(0));
    assert!(tables.out.starts_with("town, over libra") && !place.path("none").exists(), "{}", tables.out);
}

#[test]
fn the_page_shows_its_plots_in_a_browser_without_a_console_error() {
    let Some(browser) = browser() else {
        return oracle::skipped(
            "reports in a real browser: there is no Chromium (install it, or name one in STRATOSIM_BROWSER)",
        );
    };
    let (place, pictures) = reported();
    let profile = place.path("profile");
    let page = place.read("results/report/index.html");
    // As it is: nothing on the console.
    let seen = open(&browser, &profile, &place.path("results/report/index.html"), &["--dump-dom"]);
    assert_eq!(seen.console, Vec::<String>::new());
    // The check itself sees an error where there is one.
    let broken = place.write("broken.html", page.replace("</body>", "<script>nothing.here()</script></body>"));
    assert!(!open(&browser, &profile, &broken, &["--dump-dom"]).console.is_empty());
    // What is laid out, and every SVG file as a picture of its own.
    let images: String =
        pictures.iter().map(|file| format!("<img alt=\"{0}\" src=\"file://{0}\">\n", file.display())).collect();
    let probed = place.write("probed.html", page.replace("</body>", &format!("{images}{PROBE}</body>")));
    let seen = open(&browser, &profile, &probed, &["--dump-dom"]);
    let probe = seen.document.split("<pre id=\"probe\">").nth(1).and_then(|rest| rest.split("</pre>").next());
    let lines: Vec<&str> = probe.expect("the probe has spoken").lines().filter(|line| !line.is_empty()).collect();
    let plots: Vec<&&str> = lines.iter().filter(|line| line.starts_with("plot ")).collect();
    assert_eq!(plots.len(), page.matches("<figure ").count());
    assert_eq!(plots.len(), pictures.len());
    for plot in plots {
        let words: Vec<&str> = plot.split(' ').collect();
        let (width, height) = words[2].split_once('x').unwrap();
        assert!(width.parse::<u32>().unwrap() > 600 && height.parse::<u32>().unwrap() > 300, "{plot}");
        assert!(words[4].parse::<u32>().unwrap() > 10, "{plot}");
    }
    let files: Vec<&&str> = lines.iter().filter(|line| line.starts_with("file ")).collect();
    assert_eq!(files.len(), pictures.len());
    assert!(files.iter().all(|file| file.ends_with(" 860")), "{files:#?}");
    // And it is not blank: the first series' blue is on the screen.
    let shot = place.path("shot.png");
    open(&browser, &profile, &place.path("results/report/index.html"), &[&format!("--screenshot={}", shot.display())]);
    assert!(count_of(&shot, [0x00, 0x72, 0xb2]) > 1000, "bars are seen");
}

/// How many pixels of a picture have a colour.
fn count_of(picture: &Path, colour: [u8; 3]) -> usize {
    let file = std::io::BufReader::new(std::fs::File::open(picture).unwrap());
    let mut reader = png::Decoder::new(file).read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut pixels).unwrap();
    pixels[..info.buffer_size()].chunks(info.color_type.samples()).filter(|pixel| pixel[..3] == colour).count()
}

#[test]
fn what_is_no_result_is_refused() {
    let place = Place::new();
    std::fs::create_dir_all(place.path("results/town/libra/0-a")).unwrap();
    let said = place.line("report results");
    assert_eq!(said.code, Some(2), "{said:?}");
    assert!(said.err.contains("results: found no finished run"), "{}", said.err);
    place.write("results/town/libra/0-a/summary.json", "{}");
    place.write("results/town/libra/0-a/manifest.json", "[");
    let said = place.line("report results");
    assert_eq!(said.code, Some(2));
    assert!(said.err.contains("manifest.json"), "{}", said.err);
    let said = place.line("report nowhere");
    assert!(said.code == Some(2) && said.err.contains("nowhere"), "{said:?}");
}
