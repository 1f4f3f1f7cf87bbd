//! Where the catalogue lies if nobody says: the user's data folder.

use std::path::PathBuf;

use etcetera::BaseStrategy;

use crate::error::Error;

/// `$XDG_DATA_HOME/quarry/catalog` (`~/.local/share/quarry/catalog` if that is not set); on Windows
/// `%LOCALAPPDATA%\quarry\catalog`: snapshots are of this machine's disks and do not roam.
///
/// # Errors
/// [`Error::NoPlace`], if there is no home folder.
pub fn default_folder() -> Result<PathBuf, Error> {
    let base = etcetera::base_strategy::choose_native_strategy().map_err(|_| Error::NoPlace)?;
    // On Windows this crate calls the roaming folder `data` and the local one `cache`.
    let data = if cfg!(windows) { base.cache_dir() } else { base.data_dir() };
    Ok(data.join("quarry").join("catalog"))
}
