use proptest::prelude::*;

use super::*;

#[test]
fn what_fits_needs_no_heap() {
    let joined = Joined::<8>::of(&[b"four", b"", b"more"]);
    assert_eq!(&*joined, b"fourmore");
    assert_eq!(joined.long.capacity(), 0);
}

proptest! {
    #[test]
    fn the_parts_follow_each_other_whatever_their_lengths(
        parts in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..12), 0..6),
    ) {
        let slices: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
        prop_assert_eq!(&*Joined::<16>::of(&slices), slices.concat());
    }
}
