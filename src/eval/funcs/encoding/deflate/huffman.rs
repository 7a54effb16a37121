//! Huffman codes of limited length, by the package-merge algorithm.

/// A code: its bits in the order in which they are written, the first one lowest, and how many they are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Code {
    pub(super) bits: u16,
    pub(super) length: u8,
}

/// Codes of all symbols for how often each occurs; a symbol that does not occur has none.
pub(super) fn codes(frequencies: &[u32], max_length: usize) -> Vec<Code> {
    let mut codes = vec![Code::default(); frequencies.len()];
    let mut symbols: Vec<usize> = (0..frequencies.len()).filter(|symbol| frequencies[*symbol] > 0).collect();
    if symbols.len() <= 2 {
        for (bits, symbol) in symbols.into_iter().enumerate() {
            codes[symbol] = Code { bits: bits as u16, length: 1 };
        }
        return codes;
    }
    symbols.sort_by_key(|symbol| (frequencies[*symbol], *symbol));
    let leaves: Vec<u64> = symbols.iter().map(|symbol| u64::from(frequencies[*symbol])).collect();
    // The most frequent symbols get the shortest codes; among those of one length the order is that of the symbols.
    let mut next = 0u16;
    for (i, count) in lengths(&leaves, max_length).into_iter().enumerate() {
        let length = i as u8 + 1;
        next <<= 1;
        let mut of_length = symbols.split_off(symbols.len().saturating_sub(count));
        of_length.sort_unstable();
        for symbol in of_length {
            codes[symbol] = Code { bits: next.reverse_bits() >> (16 - length), length };
            next += 1;
        }
    }
    codes
}

/// How many symbols have codes of one bit, of two bits and so on.
fn lengths(leaves: &[u64], max_length: usize) -> Vec<usize> {
    let levels = max_length.min(leaves.len() - 1);
    // Each level merges the leaves with pairs of the level below; of equal weights a pair comes first.
    let mut rows: Vec<Vec<Item>> = Vec::with_capacity(levels);
    for _ in 0..levels {
        let pairs: Vec<u64> = match rows.last() {
            Some(below) => below.chunks_exact(2).map(|pair| pair[0].weight + pair[1].weight).collect(),
            None => Vec::new(),
        };
        rows.push(merge(leaves, &pairs));
    }
    // The items that the top level takes decide how many each level below it gives.
    let mut taken = 2 * leaves.len() - 2;
    let mut at_least: Vec<usize> = Vec::with_capacity(levels + 1);
    for row in rows.iter().rev() {
        let own = row.iter().take(taken).filter(|item| item.is_leaf).count();
        at_least.push(own);
        taken = 2 * (taken.min(row.len()) - own);
    }
    at_least.push(0);
    at_least.windows(2).map(|pair| pair[0] - pair[1]).collect()
}

#[derive(Clone, Copy)]
struct Item {
    weight: u64,
    is_leaf: bool,
}

fn merge(leaves: &[u64], pairs: &[u64]) -> Vec<Item> {
    let mut row = Vec::with_capacity(leaves.len() + pairs.len());
    let mut pairs = pairs.iter().peekable();
    for leaf in leaves {
        while let Some(pair) = pairs.next_if(|pair| *pair <= leaf) {
            row.push(Item { weight: *pair, is_leaf: false });
        }
        row.push(Item { weight: *leaf, is_leaf: true });
    }
    row.extend(pairs.map(|pair| Item { weight: *pair, is_leaf: false }));
    row
}

#[cfg(test)]
mod tests {
    use super::{codes, lengths};

    #[test]
    fn code_lengths_fill_the_code_space_within_the_limit() {
        // Fibonacci numbers make the deepest tree.
        let mut leaves = vec![1u64, 1];
        while leaves.len() < 30 {
            leaves.push(leaves[leaves.len() - 1] + leaves[leaves.len() - 2]);
        }
        for limit in [5, 7, 15] {
            let lengths = lengths(&leaves, limit);
            assert_eq!(lengths.iter().sum::<usize>(), leaves.len());
            let space: usize = lengths.iter().enumerate().map(|(i, count)| count << (limit - i - 1)).sum();
            assert_eq!(space, 1 << limit, "{lengths:?}");
        }
    }

    #[test]
    fn one_symbol_has_a_code_of_one_bit() {
        let codes = codes(&[0, 7, 0], 15);
        assert_eq!(codes.iter().map(|code| code.length).collect::<Vec<_>>(), [0, 1, 0]);
    }
}
