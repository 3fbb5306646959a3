use super::*;

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// One plot of every kind, with the values that do harm.
fn plots() -> Vec<Plot> {
    let wave = |shift: f64| (0..200).map(move |n| (f64::from(n), f64::from((n * 7 + 13) % 50) + shift));
    let hostile =
        "<b>&\"'\u{1}\u{7}\u{fffe} 日本 - a name that goes on and on and on, far beyond what any legend can hold";
    let whiskers = [1.0, 4.0, 2.0].into_iter().enumerate();
    let whiskers = whiskers.map(|(n, y)| Point { x: n as f64, y, interval: Some((y - 0.5, y + 1.0)) });
    vec![
        Plot::lines(
            "Lines",
            Axis::new("time", "h"),
            Axis::new("load", "requests/s").from_zero(),
            vec![Series::line("libra", wave(0.0)), Series::steps(hostile, wave(60.0).step_by(9))],
        )
        .with_note("a note"),
        Plot::lines(
            "Gaps",
            Axis::new("x", "").logarithmic(),
            Axis::new("y", ""),
            vec![Series::chain("a", [(0.0, 1.0), (1.0, f64::NAN), (10.0, 2.0), (100.0, 5.0), (f64::INFINITY, 1.0)])],
        ),
        Plot::lines("Whiskers", Axis::new("x", ""), Axis::new("y", ""), vec![Series::new("a", Shape::Dots, whiskers)]),
        Plot::lines(
            "Distribution",
            Axis::new("response", "s"),
            Axis::new("share", ""),
            vec![Series::distribution("a", vec![0.3, 0.1, 0.2], 4)],
        ),
        Plot::lines("Nothing", Axis::new("x", ""), Axis::new("y", ""), vec![]),
        Plot::bars(
            "Grouped",
            Axis::new("strategy", ""),
            Axis::new("cost", "USD"),
            Bars::grouped(
                names(&["max", "faas", hostile]),
                vec![("a".to_owned(), vec![1.0, 2.0, f64::NAN]), ("b".to_owned(), vec![3.0])],
            ),
        ),
        Plot::bars(
            "Stacked",
            Axis::new("hour", "h"),
            Axis::new("cost", "USD"),
            Bars::stacked(
                (0..100).map(|n| n.to_string()).collect(),
                vec![
                    ("held".to_owned(), (0..100).map(f64::from).collect()),
                    ("idle".to_owned(), (0..100).map(|n| f64::from(n % 7) - 3.0).collect()),
                ],
            ),
        ),
        Plot::bars("No bars", Axis::new("x", ""), Axis::new("y", ""), Bars::stacked(vec![], vec![])),
        Plot::heat(
            "Heat",
            Axis::new("headroom", ""),
            Axis::new("boot", "s"),
            Heat {
                columns: names(&["0", "1", "2"]),
                rows: names(&["10", "100"]),
                values: vec![vec![0.1, 0.2, 0.3], vec![1.0, f64::NAN]],
                value: Axis::new("cost", "USD"),
            },
        ),
        Plot::heat(
            "No cells",
            Axis::new("x", ""),
            Axis::new("y", ""),
            Heat { columns: vec![], rows: vec![], values: vec![], value: Axis::new("z", "").logarithmic() },
        ),
    ]
}

#[test]
fn every_kind_of_plot_gives_the_same_bytes_again() {
    for plot in plots() {
        assert_eq!(plot.svg(), plot.clone().svg(), "{}", plot.title);
        let png = plot.png().unwrap();
        assert!(png == plot.png().unwrap(), "{}", plot.title);
        let mut reader = png::Decoder::new(std::io::Cursor::new(&png)).read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut pixels).unwrap();
        assert_eq!((info.width, info.height), (1720, 920));
        assert!(pixels.iter().any(|pixel| *pixel < 0x80), "{}: something is drawn", plot.title);
    }
}

