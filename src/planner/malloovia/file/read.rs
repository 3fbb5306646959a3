//! From a file to problems: the language's lists and links, then the sense of what they say.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::Arc;

use super::fields::{Form, get, join};
use super::record::{self, Record};
use super::source::{self, Source};
use super::tree::{Item, NodeId, Tree, Value};
use super::{Complaint, Complaints};
use crate::planner::malloovia::check::{self, Fault, Kind};
use crate::planner::malloovia::problem::{
    App, InstanceClass, IntraSlot, LimitingSet, Performance, PerformanceSet, Problem, Workload,
};
use crate::planner::malloovia::unit::TimeUnit;

/// What a file must hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scope {
    /// The six lists of problems (perhaps from another file), and solutions or not.
    #[default]
    Full,
    /// The six lists.
    ProblemsOnly,
    /// Whatever part of them.
    Partial,
}

/// A file that was read and found sound.
#[derive(Clone, Debug)]
pub struct ProblemFile {
    pub problems: Vec<Arc<Problem>>,
    pub solutions: Vec<Record>,
}

impl ProblemFile {
    pub fn problem(&self, id: &str) -> Option<&Arc<Problem>> {
        self.problems.iter().find(|problem| problem.id == id)
    }
}

const UNITS: &str = "a unit of time: s, m, h, d or y";
const LISTS: [(&str, Kind); 6] = [
    ("Limiting_sets", Kind::LimitingSet),
    ("Instance_classes", Kind::InstanceClass),
    ("Apps", Kind::App),
    ("Workloads", Kind::Workload),
    ("Performances", Kind::PerformanceSet),
    ("Problems", Kind::Problem),
];

/// Reads a file; `.gz` is unpacked, external series and included files are looked for beside it.
pub fn read(path: &Path, scope: Scope) -> Result<ProblemFile, Complaints> {
    let source = Source::read(path).map_err(|complaint| Complaints(vec![complaint]))?;
    let tree = Tree::parse(&source.text).map_err(|fault| {
        let (file, line) = source.origin(fault.line);
        let wanted = "a YAML document".into();
        Complaints(vec![Complaint { file, line: Some(line), path: fault.path, found: fault.what, wanted }])
    })?;
    let form = Form { tree: &tree, source: &source, complaints: Vec::new() };
    let folder = path.parent().unwrap_or(Path::new(""));
    let mut reader = Reader { form, folder, declared: HashMap::new(), ids: BTreeMap::new(), built: Built::default() };
    reader.document(scope)
}

/// Where an entity was declared.
#[derive(Clone, Debug)]
struct Declared {
    kind: Kind,
    path: String,
    id: String,
}

/// Entities as far as they could be built, by node.
#[derive(Default)]
struct Built {
    sets: HashMap<NodeId, Arc<LimitingSet>>,
    classes: HashMap<NodeId, Arc<InstanceClass>>,
    apps: HashMap<NodeId, Arc<App>>,
    workloads: HashMap<NodeId, Arc<Workload>>,
    performances: HashMap<NodeId, Arc<PerformanceSet>>,
    problems: HashMap<NodeId, Arc<Problem>>,
}

struct Reader<'a> {
    form: Form<'a>,
    folder: &'a Path,
    declared: HashMap<NodeId, Declared>,
    ids: BTreeMap<(Kind, String), NodeId>,
    built: Built,
}

