//! Tracing switched on, by the environment or by the configuration.

use octavo_telemetry::{Settings, Tracing};

use crate::Config;
use crate::exit::Failure;

/// Switches it on for this process, which is called `name` if nobody says otherwise; [`Tracing::stop`] sends what waits.
pub fn start(name: &str, config: &Config) -> Result<Tracing, Failure> {
    let telemetry = &config.telemetry;
    let settings = Settings {
        endpoint: telemetry.endpoint.clone(),
        service_name: telemetry.service_name.clone().unwrap_or_else(|| name.to_owned()),
        ratio: telemetry.ratio,
    };
    let started = octavo_telemetry::start(&settings, |name| std::env::var(name).ok());
    started.map_err(|error| Failure::Usage(format!("telemetry: {error}")))
}
