// Variables of every kind of type that Rust has, in frames that are all on the stack when it ends.
#![no_std]
#![no_main]
#![allow(dead_code, unused_variables, unused_assignments)]

use core::arch::{asm, global_asm};
use core::hint::black_box;
use core::panic::PanicInfo;

#[panic_handler]
fn panic(_: &PanicInfo) -> ! {
    loop {}
}

// What the library is built with asks for it, though nothing unwinds.
#[no_mangle]
extern "C" fn rust_eh_personality() {}

#[no_mangle]
unsafe extern "C" fn memcpy(to: *mut u8, from: *const u8, size: usize) -> *mut u8 {
    for i in 0..size {
        to.add(i).write_volatile(from.add(i).read());
    }
    to
}

#[no_mangle]
unsafe extern "C" fn memset(to: *mut u8, value: i32, size: usize) -> *mut u8 {
    for i in 0..size {
        to.add(i).write_volatile(value as u8);
    }
    to
}

#[cfg(target_arch = "x86_64")]
global_asm!(
    ".globl _start",
    "_start:",
    ".cfi_startproc",
    ".cfi_undefined rip",
    "and rsp, -16",
    "call run",
    "ud2",
    ".cfi_endproc",
    ".size _start, . - _start"
);
#[cfg(target_arch = "aarch64")]
global_asm!(
    ".globl _start",
    "_start:",
    ".cfi_startproc",
    ".cfi_undefined x30",
    "bl run",
    "brk #1",
    ".cfi_endproc",
    ".size _start, . - _start"
);

mod shapes {
    #[derive(Clone, Copy)]
    pub enum Plain {
        First,
        Second = 20,
        Third,
    }

    #[derive(Clone, Copy)]
    pub enum Shape {
        Nothing,
        Circle(f32),
        Rectangle { width: u16, height: i64 },
        Both(u8, Plain),
    }

    pub enum Niche<'a> {
        Absent,
        Present(&'a u32),
    }

    pub enum Single {
        Only(i32, i8),
    }

    #[repr(u8)]
    #[derive(Clone, Copy)]
    pub enum Wide {
        Low = 1,
        High = 255,
    }

    #[derive(Clone, Copy)]
    pub struct Point {
        pub x: i32,
        pub y: i32,
    }

    pub struct Pair(pub i8, pub u64);
    pub struct Unit;
    pub struct Generic<T, const N: usize> {
        pub items: [T; N],
        pub tail: Option<T>,
    }

    pub union Raw {
        pub number: u32,
        pub real: f32,
    }

    pub trait Area {
        fn area(&self) -> i32;
    }

    impl Area for Point {
        fn area(&self) -> i32 {
            self.x * self.y
        }
    }
}

use shapes::*;

static mut COUNTER: u32 = 7;

#[inline(never)]
fn stop(code: i32, why: &str, at: Point) -> i32 {
    let doubled = code * 2;
    black_box(&doubled);
    black_box(&at);
    black_box(why);
    #[cfg(target_arch = "x86_64")]
    unsafe {
        asm!("ud2")
    };
    #[cfg(target_arch = "aarch64")]
    unsafe {
        asm!("brk #1")
    };
    doubled + at.x
}

#[inline(always)]
fn inlined(depth: i32, point: Point) -> i32 {
    let twice = depth * 2;
    let moved = Point { x: point.x + twice, y: point.y - 1 };
    black_box(&moved);
    stop(twice + moved.x, "inline", moved) + 1
}

impl Point {
    #[inline(never)]
    fn method(&self, factor: i64, other: &mut Point) -> i32 {
        let scaled = self.x as i64 * factor;
        other.x += 1;
        black_box(&scaled);
        let closure = |argument: i32| {
            let local = argument + self.y;
            black_box(&local);
            inlined(local, *self)
        };
        closure(scaled as i32) + other.x
    }
}

#[inline(never)]
fn generic<T: Area, const N: usize>(value: &T, items: [u8; N], object: &dyn Area) -> i32 {
    let holder = Generic::<u16, 3> { items: [1, 2, 3], tail: Some(4) };
    let empty: Option<u16> = None;
    let result: Result<u8, i64> = Err(-9);
    let mut other = Point { x: 100, y: 200 };
    black_box(&holder);
    black_box(&empty);
    black_box(&result);
    black_box(&items);
    let this = Point { x: value.area(), y: object.area() };
    this.method(3, &mut other) + other.x
}

#[inline(never)]
fn enums(shape: Shape, nested: Option<Shape>, number: Option<u64>) -> i32 {
    let circle = Shape::Circle(1.5);
    let rectangle = Shape::Rectangle { width: 3, height: -4 };
    let both = Shape::Both(9, Plain::Third);
    let nothing = Shape::Nothing;
    let target = 77u32;
    let absent = Niche::Absent;
    let present = Niche::Present(&target);
    let single = Single::Only(-5, 6);
    let plain = Plain::Second;
    let wide = Wide::High;
    let maybe: Option<&u32> = Some(&target);
    let never: Option<&u32> = None;
    let flag: Option<bool> = Some(true);
    let letter: Option<char> = Some('\u{e9}');
    black_box(&circle);
    black_box(&rectangle);
    black_box(&both);
    black_box(&nothing);
    black_box(&absent);
    black_box(&present);
    black_box(&single);
    black_box(&plain);
    black_box(&wide);
    black_box(&maybe);
    black_box(&never);
    black_box(&flag);
    black_box(&letter);
    let point = Point { x: 6, y: 7 };
    generic(&point, [10, 20, 30, 40], &point) + target as i32
}

#[inline(never)]
fn scalars(input: u64) -> i32 {
    let yes = true;
    let byte = 250u8;
    let small = -128i8;
    let short = 65535u16;
    let integer = -123456789i32;
    let wide = u64::MAX;
    let huge = -(1i128 << 100);
    let vast = (1u128 << 127) + 3;
    let size = input as usize;
    let real = 3.14159f32;
    let double = -2.718281828459045f64;
    let letter = 'x';
    let face = '\u{1f600}';
    let unit = ();
    let text = "a \"quoted\" text\twith \u{e9}";
    let bytes = b"bytes";
    let tuple = (1u8, -2i16, 'z');
    let nested = ((1i32, 2.5f64), [Point { x: 1, y: 2 }, Point { x: 3, y: 4 }]);
    let array = [1i32, 2, 3, 4, 5];
    let matrix = [[1u8, 2], [3, 4], [5, 6]];
    let slice = &array[1..4];
    let points = &nested.1[..];
    let pair = Pair(-1, 1 << 40);
    let nothing = Unit;
    let raw = Raw { real: 1.0 };
    let pointer = &integer as *const i32;
    let function: fn(u64) -> i32 = scalars;
    let mut mutable = 5;
    let reference = &mut mutable;
    let same = [7u16; 30];
    black_box((&yes, &byte, &small, &short, &integer, &wide, &huge, &vast, &size));
    black_box((&real, &double, &letter, &face, &unit, &text, &bytes, &tuple, &nested));
    black_box((&array, &matrix, &slice, &points, &pair, &nothing, &raw, &pointer));
    black_box((&function, &same));
    black_box(&reference);
    {
        let size = size + 1;
        black_box(&size);
        let shape = Shape::Rectangle { width: byte as u16, height: size as i64 };
        return enums(shape, Some(Shape::Circle(0.5)), Some(input)) + *reference;
    }
}

#[no_mangle]
pub extern "C" fn run() {
    let result = scalars(black_box(11));
    unsafe { COUNTER += result as u32 };
    black_box(result);
}
