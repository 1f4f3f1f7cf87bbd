//! What did not check out in a record.

bitflags::bitflags! {
    /// The ways in which a record can be damaged and still be of use.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
    pub struct Damage: u16 {
        /// Some sectors are from another write than the others.
        const TORN = 1;
        /// The update sequence array does not fit the record, so torn sectors cannot be told.
        const UPDATE_SEQUENCE = 1 << 1;
        /// The used size does not fit the record.
        const USED_SIZE = 1 << 2;
        /// The chain of attributes is broken; those before the break are sound.
        const ATTRIBUTES = 1 << 3;
        /// The content of an attribute does not parse.
        const CONTENT = 1 << 4;
        /// Sizes that cannot be.
        const SIZES = 1 << 5;
        /// The record says that it is another one.
        const MISPLACED = 1 << 6;
        /// A name that no file can have.
        const NAME = 1 << 7;
        /// The driver marked the record bad.
        const BAAD = 1 << 8;
        /// What lies in the record's place is none.
        const SIGNATURE = 1 << 9;
    }
}

impl std::fmt::Display for Damage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        const WORDS: [(Damage, &str); 10] = [
            (Damage::TORN, "torn write"),
            (Damage::UPDATE_SEQUENCE, "bad update sequence array"),
            (Damage::USED_SIZE, "bad used size"),
            (Damage::ATTRIBUTES, "broken attribute chain"),
            (Damage::CONTENT, "bad attribute content"),
            (Damage::SIZES, "impossible sizes"),
            (Damage::MISPLACED, "wrong record number"),
            (Damage::NAME, "impossible name"),
            (Damage::BAAD, "marked bad (BAAD)"),
            (Damage::SIGNATURE, "no record"),
        ];
        let mut separator = "";
        for (_, word) in WORDS.iter().filter(|&&(flag, _)| self.contains(flag)) {
            write!(f, "{separator}{word}")?;
            separator = ", ";
        }
        Ok(())
    }
}
