//! Ink: a sketch on the two surfaces of `plotters`, an SVG document and a bitmap.
//!
//! Both are drawn four times as large as they are shown, because `plotters` knows whole pixels only; the SVG is told its
//! size, the bitmap is averaged over two by two pixels, which also makes its edges smooth.

use std::io;

use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::FontTransform;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::sketch::{Colour, HEIGHT, Item, PAPER, Side, Sketch, WIDTH, Words, visible};
use super::type_face::{FAMILY, HALF_CAPITAL, set};

/// Pixels of a surface for one of a sketch.
const FINE: f64 = 4.0;
/// Pixels of a surface, in each direction, for one of the PNG.
const AVERAGED: usize = 2;
const SIZE: (u32, u32) = ((WIDTH * FINE) as u32, (HEIGHT * FINE) as u32);
/// `plotters` takes the height of a line for the size of its letters and divides by this.
const LINE_HEIGHT: f64 = 1.24;
/// From where `plotters` sets the middle of words down to their foot: half the height of an x.
const HALF_X: f64 = 0.264;

/// The sketch as an SVG document with a title for those who do not see it.
pub fn svg(sketch: &Sketch, title: &str) -> String {
    let mut text = String::new();
    ink(sketch, SVGBackend::with_string(&mut text, SIZE), Joints::BySurface, ink_words);
    // Its own first line knows the drawn size only.
    let (_, rest) = text.split_once('\n').expect("a document begins with a line of its own");
    let (width, height) = SIZE;
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{HEIGHT}\" viewBox=\"0 0 {width} {height}\" \
         role=\"img\" stroke-linejoin=\"round\">\n<title>{}</title>\n{rest}",
        escaped(title)
    )
}

/// Text as it may stand in XML and HTML.
pub fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for sign in text.chars() {
        match sign {
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '&' => safe.push_str("&amp;"),
            '"' => safe.push_str("&quot;"),
            sign => safe.push(visible(sign)),
        }
    }
    safe
}

/// The sketch as a PNG file.
pub fn png(sketch: &Sketch) -> io::Result<Vec<u8>> {
    let (width, height) = (SIZE.0 as usize, SIZE.1 as usize);
    let mut fine = vec![0u8; width * height * 3];
    ink(sketch, BitMapBackend::with_buffer(&mut fine, SIZE), Joints::Dots, |_, _| Ok(()));
    for item in &sketch.items {
        if let Item::Words(words) = item {
            set(words, FINE, |x, y, cover| dab(&mut fine, (x, y), words.colour, cover));
        }
    }
    let (columns, rows) = (width / AVERAGED, height / AVERAGED);
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, columns as u32, rows as u32);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(&averaged(&fine, width, (columns, rows)))?;
    writer.finish()?;
    Ok(file)
}

/// Mixes a colour into a pixel, where it is on the surface.
fn dab(fine: &mut [u8], (x, y): (i64, i64), (red, green, blue): Colour, cover: f32) {
    let (width, height) = (i64::from(SIZE.0), i64::from(SIZE.1));
    if !(0..width).contains(&x) || !(0..height).contains(&y) {
        return;
    }
    let start = (y * width + x) as usize * 3;
    let cover = (cover.clamp(0.0, 1.0) * 255.0).round() as u32;
    for (pixel, paint) in fine[start..start + 3].iter_mut().zip([red, green, blue]) {
        *pixel = ((u32::from(*pixel) * (255 - cover) + u32::from(paint) * cover + 127) / 255) as u8;
    }
}

/// Means over squares of pixels: a row of the fine picture at a time is added up, and each sum becomes a pixel once.
fn averaged(fine: &[u8], width: usize, (columns, rows): (usize, usize)) -> Vec<u8> {
    const COUNT: u16 = (AVERAGED * AVERAGED) as u16;
    let mut pixels = vec![0; columns * rows * 3];
    let mut sums = vec![0u16; columns * 3];
    for (row, pixels) in pixels.chunks_exact_mut(columns * 3).enumerate() {
        sums.fill(COUNT / 2);
        for line in fine[row * AVERAGED * width * 3..].chunks_exact(width * 3).take(AVERAGED) {
            for (sum, square) in sums.chunks_exact_mut(3).zip(line.chunks_exact(AVERAGED * 3)) {
                for (channel, value) in square.iter().enumerate() {
                    sum[channel % 3] += u16::from(*value);
                }
            }
        }
        pixels.iter_mut().zip(&sums).for_each(|(pixel, sum)| *pixel = (sum / COUNT) as u8);
    }
    pixels
}

