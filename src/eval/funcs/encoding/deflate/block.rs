//! Blocks of RFC 1951: stored, with fixed codes, or with codes of their own, whichever is shortest.

use crate::eval::funcs::encoding::deflate::huffman::{Code, codes};

/// A byte, or a repetition of earlier ones.
#[derive(Clone, Copy, Debug)]
pub(super) enum Token {
    Literal(u8),
    Match { length: usize, distance: usize },
}

const END_OF_BLOCK: usize = 256;
const LITERALS: usize = 286;
const DISTANCES: usize = 30;
/// Bytes that a stored block holds at most.
const STORED_BYTES: usize = 65_535;
/// The least length of each length code from 257 on (RFC 1951, 3.2.5).
const LENGTH_BASES: [usize; 29] = [
    3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195,
    227, 258,
];
/// The least distance of each distance code.
const DISTANCE_BASES: [usize; 30] = [
    1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073,
    4097, 6145, 8193, 12289, 16385, 24577,
];
/// The order in which the lengths of the codes for code lengths are written (RFC 1951, 3.2.7).
const LENGTH_ORDER: [usize; 19] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

/// Bits that follow a length code.
fn length_extra(code: usize) -> u32 {
    // The last code stands for one length.
    if code == LENGTH_BASES.len() - 1 { 0 } else { (code as u32 / 4).saturating_sub(1) }
}

/// Bits that follow a distance code.
fn distance_extra(code: usize) -> u32 {
    (code as u32 / 2).saturating_sub(1)
}

/// The code of a length or distance: the last whose base is not beyond it.
fn code_of(bases: &[usize], value: usize) -> usize {
    bases.partition_point(|base| *base <= value) - 1
}

/// Writes blocks, bit by bit.
#[derive(Default)]
pub(super) struct Writer {
    out: Vec<u8>,
    bits: u64,
    count: u32,
}

/// Codes for literals and lengths, and for distances.
struct Codes {
    literals: Vec<Code>,
    distances: Vec<Code>,
}

impl Codes {
    /// The codes that need not be written (RFC 1951, 3.2.6).
    fn fixed() -> Codes {
        let literal = |symbol: u16| match symbol {
            0..=143 => (symbol + 0b0011_0000, 8),
            144..=255 => (symbol - 144 + 0b1_1001_0000, 9),
            256..=279 => (symbol - 256, 7),
            _ => (symbol - 280 + 0b1100_0000, 8),
        };
        let code = |(bits, length): (u16, u8)| Code { bits: bits.reverse_bits() >> (16 - length), length };
        Codes {
            literals: (0..LITERALS as u16).map(|symbol| code(literal(symbol))).collect(),
            distances: (0..DISTANCES as u16).map(|symbol| code((symbol, 5))).collect(),
        }
    }
}

/// How often each symbol occurs in a block.
struct Frequencies {
    literals: [u32; LITERALS],
    distances: [u32; DISTANCES],
}

impl Frequencies {
    fn of(tokens: &[Token]) -> Frequencies {
        let mut found = Frequencies { literals: [0; LITERALS], distances: [0; DISTANCES] };
        found.literals[END_OF_BLOCK] = 1;
        for token in tokens {
            match *token {
                Token::Literal(byte) => found.literals[usize::from(byte)] += 1,
                Token::Match { length, distance } => {
                    found.literals[END_OF_BLOCK + 1 + code_of(&LENGTH_BASES, length)] += 1;
                    found.distances[code_of(&DISTANCE_BASES, distance)] += 1;
                }
            }
        }
        // A block with codes of its own must have a distance code, even if no distance occurs.
        if found.distances.iter().all(|count| *count == 0) {
            found.distances[0] = 1;
        }
        found
    }

    /// Bits that all symbols take with these codes, without what follows them.
    fn bits(&self, codes: &Codes) -> u64 {
        cost(&self.literals, &codes.literals) + cost(&self.distances, &codes.distances)
    }

    /// Bits that follow the codes of lengths and distances.
    fn extra_bits(&self) -> u64 {
        let lengths = self.literals[END_OF_BLOCK + 1..].iter().enumerate();
        let distances = self.distances.iter().enumerate();
        lengths.map(|(code, count)| u64::from(*count) * u64::from(length_extra(code))).sum::<u64>()
            + distances.map(|(code, count)| u64::from(*count) * u64::from(distance_extra(code))).sum::<u64>()
    }
}

fn cost(frequencies: &[u32], codes: &[Code]) -> u64 {
    frequencies.iter().zip(codes).map(|(count, code)| u64::from(*count) * u64::from(code.length)).sum()
}

/// The lengths of a block's codes, themselves encoded: runs have symbols of their own (RFC 1951, 3.2.7).
struct Header {
    literals: usize,
    distances: usize,
    /// Symbols, each with the value and the number of the bits that follow it.
    symbols: Vec<(usize, u32, u32)>,
    codes: Vec<Code>,
    /// How many lengths of `codes` are written, in `LENGTH_ORDER`.
    written: usize,
    bits: u64,
}

