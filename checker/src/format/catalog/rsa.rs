//! The public operation of RSA, and the padding of signatures (RFC 8017, 5.2.2 and 8.2.2).

use crypto_bigint::modular::{BoxedMontyForm, BoxedMontyParams};
use crypto_bigint::{BoxedUint, Odd};

/// The largest modulus that is computed with.
pub const MAX_MODULUS_BITS: usize = 8192;

/// The longest public exponent that is computed with. Genuine ones have one to three bytes.
pub const MAX_EXPONENT_BYTES: usize = 4;

/// A public key that can be computed with.
pub(super) struct Key {
    modulus: Odd<BoxedUint>,
    modulus_bytes: usize,
    exponent: u32,
}

impl Key {
    /// From big-endian numbers without leading zeros. `None` if they are over the limits, or no modulus and exponent of RSA: both
    /// are odd.
    pub(super) fn new(modulus: &[u8], exponent: &[u8]) -> Option<Self> {
        if modulus.len() > MAX_MODULUS_BITS / 8 || exponent.len() > MAX_EXPONENT_BYTES {
            return None;
        }
        let exponent = exponent.iter().fold(0, |number, byte| number << 8 | u32::from(*byte));
        if exponent < 3 || exponent.is_multiple_of(2) {
            return None;
        }
        let modulus_bytes = modulus.len();
        let modulus = Odd::new(BoxedUint::from_be_slice_vartime(modulus)).into_option()?;
        Some(Self { modulus, modulus_bytes, exponent })
    }

    /// Opens a signature: the block that was signed, as long as the modulus. `None` if the signature is not as long as the
    /// modulus, or not smaller.
    pub(super) fn open(&self, signature: &[u8]) -> Option<Box<[u8]>> {
        if signature.len() != self.modulus_bytes {
            return None;
        }
        let signature = BoxedUint::from_be_slice(signature, self.modulus.bits_precision()).ok()?;
        if signature >= *self.modulus.as_ref() {
            return None;
        }
        let signature = BoxedMontyForm::new(signature, &BoxedMontyParams::new_vartime(self.modulus.clone()));
        // Exponents are short and nearly all of their bits are zeros: to square and multiply is the shortest way.
        let below_the_first_bit = (0..self.exponent.ilog2()).rev();
        let block = below_the_first_bit.fold(signature.clone(), |power, bit| {
            let square = power.square();
            if self.exponent >> bit & 1 == 1 { square.mul(&signature) } else { square }
        });
        let block = block.retrieve().to_be_bytes();
        Some(block[block.len() - self.modulus_bytes..].into())
    }

    /// Whether a signature is one of `signed`, which PKCS #1 v1.5 pads. What ought to have been signed is compared as a whole,
    /// so that nothing in it can stand elsewhere or be something else.
    #[cfg(not(feature = "planted-signature-padding"))]
    pub(super) fn verify(&self, signed: &[u8], signature: &[u8]) -> bool {
        self.open(signature)
            .is_some_and(|block| pad(signed, self.modulus_bytes).is_some_and(|padded| padded == *block))
    }

    /// With a planted bug: what stands before the digest may be anything.
    #[cfg(feature = "planted-signature-padding")]
    pub(super) fn verify(&self, signed: &[u8], signature: &[u8]) -> bool {
        const SHORTEST_DIGEST_BYTES: usize = 20;
        let digest = &signed[signed.len().saturating_sub(SHORTEST_DIGEST_BYTES)..];
        self.open(signature).is_some_and(|block| block.ends_with(digest))
    }
}

/// A block of `length` bytes: 0, 1, at least eight times 0xFF, 0, and what is signed. `None` if it does not fit.
#[cfg(not(feature = "planted-signature-padding"))]
fn pad(signed: &[u8], length: usize) -> Option<Vec<u8>> {
    const LEAST_FILL_BYTES: usize = 8;
    let fill = length.checked_sub(signed.len() + 3).filter(|fill| *fill >= LEAST_FILL_BYTES)?;
    Some([&[0, 1], &*vec![0xFF; fill], &[0], signed].concat())
}

#[cfg(test)]
mod tests {
    use super::*;
    use ::rsa::BigUint;
    use proptest::prelude::*;

    /// An odd modulus from bytes, its first byte not zero.
    fn modulus_of(mut bytes: Vec<u8>) -> Vec<u8> {
        *bytes.first_mut().unwrap() |= 1;
        *bytes.last_mut().unwrap() |= 1;
        bytes
    }

