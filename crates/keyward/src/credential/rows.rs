//! The list of a batch: one site a line (RFC 4180).

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};
use std::str::FromStr;

use csv::{ReaderBuilder, StringRecord};
use keyward_core::credential::{Kind, Permissions, Request, Schema, SignKey, Site, allowed};
use keyward_core::error::{Error, Result, nearest};
use keyward_core::limits;

/// One line of the list.
pub struct Row {
    /// The line in the file, from 1.
    pub line: u64,
    /// What it asks for.
    pub request: Request,
}

/// What holds for every line.
#[derive(Clone, Copy, Debug, Default)]
pub struct Defaults {
    /// The schema of lines that name none.
    pub schema: Schema,
    /// The kind.
    pub kind: Kind,
}

const COLUMNS: [&str; 5] = ["name", "site", "schema", "allow_ip", "allow_pref"];

/// Reads a whole list. The first line names the columns, in any order: `name` and `site` must be there, `schema`,
/// `allow_ip` and `allow_pref` may. An empty cell gives nothing; several addresses or preferences in one cell are
/// separated by spaces, and `none` alone allows none. `file` is what errors call it.
///
/// # Errors
/// A usage error on `file:line` for the first line that is wrong, with the other ones as hints: every line is read
/// before any credential is made.
pub fn read_rows(csv: &[u8], file: &str, defaults: Defaults) -> Result<Vec<Row>> {
    if csv.len() > limits::BATCH_LEN {
        return Err(Error::usage(format!("it is longer than {} bytes", limits::BATCH_LEN)).on(file));
    }
    let csv = csv.strip_prefix(b"\xef\xbb\xbf").unwrap_or(csv);
    let mut reader = ReaderBuilder::new().from_reader(csv);
    let header = reader
        .headers()
        .map_err(|error| not_csv(&error).on(format!("{file}:1")))?;
    let columns = Columns::of(header).map_err(|error| error.on(format!("{file}:1")))?;
    let mut list = List::default();
    let mut lines = Lines {
        text: csv,
        at: 0,
        line: 1,
    };
    for record in reader.records() {
        match record {
            Ok(record) => list.add(&columns, &record, lines.of(record.position()), defaults),
            Err(error) => list.fault(lines.of(error.position()), not_csv(&error)),
        }
    }
    list.whole(file)
}

/// Where each column is.
struct Columns(BTreeMap<&'static str, usize>);

impl Columns {
    fn of(header: &StringRecord) -> Result<Self> {
        let mut columns = BTreeMap::new();
        for (at, word) in header.iter().enumerate() {
            let known = COLUMNS
                .into_iter()
                .find(|known| *known == word.trim())
                .ok_or_else(|| unknown(word))?;
            if columns.insert(known, at).is_some() {
                return Err(Error::usage(format!("the column `{known}` is there twice")));
            }
        }
        match ["name", "site"]
            .into_iter()
            .find(|needed| !columns.contains_key(needed))
        {
            None => Ok(Self(columns)),
            Some(missing) => Err(Error::usage(format!("there is no column `{missing}`")).hint(HEADER)),
        }
    }

    fn cell<'r>(&self, record: &'r StringRecord, column: &str) -> &'r str {
        self.0
            .get(column)
            .and_then(|at| record.get(*at))
            .unwrap_or_default()
    }

    /// The entries of a cell. Blanks alone are neither the empty cell, which allows all, nor `none`.
    fn words<'r>(&self, record: &'r StringRecord, column: &str) -> Result<Vec<&'r str>> {
        let cell = self.cell(record, column);
        if !cell.is_empty() && cell.trim().is_empty() {
            return Err(Error::usage(format!("the cell under `{column}` is blank"))
                .hint("leave it empty for no limit, or write `none` to deny all"));
        }
        Ok(cell.split_ascii_whitespace().collect())
    }
}

const HEADER: &str = "the first line is `name,site`, then as wanted `,schema,allow_ip,allow_pref`";

fn unknown(word: &str) -> Error {
    let shown = word
        .chars()
        .take(80)
        .flat_map(char::escape_debug)
        .collect::<String>();
    let error = Error::usage(format!("`{shown}` is not a column"));
    match nearest(word.trim(), COLUMNS) {
        _ if word.contains(';') => error.hint("put commas between the cells, not semicolons"),
        Some(column) => error.hint(format!("did you mean `{column}`?")),
        None => error.hint(HEADER),
    }
}

