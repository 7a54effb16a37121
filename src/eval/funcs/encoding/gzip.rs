//! gzip as Go's `compress/gzip` writes it at its default level, which `base64gzip` shows byte by byte.

use crate::eval::funcs::encoding::deflate;

/// Magic number, method "deflate", no flags, no time, no extra flags, unknown operating system.
const HEADER: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];

/// The bytes of a gzip file of one member, written, flushed and closed in this order as Terraform does.
pub(super) fn compress(input: &[u8]) -> Vec<u8> {
    let mut out = HEADER.to_vec();
    out.extend(deflate::compress(input));
    out.extend(crc32(input).to_le_bytes());
    // The length is kept modulo 2^32 (RFC 1952, ISIZE).
    out.extend((input.len() as u32).to_le_bytes());
    out
}

/// The cyclic redundancy check of RFC 1952, section 8.
fn crc32(input: &[u8]) -> u32 {
    const POLYNOMIAL: u32 = 0xedb8_8320;
    let table: [u32; 256] = std::array::from_fn(|byte| {
        (0..8).fold(byte as u32, |crc, _| if crc & 1 == 1 { (crc >> 1) ^ POLYNOMIAL } else { crc >> 1 })
    });
    let step = |crc: u32, byte: &u8| (crc >> 8) ^ table[usize::from(crc as u8 ^ byte)];
    !input.iter().fold(u32::MAX, step)
}

#[cfg(test)]
mod tests {
    use super::crc32;

    #[test]
    fn the_check_value_of_crc_32() {
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
    }
}
