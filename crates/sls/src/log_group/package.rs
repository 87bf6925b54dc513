//! What Logtail sends with `x-log-mode: batch_group`: `LogGroup`s, each compressed on its own.
//!
//! ```text
//! SlsLogPackageList = packages:1 repeated SlsLogPackage
//! SlsLogPackage     = data:1, uncompress_size:2, compress_type:3 (0 none, 1 deflate, 2 LZ4, 3 zstd)
//! ```

use super::proto::{Field, Fields, InvalidProtobuf, ProtobufProblem};
use crate::Compression;

/// One LogGroup of the list, as it was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Package<'a> {
    /// The LogGroup, compressed.
    pub data: &'a [u8],
    /// Its octets before compression, as the sender says.
    pub raw_octets: u64,
    /// How it is compressed; `None`: it is not.
    pub compression: Option<Compression>,
}

impl<'a> Package<'a> {
    fn parse(field: &Field<'a>) -> Result<Self, InvalidProtobuf> {
        let mut package = Self {
            data: &[],
            raw_octets: 0,
            compression: Some(Compression::Lz4),
        };
        for inner in Fields::new(field.octets()?, field.inside) {
            let inner = inner?;
            match inner.number {
                1 => package.data = inner.octets()?,
                2 => package.raw_octets = inner.varint()?,
                3 => {
                    package.compression = match inner.varint()? {
                        0 => None,
                        1 => Some(Compression::Deflate),
                        2 => Some(Compression::Lz4),
                        3 => Some(Compression::Zstd),
                        _ => return Err(inner.wrong(ProtobufProblem::UnknownValue)),
                    }
                }
                _ => {}
            }
        }
        Ok(package)
    }
}

/// The packages of a list; finished after an error.
pub fn packages(list: &[u8]) -> impl Iterator<Item = Result<Package<'_>, InvalidProtobuf>> {
    let mut failed = false;
    Fields::new(list, 0)
        .map_while(move |field| {
            if failed {
                return None;
            }
            let package = field.and_then(|field| match field.number {
                1 => Package::parse(&field).map(Some),
                _ => Ok(None),
            });
            failed = package.is_err();
            Some(package)
        })
        .filter_map(Result::transpose)
}
