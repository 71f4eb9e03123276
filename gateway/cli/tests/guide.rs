//! The guide shows the configuration as it is.

use octavo_cli::{CacheConfig, Config};

/// The YAML blocks of the guide.
fn blocks() -> Vec<&'static str> {
    let guide = include_str!("../../../docs/configuration.md");
    guide.split("```yaml\n").skip(1).filter_map(|rest| rest.split("```").next()).collect()
}

#[test]
fn the_guide_names_every_key_with_its_default() {
    let shown = Config::parse("the guide", blocks()[0]).expect("valid");
    assert_eq!(format!("{shown:?}"), format!("{:?}", Config::default()));
    // Every key of the structure, at any depth, stands in the text.
    let structure = format!("{:#?}{:#?}", Config::default(), CacheConfig::default());
    let keys = structure.lines().filter_map(|line| line.trim().split_once(": ")).map(|(key, _)| key);
    for key in keys {
        assert!(blocks().iter().any(|block| block.contains(&format!("{key}:"))), "{key}");
    }
}

#[test]
fn the_cache_of_the_guide_is_one() {
    let cache = Config::parse("the guide", blocks()[1]).expect("valid").cache.expect("a cache");
    assert_eq!((cache.memory_mib, cache.default_max_age), (CacheConfig::default().memory_mib, None));
    assert_eq!(cache.redis.expect("a server").timeout_ms, 50);
}

#[test]
fn the_authentication_of_the_guide_has_every_key_with_its_default() {
    let shown = Config::parse("the guide", blocks()[2]).expect("valid").authentication.expect("one");
    let jwks = &shown.providers[0].jwks;
    let least = format!("authentication: {{providers: [{{jwks: \"{jwks}\"}}]}}");
    let least = Config::parse("least.yaml", &least).expect("valid").authentication.expect("one");
    assert_eq!(format!("{shown:?}"), format!("{least:?}"));
    let structure = format!("{shown:#?}");
    let keys = structure.lines().filter_map(|line| line.trim().split_once(": ")).map(|(key, _)| key);
    for key in keys {
        assert!(blocks()[2].contains(&format!("{key}:")), "{key}");
    }
}

#[test]
fn an_empty_file_configures_nothing() {
    for text in ["", "\n# nothing yet\n"] {
        let config = Config::parse("empty.yaml", text).expect("valid");
        assert_eq!(format!("{config:?}"), format!("{:?}", Config::default()));
    }
}
