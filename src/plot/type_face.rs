//! The letters: how wide words are, and their ink on a bitmap.
//!
//! `plotters` sets words on a bitmap without the space in front of each letter and to whole pixels only, so the bitmap's
//! words are set here; the SVG's are set by whoever shows it.

use std::sync::LazyLock;

use ab_glyph::{Font, FontRef, PxScale, ScaleFont, point};

use super::sketch::{Side, Words};

/// What the SVG asks for; the first is what is in the program.
pub const FAMILY: &str = "Roboto, Helvetica, Arial, sans-serif";
/// From the middle of a capital letter down to its foot, in sizes of type.
pub const HALF_CAPITAL: f64 = 0.355;

static REGULAR: LazyLock<FontRef<'static>> = LazyLock::new(|| read(include_bytes!("font/Roboto-Regular.ttf")));
static BOLD: LazyLock<FontRef<'static>> = LazyLock::new(|| read(include_bytes!("font/Roboto-Bold.ttf")));

fn read(bytes: &'static [u8]) -> FontRef<'static> {
    FontRef::try_from_slice(bytes).expect("the type that is in the program can be read")
}

fn face(bold: bool) -> &'static FontRef<'static> {
    if bold { &BOLD } else { &REGULAR }
}

/// The scale at which an em is so many pixels; `ab_glyph` counts from the highest accent to the lowest foot.
fn scale(font: &FontRef<'_>, size: f64) -> PxScale {
    let em = font.units_per_em().expect("a type knows its em");
    PxScale::from((size * f64::from(font.height_unscaled() / em)) as f32)
}

/// How wide words are at a size, in the size's unit.
pub fn width_of(text: &str, size: f64, bold: bool) -> f64 {
    let font = face(bold);
    let scaled = font.as_scaled(scale(font, size));
    text.chars().map(|sign| f64::from(scaled.h_advance(scaled.glyph_id(sign)))).sum()
}

/// Hands every pixel that words touch to `dab`, with its cover between nothing and one. Words and pixels are in
/// the same unit, so `enlarged` gives the pixels of a unit of the sketch.
pub fn set(words: &Words, enlarged: f64, mut dab: impl FnMut(i64, i64, f32)) {
    let font = face(words.bold);
    let size = words.size * enlarged;
    let scaled = font.as_scaled(scale(font, size));
    let width = width_of(&words.text, size, words.bold);
    let mut pen = match words.side {
        Side::Start => 0.0,
        Side::Middle => -width / 2.0,
        Side::End => -width,
    };
    let foot = HALF_CAPITAL * size;
    let (x, y) = ((words.at.0 * enlarged).round() as i64, (words.at.1 * enlarged).round() as i64);
    for sign in words.text.chars() {
        let id = scaled.glyph_id(sign);
        let glyph = id.with_scale_and_position(scaled.scale(), point(pen as f32, foot as f32));
        pen += f64::from(scaled.h_advance(id));
        let Some(outline) = scaled.outline_glyph(glyph) else { continue };
        let bounds = outline.px_bounds();
        let (left, top) = (bounds.min.x as i64, bounds.min.y as i64);
        outline.draw(|column, row, cover| {
            let (along, down) = (left + i64::from(column), top + i64::from(row));
            if words.upright { dab(x + down, y - along, cover) } else { dab(x + along, y + down, cover) }
        });
    }
}
