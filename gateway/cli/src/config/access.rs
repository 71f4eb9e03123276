//! The part of the configuration that says who callers are, and how the schema's rules are held.

use octavo_authentication::Algorithm;
use serde::Deserialize;

/// How the access rules of the schema are held: `@authenticated`, `@requiresScopes`, `@policy`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AuthorizationConfig {
    /// Whether the gateway holds them; otherwise it leaves that to the subgraphs.
    pub enforce: bool,
    /// Whether an operation that asks for what its caller may not see is refused as a whole.
    pub reject_unauthorized: bool,
    /// Whether requests without a token are refused.
    pub require_authentication: bool,
}

impl Default for AuthorizationConfig {
    fn default() -> Self {
        Self { enforce: true, reject_unauthorized: false, require_authentication: false }
    }
}

/// Who callers are: bearer tokens, checked against published keys.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuthenticationConfig {
    /// Who issues tokens.
    pub providers: Vec<ProviderConfig>,
    /// The header that holds the token.
    #[serde(default = "header")]
    pub header: String,
    /// The word before the token; empty: the header holds nothing else.
    #[serde(default = "prefix")]
    pub prefix: String,
    /// What becomes of a request whose token is not valid.
    #[serde(default)]
    pub on_invalid: OnInvalid,
    /// The claim that holds the caller's scopes.
    #[serde(default = "scopes_claim")]
    pub scopes_claim: String,
    /// The claim that holds the policies that hold for the caller.
    #[serde(default)]
    pub policies_claim: Option<String>,
}

/// What becomes of a request whose token is not valid.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OnInvalid {
    /// It is refused.
    #[default]
    Refuse,
    /// It is answered as one without a token.
    Ignore,
}

/// Who issues tokens.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProviderConfig {
    /// The URL or the file of its JSON Web Key Set.
    pub jwks: String,
    /// A file of certificates in PEM, which alone are trusted to vouch for the URL's host.
    #[serde(default)]
    pub ca: Option<String>,
    /// What `iss` may be; empty: anything.
    #[serde(default)]
    pub issuers: Vec<String>,
    /// What `aud` may be; empty: anything.
    #[serde(default)]
    pub audiences: Vec<String>,
    /// What tokens may be signed with.
    #[serde(default = "algorithms")]
    pub algorithms: Vec<Algorithm>,
    /// Keys that are so many seconds old are fetched again.
    #[serde(default = "refresh")]
    pub refresh: u64,
}

fn header() -> String {
    "authorization".to_owned()
}

fn prefix() -> String {
    "Bearer".to_owned()
}

fn scopes_claim() -> String {
    "scope".to_owned()
}

/// Those with a public key. A shared secret is taken only where it is asked for.
fn algorithms() -> Vec<Algorithm> {
    use Algorithm::{ES256, ES384, EdDSA, PS256, PS384, PS512, RS256, RS384, RS512};
    vec![EdDSA, ES256, ES384, RS256, RS384, RS512, PS256, PS384, PS512]
}

fn refresh() -> u64 {
    300
}