/// The lines that are right, and what is wrong with the others.
#[derive(Default)]
struct List {
    rows: Vec<Row>,
    sites: HashMap<String, u64>,
    faults: Vec<(u64, Error)>,
}

impl List {
    fn add(&mut self, columns: &Columns, record: &StringRecord, line: u64, defaults: Defaults) {
        let made = request(columns, record, defaults).and_then(|request| self.claim(request, line));
        match made {
            Ok(request) => self.rows.push(Row { line, request }),
            Err(error) => self.fault(line, error),
        }
    }

    /// A site stands once in a list, however it is spelled.
    fn claim(&mut self, request: Request, line: u64) -> Result<Request> {
        match self.sites.entry(request.site.folded()) {
            Entry::Vacant(entry) => {
                entry.insert(line);
                Ok(request)
            }
            Entry::Occupied(entry) => Err(Error::usage(format!(
                "the site {} is on line {} already",
                request.site,
                entry.get()
            ))),
        }
    }

    fn fault(&mut self, line: u64, error: Error) {
        self.faults.push((line, error));
    }

    fn whole(self, file: &str) -> Result<Vec<Row>> {
        let mut faults = self.faults.into_iter();
        let Some((line, first)) = faults.next() else {
            return match self.rows.is_empty() {
                true => Err(Error::usage("no site is in the list")
                    .on(file)
                    .hint("write one line for each site")),
                false => Ok(self.rows),
            };
        };
        let others = faults.len();
        let shown = faults
            .take(4)
            .fold(on_line(file, line, &first), |shown, (line, error)| {
                shown.hint(format!("line {line}, too: {}", error.what()))
            });
        match others.checked_sub(5) {
            None => Err(shown),
            Some(more) => Err(shown.hint(format!("and {} more lines", more + 1))),
        }
    }
}

/// The same error on a line of the list instead of on what it was about.
fn on_line(file: &str, line: u64, error: &Error) -> Error {
    let moved = Error::usage(error.what()).on(format!("{file}:{line}"));
    error.hints().iter().fold(moved, |moved, hint| moved.hint(hint))
}

fn request(columns: &Columns, record: &StringRecord, defaults: Defaults) -> Result<Request> {
    let schema = match columns.cell(record, "schema").trim() {
        "" => defaults.schema,
        word => Schema::from_str(word)?,
    };
    let permissions = Permissions {
        allowed_ips: allowed(&columns.words(record, "allow_ip")?)?,
        allowed_prefs: allowed(&columns.words(record, "allow_pref")?)?,
        ..Permissions::default()
    };
    let site = columns.cell(record, "site").trim().parse::<Site>()?;
    let name = columns.cell(record, "name").to_owned();
    let request = Request {
        name,
        site,
        schema,
        permissions,
        kind: defaults.kind,
        sign_key: SignKey::Absent,
    };
    request.check()?;
    Ok(request)
}

/// Line numbers. The reader's own are too low after a CR LF, and it passes over empty lines.
struct Lines<'a> {
    text: &'a [u8],
    at: usize,
    line: u64,
}

impl Lines<'_> {
    /// The line on which the record at `position` begins. Positions must not go back.
    fn of(&mut self, position: Option<&csv::Position>) -> u64 {
        let begin = position
            .and_then(|position| usize::try_from(position.byte()).ok())
            .unwrap_or(self.at);
        let is_end = |byte: &&u8| matches!(byte, b'\r' | b'\n');
        while self.at < begin || self.text.get(self.at).as_ref().is_some_and(is_end) {
            self.line += u64::from(self.text.get(self.at) == Some(&b'\n'));
            self.at += 1;
        }
        self.line
    }
}

fn not_csv(error: &csv::Error) -> Error {
    match error.kind() {
        csv::ErrorKind::UnequalLengths {
            expected_len, len, ..
        } => Error::usage(format!("there are {len} cells, and {expected_len} columns"))
            .hint("put a cell that holds a comma or a line end in double quotes"),
        csv::ErrorKind::Utf8 { .. } => Error::usage("it is not UTF-8 text"),
        _ => Error::usage("it is not well-formed CSV"),
    }
}
