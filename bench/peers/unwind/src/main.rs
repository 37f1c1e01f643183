//! Walks a stack that the benchmark wrote to disk with framehop, and prints how long a frame takes.
//!
//! Arguments: description files, each with lines of a key and a value. Output: one JSON line per file. The work is less than
//! that of the library it is compared with: framehop recovers the instruction, stack and frame pointers (and the link
//! register), not every register of a frame.

use std::collections::HashMap;
use std::fs;
use std::ops::Range;
use std::time::Instant;

use framehop::{ExplicitModuleSectionInfo, Module, Unwinder};
use object::{Object, ObjectSection};

/// One stack to be walked.
struct Stack {
    machine: String,
    depth: usize,
    pc: u64,
    sp: u64,
    fp: u64,
    lr: u64,
    start: u64,
    words: Vec<u64>,
}

impl Stack {
    fn read(&self, address: u64) -> Result<u64, ()> {
        let offset = address.wrapping_sub(self.start);
        if offset % 8 != 0 {
            return Err(());
        }
        self.words.get((offset / 8) as usize).copied().ok_or(())
    }
}

fn number(fields: &HashMap<String, String>, key: &str) -> u64 {
    let text = fields.get(key).unwrap_or_else(|| panic!("no {key}"));
    u64::from_str_radix(text.trim_start_matches("0x"), 16).unwrap_or_else(|_| panic!("{key} is {text}"))
}

fn section(file: &object::File, name: &str) -> (Option<Range<u64>>, Option<Vec<u8>>) {
    match file.section_by_name(name) {
        Some(section) => {
            let range = section.address()..section.address() + section.size();
            (Some(range), section.data().ok().map(|data| data.to_vec()))
        }
        None => (None, None),
    }
}

fn module(fields: &HashMap<String, String>) -> Module<Vec<u8>> {
    let bytes = fs::read(&fields["module"]).expect("the module can be read");
    let file = object::File::parse(&*bytes).expect("the module is an ELF file");
    let (text_svma, text) = section(&file, ".text");
    let (eh_frame_svma, eh_frame) = section(&file, ".eh_frame");
    let (eh_frame_hdr_svma, eh_frame_hdr) = section(&file, ".eh_frame_hdr");
    let (got_svma, _) = section(&file, ".got");
    let bias = number(fields, "bias");
    Module::new(
        fields["module"].clone(),
        number(fields, "begin")..number(fields, "end"),
        bias,
        ExplicitModuleSectionInfo {
            base_svma: 0,
            text_svma,
            text,
            got_svma,
            eh_frame_svma,
            eh_frame,
            eh_frame_hdr_svma,
            eh_frame_hdr,
            ..Default::default()
        },
    )
}

/// Median nanoseconds per frame of the walks that `walk` makes; `walk` returns the number of frames it saw.
fn time(depth: usize, mut walk: impl FnMut() -> usize) -> f64 {
    let walks = (20_000 / depth).max(1);
    let mut times: Vec<f64> = (0..31)
        .map(|_| {
            let before = Instant::now();
            let mut frames = 0;
            for _ in 0..walks {
                frames += walk();
            }
            assert_eq!(frames, depth * walks, "every walk sees every frame");
            before.elapsed().as_nanos() as f64 / frames as f64
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

macro_rules! measure {
    ($stack:expr, $module:expr, $unwinder:ty, $cache:ty, $registers:expr) => {{
        let mut unwinder = <$unwinder>::new();
        unwinder.add_module($module);
        let walk = |cache: &mut $cache| {
            let mut read = |address| $stack.read(address);
            let mut frames = unwinder.iter_frames($stack.pc, $registers, cache, &mut read);
            let mut count = 0;
            while let Ok(Some(frame)) = frames.next() {
                std::hint::black_box(frame);
                count += 1;
            }
            count
        };
        let mut warm = <$cache>::new();
        let warm_time = time($stack.depth, || walk(&mut warm));
        let cold_time = time($stack.depth, || walk(&mut <$cache>::new()));
        (warm_time, cold_time)
    }};
}

fn main() {
    for path in std::env::args().skip(1) {
        let text = fs::read_to_string(&path).expect("the description can be read");
        let fields: HashMap<String, String> = text
            .lines()
            .filter_map(|line| line.split_once(' '))
            .map(|(key, value)| (key.to_string(), value.to_string()))
            .collect();
        let bytes = fs::read(&fields["memory"]).expect("the memory can be read");
        let stack = Stack {
            machine: fields["machine"].clone(),
            depth: number(&fields, "depth") as usize,
            pc: number(&fields, "pc"),
            sp: number(&fields, "sp"),
            fp: number(&fields, "fp"),
            lr: number(&fields, "lr"),
            start: number(&fields, "start"),
            words: bytes
                .chunks_exact(8)
                .map(|chunk| u64::from_le_bytes(chunk.try_into().expect("eight bytes")))
                .collect(),
        };
        let (warm, cold) = if stack.machine == "aarch64" {
            use framehop::aarch64::{CacheAarch64, UnwindRegsAarch64, UnwinderAarch64};
            measure!(
                stack,
                module(&fields),
                UnwinderAarch64<Vec<u8>>,
                CacheAarch64<_>,
                UnwindRegsAarch64::new(stack.lr, stack.sp, stack.fp)
            )
        } else {
            use framehop::x86_64::{CacheX86_64, UnwindRegsX86_64, UnwinderX86_64};
            measure!(
                stack,
                module(&fields),
                UnwinderX86_64<Vec<u8>>,
                CacheX86_64<_>,
                UnwindRegsX86_64::new(stack.pc, stack.sp, stack.fp)
            )
        };
        println!(
            "{{\"machine\":\"{}\",\"depth\":{},\"warm\":{warm:.1},\"cold\":{cold:.1}}}",
            stack.machine, stack.depth
        );
    }
}
