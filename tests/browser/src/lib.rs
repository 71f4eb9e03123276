//! The gateway's pages, the playground and the monitor, in a real browser.
//!
//! [`Browser`] is Chromium without a window, driven as the `WebDriver` standard says; the tests use the library as
//! someone does who opened the printed page.

mod browser;
mod library;

pub use browser::Browser;
pub use library::Library;
