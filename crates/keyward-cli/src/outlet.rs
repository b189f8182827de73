//! How alerts leave this machine: HTTPS, with a deadline, following nobody elsewhere.

use keyward::watch::Outlet;
use keyward_core::error::{Error, Result};
use keyward_core::kms::Async;

/// The web.
pub(crate) struct Web {
    #[cfg(feature = "gcp")]
    client: reqwest::Client,
    /// For this machine: what stays here goes through no proxy.
    #[cfg(feature = "gcp")]
    local: reqwest::Client,
}

#[cfg(feature = "gcp")]
mod client {
    use std::time::Duration;

    use keyward_core::manifest::is_on_this_machine;

    use super::{Async, Error, Outlet, Result, Web};

    /// How long a webhook may take.
    const PATIENCE: Duration = Duration::from_secs(10);

    impl Web {
        /// A client; nothing is connected yet.
        ///
        /// # Errors
        /// There are no root certificates.
        pub(crate) fn new() -> Result<Self> {
            keyward_gcp::install_tls();
            let build = |builder: reqwest::ClientBuilder| {
                builder
                    .timeout(PATIENCE)
                    .redirect(reqwest::redirect::Policy::none())
                    .user_agent(concat!("keyward/", env!("CARGO_PKG_VERSION")))
                    .build()
                    .map_err(|why| {
                        Error::unavailable("alerts cannot leave: no client can be made").because(why)
                    })
            };
            Ok(Self {
                client: build(reqwest::Client::builder())?,
                local: build(reqwest::Client::builder().no_proxy())?,
            })
        }

        fn client(&self, url: &str) -> &reqwest::Client {
            match is_on_this_machine(url) {
                true => &self.local,
                false => &self.client,
            }
        }

        async fn send(&self, url: &str, request: reqwest::RequestBuilder) -> Result<()> {
            let place = host(url);
            let answer = request.send().await;
            let answer = answer.map_err(|why| {
                let what = match why.is_timeout() {
                    true => format!("no answer within {} s", PATIENCE.as_secs()),
                    false => "it cannot be reached".to_owned(),
                };
                Error::unavailable(what).because(why.without_url()).on(&place)
            })?;
            match answer.status() {
                status if status.is_success() => Ok(()),
                status => Err(Error::unavailable(format!("it answered {status}")).on(&place)),
            }
        }
    }

    impl Outlet for Web {
        fn post<'a>(
            &'a self,
            url: &'a str,
            header: Option<(&'a str, String)>,
            body: Vec<u8>,
        ) -> Async<'a, Result<()>> {
            let request = self
                .client(url)
                .post(url)
                .header("content-type", "application/json")
                .body(body);
            let request = match header {
                Some((name, value)) => request.header(name, value),
                None => request,
            };
            Box::pin(self.send(url, request))
        }

        fn ping<'a>(&'a self, url: &'a str) -> Async<'a, Result<()>> {
            Box::pin(self.send(url, self.client(url).get(url)))
        }
    }

    /// The place without its path: that of a webhook is often a secret.
    fn host(url: &str) -> String {
        let url = reqwest::Url::parse(url).ok();
        url.map_or_else(
            || "the address".to_owned(),
            |url| url.origin().ascii_serialization(),
        )
    }
}

#[cfg(not(feature = "gcp"))]
impl Web {
    /// Nothing leaves.
    ///
    /// # Errors
    /// None; sending has them.
    pub(crate) fn new() -> Result<Self> {
        Ok(Self {})
    }
}

#[cfg(not(feature = "gcp"))]
impl Outlet for Web {
    fn post<'a>(&'a self, _: &'a str, _: Option<(&'a str, String)>, _: Vec<u8>) -> Async<'a, Result<()>> {
        Box::pin(async { Err(without()) })
    }

    fn ping<'a>(&'a self, _: &'a str) -> Async<'a, Result<()>> {
        Box::pin(async { Err(without()) })
    }
}

#[cfg(not(feature = "gcp"))]
fn without() -> Error {
    Error::unavailable("this keyward was built without a network").hint("build it with the feature `gcp`")
}
