//! Memory on its way before it is needed.

/// Tells the processor that `value` is read soon; nothing else happens.
#[inline]
#[expect(
    unsafe_code,
    reason = "the instruction takes an address; it is that of a reference"
)]
pub(crate) fn bring<T>(value: &T) {
    #[cfg(target_arch = "x86_64")]
    {
        use core::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: a hint; it reads nothing that the program sees and never faults.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(core::ptr::from_ref(value).cast()) };
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = value;
}