impl Reader<'_> {
    fn document(&mut self, scope: Scope) -> Result<ProblemFile, Complaints> {
        let root = self.form.tree.root;
        let names = LISTS.map(|list| list.0);
        let required: &[&str] = if scope == Scope::Partial { &[] } else { &names };
        let optional: Vec<&str> = match scope {
            Scope::ProblemsOnly => Vec::new(),
            Scope::Full => vec!["Solutions"],
            Scope::Partial => names.into_iter().chain(["Solutions"]).collect(),
        };
        let line = self.form.tree.node(root).line;
        let entries = self.form.mapping(Item { node: root, line }, "", required, &optional).unwrap_or(&[]);
        let lists = LISTS.map(|(name, kind)| {
            let items = get(entries, name).and_then(|list| self.form.list(list, name)).unwrap_or(&[]);
            (name, kind, items)
        });
        for (name, kind, items) in lists {
            items.iter().enumerate().for_each(|(k, &item)| self.declare(kind, format!("{name}[{k}]"), item));
        }
        for (name, kind, items) in lists {
            items.iter().enumerate().for_each(|(k, &item)| self.entity(kind, &format!("{name}[{k}]"), item));
        }
        let problems: Vec<(NodeId, Arc<Problem>)> = lists[5]
            .2
            .iter()
            .filter_map(|item| Some((item.node, Arc::clone(self.built.problems.get(&item.node)?))))
            .collect();
        let mut solutions = Vec::new();
        if let Some(list) = get(entries, "Solutions") {
            let find = |node: NodeId| self.built.problems.get(&node).cloned();
            let links: HashMap<NodeId, String> =
                self.declared.iter().map(|(&node, declared)| (node, declared.id.clone())).collect();
            solutions = record::read(&mut self.form, list, &find, &links);
        }
        self.stop_if_complaints()?;
        for (_, problem) in &problems {
            for fault in check::faults(problem) {
                self.complain_of(&fault);
            }
        }
        self.stop_if_complaints()?;
        Ok(ProblemFile { problems: problems.into_iter().map(|(_, problem)| problem).collect(), solutions })
    }

    fn stop_if_complaints(&mut self) -> Result<(), Complaints> {
        let mut complaints = std::mem::take(&mut self.form.complaints);
        // Faults that follow from another (a link to a class that lacks its price) come later in the file than it.
        complaints.sort_by_key(|complaint| complaint.line);
        complaints.dedup();
        if complaints.is_empty() { Ok(()) } else { Err(Complaints(complaints)) }
    }

    /// Notes which node is which entity, before any link is followed.
    fn declare(&mut self, kind: Kind, path: String, item: Item) {
        let tree = self.form.tree;
        let entry = tree.entry(item.node, "id");
        let id = entry.and_then(|entry| tree.text(entry.item.node)).unwrap_or_default().to_string();
        if let (Some(entry), false) = (entry, id.is_empty())
            && let Some(&first) = self.ids.get(&(kind, id.clone()))
            && first != item.node
        {
            let (_, line) = self.form.source.origin(tree.node(first).line);
            let found = format!("`{id}`, the id of another {} (line {line})", kind.words());
            self.form.complain(entry.line, join(&path, "id"), found, "an id of its own");
        }
        self.ids.entry((kind, id.clone())).or_insert(item.node);
        self.declared.entry(item.node).or_insert(Declared { kind, path, id });
    }

    fn entity(&mut self, kind: Kind, path: &str, item: Item) {
        match kind {
            Kind::LimitingSet => self.limiting_set(path, item),
            Kind::InstanceClass => self.instance_class(path, item),
            Kind::App => self.app(path, item),
            Kind::Workload => self.workload(path, item),
            Kind::PerformanceSet => self.performance_set(path, item),
            Kind::Problem => self.problem(path, item),
        };
    }

    fn limiting_set(&mut self, path: &str, item: Item) -> Option<()> {
        let form = &mut self.form;
        let fields = form.mapping(item, path, &["id"], &["name", "max_vms", "max_cores"])?;
        let id = get(fields, "id").and_then(|item| form.string(item, &join(path, "id")))?;
        let name = get(fields, "name").map_or(Some(id.clone()), |item| form.string(item, &join(path, "name")));
        let max_vms = get(fields, "max_vms").map_or(Some(0), |item| form.count(item, &join(path, "max_vms"), 0));
        let max_cores = get(fields, "max_cores").map_or(Some(0), |item| form.count(item, &join(path, "max_cores"), 0));
        let set = LimitingSet { id, name: name?, max_vms: max_vms?, max_cores: max_cores? };
        self.built.sets.insert(item.node, Arc::new(set));
        Some(())
    }

    fn instance_class(&mut self, path: &str, item: Item) -> Option<()> {
        let required = ["id", "name", "price", "time_unit", "is_reserved", "max_vms", "limiting_sets"];
        let fields = self.form.mapping(item, path, &required, &["is_private", "cores"])?;
        let at = |key: &str| join(path, key);
        let form = &mut self.form;
        let id = get(fields, "id").and_then(|item| form.string(item, &at("id")));
        let name = get(fields, "name").and_then(|item| form.string(item, &at("name")));
        let price = get(fields, "price").and_then(|item| form.number(item, &at("price")));
        let time_unit =
            get(fields, "time_unit").and_then(|item| form.word(item, &at("time_unit"), UNITS, TimeUnit::from_symbol));
        let is_reserved = get(fields, "is_reserved").and_then(|item| form.truth(item, &at("is_reserved")));
        let max_vms = get(fields, "max_vms").and_then(|item| form.count(item, &at("max_vms"), 0));
        let cores = get(fields, "cores").map_or(Some(1), |item| form.count(item, &at("cores"), 1));
        let is_private = get(fields, "is_private").map_or(Some(false), |item| form.truth(item, &at("is_private")));
        let nodes =
            get(fields, "limiting_sets").and_then(|item| self.links(item, &at("limiting_sets"), Kind::LimitingSet))?;
        let limiting_sets = nodes.iter().map(|node| self.built.sets.get(node).cloned()).collect::<Option<Vec<_>>>()?;
        let class = InstanceClass {
            id: id?,
            name: name?,
            limiting_sets,
            max_vms: max_vms?,
            price: price?,
            time_unit: time_unit?,
            is_reserved: is_reserved?,
            cores: cores?,
            is_private: is_private?,
        };
        self.built.classes.insert(item.node, Arc::new(class));
        Some(())
    }

    fn app(&mut self, path: &str, item: Item) -> Option<()> {
        let form = &mut self.form;
        let fields = form.mapping(item, path, &["id", "name"], &[])?;
        let id = get(fields, "id").and_then(|item| form.string(item, &join(path, "id")));
        let name = get(fields, "name").and_then(|item| form.string(item, &join(path, "name")));
        self.built.apps.insert(item.node, Arc::new(App { id: id?, name: name? }));
        Some(())
    }

    fn workload(&mut self, path: &str, item: Item) -> Option<()> {
        let optional = ["description", "intra_slot_distribution", "values", "filename"];
        let fields = self.form.mapping(item, path, &["id", "app", "time_unit"], &optional)?;
        let at = |key: &str| join(path, key);
        let form = &mut self.form;
        let id = get(fields, "id").and_then(|item| form.string(item, &at("id")));
        let time_unit =
            get(fields, "time_unit").and_then(|item| form.word(item, &at("time_unit"), UNITS, TimeUnit::from_symbol));
        let description =
            get(fields, "description").map_or(Some(String::new()), |item| form.string(item, &at("description")));
        let kinds = "uniform, poisson or normal";
        let intra_slot = get(fields, "intra_slot_distribution").map_or(Some(IntraSlot::Uniform), |item| {
            form.word(item, &at("intra_slot_distribution"), kinds, IntraSlot::from_symbol)
        });
        let (values, filename) = self.series(path, item, get(fields, "values"), get(fields, "filename"))?;
        let app = get(fields, "app").and_then(|item| self.link(item, &at("app"), Kind::App))?;
        let app = Arc::clone(self.built.apps.get(&app)?);
        let workload = Workload {
            id: id?,
            description: description?,
            app,
            time_unit: time_unit?,
            values,
            intra_slot: intra_slot?,
            filename,
        };
        self.built.workloads.insert(item.node, Arc::new(workload));
        Some(())
    }

    /// The loads of a workload, from its list or from its file.
    fn series(
        &mut self,
        path: &str,
        item: Item,
        values: Option<Item>,
        filename: Option<Item>,
    ) -> Option<(Vec<f64>, Option<String>)> {
        let form = &mut self.form;
        match (values, filename) {
            (Some(values), None) => {
                let at = join(path, "values");
                let items = form.list(values, &at)?;
                let numbers = items.iter().enumerate().map(|(k, &item)| form.number(item, &format!("{at}[{k}]")));
                // Every number is looked at before the first bad one spoils the series.
                let numbers: Vec<Option<f64>> = numbers.collect();
                Some((numbers.into_iter().collect::<Option<Vec<f64>>>()?, None))
            }
            (None, Some(filename)) => {
                let at = join(path, "filename");
                let name = form.string(filename, &at)?;
                match source::series(&self.folder.join(&name)) {
                    Ok(values) => Some((values, Some(name))),
                    Err(found) => {
                        form.complain(filename.line, at, found, "a .csv or .csv.gz file with one number per line");
                        None
                    }
                }
            }
            (Some(values), Some(filename)) => {
                let (_, line) = form.source.origin(values.line);
                let found = format!("`filename` beside `values` (line {line})");
                form.complain(filename.line, join(path, "filename"), found, "one of the two");
                None
            }
            (None, None) => {
                let line = form.tree.node(item.node).line;
                form.complain(line, join(path, "values"), "neither `values` nor `filename`", "one of the two");
                None
            }
        }
    }

    fn performance_set(&mut self, path: &str, item: Item) -> Option<()> {
        let form = &mut self.form;
        let fields = form.mapping(item, path, &["id", "time_unit", "values"], &[])?;
        let id = get(fields, "id").and_then(|item| form.string(item, &join(path, "id")));
        let time_unit = get(fields, "time_unit")
            .and_then(|item| form.word(item, &join(path, "time_unit"), UNITS, TimeUnit::from_symbol));
        let list = join(path, "values");
        let items = get(fields, "values").and_then(|item| form.list(item, &list))?;
        let entries: Vec<Option<Performance>> =
            items.iter().enumerate().map(|(k, &item)| self.performance(&format!("{list}[{k}]"), item)).collect();
        let values = entries.into_iter().collect::<Option<Vec<_>>>()?;
        let set = PerformanceSet { id: id?, time_unit: time_unit?, values };
        self.built.performances.insert(item.node, Arc::new(set));
        Some(())
    }

    fn performance(&mut self, path: &str, item: Item) -> Option<Performance> {
        let fields = self.form.mapping(item, path, &["instance_class", "app", "value"], &[])?;
        let value = get(fields, "value").and_then(|item| self.form.number(item, &join(path, "value")));
        let class = get(fields, "instance_class")
            .and_then(|item| self.link(item, &join(path, "instance_class"), Kind::InstanceClass));
        let app = get(fields, "app").and_then(|item| self.link(item, &join(path, "app"), Kind::App));
        let class = Arc::clone(self.built.classes.get(&class?)?);
        let app = Arc::clone(self.built.apps.get(&app?)?);
        Some(Performance { class, app, value: value? })
    }

    fn problem(&mut self, path: &str, item: Item) -> Option<()> {
        let required = ["id", "name", "workloads", "instance_classes", "performances"];
        let fields = self.form.mapping(item, path, &required, &["description"])?;
        let at = |key: &str| join(path, key);
        let form = &mut self.form;
        let id = get(fields, "id").and_then(|item| form.string(item, &at("id")));
        let name = get(fields, "name").and_then(|item| form.string(item, &at("name")));
        let description =
            get(fields, "description").map_or(Some("Nondescript".into()), |item| form.string(item, &at("description")));
        let workloads = get(fields, "workloads").and_then(|item| self.links(item, &at("workloads"), Kind::Workload));
        let classes = get(fields, "instance_classes")
            .and_then(|item| self.links(item, &at("instance_classes"), Kind::InstanceClass));
        let performances =
            get(fields, "performances").and_then(|item| self.link(item, &at("performances"), Kind::PerformanceSet));
        let workloads =
            workloads?.iter().map(|node| self.built.workloads.get(node).cloned()).collect::<Option<Vec<_>>>()?;
        let instance_classes =
            classes?.iter().map(|node| self.built.classes.get(node).cloned()).collect::<Option<Vec<_>>>()?;
        let performances = Arc::clone(self.built.performances.get(&performances?)?);
        let problem =
            Problem { id: id?, name: name?, description: description?, workloads, instance_classes, performances };
        self.built.problems.insert(item.node, Arc::new(problem));
        Some(())
    }

    fn links(&mut self, item: Item, path: &str, kind: Kind) -> Option<Vec<NodeId>> {
        let items = self.form.list(item, path)?;
        let nodes: Vec<Option<NodeId>> =
            items.iter().enumerate().map(|(k, &item)| self.link(item, &format!("{path}[{k}]"), kind)).collect();
        nodes.into_iter().collect()
    }

    /// The declared entity that an alias refers to. An entity written out again in place is the declared one of its id,
    /// if it says the same.
    fn link(&mut self, item: Item, path: &str, kind: Kind) -> Option<NodeId> {
        let tree = self.form.tree;
        let list = LISTS.iter().find(|list| list.1 == kind).expect("every kind has a list").0;
        let wanted = format!("an alias of an entity in {list}");
        match self.declared.get(&item.node) {
            Some(declared) if declared.kind == kind => return Some(item.node),
            Some(declared) => {
                let found = format!("the {} `{}`", declared.kind.words(), declared.id);
                self.form.complain(item.line, path, found, wanted);
                return None;
            }
            None => {}
        }
        let id = tree.entry(item.node, "id").and_then(|entry| tree.text(entry.item.node));
        let twin = id.and_then(|id| self.ids.get(&(kind, id.to_string())).copied());
        match twin {
            Some(node) if tree.same(node, item.node) => return Some(node),
            Some(_) => {
                let found = format!("another {} with the id `{}`", kind.words(), id.unwrap_or_default());
                self.form.complain(item.line, path, found, wanted);
            }
            None if matches!(tree.node(item.node).value, Value::Mapping(_)) => {
                let found = format!("an entity `{}` that is not in that list", id.unwrap_or("without id"));
                self.form.complain(item.line, path, found, wanted);
            }
            None => self.form.complain(item.line, path, self.form.describe(item.node), wanted),
        }
        None
    }

    /// A fault of a problem, at the line of the file that is to blame.
    fn complain_of(&mut self, fault: &Fault) {
        let tree = self.form.tree;
        let Some(&node) = self.ids.get(&(fault.kind, fault.id.clone())) else { return };
        let path = self.declared.get(&node).map_or(String::new(), |declared| join(&declared.path, &fault.path));
        let line = if fault.missing { None } else { tree.line_of(node, &fault.path) };
        let line = line.unwrap_or(tree.node(node).line);
        let found = format!("{} ({} `{}`)", fault.found, fault.kind.words(), fault.id);
        self.form.complain(line, path, found, &fault.wanted);
    }
}