impl Header {
    fn of(frequencies: &Frequencies, codes_of_block: &Codes) -> Header {
        let used = |counts: &[u32]| counts.iter().rposition(|count| *count > 0).map_or(0, |last| last + 1);
        let (literals, distances) = (used(&frequencies.literals), used(&frequencies.distances));
        let lengths =
            codes_of_block.literals[..literals].iter().chain(&codes_of_block.distances[..distances]);
        let lengths: Vec<u8> = lengths.map(|code| code.length).collect();
        let mut symbols = Vec::new();
        for run in lengths.chunk_by(|a, b| a == b) {
            push_run(usize::from(run[0]), run.len(), &mut symbols);
        }
        let mut counts = [0u32; LENGTH_ORDER.len()];
        for (symbol, _, _) in &symbols {
            counts[*symbol] += 1;
        }
        let codes = codes(&counts, 7);
        let written =
            LENGTH_ORDER.iter().rposition(|symbol| counts[*symbol] > 0).map_or(4, |last| last + 1).max(4);
        let extra: u64 = symbols.iter().map(|(_, _, bits)| u64::from(*bits)).sum();
        let bits = 3 + 5 + 5 + 4 + 3 * written as u64 + cost(&counts, &codes) + extra;
        Header { literals, distances, symbols, codes, written, bits }
    }
}

/// Encodes a run of equal code lengths.
fn push_run(length: usize, count: usize, symbols: &mut Vec<(usize, u32, u32)>) {
    let mut left = count;
    if length == 0 {
        while left >= 11 {
            let run = left.min(138);
            symbols.push((18, run as u32 - 11, 7));
            left -= run;
        }
        if left >= 3 {
            symbols.push((17, left as u32 - 3, 3));
            left = 0;
        }
    } else {
        symbols.push((length, 0, 0));
        left -= 1;
        while left >= 3 {
            let run = left.min(6);
            symbols.push((16, run as u32 - 3, 2));
            left -= run;
        }
    }
    symbols.extend(std::iter::repeat_n((length, 0, 0), left));
}

impl Writer {
    /// Writes tokens as one block in the shortest way; `input` is what they stand for, if it may be stored.
    pub(super) fn block(&mut self, tokens: &[Token], input: Option<&[u8]>) {
        let frequencies = Frequencies::of(tokens);
        let own = Codes {
            literals: codes(&frequencies.literals, 15),
            distances: codes(&frequencies.distances, 15),
        };
        let header = Header::of(&frequencies, &own);
        let fixed = Codes::fixed();
        let extra = frequencies.extra_bits();
        let fixed_bits = 3 + frequencies.bits(&fixed) + extra;
        let own_bits = header.bits + frequencies.bits(&own) + extra;
        if let Some(input) = input.filter(|input| input.len() <= STORED_BYTES)
            && (input.len() as u64 + 5) * 8 < fixed_bits.min(own_bits)
        {
            self.stored(input, false);
        } else if own_bits < fixed_bits {
            self.header(&header);
            self.tokens(tokens, &own);
        } else {
            self.bits(0b010, 3);
            self.tokens(tokens, &fixed);
        }
    }

    /// Writes bytes as they are.
    pub(super) fn stored(&mut self, input: &[u8], is_last: bool) {
        self.bits(u64::from(is_last), 3);
        self.align();
        let length = input.len() as u16;
        self.out.extend(length.to_le_bytes());
        self.out.extend((!length).to_le_bytes());
        self.out.extend(input);
    }

    /// All bytes.
    pub(super) fn finish(mut self) -> Vec<u8> {
        self.align();
        self.out
    }

    fn header(&mut self, header: &Header) {
        self.bits(0b100, 3);
        self.bits(header.literals as u64 - 257, 5);
        self.bits(header.distances as u64 - 1, 5);
        self.bits(header.written as u64 - 4, 4);
        for symbol in &LENGTH_ORDER[..header.written] {
            self.bits(u64::from(header.codes[*symbol].length), 3);
        }
        for (symbol, extra, bits) in &header.symbols {
            self.code(header.codes[*symbol]);
            self.bits(u64::from(*extra), *bits);
        }
    }

    fn tokens(&mut self, tokens: &[Token], codes: &Codes) {
        for token in tokens {
            match *token {
                Token::Literal(byte) => self.code(codes.literals[usize::from(byte)]),
                Token::Match { length, distance } => {
                    let code = code_of(&LENGTH_BASES, length);
                    self.code(codes.literals[END_OF_BLOCK + 1 + code]);
                    self.bits((length - LENGTH_BASES[code]) as u64, length_extra(code));
                    let code = code_of(&DISTANCE_BASES, distance);
                    self.code(codes.distances[code]);
                    self.bits((distance - DISTANCE_BASES[code]) as u64, distance_extra(code));
                }
            }
        }
        self.code(codes.literals[END_OF_BLOCK]);
    }

    fn code(&mut self, code: Code) {
        self.bits(u64::from(code.bits), u32::from(code.length));
    }

    fn bits(&mut self, bits: u64, count: u32) {
        self.bits |= bits << self.count;
        self.count += count;
        while self.count >= 8 {
            self.out.push(self.bits as u8);
            self.bits >>= 8;
            self.count -= 8;
        }
    }

    fn align(&mut self) {
        if self.count > 0 {
            self.out.push(self.bits as u8);
            (self.bits, self.count) = (0, 0);
        }
    }
}
