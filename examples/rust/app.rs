//! An app in plain Rust that knows only the file protocol, so it needs no library and no build system.
//!
//! It also shows what the loader puts up with: once it is ready this app deletes every name in the storage that it
//! does not know, as apps made for the original loader do.
//!
//! Switches, from the image's `.env`:
//! VERSION                what to call this version
//! RUN_ONCE               look for an update once, then end with code 0
//! FAIL_INIT              fail before being ready: the loader goes back to the previous version
//! SLEEP_BEFORE_READY_MS  take this long to become ready

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::{exit, Command};
use std::time::Duration;
use std::{env, fs, io, thread};

/// An app ends with this code to be started again, in the version that is staged.
const RESTART: i32 = 42;

fn main() -> io::Result<()> {
    // The executable of a version lies at <data>/storage/v1/extracted/<digest>/entrypoint.
    let executable = env::current_exe()?;
    let root = executable.parent().expect("an executable lies in a directory");
    let settings = read_dotenv(&root.join(".env"))?;
    let setting = |name: &str| env::var(name).ok().or_else(|| settings.get(name).cloned());
    println!("Version: {}", setting("VERSION").unwrap_or_default());

    // `docker exec CONTAINER cli …` starts the committed version a second time, with these arguments.
    let arguments: Vec<String> = env::args().skip(1).collect();
    if arguments.first().map(String::as_str) == Some("cli") {
        arguments[1..].iter().for_each(|argument| println!("{argument}"));
        return Ok(());
    }

    if setting("FAIL_INIT").is_some() {
        eprintln!("intentional failure for testing");
        exit(1);
    }
    let ms = setting("SLEEP_BEFORE_READY_MS").and_then(|text| text.parse().ok()).unwrap_or(0);
    thread::sleep(Duration::from_millis(ms));

    mark_ready(&data_directory(), root)?;
    let interval = setting("DOCKERLOADER_UPDATE_INTERVAL_SECS").and_then(|text| text.parse().ok()).unwrap_or(300);
    loop {
        // std has no registry client: the loader's command looks for a newer version, and stages it.
        let status = Command::new("dockerloader").arg("check").status()?;
        if status.code() == Some(RESTART) {
            exit(RESTART);
        }
        if setting("RUN_ONCE").is_some() {
            return Ok(());
        }
        thread::sleep(Duration::from_secs(interval));
    }
}

fn data_directory() -> PathBuf {
    env::var_os("DOCKERLOADER_DATA_DIR").map_or_else(|| PathBuf::from("/data/dockerloader"), PathBuf::from)
}

/// One `KEY=VALUE` a line.
fn read_dotenv(path: &Path) -> io::Result<HashMap<String, String>> {
    let text = fs::read_to_string(path)?;
    Ok(text.lines().filter_map(|line| line.split_once('=')).map(|(key, value)| (key.into(), value.into())).collect())
}

/// Commits a trial by one rename, then keeps nothing but this version.
fn mark_ready(data: &Path, root: &Path) -> io::Result<()> {
    let attempting = data.join("entrypoint-attempting");
    if env::var_os("DOCKERLOADER_TRIAL").is_some() && attempting.symlink_metadata().is_ok() {
        fs::rename(&attempting, data.join("entrypoint"))?;
        // The marker of a version that was tried; missing is fine.
        let _ = fs::remove_file(data.join("update-attempt"));
        println!("trial successful");
    }
    let digest = root.file_name().expect("a version lies in a directory named by its digest").to_string_lossy();
    let storage = data.join("storage/v1");
    let manifest = fs::read_to_string(storage.join("images").join(&*digest)).unwrap_or_default();
    delete_all_but(&storage.join("extracted"), |name| name == digest)?;
    delete_all_but(&storage.join("images"), |name| name == digest)?;
    delete_all_but(&storage.join("blobs"), |name| manifest.contains(name))
}

/// Deletes every entry of the directory that `keep` does not want, whatever it is.
fn delete_all_but(directory: &Path, keep: impl Fn(&str) -> bool) -> io::Result<()> {
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        if keep(&entry.file_name().to_string_lossy()) {
            continue;
        }
        if entry.file_type()?.is_dir() {
            fs::remove_dir_all(entry.path())?;
        } else {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}
