//! Which entries are one event: the rules of overlap, by small files that overlap in every way.

mod support;

use proptest::prelude::*;
use support::{create, events, import, sums};
use witnessmark_store::case::overlays;

#[test]
fn equal_lines_of_one_file_are_two_events_and_meeting_it_again_adds_none() {
    let dir = tempfile::tempdir().unwrap();
    let case = create(&dir.path().join("a.wmcase"));
    let text = "10||Login|a\n10||Login|a\n11||Logout|a\n||Odd|\n";
    assert_eq!(sums(&import(&case, &[("a.csv", text)])), (4, 0, 0, 4));
    let again = import(&case, &[("b.csv", text)]);
    assert_eq!(sums(&again), (0, 4, 0, 0));
    assert_eq!(again.sources[0].warnings[0].code, "same_file");
    assert_eq!(events(&case).len(), 4);
    assert_eq!(case.attested_by(2).unwrap(), [1, 2, 3, 4]);
    let attested = case.attested(2).unwrap();
    assert_eq!((attested[0].source, attested[0].entry), (2, 2));
    let mut out = Vec::new();
    case.extract(2, &mut out).unwrap();
    assert_eq!(out, text.as_bytes());
}

#[test]
fn another_order_and_a_longer_export_add_only_what_is_new() {
    let dir = tempfile::tempdir().unwrap();
    let case = create(&dir.path().join("a.wmcase"));
    import(
        &case,
        &[("a.csv", "10||Login|a\n11||Logout|a\n12||Pay|b\n")],
    );
    assert_eq!(
        sums(&import(
            &case,
            &[("b.csv", "12||Pay|b\n10||Login|a\n11||Logout|a\n")]
        )),
        (0, 3, 0, 0)
    );
    assert_eq!(
        sums(&import(
            &case,
            &[(
                "c.csv",
                "9||New|\n12||Pay|b\n12||Pay|b\n!junk\n10||Login|a\n"
            )]
        )),
        (2, 2, 1, 2)
    );
    assert_eq!(events(&case).len(), 5);
    assert_eq!(case.rejects(Some(3)).unwrap()[0].entry, 4);
}

#[test]
fn overlap_inside_one_import_counts_too() {
    let dir = tempfile::tempdir().unwrap();
    let case = create(&dir.path().join("a.wmcase"));
    let receipt = import(
        &case,
        &[
            ("a", "1||A|\n1||A|\n"),
            ("b", "1||A|\n1||A|\n1||A|\n"),
            ("c", "1||A|\n"),
        ],
    );
    let stored: Vec<_> = receipt
        .sources
        .iter()
        .map(|s| (s.stored, s.duplicates))
        .collect();
    assert_eq!(stored, [(2, 0), (1, 2), (0, 1)]);
}

#[test]
fn one_id_with_other_content_keeps_both_and_flags_both() {
    let dir = tempfile::tempdir().unwrap();
    let case = create(&dir.path().join("a.wmcase"));
    import(&case, &[("a", "1|x|A|\n2|y|B|\n")]);
    assert_eq!(
        sums(&import(&case, &[("b", "1|x|changed|\n2|y|B|\n")])),
        (1, 1, 0, 1)
    );
    let flags = case.overlays(Some(overlays::PROBLEM), None).unwrap();
    assert_eq!(
        (flags[0].event, flags[0].value.as_str(), flags.len()),
        (1, "id_conflict", 1)
    );
    let (segment, row) = case.event_place(3).unwrap();
    let columns = &case.segments().unwrap()[segment];
    let problems = columns
        .dictionary(witnessmark_model::Field::Problems)
        .unwrap();
    assert_eq!(problems.text(1), "id_conflict");
    assert_eq!(columns.numbers(0).unwrap()[row as usize], 3);
    // The same id with the same content is one event even inside one file.
    assert_eq!(
        sums(&import(&case, &[("c", "3|z|C|\n3|z|C|\n")])),
        (1, 1, 0, 1)
    );
}

#[test]
fn sealed_segments_take_part() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.wmcase");
    let case = create(&path);
    let lines = |from: u32, until: u32| -> String {
        (from..until)
            .map(|i| {
                format!(
                    "{}|{}|A{}|t{i}\n",
                    i / 3,
                    if i % 4 == 0 {
                        format!("id{i}")
                    } else {
                        String::new()
                    },
                    i % 7
                )
            })
            .collect()
    };
    assert_eq!(
        sums(&import(&case, &[("a", &lines(0, 80_000))])),
        (80_000, 0, 0, 80_000)
    );
    assert_eq!(
        sums(&import(&case, &[("b", &lines(70_000, 90_000))])),
        (10_000, 10_000, 0, 10_000)
    );
    drop(case);
    let case = witnessmark_store::Case::open(&path, None, &support::stamp()).unwrap();
    let all = events(&case);
    assert_eq!(all.len(), 90_000);
    for (i, (number, ..)) in all.iter().enumerate() {
        assert_eq!(*number, i as u64 + 1);
    }
}

#[test]
fn many_small_imports_become_one_segment() {
    let dir = tempfile::tempdir().unwrap();
    let case = create(&dir.path().join("a.wmcase"));
    for file in 0..17 {
        let text: String = (0..4_000)
            .map(|i| format!("{}||A|t{}\n", i, file * 4_000 + i))
            .collect();
        import(&case, &[("small", &text)]);
    }
    assert_eq!(events(&case).len(), 68_000);
    assert_eq!(case.segments().unwrap().len(), 1);
    drop(case);
    witnessmark_store::Case::open(&dir.path().join("a.wmcase"), None, &support::stamp()).unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    /// The number of equal events is the greatest over all sources, in whatever order they come.
    #[test]
    fn multiplicity_is_the_maximum(files in prop::collection::vec(prop::collection::vec(0_u8..5, 0..12), 1..5)) {
        let dir = tempfile::tempdir().unwrap();
        let case = create(&dir.path().join("a.wmcase"));
        let mut most = [0_usize; 5];
        for file in &files {
            let text: String = file.iter().map(|k| format!("{}||K{k}|\n", if *k == 4 { String::new() } else { (k / 2).to_string() })).collect();
            import(&case, &[("f", &text)]);
            for (k, most) in most.iter_mut().enumerate() {
                *most = (*most).max(file.iter().filter(|x| **x as usize == k).count());
            }
        }
        let all = events(&case);
        for (k, most) in most.iter().enumerate() {
            prop_assert_eq!(all.iter().filter(|e| e.1 == format!("K{k}")).count(), *most);
        }
    }
}
