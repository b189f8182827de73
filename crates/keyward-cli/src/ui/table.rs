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
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self {
            text,
            style: Style::new(),
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
        let text = shortened(&cell.text, *width);
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

/// Cut in the middle: the start and the end of a name say most.
fn shortened(text: &str, width: usize) -> String {
    let chars: Vec<_> = text.chars().collect();
    if chars.len() <= width {
        return text.to_owned();
    }
    let head = width / 2;
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
}
