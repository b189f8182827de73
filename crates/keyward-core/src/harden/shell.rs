//! Words and files in a shell script.

/// `text` as one word.
pub(super) fn word(text: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-_./:=@,+".contains(&b);
    match !text.is_empty() && text.bytes().all(plain) {
        true => text.to_owned(),
        false => format!("'{}'", text.replace('\'', "'\\''")),
    }
}

/// Writes `content` into the file `name` of the script's own folder. JSON has no line that ends it early.
pub(super) fn file(name: &str, content: &serde_json::Value) -> String {
    format!("cat >\"$work/{name}\" <<'KEYWARD_END'\n{content:#}\nKEYWARD_END\n")
}
