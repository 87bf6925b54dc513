//! The program by which the kernel picks the socket of a group: [`partition_of`] and [`worker_of`]
//! in classic BPF.
//!
//! It runs on every datagram, before a socket has it, and reads the source address from the network
//! header: a socket for both families sees IPv4 datagrams with their IPv4 header.
//!
//! [`partition_of`]: crate::partition_of
//! [`worker_of`]: crate::worker_of

use std::num::NonZeroU16;

use libc::sock_filter;

use crate::partition::{FOLD, FOLDED_IPV4_PREFIX, MIX};

/// Where the network header has the source address (RFC 791 §3.1, RFC 8200 §3).
const IPV4_SOURCE: i32 = 12;
const IPV6_SOURCE: i32 = 8;

const LOAD_WORD: u16 = code(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS);
const LOAD_OCTET: u16 = code(libc::BPF_LD | libc::BPF_B | libc::BPF_ABS);
const ADD: u16 = code(libc::BPF_ALU | libc::BPF_ADD | libc::BPF_K);
const ADD_X: u16 = code(libc::BPF_ALU | libc::BPF_ADD | libc::BPF_X);
const XOR_X: u16 = code(libc::BPF_ALU | libc::BPF_XOR | libc::BPF_X);
const MULTIPLY: u16 = code(libc::BPF_ALU | libc::BPF_MUL | libc::BPF_K);
const MODULO: u16 = code(libc::BPF_ALU | libc::BPF_MOD | libc::BPF_K);
const SHIFT_RIGHT: u16 = code(libc::BPF_ALU | libc::BPF_RSH | libc::BPF_K);
const COPY_TO_X: u16 = code(libc::BPF_MISC | libc::BPF_TAX);
const JUMP_IF_EQUAL: u16 = code(libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K);
const JUMP: u16 = code(libc::BPF_JMP | libc::BPF_JA);
const RETURN: u16 = code(libc::BPF_RET | libc::BPF_A);

/// The number of instructions.
const LENGTH: usize = 33;

/// The program for a group of `workers` sockets, worker 0's first.
pub(crate) fn program(partitions: NonZeroU16, workers: NonZeroU16) -> [sock_filter; LENGTH] {
    let [m0, m1] = MIX;
    [
        op(LOAD_OCTET, network(0)),
        op(SHIFT_RIGHT, 4),
        // The version; IPv4 is fourteen instructions further down.
        sock_filter {
            code: JUMP_IF_EQUAL,
            jt: 0,
            jf: 14,
            k: 6,
        },
        op(LOAD_WORD, network(IPV6_SOURCE)),
        op(MULTIPLY, FOLD),
        op(COPY_TO_X, 0),
        op(LOAD_WORD, network(IPV6_SOURCE + 4)),
        op(ADD_X, 0),
        op(MULTIPLY, FOLD),
        op(COPY_TO_X, 0),
        op(LOAD_WORD, network(IPV6_SOURCE + 8)),
        op(ADD_X, 0),
        op(MULTIPLY, FOLD),
        op(COPY_TO_X, 0),
        op(LOAD_WORD, network(IPV6_SOURCE + 12)),
        op(ADD_X, 0),
        op(JUMP, 2),
        op(LOAD_WORD, network(IPV4_SOURCE)),
        op(ADD, FOLDED_IPV4_PREFIX),
        op(COPY_TO_X, 0),
        op(SHIFT_RIGHT, 16),
        op(XOR_X, 0),
        op(MULTIPLY, m0),
        op(COPY_TO_X, 0),
        op(SHIFT_RIGHT, 15),
        op(XOR_X, 0),
        op(MULTIPLY, m1),
        op(COPY_TO_X, 0),
        op(SHIFT_RIGHT, 16),
        op(XOR_X, 0),
        op(MODULO, u32::from(partitions.get())),
        op(MODULO, u32::from(workers.get())),
        op(RETURN, 0),
    ]
}

const fn op(code: u16, k: u32) -> sock_filter {
    sock_filter {
        code,
        jt: 0,
        jf: 0,
        k,
    }
}

/// An offset in the network header, as the kernel wants it.
const fn network(offset: i32) -> u32 {
    (libc::SKF_NET_OFF + offset).cast_unsigned()
}

const fn code(code: u32) -> u16 {
    let [low, high, _, _] = code.to_le_bytes();
    u16::from_le_bytes([low, high])
}

#[cfg(test)]
mod tests;
