//! The RSA keys of the test authority. They are published, hence worthless: see `keys/README.md`.
//!
//! Their moduli have 2,048 bits and eight prime factors rather than two (RFC 8017, 3.2): nobody who verifies a signature
//! can tell, and signing takes an eighth of the time. A simulator signs far more than anybody else.

use super::{der, hash, hash::Hash, oid};
use rsa::BigUint;

/// The public exponent of every key. It is a prime.
const PUBLIC_EXPONENT: u64 = 65_537;

/// A private key with its public half.
#[derive(Clone, Debug)]
pub struct Key {
    modulus: BigUint,
    factors: Vec<Factor>,
}

/// A prime factor of a modulus, with what signing by the Chinese remainder theorem takes.
#[derive(Clone, Debug)]
struct Factor {
    prime: BigUint,
    /// The inverse of the public exponent, modulo the prime less one.
    exponent: BigUint,
    /// The number that is 1 modulo this prime and 0 modulo the others.
    basis: BigUint,
}

impl Key {
    /// Reads one of the embedded keys: the primes in hexadecimal, one on each line.
    ///
    /// # Panics
    ///
    /// On anything else.
    pub fn from_primes(text: &str) -> Key {
        let prime = |line: &str| BigUint::parse_bytes(line.as_bytes(), 16).expect("a number in hexadecimal");
        let primes: Vec<BigUint> = text.lines().map(prime).collect();
        let modulus: BigUint = primes.iter().product();
        let factors = primes.into_iter().map(|prime| Factor::of(&modulus, prime)).collect();
        Key { modulus, factors }
    }

    /// The content of the certificate's key: `RSAPublicKey` of RFC 8017.
    fn public(&self) -> Vec<u8> {
        let modulus = der::unsigned_integer(&self.modulus.to_bytes_be());
        let exponent = der::unsigned_integer(&BigUint::from(PUBLIC_EXPONENT).to_bytes_be());
        der::sequence([modulus, exponent])
    }

    /// `SubjectPublicKeyInfo` of RFC 5280.
    pub fn public_info(&self) -> Vec<u8> {
        der::sequence([hash::algorithm(oid::RSA), der::bit_string(&self.public())])
    }

    /// The key identifier in certificates: the SHA-1 of the public key (RFC 5280, 4.2.1.2, first method).
    pub fn identifier(&self) -> Vec<u8> {
        Hash::Sha1.digest(&self.public())
    }

    /// An ordinary signature: PKCS#1 v1.5 around a `DigestInfo`. It uses no randomness, so that the same
    /// message always has the same signature.
    pub fn sign(&self, hash: Hash, message: &[u8]) -> Vec<u8> {
        self.sign_padded(&hash.digest_info(&hash.digest(message)))
    }

    /// A signature of the bare digest, without the `DigestInfo`, as some old time stampers made them.
    pub fn sign_bare(&self, hash: Hash, message: &[u8]) -> Vec<u8> {
        self.sign_padded(&hash.digest(message))
    }

    /// An ordinary signature, but for one bit of the padded block to which it opens: 0 is the first bit of the first of
    /// its 256 bytes.
    pub fn sign_bent(&self, hash: Hash, message: &[u8], bit: usize) -> Vec<u8> {
        let mut block = self.padded(&hash.digest_info(&hash.digest(message)));
        block[bit / 8] ^= 0x80 >> (bit % 8);
        self.sign_block(&block)
    }

    fn sign_padded(&self, payload: &[u8]) -> Vec<u8> {
        self.sign_block(&self.padded(payload))
    }

    /// Pads as PKCS#1 v1.5 does (RFC 8017, 9.2).
    fn padded(&self, payload: &[u8]) -> Vec<u8> {
        let length = self.modulus.bits().div_ceil(8);
        let mut block = vec![0xFF; length - payload.len()];
        (block[0], block[1]) = (0, 1);
        *block.last_mut().expect("keys are far longer than any digest") = 0;
        block.extend_from_slice(payload);
        block
    }

    fn sign_block(&self, block: &[u8]) -> Vec<u8> {
        let signature = self.apply(&BigUint::from_bytes_be(block)).to_bytes_be();
        let mut bytes = vec![0; block.len() - signature.len()];
        bytes.extend(signature);
        bytes
    }

    /// The private operation of RSA.
    fn apply(&self, message: &BigUint) -> BigUint {
        let parts = self
            .factors
            .iter()
            .map(|Factor { prime, exponent, basis }| (message % prime).modpow(exponent, prime) * basis);
        parts.sum::<BigUint>() % &self.modulus
    }
}

impl Factor {
    fn of(modulus: &BigUint, prime: BigUint) -> Factor {
        let less_one = &prime - 1_u32;
        // The exponent is (k (p - 1) + 1) / e, for the k that makes this a whole number: k = -1 / (p - 1) modulo e. The
        // inverses are powers, by Fermat's little theorem.
        let public = BigUint::from(PUBLIC_EXPONENT);
        let k = &public - less_one.modpow(&BigUint::from(PUBLIC_EXPONENT - 2), &public);
        let exponent = (k * &less_one + 1_u32) / &public;
        let others = modulus / &prime;
        let basis = &others * others.modpow(&(&prime - 2_u32), &prime);
        Factor { prime, exponent, basis }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rsa::{Pkcs1v15Sign, RsaPublicKey};

    /// A key that nothing else uses would do as well.
    const KEY: &str = include_str!("keys/stranger-root.primes");

    #[test]
    fn anybody_can_verify() {
        let key = Key::from_primes(KEY);
        assert_eq!(key.modulus.bits(), 2_048);
        let public = RsaPublicKey::new(key.modulus.clone(), PUBLIC_EXPONENT.into()).unwrap();
        for message in [&b"one"[..], b"", &[7; 10_000]] {
            let digest = Hash::Sha256.digest(message);
            let named = Hash::Sha256.digest_info(&digest);
            let signature = key.sign(Hash::Sha256, message);
            assert_eq!(signature.len(), 256);
            public.verify(Pkcs1v15Sign::new_unprefixed(), &named, &signature).unwrap();
            let bare = key.sign_bare(Hash::Sha256, message);
            public.verify(Pkcs1v15Sign::new_unprefixed(), &digest, &bare).unwrap();
        }
    }
}
