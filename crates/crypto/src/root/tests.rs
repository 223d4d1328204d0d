use super::*;

fn generation(id: u32) -> Generation {
    Generation {
        id: GenerationId(id),
        key: Key256::new([u8::try_from(id).expect("small"); 32]),
    }
}

#[test]
fn a_new_store_has_generation_one() {
    let root = RootKeys::first(Key256::new([1; 32]), Key256::new([2; 32]));
    assert_eq!(root.active(), GenerationId(1));
    assert_eq!(root.generations().len(), 1);
    assert_eq!(root.generations()[0].id.to_string(), "1");
    assert_eq!(root.generations()[0].key.expose(), &[2; 32]);
    assert_eq!(root.lookup().expose(), &[1; 32]);
}

#[test]
fn generations_are_in_order_and_one_of_them_is_active() {
    let generations = vec![generation(3), generation(1), generation(2)];
    let root = RootKeys::new(Key256::new([9; 32]), generations, GenerationId(2)).expect("valid");
    let ids: Vec<u32> = root.generations().iter().map(|it| it.id.0).collect();
    assert_eq!(ids, [1, 2, 3]);
    assert_eq!(root.active_index(), 1);
}

#[test]
fn contradictions_are_refused() {
    let new = |generations, active| RootKeys::new(Key256::new([9; 32]), generations, GenerationId(active)).err();
    let twice = vec![generation(2), generation(1), generation(2)];
    assert_eq!(new(twice, 1), Some(RootError::Duplicate(GenerationId(2))));
    let missing = RootError::ActiveMissing(GenerationId(3));
    assert_eq!(new(vec![generation(1)], 3), Some(missing));
    assert_eq!(new(Vec::new(), 3), Some(missing));
}
