//! Surveys of paths that were named, whatever manifest there is.

use super::*;

fn names(inventory: &Inventory) -> Vec<&str> {
    let mut names: Vec<_> = inventory.items().map(|item| item.name).collect();
    names.sort_unstable();
    names
}

#[test]
fn everything_below_a_folder_counts_and_is_named_from_it() {
    let tree = Tree::new();
    let good = header(vec![wrap("europe-west1", "k", Some(1))]);
    for file in ["elsewhere/a.kw", "elsewhere/.git/b", "elsewhere/keyward.yaml.kw"] {
        tree.put(file, &good);
    }
    tree.put("elsewhere/cut.kw", &good[..60]);
    let base = tree.folder.path().join("elsewhere");
    let inventory = survey_path(&base).unwrap();
    let at = |name: &str| base.join(name).display().to_string();
    let expected = [at(".git/b"), at("a.kw"), at("keyward.yaml.kw")];
    assert_eq!(
        names(&inventory),
        expected.iter().map(String::as_str).collect::<Vec<_>>()
    );
    assert_eq!(inventory.unread.count(), 1);
    assert!(
        inventory.unread.text().starts_with(&at("cut.kw")),
        "{:?}",
        inventory.unread
    );
}

#[test]
fn one_file_counts_by_its_name_and_through_a_link() {
    let tree = Tree::new();
    tree.put("a.kw", &header(vec![wrap("europe-west1", "k", Some(1))]));
    let (file, link) = (tree.folder.path().join("a.kw"), tree.folder.path().join("link"));
    symlink(&file, &link).unwrap();
    for path in [file, link] {
        let inventory = survey_path(&path).unwrap();
        assert_eq!(names(&inventory), [path.display().to_string()]);
    }
    tree.put("zeros.kw", &[0; 100]);
    let zeros = survey_path(&tree.folder.path().join("zeros.kw")).unwrap();
    assert_eq!((zeros.len(), zeros.unread.count()), (0, 1));
    assert!(survey_path(&tree.folder.path().join("nothing")).is_err());
}
