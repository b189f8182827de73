//! Documents of the XML API: errors, and lists in the second form that clients of both makers use.

use super::ask::Ask;
use super::download;
use super::list::{self, Listed, Wanted};
use super::refusal::Refusal;
use super::reply::Reply;
use crate::state::State;

const HEAD: &str = "<?xml version='1.0' encoding='UTF-8'?>";

/// The document of a refusal.
pub(super) fn error(refusal: &Refusal) -> String {
    let code = match refusal.code {
        Some(code) => code.to_owned(),
        None => code(refusal.reason),
    };
    let message = text(&refusal.message);
    format!("{HEAD}<Error><Code>{code}</Code><Message>{message}</Message></Error>")
}

/// The XML API's word for a reason: most are the same word with a capital.
fn code(reason: &str) -> String {
    match reason {
        "invalid" | "invalidParameter" | "required" => "InvalidArgument".to_owned(),
        "conditionNotMet" => "PreconditionFailed".to_owned(),
        "forbidden" => "AccessDenied".to_owned(),
        "backendError" => "ServiceUnavailable".to_owned(),
        "rateLimitExceeded" => "SlowDown".to_owned(),
        "notFound" => "NoSuchKey".to_owned(),
        reason => {
            let mut letters = reason.chars();
            let first = letters.next().map(|letter| letter.to_ascii_uppercase());
            first.into_iter().chain(letters).collect()
        }
    }
}

/// `GET /BUCKET`: with `list-type=2` and without.
pub(crate) fn list(state: &State, ask: &Ask) -> Result<Reply, Refusal> {
    for parameter in SUBRESOURCES {
        if ask.query.has(parameter) {
            let message = format!("?{parameter} of the XML API is not served by this emulator.");
            return Err(Refusal::new(501, "notImplemented", message));
        }
    }
    let size = ask.query.number("max-keys")?.unwrap_or(1000).clamp(1, 1000);
    let token = ask.query.get("continuation-token").map(list::place).transpose()?;
    let marker = ask.query.get("start-after").or_else(|| ask.query.get("marker"));
    let wanted = Wanted {
        bucket: &ask.bucket,
        prefix: ask.query.get("prefix").unwrap_or_default(),
        delimiter: ask.query.get("delimiter"),
        start: None,
        end: None,
        versions: false,
        trailing: false,
        size: usize::try_from(size).unwrap_or(1000),
        after: token.or_else(|| marker.map(|marker| (marker.to_owned(), i64::MAX))),
    };
    let listed = state.shelf.read(|shelved| list::page(shelved, &wanted))?;
    Ok(Reply::xml(200, document(&wanted, &listed)))
}

/// What a bucket has in the XML API and not here.
const SUBRESOURCES: [&str; 13] = [
    "acl",
    "billing",
    "compose",
    "cors",
    "defaultObjectAcl",
    "encryptionConfig",
    "lifecycle",
    "location",
    "logging",
    "storageClass",
    "tagging",
    "uploads",
    "versions",
];

fn document(wanted: &Wanted<'_>, listed: &Listed) -> String {
    let mut document = format!(
        "{HEAD}<ListBucketResult xmlns='http://doc.s3.amazonaws.com/2006-03-01'><Name>{}</Name><Prefix>{}</Prefix>\
         <KeyCount>{}</KeyCount><IsTruncated>{}</IsTruncated>",
        text(wanted.bucket),
        text(wanted.prefix),
        listed.objects.len() + listed.prefixes.len(),
        listed.next.is_some()
    );
    if let Some(next) = &listed.next {
        let token = list::place_token(next);
        document += &format!("<NextContinuationToken>{token}</NextContinuationToken>");
        document += &format!("<NextMarker>{}</NextMarker>", text(&next.0));
    }
    for object in &listed.objects {
        document += &format!(
            "<Contents><Key>{}</Key><Generation>{}</Generation><MetaGeneration>{}</MetaGeneration>\
             <LastModified>{:.3}</LastModified><ETag>{}</ETag><Size>{}</Size></Contents>",
            text(&object.name),
            object.generation,
            object.metageneration,
            object.updated,
            text(&download::etag(object)),
            object.size
        );
    }
    for prefix in &listed.prefixes {
        document += &format!(
            "<CommonPrefixes><Prefix>{}</Prefix></CommonPrefixes>",
            text(prefix)
        );
    }
    document + "</ListBucketResult>"
}

/// Text between tags. Control characters, which XML cannot carry, become the replacement character.
fn text(plain: &str) -> String {
    let mut escaped = String::with_capacity(plain.len());
    for letter in plain.chars() {
        match letter {
            '&' => escaped += "&amp;",
            '<' => escaped += "&lt;",
            '>' => escaped += "&gt;",
            '"' => escaped += "&quot;",
            '\t' => escaped.push('\t'),
            '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => escaped.push(char::REPLACEMENT_CHARACTER),
            letter => escaped.push(letter),
        }
    }
    escaped
}
