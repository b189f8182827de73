//! One REST call: a gRPC call in this process, with JSON on either side.

use bytes::{BufMut, Bytes, BytesMut};
use http::header::{AUTHORIZATION, HeaderName, HeaderValue};
use http::request::Parts;
use http::{HeaderMap, Method as Verb, Request, StatusCode};
use http_body::Body;
use http_body_util::{BodyExt, Full};
use prost::Message;
use prost_reflect::{DynamicMessage, MethodDescriptor};
use tonic::{Code, Status};

use super::answer::Form;
use super::fault::Fault;
use super::route::{Content, Found};
use super::{Answer, Interface, bind, json, nowhere, query};
use crate::grpc::{LONGEST, Services};
use crate::interface::google::rpc;
use crate::refusal::Refusal;
use crate::serve::{DROPPED, bug};

/// Bytes before a gRPC message: whether it is compressed, and its length.
const FRAME: usize = 5;

/// Answers one call.
pub(super) async fn answer<B>(services: &Services, request: Request<B>, form: &Form) -> Result<Answer, Fault>
where
    B: Body<Data = Bytes, Error = Status> + Unpin,
{
    let (parts, body) = request.into_parts();
    // It is read in any case: a connection with half a request in it is of no further use.
    let body = whole(body).await?;
    let path = parts.uri.path();
    let mut pairs = query::pairs(parts.uri.query().unwrap_or_default())?;
    let (verb, body) = if is_long_get(&parts) {
        pairs.extend(query::pairs(std::str::from_utf8(&body).unwrap_or("%ff"))?);
        (&Verb::GET, Bytes::new())
    } else {
        (&parts.method, body)
    };
    let routes = &Interface::get()?.routes;
    let found = routes.find(verb, path).ok_or_else(|| nowhere(path))?;
    Form::check(&pairs)?;
    let message = message(&found, &pairs, &body)?;
    let headers = carried(&parts.headers, &pairs);
    let answer = in_process(services, &found.route.method, headers, &message).await?;
    Ok(form.write(StatusCode::OK, &form.json_of(&answer)?))
}

/// Whether it is a GET whose query was too long for a path, so that it came as a form: Google's Python client does that.
fn is_long_get(parts: &Parts) -> bool {
    let overridden = parts.headers.get("x-http-method-override");
    parts.method == Verb::POST && overridden.is_some_and(|verb| verb == "GET")
}

async fn whole<B>(mut body: B) -> Result<Bytes, Fault>
where
    B: Body<Data = Bytes, Error = Status> + Unpin,
{
    let mut whole = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|status| Refusal::new(status.code(), status.message()))?;
        let Ok(data) = frame.into_data() else { continue };
        if whole.len() + data.len() > LONGEST {
            let message = format!("Request payload size exceeds the limit: {LONGEST} bytes.");
            return Err(Refusal::invalid(message).into());
        }
        whole.extend_from_slice(&data);
    }
    Ok(whole.freeze())
}

/// The request, out of its three places.
fn message(found: &Found<'_>, pairs: &[(String, String)], body: &[u8]) -> Result<DynamicMessage, Fault> {
    let mut request = DynamicMessage::new(found.route.method.input());
    if !is_nothing(body) {
        let body = json::parse(body)?;
        match &found.route.body {
            Content::Request => json::fill(&mut request, &body, "")?,
            Content::Field(name) => {
                let field = request
                    .get_field_by_name_mut(name)
                    .and_then(|field| field.as_message_mut());
                json::fill(field.ok_or_else(bug)?, &body, name)?;
            }
            Content::Nothing if body.as_object().is_some_and(serde_json::Map::is_empty) => {}
            Content::Nothing => return Err(Fault::no_json("This call takes no body.")),
        }
    }
    bind::path(&mut request, &found.captures)?;
    bind::query(&mut request, pairs)?;
    Ok(request)
}

/// Google's clients in Node send an empty string of JSON where there is nothing to send.
fn is_nothing(body: &[u8]) -> bool {
    matches!(body.trim_ascii(), b"" | b"\"\"")
}

/// What gRPC calls say in their metadata.
fn carried(headers: &HeaderMap, pairs: &[(String, String)]) -> HeaderMap {
    let is_carried = |name: &HeaderName| *name == AUTHORIZATION || name.as_str().starts_with("x-goog-");
    let mut carried: HeaderMap = headers
        .iter()
        .filter(|(name, _)| is_carried(name))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    let token = pairs
        .iter()
        .find(|(name, _)| query::system(name) == Some("access_token"));
    if let Some(value) = token.and_then(|(_, token)| HeaderValue::try_from(format!("Bearer {token}")).ok()) {
        carried.entry(AUTHORIZATION).or_insert(value);
    }
    carried
}

async fn in_process(
    services: &Services,
    method: &MethodDescriptor,
    headers: HeaderMap,
    message: &DynamicMessage,
) -> Result<DynamicMessage, Fault> {
    let path = format!("/{}/{}", method.parent_service().full_name(), method.name());
    let mut request = Request::new(Full::new(framed(message)?).map_err(|never| match never {}));
    *request.method_mut() = Verb::POST;
    *request.uri_mut() = path.parse().map_err(|_| bug())?;
    *request.headers_mut() = headers;
    let (parts, body) = services.call(request).await.into_parts();
    refused(&parts.headers)?;
    let body = body.collect().await.map_err(|status| refusal_of(&status))?;
    body.trailers().map_or(Ok(()), refused)?;
    let body = body.to_bytes();
    let answer = body.get(FRAME..).ok_or_else(bug)?;
    DynamicMessage::decode(method.output(), answer).map_err(|_| bug().into())
}

fn framed(message: &DynamicMessage) -> Result<Bytes, Fault> {
    let length = message.encoded_len();
    let mut framed = BytesMut::with_capacity(FRAME + length);
    framed.put_u8(0);
    framed.put_u32(u32::try_from(length).map_err(|_| bug())?);
    message.encode(&mut framed).map_err(|_| bug())?;
    Ok(framed.freeze())
}

/// What the status in headers or trailers says.
fn refused(headers: &HeaderMap) -> Result<(), Fault> {
    if headers.contains_key(DROPPED) {
        return Err(Fault::Dropped);
    }
    match Status::from_header_map(headers) {
        Some(status) if status.code() != Code::Ok => Err(refusal_of(&status)),
        _ => Ok(()),
    }
}

fn refusal_of(status: &Status) -> Fault {
    let details = rpc::Status::decode(status.details()).unwrap_or_default().details;
    let mut refusal = Refusal::new(status.code(), status.message());
    refusal.details = details;
    refusal.into()
}
