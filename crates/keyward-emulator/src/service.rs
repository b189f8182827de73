//! The table of a service: which method of its interface is answered by which RPC.

/// Makes a type that serves an interface: every method takes the one way of [`crate::serve::serve`], with its RPC.
macro_rules! service {
    ($(#[$doc:meta])* $name:ident: $interface:path { $($method:ident => $rpc:ty,)* }) => {
        $(#[$doc])*
        #[derive(Clone)]
        pub(crate) struct $name(pub(crate) std::sync::Arc<crate::state::State>);

        #[tonic::async_trait]
        impl $interface for $name {
            $(
                async fn $method(
                    &self,
                    request: tonic::Request<<$rpc as crate::rpc::Rpc>::Request>,
                ) -> Result<tonic::Response<<$rpc as crate::rpc::Rpc>::Response>, tonic::Status> {
                    crate::serve::serve::<$rpc>(&self.0, request).await
                }
            )*
        }
    };
}
pub(crate) use service;
