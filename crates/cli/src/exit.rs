//! How the command ends, as a type, so that a script can rely on the number.

/// The outcome of a verb.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Something was found, or the verb did what was asked.
    Found,
    /// The search went through and nothing matches.
    NothingFound,
    /// It could not be done; standard error says why.
    Error,
    /// It was done, but something could not be read, so the answer may lack rows.
    Partial,
    /// The user interrupted it.
    Interrupted,
}

impl Exit {
    /// The number that the caller gets.
    pub(crate) fn code(self) -> u8 {
        match self {
            Self::Found => 0,
            Self::NothingFound => 1,
            Self::Error => 2,
            Self::Partial => 3,
            // As a shell reports a program that SIGINT ended.
            Self::Interrupted => 130,
        }
    }
}
