//! Lines that fit a terminal: broken between words, with what follows indented under its beginning.

/// How much deeper than its first line a broken line goes on.
const HANG: usize = 2;

/// `text` with no line longer than `width`, where words allow it. What stands in backquotes is something to type, and
/// is not broken.
pub(super) fn wrapped(text: &str, width: usize) -> String {
    let lines: Vec<_> = text.split('\n').map(|line| hanging(line, width)).collect();
    lines.join("\n")
}

fn hanging(line: &str, width: usize) -> String {
    if shown_len(line) <= width {
        return line.to_owned();
    }
    let words = line.trim_start_matches(' ');
    let indent = line.len() - words.len();
    let margin = " ".repeat(indent + HANG);
    let (mut broken, mut at) = (" ".repeat(indent), indent);
    for (number, word) in pieces(words).into_iter().enumerate() {
        let len = shown_len(word);
        if number > 0 && at + 1 + len > width {
            broken = format!("{}\n{margin}", broken.trim_end());
            at = margin.len();
        } else if number > 0 {
            broken.push(' ');
            at += 1;
        }
        broken.push_str(word);
        at += len;
    }
    broken
}

/// Words, and what stands in backquotes as one word.
fn pieces(line: &str) -> Vec<&str> {
    let mut quoted = false;
    line.split(|c| {
        quoted ^= c == '`';
        c == ' ' && !quoted
    })
    .collect()
}

/// Characters that are seen: colours are not.
fn shown_len(text: &str) -> usize {
    anstream::adapter::strip_str(text).to_string().chars().count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::bad;

    #[test]
    fn a_long_line_hangs_under_its_beginning() {
        let text = "  hint: bring it back with `keyward key restore K`, or not\nshort";
        assert_eq!(
            wrapped(text, 24),
            "  hint: bring it back\n    with\n    `keyward key restore K`,\n    or not\nshort"
        );
        assert_eq!(wrapped(text, 80), text);
    }

    #[test]
    fn colours_take_no_room_and_no_word_is_lost() {
        let text = format!("{} a b c", bad("FAIL"));
        assert_eq!(wrapped(&text, 10), text);
        let text = "a ` b cc averyveryverylongword d";
        let words: Vec<_> = text.split_whitespace().collect();
        assert_eq!(wrapped(text, 6).split_whitespace().collect::<Vec<_>>(), words);
    }
}
