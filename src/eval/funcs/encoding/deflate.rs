//! The deflate compression of RFC 1951, with the choices that Go's `compress/flate` makes at level 6.
//!
//! A decoder reads many encodings of one text; this gives the one that Terraform shows. The choices: matches of four
//! bytes or more are looked up by a hash of their first four bytes, along a chain of earlier places; a match waits one
//! byte for a longer one; a block ends after 16,384 tokens; and input comes in windows of 64 KiB of which one half
//! moves out at a time.

mod block;
mod huffman;

use block::{Token, Writer};

/// The farthest that a match reaches back.
const WINDOW: usize = 1 << 15;
const MIN_MATCH: usize = 4;
const MAX_MATCH: usize = 258;
/// Bytes that must be ahead for a step, unless the input ends.
const LOOKAHEAD: usize = MIN_MATCH + MAX_MATCH;
/// A match of this length is good enough: no later one is tried.
const LAZY: usize = 16;
/// A match of this length ends the search for a longer one.
const NICE: usize = 128;
/// Places of the chain that are tried.
const CHAIN: usize = 128;
/// A match of the least length is worth its code only when it is near.
const NEAR: usize = 4096;
const HASH_BITS: u32 = 17;
const BLOCK_TOKENS: usize = 1 << 14;

/// The deflate stream of an input that is written at once, flushed, and closed.
pub(super) fn compress(input: &[u8]) -> Vec<u8> {
    let mut matcher = Matcher::new(input);
    matcher.run();
    let mut writer = matcher.writer;
    // A flush ends with an empty stored block, closing adds the last block, which is empty as well.
    writer.stored(&[], false);
    writer.stored(&[], true);
    writer.finish()
}

/// Finds repetitions. Places are counted from the start of the input.
struct Matcher<'a> {
    input: &'a [u8],
    writer: Writer,
    tokens: Vec<Token>,
    /// The last place of each hash, and one more; zero for none.
    heads: Vec<u32>,
    /// The place before a place of the same hash, likewise.
    previous: Vec<u32>,
    /// Where the window starts: nothing before it is looked at.
    base: usize,
    /// The input up to here is in the window.
    end: usize,
    index: usize,
    /// Where the block starts that the tokens belong to.
    block_start: usize,
}

/// A repetition: its length and how far back it lies.
#[derive(Clone, Copy)]
struct Match {
    length: usize,
    distance: usize,
}

impl Match {
    const NONE: Match = Match { length: MIN_MATCH - 1, distance: 0 };
}

impl<'a> Matcher<'a> {
    fn new(input: &'a [u8]) -> Matcher<'a> {
        Matcher {
            input,
            writer: Writer::default(),
            tokens: Vec::with_capacity(BLOCK_TOKENS),
            heads: vec![0; 1 << HASH_BITS],
            previous: vec![0; WINDOW],
            base: 0,
            end: 0,
            index: 0,
            block_start: 0,
        }
    }

    fn run(&mut self) {
        let mut last = Match::NONE;
        // The byte before the index waits for what is found at the index.
        let mut is_waiting = false;
        while self.refill() {
            let lookahead = self.end - self.index;
            let head = self.insert();
            let before = std::mem::replace(&mut last, Match::NONE);
            if let Some(head) = head
                && lookahead > before.length
                && before.length < LAZY
                && let Some(found) = self.longest(head, lookahead)
            {
                last = found;
            }
            if before.length >= MIN_MATCH && last.length <= before.length {
                self.tokens.push(Token::Match { length: before.length, distance: before.distance });
                let after = self.index + before.length - 1;
                self.index += 1;
                while self.index < after {
                    self.insert();
                    self.index += 1;
                }
                is_waiting = false;
                last = Match::NONE;
                self.end_full_block();
            } else {
                if is_waiting {
                    self.tokens.push(Token::Literal(self.input[self.index - 1]));
                    self.end_full_block();
                }
                self.index += 1;
                is_waiting = true;
            }
        }
        if is_waiting {
            self.tokens.push(Token::Literal(self.input[self.index - 1]));
        }
        if !self.tokens.is_empty() {
            self.end_block();
        }
    }

    /// Moves input into the window when little is ahead; false at the end of the input.
    fn refill(&mut self) -> bool {
        if self.end - self.index < LOOKAHEAD && self.end < self.input.len() {
            if self.index - self.base >= 2 * WINDOW - LOOKAHEAD {
                self.base += WINDOW;
            }
            self.end = self.input.len().min(self.base + 2 * WINDOW);
        }
        self.index < self.end
    }

    /// Enters the index into the chain of its hash; gives the place that was last there.
    fn insert(&mut self) -> Option<usize> {
        let bytes = self.input[..self.end].get(self.index..self.index + MIN_MATCH)?;
        let word = bytes.iter().fold(0u32, |word, byte| word << 8 | u32::from(*byte));
        let hash = word.wrapping_mul(0x1e35_a7bd) >> (32 - HASH_BITS);
        let head = std::mem::replace(&mut self.heads[hash as usize], self.index as u32 + 1);
        self.previous[self.index % WINDOW] = head;
        self.in_window(head)
    }

    /// The place of an entry of a chain, if it lies in the window and in reach.
    fn in_window(&self, entry: u32) -> Option<usize> {
        let place = (entry as usize).checked_sub(1)?;
        (place >= self.base && place + WINDOW >= self.index).then_some(place)
    }

    /// The longest match at the index along a chain, the nearest of equal ones.
    fn longest(&self, head: usize, lookahead: usize) -> Option<Match> {
        let ahead = &self.input[self.index..self.index + lookahead.min(MAX_MATCH)];
        let nice = NICE.min(ahead.len());
        let mut best: Option<Match> = None;
        let mut place = head;
        for _ in 0..CHAIN {
            let distance = self.index - place;
            let length = ahead.iter().zip(&self.input[place..]).take_while(|(a, b)| a == b).count();
            let least = best.map_or(MIN_MATCH - 1, |best| best.length);
            if length > least && (length > MIN_MATCH || distance <= NEAR) {
                best = Some(Match { length, distance });
                if length >= nice {
                    break;
                }
            }
            // At the edge of the window the entry of this place has been written over.
            if distance == WINDOW {
                break;
            }
            match self.in_window(self.previous[place % WINDOW]) {
                Some(earlier) => place = earlier,
                None => break,
            }
        }
        best
    }

    fn end_full_block(&mut self) {
        if self.tokens.len() == BLOCK_TOKENS {
            self.end_block();
        }
    }

    fn end_block(&mut self) {
        // What has left the window cannot be stored as it is.
        let input = (self.block_start >= self.base).then(|| &self.input[self.block_start..self.index]);
        self.writer.block(&self.tokens, input);
        self.tokens.clear();
        self.block_start = self.index;
    }
}
