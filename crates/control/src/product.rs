//! The three products: one listener serves all, told apart by the version of the API.

use flowlog_flowlog::Product;

/// What the API calls a product.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Naming {
    pub(crate) product: Product,
    /// `Version` of its API.
    pub(crate) version: &'static str,
    /// Its name in links of errors.
    pub(crate) name: &'static str,
    /// Its part of an ARN.
    pub(crate) service: &'static str,
    /// What its actions begin with; CEN's differs from its ARNs.
    pub(crate) action: &'static str,
    /// What the ids of its flow logs begin with.
    pub(crate) prefix: &'static str,
    /// How many letters and digits follow.
    pub(crate) letters: usize,
}

const ALL: [Naming; 3] = [
    Naming {
        product: Product::Vpc,
        version: "2016-04-28",
        name: "Vpc",
        service: "vpc",
        action: "vpc",
        prefix: "fl-",
        letters: 21,
    },
    Naming {
        product: Product::Cen,
        version: "2017-09-12",
        name: "Cbn",
        service: "cbn",
        action: "cen",
        prefix: "flowlog-",
        letters: 18,
    },
    Naming {
        product: Product::Sag,
        version: "2018-03-13",
        name: "Smartag",
        service: "smartag",
        action: "smartag",
        prefix: "fl-",
        letters: 18,
    },
];

/// The naming of a product.
pub(crate) const fn naming(product: Product) -> &'static Naming {
    let [vpc, cen, sag] = &ALL;
    match product {
        Product::Vpc => vpc,
        Product::Cen => cen,
        Product::Sag => sag,
    }
}

/// The product of a version.
pub(crate) fn of_version(version: &str) -> Option<Product> {
    let found = ALL.iter().find(|naming| naming.version == version);
    found.map(|naming| naming.product)
}

/// An id from random octets: letters and digits, none more likely than another by more than one in
/// a thousand.
pub(crate) fn new_id(product: Product, random: &[u8; 64]) -> String {
    const ALPHABET: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";
    let naming = naming(product);
    let (pairs, _) = random.as_chunks::<2>();
    let letter = |pair: &[u8; 2]| {
        let place = usize::from(u16::from_be_bytes(*pair) % 36);
        ALPHABET.get(place).copied().map_or('0', char::from)
    };
    let letters = pairs.iter().take(naming.letters).map(letter);
    naming.prefix.chars().chain(letters).collect()
}
