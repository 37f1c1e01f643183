//! The chain of calls of `guest/unwind/main.cc` in Rust: five frames with a value to drop in each, ended by a panic, caught or not.
//!
//!     unwind-rust CAUSE [CATCHER]
//!
//! CAUSE is `panic`, `index` (a bounds check of the compiler's own), `fault` or `none`; CATCHER is the level, 1 to 5, that catches.
#![no_std]
#![no_main]
#![feature(core_intrinsics, lang_items)]
// What a panic calls, and what catches one, are the library's own affair; there is no library here.
#![allow(internal_features)]

use core::fmt::Write;
use core::panic::PanicInfo;

// Exceptions pass through both, and out of main.
extern "C-unwind" {
    fn system_call(number: u64, a: u64, b: u64, c: u64) -> i64;
    fn fault_at(nowhere: *const u8);
}

const SYS_PRINT: u64 = 2;
const SYS_UNWIND_RAISE: u64 = 32;
const SYS_UNWIND_RELEASE: u64 = 34;
const RAISE_PANIC: u64 = 1;

/// Class of the exceptions raised here: "TRAPRUST".
const RUST_CLASS: u64 = 0x5452_4150_5255_5354;

/// The exception object every language has in common.
#[repr(C)]
struct Exception {
    class: u64,
    cleanup: u64,
    private: [u64; 2],
}

/// What the kernel is told of a panic: see `guest/runtime/system.h`.
#[repr(C)]
struct PanicInformation {
    message: *const u8,
    message_length: u64,
    file: *const u8,
    file_length: u64,
    line: u64,
    frames_to_skip: u64,
}

static mut EXCEPTION: Exception = Exception { class: RUST_CLASS, cleanup: 0, private: [0; 2] };

fn put(text: &str) {
    unsafe { system_call(SYS_PRINT, text.as_ptr() as u64, text.len() as u64, 0) };
}

struct Console;

impl Write for Console {
    fn write_str(&mut self, text: &str) -> core::fmt::Result {
        put(text);
        Ok(())
    }
}

/// Text of a panic's message.
struct Message {
    bytes: [u8; 128],
    length: usize,
}

impl Write for Message {
    fn write_str(&mut self, text: &str) -> core::fmt::Result {
        for &byte in text.as_bytes() {
            if self.length == self.bytes.len() {
                break;
            }
            self.bytes[self.length] = byte;
            self.length += 1;
        }
        Ok(())
    }
}

#[panic_handler]
fn panic(info: &PanicInfo) -> ! {
    let mut message = Message { bytes: [0; 128], length: 0 };
    let _ = write!(message, "{}", info);
    let (file, line) = info.location().map_or(("", 0), |place| (place.file(), place.line()));
    let information = PanicInformation {
        message: message.bytes.as_ptr(),
        message_length: message.length as u64,
        file: file.as_ptr(),
        file_length: file.len() as u64,
        line: line as u64,
        frames_to_skip: 2, // system_call and this function
    };
    unsafe {
        let object = core::ptr::addr_of!(EXCEPTION) as u64;
        system_call(SYS_UNWIND_RAISE, object, RAISE_PANIC, core::ptr::addr_of!(information) as u64);
    }
    loop {}
}

#[lang = "eh_personality"]
extern "C" fn rust_eh_personality() {}

static mut ALIVE: i64 = 0;
static mut CAUSE: &str = "none";
static mut CATCHER: u8 = 0;

fn cause() -> &'static str {
    unsafe { CAUSE }
}

/// What must be dropped exactly once.
struct Guard(&'static str);

impl Guard {
    fn new(name: &'static str) -> Guard {
        unsafe { ALIVE += 1 };
        Guard(name)
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        unsafe { ALIVE -= 1 };
        put("drop ");
        put(self.0);
        put("\n");
    }
}

#[no_mangle]
#[inline(never)]
fn trouble() -> i64 {
    let _guard = Guard::new("trouble");
    match cause() {
        "panic" => panic!("out of luck"),
        "index" => {
            let numbers = [1i64, 2, 3];
            numbers[core::hint::black_box(cause().len())]
        }
        "fault" => {
            unsafe { fault_at(0x10 as *const u8) };
            0
        }
        _ => 7,
    }
}

/// A call that may be caught: what it returns, or nothing if it panicked.
struct Attempt {
    call: fn() -> i64,
    result: Option<i64>,
}

fn try_call(data: *mut u8) {
    let attempt = unsafe { &mut *(data as *mut Attempt) };
    attempt.result = Some((attempt.call)());
}

fn caught(_data: *mut u8, object: *mut u8) {
    unsafe { system_call(SYS_UNWIND_RELEASE, object as u64, 0, 0) };
}

fn level(number: u8, name: &'static str, next: fn() -> i64) -> i64 {
    let _guard = Guard::new(name);
    if unsafe { CATCHER } != number {
        return next() + 1;
    }
    let mut attempt = Attempt { call: next, result: None };
    let data = &mut attempt as *mut Attempt as *mut u8;
    unsafe { core::intrinsics::catch_unwind(try_call, data, caught) };
    match attempt.result {
        Some(result) => result + 1,
        None => {
            put("caught at ");
            put(name);
            put("\n");
            100 * number as i64
        }
    }
}

macro_rules! levels {
    ($($name:ident $number:literal $next:ident),*) => {
        $(
            #[no_mangle]
            #[inline(never)]
            fn $name() -> i64 {
                level($number, stringify!($name), $next)
            }
        )*
    };
}

levels!(level5 5 trouble, level4 4 level5, level3 3 level4, level2 2 level3, level1 1 level2);

/// A null-terminated argument as text.
unsafe fn text_at(start: *const u8) -> &'static str {
    let mut length = 0;
    while *start.add(length) != 0 {
        length += 1;
    }
    core::str::from_utf8_unchecked(core::slice::from_raw_parts(start, length))
}

#[no_mangle]
extern "C-unwind" fn main(argc: i64, argv: *const *const u8) -> i32 {
    unsafe {
        if argc > 1 {
            CAUSE = text_at(*argv.add(1));
        }
        if argc > 2 {
            CATCHER = *(*argv.add(2)) - b'0';
        }
    }
    let result = level1();
    let alive = unsafe { ALIVE };
    let _ = writeln!(Console, "result {result}, objects alive {alive}");
    0
}