    proptest! {
        /// Another library computes the same, for moduli and exponents of every length.
        #[test]
        fn another_library_opens_the_same(
            modulus in prop::collection::vec(any::<u8>(), 1..300).prop_map(modulus_of),
            exponent in (1_u32..0x7FFF_FFFF).prop_map(|half| 2 * half + 1),
            signature in prop::collection::vec(any::<u8>(), 300),
        ) {
            let signature = &signature[..modulus.len()];
            let key = Key::new(&modulus, &exponent.to_be_bytes()).unwrap();
            let expected = opened_by_another_library(&modulus, exponent, signature);
            prop_assert_eq!(key.open(signature).map(Vec::from), expected);
        }
    }

    fn opened_by_another_library(modulus: &[u8], exponent: u32, signature: &[u8]) -> Option<Vec<u8>> {
        let (number, of_key) = (BigUint::from_bytes_be(signature), BigUint::from_bytes_be(modulus));
        (number < of_key).then(|| {
            let opened = number.modpow(&exponent.into(), &of_key).to_bytes_be();
            // The other library says that zero has one byte, and everything else has no leading zeros.
            [vec![0; modulus.len().saturating_sub(opened.len())], opened].concat()
        })
    }

    /// The sizes for which the library has code of their own, those around a limb, and the longest; the numbers at the ends.
    #[test]
    fn another_library_opens_the_same_at_the_ends() {
        for length in [2, 7, 8, 9, 128, 192, 216, 255, 256, 257, 280, 384, 512, MAX_MODULUS_BITS / 8] {
            let mut least = vec![0; length];
            (least[0], least[length - 1]) = (1, 1);
            for modulus in [vec![0xFF; length], least] {
                let mut numbers = vec![vec![0; length]; 2];
                numbers[1][length - 1] = 1;
                numbers.push(modulus.clone());
                let mut one_less = modulus.clone();
                one_less[length - 1] -= 1;
                numbers.extend([one_less, vec![0xFE; length]]);
                for signature in numbers {
                    let key = Key::new(&modulus, &[1, 0, 1]).unwrap();
                    let expected = opened_by_another_library(&modulus, 65_537, &signature);
                    assert_eq!(
                        key.open(&signature).map(Vec::from),
                        expected,
                        "{length}: {:X?}",
                        signature[0]
                    );
                }
            }
        }
        // Everything is 0 modulo 1.
        assert_eq!(Key::new(&[1], &[3]).unwrap().open(&[0]).as_deref(), Some(&[0][..]));
    }

    #[test]
    fn a_key_beyond_the_limits_is_not_computed_with() {
        let is_a_key =
            |modulus_bytes: usize, exponent: &[u8]| Key::new(&vec![0xFF; modulus_bytes], exponent).is_some();
        assert!(is_a_key(MAX_MODULUS_BITS / 8, &[1, 0, 1]));
        assert!(!is_a_key(MAX_MODULUS_BITS / 8 + 1, &[1, 0, 1]));
        assert!(is_a_key(256, &[1; MAX_EXPONENT_BYTES]));
        assert!(!is_a_key(256, &[1; MAX_EXPONENT_BYTES + 1]));
    }

    #[test]
    fn what_is_no_key_of_rsa_is_not_computed_with() {
        for (modulus, exponent) in
            [(&[][..], &[3][..]), (&[0], &[3]), (&[4], &[3]), (&[9], &[]), (&[9], &[1]), (&[9], &[4])]
        {
            assert!(Key::new(modulus, exponent).is_none(), "{modulus:?} {exponent:?}");
        }
        let key = Key::new(&[15], &[3]).unwrap();
        assert_eq!(key.open(&[2]).as_deref(), Some(&[8][..]));
        assert_eq!(key.open(&[15]), None, "not smaller than the modulus");
        assert_eq!(key.open(&[0, 2]), None, "longer than the modulus");
        assert_eq!(key.open(&[]), None, "shorter");
    }

    #[cfg(not(feature = "planted-signature-padding"))]
    #[test]
    fn padding_has_no_other_form() {
        assert_eq!(pad(&[7], 12).unwrap(), [0, 1, 255, 255, 255, 255, 255, 255, 255, 255, 0, 7]);
        assert_eq!(pad(&[7], 11), None, "seven bytes of fill are too few");
        assert_eq!(pad(&[7; 20], 11), None);
    }
}
