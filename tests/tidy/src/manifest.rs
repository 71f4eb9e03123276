//! A member's `Cargo.toml`, as far as the rules ask about it.

use toml::{Table, Value};

/// Which section of the manifest names a dependency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DependencyKind {
    /// `[dependencies]`, for every target.
    Normal,
    /// `[dev-dependencies]`.
    Dev,
    /// `[build-dependencies]`.
    Build,
}

/// A crate that a member names.
#[derive(Debug, Clone)]
pub struct Dependency {
    /// The name as the registry or the workspace knows it.
    pub name: String,
    /// The section.
    pub kind: DependencyKind,
    /// Whether version or path come from the root manifest.
    pub inherited: bool,
    /// The line of the manifest.
    pub line: usize,
}

/// One member of the workspace.
#[derive(Debug, Clone)]
pub struct Manifest {
    /// The folder, from the root of the repository, such as `gateway/index`.
    pub folder: String,
    /// The whole manifest.
    pub table: Table,
    text: String,
}

impl Manifest {
    pub(crate) fn parse(folder: String, text: String) -> Result<Self, toml::de::Error> {
        Ok(Self { folder, table: text.parse()?, text })
    }

    /// The manifest's path from the root of the repository.
    #[must_use]
    pub fn path(&self) -> String {
        format!("{}/Cargo.toml", self.folder)
    }

    /// The package's name.
    #[must_use]
    pub fn name(&self) -> &str {
        self.lookup(&["package", "name"]).and_then(Value::as_str).unwrap_or_default()
    }

    /// The value under a path of keys.
    #[must_use]
    pub fn lookup(&self, keys: &[&str]) -> Option<&Value> {
        let (first, rest) = keys.split_first()?;
        rest.iter().try_fold(self.table.get(*first)?, |value, key| value.get(*key))
    }

    /// The names of the binaries that it builds.
    #[must_use]
    pub fn binaries(&self) -> Vec<String> {
        let listed = self.table.get("bin").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let named = listed.iter().filter_map(|bin| bin.get("name").and_then(Value::as_str));
        named.map(str::to_owned).collect()
    }

    /// Every crate it names, in all sections, those for some targets only included.
    #[must_use]
    pub fn dependencies(&self) -> Vec<Dependency> {
        let mut found = self.sections_of(&self.table);
        if let Some(targets) = self.table.get("target").and_then(Value::as_table) {
            found.extend(
                targets.values().filter_map(Value::as_table).flat_map(|target| self.sections_of(target)),
            );
        }
        found
    }

    fn sections_of(&self, table: &Table) -> Vec<Dependency> {
        let sections = [
            ("dependencies", DependencyKind::Normal),
            ("dev-dependencies", DependencyKind::Dev),
            ("build-dependencies", DependencyKind::Build),
        ];
        let mut found = Vec::new();
        for (section, kind) in sections {
            let Some(entries) = table.get(section).and_then(Value::as_table) else { continue };
            for (key, value) in entries {
                let name = value.get("package").and_then(Value::as_str).unwrap_or(key).to_owned();
                let inherited = value.get("workspace").and_then(Value::as_bool) == Some(true);
                found.push(Dependency { name, kind, inherited, line: self.line_of(key) });
            }
        }
        found
    }

    fn line_of(&self, key: &str) -> usize {
        let starts =
            |line: &str| line.strip_prefix(key).is_some_and(|rest| rest.starts_with([' ', '.', '=']));
        self.text.lines().position(starts).map_or(1, |index| index + 1)
    }
}
