//! Fingerprints of a run: one folds in every event, one the requests that were offered.
//!
//! Two runs with equal digests went the same way; two strategies with equal offered digests met the same requests. Not a
//! cryptographic hash: it guards against accidents, at a few instructions per word.

/// A 64-bit fold over words, the same on every machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Digest(u64);

impl Default for Digest {
    fn default() -> Self {
        Digest(0x243f_6a88_85a3_08d3)
    }
}

impl Digest {
    #[inline]
    pub fn fold(&mut self, word: u64) {
        let mixed = u128::from(self.0 ^ word) * u128::from(0x9e37_79b9_7f4a_7c15_u64);
        self.0 = (mixed as u64 ^ (mixed >> 64) as u64).wrapping_add(0x1319_8a2e_0370_7344);
    }

    pub fn hex(self) -> String {
        format!("{:016x}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_and_every_bit_count() {
        let of = |words: &[u64]| {
            let mut digest = Digest::default();
            words.iter().for_each(|&word| digest.fold(word));
            digest.hex()
        };
        assert_ne!(of(&[1, 2]), of(&[2, 1]));
        assert_ne!(of(&[0]), of(&[0, 0]));
        let flipped: std::collections::BTreeSet<_> = (0..64).map(|bit| of(&[7, 1 << bit, 9])).collect();
        assert_eq!(flipped.len(), 64);
    }
}
