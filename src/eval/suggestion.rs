//! "Did you mean": the name that is nearest to one that is not there.

/// Terraform suggests a name that two edits make of the given one, but not one that takes three.
const EDITS: usize = 2;

/// ` Did you mean "length"?`, or nothing when no name is near.
pub(super) fn did_you_mean<'n>(given: &str, names: impl IntoIterator<Item = &'n str>) -> String {
    // A name that is far longer is not near, and the names of strangers are of any length.
    let near =
        names.into_iter().filter(|name| name.len().abs_diff(given.len()) <= 4 * EDITS && given.len() < 256);
    let nearest = near.map(|name| (strsim::levenshtein(given, name), name)).min();
    match nearest {
        Some((edits, name)) if edits <= EDITS => format!(" Did you mean \"{name}\"?"),
        Some(_) | None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::did_you_mean;

    #[test]
    fn the_nearest_name_within_two_edits() {
        let names = ["vpc_id", "vpc_ids", "region"];
        assert_eq!(did_you_mean("vpc_idx", names), " Did you mean \"vpc_id\"?");
        assert_eq!(did_you_mean("regoin", names), " Did you mean \"region\"?");
        assert_eq!(did_you_mean("zone", names), "");
    }
}
