//! Tables: columns as wide as they must be; on a terminal the widest give way until a row fits on a line.

use anstyle::Style;

/// Narrower than this no column becomes.
const NARROWEST: usize = 8;
const GAP: &str = "  ";

/// Rows of cells under a heading.
pub(crate) struct Table {
    heading: Vec<&'static str>,
    rows: Vec<Vec<Cell>>,
}

/// A cell: its text, and the style it is painted in once it is padded.
pub(crate) struct Cell {
    text: String,
    style: Style,
    cut: Cut,
}

/// Where a cell that is too long gives way.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Cut {
    /// Start and end of a name say most.
    Middle,
    /// A sentence is read from its start.
    End,
}

impl Cell {
    /// A sentence.
    pub(crate) fn prose(text: String) -> Self {
        Self {
            cut: Cut::End,
            ..text.into()
        }
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self {
            text,
            style: Style::new(),
            cut: Cut::Middle,
        }
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        (text, Style::new()).into()
    }
}

impl From<(&str, Style)> for Cell {
    fn from((text, style): (&str, Style)) -> Self {
        Self {
            text: text.to_owned(),
            style,
            cut: Cut::Middle,
        }
    }
}

impl Table {
    /// A table with these columns.
    pub(crate) fn new(heading: impl IntoIterator<Item = &'static str>) -> Self {
        Self {
            heading: heading.into_iter().collect(),
            rows: Vec::new(),
        }
    }

    /// Adds a row: one cell a column.
    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = Cell>) {
        self.rows.push(cells.into_iter().collect());
    }

    /// The table as text, no line longer than `width`.
    pub(super) fn fitted(&self, width: Option<usize>) -> String {
        let widths = self.widths(width.unwrap_or(usize::MAX));
        let bold = Style::new().bold();
        let heading: Vec<Cell> = self.heading.iter().map(|text| (*text, bold).into()).collect();
        std::iter::once(&heading)
            .chain(&self.rows)
            .map(|row| line(row, &widths))
            .collect()
    }

    fn widths(&self, limit: usize) -> Vec<usize> {
        let mut widths: Vec<_> = self.heading.iter().map(|text| text.chars().count()).collect();
        for row in &self.rows {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = (*width).max(cell.text.chars().count());
            }
        }
        let gaps = GAP.len() * widths.len().saturating_sub(1);
        while widths.iter().sum::<usize>() + gaps > limit {
            match widths.iter_mut().max() {
                Some(widest) if *widest > NARROWEST => *widest -= 1,
                _ => break,
            }
        }
        widths
    }
}

fn line(row: &[Cell], widths: &[usize]) -> String {
    let cells = row.iter().zip(widths).map(|(cell, width)| {
        let text = shortened(&cell.text, *width, cell.cut);
        let padding = " ".repeat(width - text.chars().count());
        if text.is_empty() {
            padding
        } else {
            format!("{}{text}{:#}{padding}", cell.style, cell.style)
        }
    });
    let line = cells.collect::<Vec<_>>().join(GAP);
    format!("{}\n", line.trim_end())
}

fn shortened(text: &str, width: usize, cut: Cut) -> String {
    let chars: Vec<_> = text.chars().collect();
    if chars.len() <= width {
        return text.to_owned();
    }
    let head = match cut {
        Cut::Middle => width / 2,
        Cut::End => width - 1,
    };
    let tail = width - head - 1;
    chars[..head]
        .iter()
        .chain(&['…'])
        .chain(&chars[chars.len() - tail..])
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(table: &Table, width: Option<usize>) -> String {
        anstream::adapter::strip_str(&table.fitted(width)).to_string()
    }

    #[test]
    fn columns_are_as_wide_as_they_must_be() {
        let mut table = Table::new(["NAME", "STATE"]);
        table.row(["app/europe-west1@1".into(), "ENABLED".into()]);
        assert_eq!(
            plain(&table, None),
            "NAME                STATE\napp/europe-west1@1  ENABLED\n"
        );
    }

    #[test]
    fn the_widest_column_gives_way_in_its_middle() {
        let mut table = Table::new(["NAME", "STATE"]);
        table.row(["app/europe-west1@1".into(), "ENABLED".into()]);
        assert_eq!(
            plain(&table, Some(20)),
            "NAME         STATE\napp/e…st1@1  ENABLED\n"
        );
    }

    #[test]
    fn a_sentence_gives_way_at_its_end() {
        let mut table = Table::new(["NOTE"]);
        table.row([Cell::prose("it does not exist".to_owned())]);
        assert_eq!(plain(&table, Some(11)), "NOTE\nit does no…\n");
    }
}
