//! Which other sites may read answers.

use std::time::Duration;

use http::{HeaderValue, Method};
use tower_http::cors::{AllowHeaders, AllowOrigin, CorsLayer};

use crate::{CorsOptions, Origins};

/// How long a browser may remember what it was told.
const MAX_AGE: Duration = Duration::from_mins(10);

pub(crate) fn cors(options: &CorsOptions) -> CorsLayer {
    let origins = match &options.origins {
        Origins::Any => AllowOrigin::any(),
        Origins::These(origins) => {
            AllowOrigin::list(origins.iter().filter_map(|origin| HeaderValue::from_str(origin).ok()))
        }
    };
    let credentials = options.credentials && options.origins != Origins::Any;
    CorsLayer::new()
        .allow_origin(origins)
        .allow_methods([Method::GET, Method::POST])
        .allow_headers(AllowHeaders::mirror_request())
        .allow_credentials(credentials)
        .max_age(MAX_AGE)
}
