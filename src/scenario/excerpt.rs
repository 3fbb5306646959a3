//! The picture of a complaint on a terminal: the line of the file with a mark under the value.
//!
//! Only a window of a long line is kept, and what would steer the terminal is replaced by a dot, one for one, so that
//! the mark stays under the value.

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use super::complaint::{Complaint, Origin, is_unseen};
use super::lines::Lines;

/// A line of a file, or the part of it around a value, ready to be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Excerpt {
    line: usize,
    text: String,
    /// The value, in bytes of `text`.
    mark: (usize, usize),
}

/// The widest window of a line, in characters, and how much of it stands before the value.
const WINDOW: usize = 160;
const LEAD: usize = 60;

impl Excerpt {
    /// The excerpt around the bytes `start..end` of a text; a value of several lines is marked on its first.
    pub(super) fn around(text: &str, lines: &Lines, start: usize, end: usize) -> Excerpt {
        let (start, end) = (text.floor_char_boundary(start), text.floor_char_boundary(end));
        let (line, _) = lines.position(text, start);
        let (line_start, whole) = lines.line_at(text, start);
        let at = (start - line_start).min(whole.len());
        let value = whole[at..].chars().take(text[start..end.max(start)].chars().count());
        let before: Vec<char> = whole[..at].chars().rev().take(LEAD + 1).collect();
        let cut = before.len() > LEAD;
        let mut shown: String = if cut { "…".into() } else { String::new() };
        shown.extend(before[..before.len() - usize::from(cut)].iter().rev().map(|&c| seen(c)));
        let mark_start = shown.len();
        let room = WINDOW - before.len();
        let marked: String = value.take(room).map(seen).collect();
        let mut rest = whole[at..].chars().map(seen);
        shown.extend(rest.by_ref().take(room));
        if rest.next().is_some() {
            shown.push('…');
        }
        let mark = (mark_start, marked.len());
        Excerpt { line: line as usize, text: shown, mark }
    }

    /// The text of the line, shortened and made safe to print.
    pub fn text(&self) -> &str {
        &self.text
    }
}

fn seen(c: char) -> char {
    match c {
        '\t' => ' ',
        c if is_unseen(c) => '·',
        c => c,
    }
}

/// One complaint as a picture, ending with a newline. The place stands in the title, as in the plain line: the window of a
/// long line has columns of its own.
pub(super) fn picture(complaint: &Complaint, colour: bool, width: usize) -> String {
    let Complaint { origin, key, found, wanted, .. } = complaint;
    let mut title = String::new();
    if !matches!(origin, Origin::Default) {
        title += &format!("{origin}: ");
    }
    if !key.is_empty() {
        title += &format!("{key}: ");
    }
    title += &format!("found {found}");
    let mut group = Group::with_title(Level::ERROR.primary_title(title));
    if let Some(Excerpt { line, text, mark: (start, length) }) = complaint.excerpt() {
        let mark = AnnotationKind::Primary.span(*start..start + length);
        group = group.element(Snippet::source(text.as_str()).line_start(*line).annotation(mark));
    }
    let hint = complaint.hint.as_ref().map(|hint| format!(" ({hint})")).unwrap_or_default();
    let group = group.element(Level::HELP.message(format!("want {wanted}{hint}")));
    let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
    renderer.term_width(width.max(40)).decor_style(DecorStyle::Unicode).render(&[group]) + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::complaint::{Complaints, quoted};

    fn pictured(text: &str, value: &str) -> String {
        let lines = Lines::new(text);
        let start = text.find(value).unwrap();
        let (line, column) = lines.position(text, start);
        let origin = Origin::Line { file: "s.toml".into(), line, column };
        let excerpt = Excerpt::around(text, &lines, start, start + value.len());
        let complaint =
            Complaint::new(origin, "pools.web.boot", quoted("90"), "a length of time").with_excerpt(Some(excerpt));
        Complaints::from(complaint).render(false, 80)
    }

    #[test]
    fn the_line_is_shown_with_a_mark_under_the_value() {
        let shown = pictured("[pools.web]\nboot = \"90\"\n", "\"90\"");
        let wanted = [
            "error: s.toml:2:8: pools.web.boot: found \"90\"",
            "  ╭▸ ",
            "2 │ boot = \"90\"",
            "  │        ━━━━",
            "  │",
            "  ╰ help: want a length of time",
        ];
        assert_eq!(shown.lines().collect::<Vec<_>>(), wanted);
    }

    #[test]
    fn a_long_line_is_cut_around_the_value_and_keeps_its_true_column() {
        let shown = pictured(&format!("boot = {}\u{1b}\"90\" {}", "x".repeat(100_000), "y".repeat(100_000)), "\"90\"");
        assert!(shown.contains("s.toml:1:100009: "), "{shown}");
        assert!(shown.contains("x·\"90\" y"), "{shown}");
        assert!(shown.len() < 2_000 && !shown.contains('\u{1b}'), "{shown}");
    }
}
