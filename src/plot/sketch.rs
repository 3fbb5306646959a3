//! What a drawing consists of, before it is ink on a surface: strokes, fills, dots and words, in pixels of the SVG.

/// Size of every plot, in pixels of the SVG.
pub const WIDTH: f64 = 860.0;
pub const HEIGHT: f64 = 460.0;

/// Red, green and blue.
pub type Colour = (u8, u8, u8);

pub const INK: Colour = (0x22, 0x22, 0x22);
pub const SOFT: Colour = (0x66, 0x66, 0x66);
pub const RULE: Colour = (0xe3, 0xe3, 0xe3);
pub const EDGE: Colour = (0x99, 0x99, 0x99);
pub const PAPER: Colour = (0xff, 0xff, 0xff);

/// Colours of series, in order. The first eight can be told apart with any eyesight (after Okabe and Ito, 2008, their yellow
/// replaced, which is not seen on white); more series than colours begin again.
const PALETTE: [Colour; 12] = [
    (0x00, 0x72, 0xb2),
    (0xe6, 0x9f, 0x00),
    (0x00, 0x9e, 0x73),
    (0xcc, 0x79, 0xa7),
    (0xd5, 0x5e, 0x00),
    (0x56, 0xb4, 0xe9),
    (0x6b, 0x4c, 0x9a),
    (0x8c, 0x8c, 0x8c),
    (0x9a, 0x6d, 0x1f),
    (0x88, 0x22, 0x55),
    (0x99, 0x99, 0x33),
    (0x33, 0x22, 0x88),
];

/// The colour of the series at a place.
pub fn colour_of(place: usize) -> Colour {
    PALETTE[place % PALETTE.len()]
}

/// A sign as it may stand in XML: not one that a terminal would obey, nor one that Unicode does not know.
pub fn visible(sign: char) -> char {
    if sign.is_control() || ['\u{fffe}', '\u{ffff}'].contains(&sign) { ' ' } else { sign }
}

/// Where a word stands relative to its position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    Start,
    Middle,
    End,
}

/// Words, how large, and where.
#[derive(Clone, Debug, PartialEq)]
pub struct Words {
    pub text: String,
    pub at: (f64, f64),
    /// Along the line of writing.
    pub side: Side,
    pub size: f64,
    pub bold: bool,
    pub colour: Colour,
    /// Written from below to above.
    pub upright: bool,
}

impl Words {
    /// Words that start at a position, in the size of labels; `at` is the middle of their height.
    pub fn new(text: &str, at: (f64, f64)) -> Words {
        let text = text.chars().map(visible).collect();
        Words { text, at, side: Side::Start, size: 12.0, bold: false, colour: INK, upright: false }
    }

    pub fn side(mut self, side: Side) -> Words {
        self.side = side;
        self
    }

    pub fn size(mut self, size: f64) -> Words {
        self.size = size;
        self
    }

    pub fn bold(mut self) -> Words {
        self.bold = true;
        self
    }

    pub fn colour(mut self, colour: Colour) -> Words {
        self.colour = colour;
        self
    }

    pub fn upright(mut self) -> Words {
        self.upright = true;
        self
    }
}

/// One thing drawn.
#[derive(Clone, Debug, PartialEq)]
pub enum Item {
    Stroke {
        points: Vec<(f64, f64)>,
        width: f64,
        colour: Colour,
    },
    /// Two opposite corners.
    Fill {
        from: (f64, f64),
        to: (f64, f64),
        colour: Colour,
    },
    Dot {
        at: (f64, f64),
        radius: f64,
        colour: Colour,
    },
    Words(Words),
}

/// A drawing: what comes later covers what came before.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sketch {
    pub items: Vec<Item>,
}

impl Sketch {
    pub fn stroke(&mut self, points: Vec<(f64, f64)>, width: f64, colour: Colour) {
        self.items.push(Item::Stroke { points, width, colour });
    }

    pub fn fill(&mut self, from: (f64, f64), to: (f64, f64), colour: Colour) {
        self.items.push(Item::Fill { from, to, colour });
    }

    pub fn dot(&mut self, at: (f64, f64), radius: f64, colour: Colour) {
        self.items.push(Item::Dot { at, radius, colour });
    }

    pub fn words(&mut self, words: Words) {
        self.items.push(Item::Words(words));
    }
}
