//! The gRPC services, by name.

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderValue, Request, Response};
use http_body::Body;
use tonic::body::Body as GrpcBody;
use tonic::{Code, Status};
use tower::Service;

use crate::iam::IamPolicy;
use crate::interface::google::cloud::kms::v1::key_management_service_server::KeyManagementServiceServer;
use crate::interface::google::cloud::location::locations_server::LocationsServer;
use crate::interface::google::iam::v1::iam_policy_server::IamPolicyServer;
use crate::interface::google::longrunning::operations_server::OperationsServer;
use crate::interface::keyward::emulator::v1::trouble_server::TroubleServer;
use crate::kms::{Kms, Operations};
use crate::locations::Locations;
use crate::refusal::Refusal;
use crate::state::State;
use crate::trouble::CONTROL;
use crate::trouble::control::Control;

/// Longest message, in bytes. Google's own limit.
pub(crate) const LONGEST: usize = 4 * 1024 * 1024;

/// The services. Clones share their state.
#[derive(Clone)]
pub(crate) struct Services {
    kms: KeyManagementServiceServer<Kms>,
    locations: LocationsServer<Locations>,
    operations: OperationsServer<Operations>,
    policies: IamPolicyServer<IamPolicy>,
    trouble: TroubleServer<Control>,
}

impl Services {
    pub(crate) fn new(state: &Arc<State>) -> Self {
        macro_rules! limited {
            ($server:ident, $service:ident) => {
                $server::new($service(Arc::clone(state))).max_decoding_message_size(LONGEST)
            };
        }
        Self {
            kms: limited!(KeyManagementServiceServer, Kms),
            locations: limited!(LocationsServer, Locations),
            operations: limited!(OperationsServer, Operations),
            policies: limited!(IamPolicyServer, IamPolicy),
            trouble: limited!(TroubleServer, Control),
        }
    }

    /// Answers one call.
    pub(crate) async fn call<B>(&self, request: Request<B>) -> Response<GrpcBody>
    where
        B: Body<Data = Bytes, Error = Status> + Send + 'static,
    {
        let path = request.uri().path();
        let service = path.strip_prefix('/').and_then(|path| path.split_once('/'));
        let Ok(answer) = match service.map(|(service, _)| service) {
            Some("google.cloud.kms.v1.KeyManagementService") => self.kms.clone().call(request).await,
            Some("google.cloud.location.Locations") => self.locations.clone().call(request).await,
            Some("google.longrunning.Operations") => self.operations.clone().call(request).await,
            Some("google.iam.v1.IAMPolicy") => self.policies.clone().call(request).await,
            Some(CONTROL) => self.trouble.clone().call(request).await,
            _ => Ok(Status::from(Refusal::not_served(path)).into_http()),
        };
        with_the_right_code(answer)
    }
}

/// A message that is too long is out of the range of nothing: gRPC calls that an exhausted resource.
fn with_the_right_code(mut answer: Response<GrpcBody>) -> Response<GrpcBody> {
    let headers = answer.headers_mut();
    let is_too_long = headers.get("grpc-status").is_some_and(|code| code == "11")
        && headers.get("grpc-message").is_some_and(|message| {
            message
                .as_bytes()
                .starts_with(b"Error,%20decoded%20message%20length")
        });
    if is_too_long {
        headers.insert("grpc-status", HeaderValue::from(Code::ResourceExhausted as i32));
    }
    answer
}
