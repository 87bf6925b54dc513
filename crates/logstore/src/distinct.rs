//! Distinct octets, one behind the other, each with a place: what dictionaries are made of.

use std::hash::BuildHasher as _;

use foldhash::fast::RandomState;
use hashbrown::HashTable;

/// Distinct octets in the order in which they came.
#[derive(Clone, Debug, Default)]
pub(crate) struct Distinct {
    octets: Vec<u8>,
    /// Where each ends.
    ends: Vec<usize>,
    /// The places of the first `known` of them. Looked up, never gone through: its order does not
    /// matter.
    places: HashTable<u32>,
    known: usize,
    hasher: RandomState,
}

impl Distinct {
    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    /// All of them together.
    pub(crate) fn octets(&self) -> usize {
        self.octets.len()
    }

    /// The one at a place.
    pub(crate) fn get(&self, place: u32) -> Option<&[u8]> {
        entry(&self.octets, &self.ends, place)
    }

    /// All, by place.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &[u8]> {
        let mut from = 0;
        self.ends.iter().map(move |end| {
            let entry = self.octets.get(from..*end).unwrap_or_default();
            from = *end;
            entry
        })
    }

    /// The place of some octets, which get one if they have none.
    pub(crate) fn place(&mut self, value: &[u8]) -> u32 {
        self.know_all();
        let Self {
            octets,
            ends,
            places,
            hasher,
            ..
        } = self;
        let hash = hasher.hash_one(value);
        if let Some(place) = places.find(hash, |place| entry(octets, ends, *place) == Some(value)) {
            return *place;
        }
        let place = self.add_new(value);
        self.know_all();
        place
    }

    /// Gives a place to octets that have none yet, as the caller knows.
    pub(crate) fn add_new(&mut self, value: &[u8]) -> u32 {
        let place = u32::try_from(self.ends.len()).unwrap_or(u32::MAX);
        self.octets.extend_from_slice(value);
        self.ends.push(self.octets.len());
        place
    }

    /// All of them, one behind the other, and where each ends.
    pub(crate) fn into_parts(self) -> (Vec<u8>, Vec<usize>) {
        (self.octets, self.ends)
    }

    /// Lets those be found that were added as new.
    fn know_all(&mut self) {
        let Self {
            octets,
            ends,
            places,
            known,
            hasher,
        } = self;
        let hash = |place: &u32| hasher.hash_one(entry(octets, ends, *place).unwrap_or_default());
        while *known < ends.len() {
            let place = u32::try_from(*known).unwrap_or(u32::MAX);
            places.insert_unique(hash(&place), place, hash);
            *known += 1;
        }
    }
}

fn entry<'a>(octets: &'a [u8], ends: &[usize], place: u32) -> Option<&'a [u8]> {
    let place = usize::try_from(place).ok()?;
    let end = *ends.get(place)?;
    let begin = place.checked_sub(1).and_then(|before| ends.get(before));
    octets.get(begin.copied().unwrap_or(0)..end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_value_has_one_place_whether_it_was_looked_up_or_added_as_new() {
        let mut distinct = Distinct::default();
        assert_eq!((distinct.add_new(b"a"), distinct.add_new(b"")), (0, 1));
        assert_eq!([distinct.place(b"b"), distinct.place(b"a")], [2, 0]);
        assert_eq!([distinct.place(b""), distinct.place(b"b")], [1, 2]);
        assert_eq!(distinct.add_new(b"c"), 3);
        assert_eq!(distinct.place(b"c"), 3);
        assert_eq!(
            distinct.iter().collect::<Vec<_>>(),
            [&b"a"[..], b"", b"b", b"c"]
        );
        assert_eq!((distinct.len(), distinct.octets()), (4, 3));
        assert_eq!([distinct.get(3), distinct.get(4)], [Some(&b"c"[..]), None]);
    }
}