/// Who rounds the joints of a thick stroke.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Joints {
    BySurface,
    /// The bitmap draws sharp corners far beyond the points; here each piece is drawn alone, with a dot between two.
    Dots,
}

type Inked<B> = Result<(), DrawingAreaErrorKind<<B as DrawingBackend>::ErrorType>>;

fn ink<B: DrawingBackend>(
    sketch: &Sketch,
    surface: B,
    joints: Joints,
    words: impl Fn(&DrawingArea<B, Shift>, &Words) -> Inked<B>,
) {
    let area = surface.into_drawing_area();
    let drawn = area.fill(&colour(PAPER)).and_then(|()| {
        for item in &sketch.items {
            match item {
                Item::Stroke { points, width, colour: paint } => ink_stroke(&area, points, *width, *paint, joints)?,
                Item::Fill { from, to, colour: paint } => {
                    area.draw(&Rectangle::new([place(*from), place(*to)], colour(*paint).filled()))?;
                }
                Item::Dot { at, radius, colour: paint } => {
                    area.draw(&Circle::new(place(*at), fine(*radius), colour(*paint).filled()))?;
                }
                Item::Words(text) => words(&area, text)?,
            }
        }
        area.present()
    });
    // Both surfaces are memory: nothing is left to fail.
    assert!(drawn.is_ok(), "a drawing in memory succeeds");
}

fn ink_stroke<B: DrawingBackend>(
    area: &DrawingArea<B, Shift>,
    points: &[(f64, f64)],
    width: f64,
    paint: Colour,
    joints: Joints,
) -> Inked<B> {
    let wide = fine(width).max(1) as u32;
    let style = colour(paint).stroke_width(wide);
    let points: Vec<(i32, i32)> = points.iter().map(|&point| place(point)).collect();
    if joints == Joints::BySurface {
        return area.draw(&PathElement::new(points, style));
    }
    for pair in points.windows(2) {
        area.draw(&PathElement::new(pair.to_vec(), style))?;
    }
    let inner = points.get(1..points.len().saturating_sub(1)).unwrap_or_default();
    let rounded = inner.iter().filter(|_| wide > 4);
    rounded
        .map(|&joint| Circle::new(joint, (wide / 2) as i32, colour(paint).filled()))
        .try_for_each(|dot| area.draw(&dot))
}

fn ink_words<B: DrawingBackend>(area: &DrawingArea<B, Shift>, words: &Words) -> Inked<B> {
    let side = match words.side {
        Side::Start => HPos::Left,
        Side::Middle => HPos::Center,
        Side::End => HPos::Right,
    };
    let family = FontFamily::Name(FAMILY);
    let weight = if words.bold { FontStyle::Bold } else { FontStyle::Normal };
    let paint = colour(words.colour);
    let style = TextStyle::from(FontDesc::new(family, words.size * LINE_HEIGHT * FINE, weight))
        .color(&paint)
        .pos(Pos::new(side, VPos::Center))
        .transform(if words.upright { FontTransform::Rotate270 } else { FontTransform::None });
    // The middle of a capital letter stands on the position, not that of an x.
    let lower = (HALF_CAPITAL - HALF_X) * words.size;
    let (x, y) = words.at;
    let at = if words.upright { (x + lower, y) } else { (x, y + lower) };
    area.draw(&Text::new(words.text.as_str(), place(at), style))
}

fn colour((red, green, blue): Colour) -> RGBColor {
    RGBColor(red, green, blue)
}

fn fine(length: f64) -> i32 {
    (length * FINE).round() as i32
}

fn place((x, y): (f64, f64)) -> (i32, i32) {
    (fine(x), fine(y))
}
