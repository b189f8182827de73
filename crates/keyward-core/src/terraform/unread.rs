//! Why a text is no plan that can be judged: what a person reads, with nothing of what stands in the file.

use serde_json::error::Category;

/// How the messages of the deserializer itself begin: they repeat what they found, and a plan holds secrets.
const REPEATING: &str = "invalid ";

/// How the message of the parser begins that stops before the stack is full.
const TOO_DEEP: &str = "recursion limit";

/// The reason for which `error` ended the reading of a plan.
pub fn why_unread(error: &serde_json::Error) -> String {
    let place = format!("line {} column {}", error.line(), error.column());
    match error.classify() {
        Category::Eof if error.line() <= 1 && error.column() == 0 => "it is empty".to_owned(),
        Category::Eof => format!("it ends in the middle, at {place}: it was cut short"),
        Category::Io => format!("it cannot be read: {error}"),
        Category::Data if !error.to_string().starts_with(REPEATING) => error.to_string(),
        Category::Data => format!("what stands at {place} is not what a plan has there"),
        Category::Syntax if error.to_string().starts_with(TOO_DEEP) => {
            format!("it is nested too deeply to be read, at {place}")
        }
        Category::Syntax => format!("it is not JSON that can be read, at {place}"),
    }
}
