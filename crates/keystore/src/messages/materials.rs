//! The materials of a key, as a handle has them.

use smallvec::SmallVec;
use trent_crypto::MaterialId;

use super::Wrapped;

/// Wrapped materials by their ids. Most keys have one, which takes no more room than it needs; among many any is found as
/// fast as another.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Materials(SmallVec<[(MaterialId, Wrapped); 1]>);

impl Materials {
    /// The material with this id.
    pub fn get(&self, id: &MaterialId) -> Option<&Wrapped> {
        let place = self.0.binary_search_by_key(id, |(known, _)| *known).ok()?;
        self.0.get(place).map(|(_, wrapped)| wrapped)
    }

    /// Each material with its id, in the order of the ids.
    pub fn iter(&self) -> impl Iterator<Item = &(MaterialId, Wrapped)> {
        self.0.iter()
    }
}

impl FromIterator<(MaterialId, Wrapped)> for Materials {
    fn from_iter<I: IntoIterator<Item = (MaterialId, Wrapped)>>(materials: I) -> Self {
        let mut materials: SmallVec<_> = materials.into_iter().collect();
        materials.sort_unstable_by_key(|(id, _)| *id);
        materials.shrink_to_fit();
        Self(materials)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_found_by_its_id_and_no_other() {
        let id = |byte| MaterialId([byte; 32]);
        let materials: Materials = [9, 2, 7]
            .map(|byte| (id(byte), Wrapped::from([byte].as_slice())))
            .into_iter()
            .collect();
        for byte in 0..12 {
            let found = materials.get(&id(byte)).map(|wrapped| wrapped.as_bytes().to_vec());
            assert_eq!(found, [9, 2, 7].contains(&byte).then(|| vec![byte]));
        }
        assert_eq!(Materials::default().get(&id(9)), None);
    }
}
