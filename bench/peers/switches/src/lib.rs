//! corosensei's coroutines in the loops of `guest/bench/switches/coro.c`. It is built without its `std`
//! parts, so nothing here catches panics or unwinds.
#![no_std]

use core::arch::asm;
use core::panic::PanicInfo;
use corosensei::stack::{Stack, StackPointer};
use corosensei::{Coroutine, CoroutineResult, Yielder};

/// Bytes of the stack below the base that a loop is given.
const STACK_SIZE: usize = 4 * 4096;

/// Says where a round begins, as `ROUND` of `guest/bench/switches/round.h` does.
macro_rules! round {
    ($name:literal) => {
        asm!(
            "2:",
            concat!(".pushsection rounds_", $name, ", \"a\""),
            ".quad 2b",
            ".popsection",
            options(nostack, preserves_flags)
        )
    };
}

struct GivenStack(StackPointer);

unsafe impl Stack for GivenStack {
    fn base(&self) -> StackPointer {
        self.0
    }

    fn limit(&self) -> StackPointer {
        StackPointer::new(self.0.get() - STACK_SIZE).unwrap()
    }
}

fn stack_at(base: usize) -> GivenStack {
    GivenStack(StackPointer::new(base).unwrap())
}

fn value(result: CoroutineResult<usize, usize>) -> usize {
    match result {
        CoroutineResult::Yield(value) | CoroutineResult::Return(value) => value,
    }
}

/// Resumes a coroutine that yields at once, for ever.
#[no_mangle]
pub unsafe extern "C" fn corosensei_pair(base: usize) {
    let mut coroutine = Coroutine::with_stack(
        stack_at(base),
        |yielder: &Yielder<usize, usize>, mut input: usize| -> usize {
            loop {
                input = yielder.suspend(input);
            }
        },
    );
    let mut number = 0;
    loop {
        round!("corosensei_pair");
        number = value(coroutine.resume(number));
    }
}

/// Makes a coroutine that returns at once, resumes it and drops it, for ever.
#[no_mangle]
pub unsafe extern "C" fn corosensei_spawn(base: usize) {
    let mut number = 0;
    loop {
        round!("corosensei_spawn");
        let mut coroutine = Coroutine::with_stack(
            stack_at(base),
            |_: &Yielder<usize, usize>, input: usize| -> usize { input },
        );
        number = value(coroutine.resume(number));
        drop(coroutine);
    }
}

#[panic_handler]
fn panic(_: &PanicInfo) -> ! {
    loop {}
}
