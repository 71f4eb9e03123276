//! Files, searched for what they hold.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

/// The files below a folder that hold one of these texts, whatever the case of its ASCII letters: each with the text.
pub fn files_with(folder: &Path, texts: &[&'static str]) -> anyhow::Result<Vec<(String, &'static str)>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(files_with(&path, texts)?);
            continue;
        }
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes.to_ascii_lowercase(),
            // A server that runs makes files and removes them.
            Err(error) if error.kind() == ErrorKind::NotFound => continue,
            Err(error) => return Err(error.into()),
        };
        let held = String::from_utf8_lossy(&bytes);
        let texts = texts.iter().filter(|text| held.contains(&text.to_ascii_lowercase()));
        found.extend(texts.map(|text| (path.display().to_string(), *text)));
    }
    Ok(found)
}