/// What SVG knows of what is drawn, with the attributes that each needs.
const VOCABULARY: [(&str, &[&str]); 8] = [
    ("svg", &["width", "height", "viewBox"]),
    ("title", &[]),
    ("rect", &["x", "y", "width", "height", "fill"]),
    ("line", &["x1", "y1", "x2", "y2", "stroke"]),
    ("polyline", &["points", "stroke", "stroke-width"]),
    ("polygon", &["points", "fill"]),
    ("circle", &["cx", "cy", "r", "fill"]),
    ("text", &["x", "y", "font-family", "font-size", "fill"]),
];

#[test]
fn documents_are_svg_whatever_the_names_are() {
    for plot in plots() {
        let svg = plot.svg();
        let document = roxmltree::Document::parse(&svg).unwrap_or_else(|error| panic!("{}: {error}", plot.title));
        let root = document.root_element();
        assert_eq!((root.tag_name().name(), root.attribute("width")), ("svg", Some("860")));
        for element in document.descendants().filter(roxmltree::Node::is_element) {
            let name = element.tag_name();
            assert_eq!(name.namespace(), Some("http://www.w3.org/2000/svg"));
            let known = VOCABULARY.iter().find(|(known, _)| *known == name.name());
            let (_, wanted) = known.unwrap_or_else(|| panic!("{}: a strange element {name:?}", plot.title));
            for attribute in *wanted {
                let value = element.attribute(*attribute).unwrap_or_else(|| panic!("{name:?} without {attribute}"));
                let numbers =
                    ["x", "y", "x1", "y1", "x2", "y2", "cx", "cy", "r", "width", "height", "points", "font-size"];
                if numbers.contains(attribute) {
                    let mut parts = value.split([' ', ',']).filter(|part| !part.is_empty());
                    assert!(parts.all(|part| part.parse::<f64>().is_ok_and(f64::is_finite)), "{attribute}: {value}");
                }
            }
        }
        let texts: Vec<&str> = document.descendants().filter_map(|node| node.text()).map(str::trim).collect();
        assert!(texts.contains(&plot.title.as_str()) && texts.contains(&plot.x.label().as_str()), "{}", plot.title);
    }
}

#[test]
fn the_numbers_stand_beside_the_picture() {
    let folder = tempfile::tempdir().unwrap();
    let bars = Bars::stacked(
        names(&["a,b", "c"]),
        vec![("x".to_owned(), vec![0.1, f64::NAN]), ("y".to_owned(), vec![-0.0, 1e-9])],
    );
    let plot = Plot::bars("Bars", Axis::new("pool", ""), Axis::new("cost", "USD"), bars).told_apart_by("strategy");
    plot.write(folder.path(), "bars").unwrap();
    let read = |name: &str| std::fs::read(folder.path().join(name)).unwrap();
    let csv = "pool,strategy,cost_usd\n\"a,b\",x,0.1\n\"a,b\",y,0\nc,x,\nc,y,0.000000001\n";
    assert_eq!(String::from_utf8(read("bars.csv")).unwrap(), csv);
    assert_eq!(read("bars.svg"), plot.svg().into_bytes());
    assert_eq!(read("bars.png"), plot.png().unwrap());
    let missing = plot.write(&folder.path().join("no"), "bars").unwrap_err();
    assert!(missing.to_string().contains("bars.csv"), "{missing}");
    let heat = &plots()[8];
    assert_eq!(heat.csv().lines().nth(5), Some("1,100,"));
    let whiskers = &plots()[2];
    assert_eq!(whiskers.csv().lines().next(), Some("series,x,y,y_low,y_high"));
}

#[test]
fn a_mark_stands_where_its_values_are() {
    // Bars from zero to the full height and to half of it.
    let bars = Bars::grouped(names(&["a", "b"]), vec![(String::new(), vec![2.0, 1.0])]);
    let plot = Plot::bars("Bars", Axis::new("x", ""), Axis::new("y", ""), bars);
    let blue = (0x00, 0x72, 0xb2);
    let heights: Vec<f64> = plot
        .sketch()
        .items
        .iter()
        .filter_map(|item| match item {
            sketch::Item::Fill { from, to, colour } if *colour == blue => Some(to.1 - from.1),
            _ => None,
        })
        .collect();
    assert_eq!(heights.len(), 2);
    assert!((heights[0] / heights[1] - 2.0).abs() < 1e-9, "{heights:?}");
}
