import { assertEquals, assertStrictEquals } from "@std/assert";
import { demangle, demangleType } from "./mod.ts";

const FUNCTIONS: Readonly<Record<string, readonly [whole: string, bare: string]>> = {
  _Z4sortPii: ["sort(int*, int)", "sort"],
  _ZN4heap5StackIiLj8EE4pushERKi: [
    "heap::Stack<int, 8u>::push(int const&)",
    "heap::Stack<int, 8u>::push",
  ],
  _ZNK4heap5Stack4sizeEv: ["heap::Stack::size() const", "heap::Stack::size"],
  _ZNKR4heap5Stack4sizeEv: ["heap::Stack::size() const &", "heap::Stack::size"],
  _Z5applyIiEvPFvT_ES0_: ["void apply<int>(void (*)(int), int)", "apply<int>"],
  _Z4pickIiEPFivET_: ["int (*pick<int>(int))()", "pick<int>"],
  _Z4gridRA3_KA4_i: ["grid(int const (&) [3][4])", "grid"],
  _Z4callM5ShapeKFdvE: ["call(double (Shape::*)() const)", "call"],
  _ZN5ShapeC2ERKS_: ["Shape::Shape(Shape const&)", "Shape::Shape"],
  _ZN3BoxIcED0Ev: ["Box<char>::~Box()", "Box<char>::~Box"],
  _ZNSsC1Ev: [
    "std::basic_string<char, std::char_traits<char>, std::allocator<char> >::basic_string()",
    "std::basic_string<char, std::char_traits<char>, std::allocator<char> >::basic_string",
  ],
  _ZStlsRSoi: ["std::operator<<(std::ostream&, int)", "std::operator<<"],
  _ZN3BoxlsIiEEvT_: ["void Box::operator<< <int>(int)", "Box::operator<< <int>"],
  _ZN3BoxcvT_IiEEv: ["Box::operator int<int>()", "Box::operator int<int>"],
  _Zli3_kmd: ['operator"" _km(double)', 'operator"" _km'],
  _ZZN4main3runEiENKUlT_E_clIcEEDaS0_: [
    "auto main::run(int)::{lambda(auto:1)#1}::operator()<char>(char) const",
    "main::run(int)::{lambda(auto:1)#1}::operator()<char>",
  ],
  _ZZ3addiE3sum_0: ["add(int)::sum", "add(int)::sum"],
  _ZN12_GLOBAL__N_14helpEv: ["(anonymous namespace)::help()", "(anonymous namespace)::help"],
  _Z3allIJicEEvDpOT_: ["void all<int, char>(int&&, char&&)", "all<int, char>"],
  _Z3allIRiEvOT_: ["void all<int&>(int&)", "all<int&>"],
  _Z4sizeIJicEE3BoxIXsZT_EEv: ["Box<2> size<int, char>()", "size<int, char>"],
  _Z3addIidEDTplfp_fp0_ET_T0_: [
    "decltype ({parm#1}+{parm#2}) add<int, double>(int, double)",
    "add<int, double>",
  ],
  _Z1fILi1EEv3BoxIXgtT_Li2EEE: ["void f<1>(Box<((1)>(2))>)", "f<1>"],
  _ZN4main4nameB5cxx11Ev: ["main::name[abi:cxx11]()", "main::name[abi:cxx11]"],
  "_Z4workv.part.0.isra.1": ["work() [clone .part.0] [clone .isra.1]", "work"],
  "_Z4workv.cold": ["work() [clone .cold]", "work"],
  _ZThn16_N3Box4openEv: ["non-virtual thunk to Box::open()", "non-virtual thunk to Box::open()"],
  _ZTV3Box: ["vtable for Box", "vtable for Box"],
  _ZGVZ3runvE4once: ["guard variable for run()::once", "guard variable for run()::once"],
  _ZTCN1AE16_1B: ["construction vtable for B-in-A", "construction vtable for B-in-A"],
  _ZW5Shape4areav: ["area@Shape()", "area@Shape"],
};

Deno.test("demangle, C++ functions with and without their parameters", () => {
  for (const [name, [whole, bare]] of Object.entries(FUNCTIONS)) {
    assertEquals(demangle(name), whole);
    assertEquals(demangle(name, { parameters: false }), bare);
  }
});

Deno.test("demangle, leaves out a return type alone", () => {
  assertEquals(demangle("_Z4pickIiEPFivET_", { returnType: false }), "pick<int>(int)");
  assertEquals(
    demangle("_Z5applyIiEvPFvT_ES0_", { returnType: false }),
    "apply<int>(void (*)(int), int)",
  );
});

Deno.test("demangle, Rust's older names lose their hash, and what is behind it", () => {
  const names = {
    _ZN5hello4main17h0123456789abcdefE: "hello::main",
    "_ZN45_$LT$demo..Queue$LT$T$GT$$u20$as$u20$Drop$GT$4drop17hfedcba9876543210E.llvm.7":
      "<demo::Queue<T> as Drop>::drop",
    "_ZN4demo28_$u7b$$u7b$closure$u7d$$u7d$17h0123456789abcdefE": "demo::{{closure}}",
    // Not a hash: it has few different digits.
    _ZN5hello4main17h0000000000000000E: "hello::main::h0000000000000000",
    _ZN5hello4main16h123456789abcdefE: "hello::main::h123456789abcdef",
    // Not an escape, though every object has a property of that name.
    _ZN13$constructor$17h0123456789abcdefE: "$constructor$",
  };
  for (const [name, text] of Object.entries(names)) assertEquals(demangle(name), text);
});

Deno.test("demangle, Rust's names of version 0", () => {
  const names = {
    _RNvC5hello4main: "hello::main",
    _RNvMs_NtC4demo5queueINtB4_5QueuemE4push: "<demo::queue::Queue<u32>>::push",
    _RNvXs_C4demoNtB4_3BoxNtNtC4core3fmt5Debug3fmt: "<demo::Box as core::fmt::Debug>::fmt",
    _RINvC4demo4pickReAhj4_TlcEEB2_: "demo::pick::<&str, [u8; 4], (i32, char)>",
    _RNCNvC4demo3runs_0: "demo::run::{closure#1}",
    _RINvC4demo4callFUKCQjEuE: 'demo::call::<unsafe extern "C" fn(&mut usize)>',
    _RINvC4demo4makeDNtB2_3RunEL_E: "demo::make::<dyn demo::Run>",
    _RINvC4demo4makeDNvB2_2Fnp6OutputlEL_E: "demo::make::<dyn demo::Fn<Output = i32>>",
    _RINvC4demo3numKanb_KcK_E: undefined,
    _RINvC4demo3numKanb_Kc41_Kb1_KpE: "demo::num::<-11, 'A', true, _>",
    _RNvC4demou7caf_dma: "demo::café",
    "_RNvC4demo3run.llvm.A5310EB9": "demo::run",
    _RINvC4demo3forFG_RL0_hEuE: "demo::for::<for<'a> fn(&'a u8)>",
  };
  for (const [name, text] of Object.entries(names)) assertEquals(demangle(name), text);
});

Deno.test("demangle, what is not mangled", () => {
  for (
    const name of [
      "",
      "main",
      "_",
      "_Z",
      "_Zx",
      "_ZN",
      "_ZN1a",
      "_Z1fv@",
      "_R",
      "_RNv",
      "_RC1a1b",
      "_ZN1AE_",
    ]
  ) assertStrictEquals(demangle(name), undefined);
});

Deno.test("demangleType, names types as type_info has them", () => {
  assertEquals(demangleType("PKc"), "char const*");
  assertEquals(demangleType("St9bad_alloc"), "std::bad_alloc");
  assertEquals(demangleType("FviE"), "void (int)");
  assertStrictEquals(demangleType("PKcx"), undefined);
});

/** Names that would be read or printed for ever, or down to the end of the host's stack. */
const HOSTILE: Readonly<Record<string, string>> = {
  pointers: `_Z1f${"P".repeat(120_000)}i`,
  scopes: `_ZN${"1a".repeat(50_000)}E`,
  tags: `_Z1f${"B1a".repeat(30_000)}v`,
  packs: `_Z1fI${"J".repeat(50_000)}`,
  expressions: `_Z1fIX${"pl".repeat(60_000)}`,
  "conversions that are tried twice": `_ZN1A${"cvT_IN1A".repeat(40)}i${"E".repeat(100)}`,
  "a chain of references": `_Z1f1aPS_${
    Array.from({ length: 3000 }, (_, i) => `PS${i.toString(36).toUpperCase()}_`).join("")
  }`,
  "a tree that doubles": `_Z1fSt4pairIiiE${
    Array.from({ length: 60 }, (_, i) => {
      const last = `S${i.toString(36).toUpperCase()}_`;
      return `S_I${last}${last}E`;
    }).join("")
  }`,
  "paths of Rust": `_R${"Nv".repeat(50_000)}C1a1b`,
  "types of Rust": `_RIC1a${"R".repeat(100_000)}iE`,
  "lifetimes of Rust": `_RIC1aFG${"z".repeat(8)}_EuE`,
  length: `_Z${"9".repeat(40)}a`,
};

Deno.test("demangle, gives up on names that would never end", () => {
  const before = performance.now();
  for (const name of Object.values(HOSTILE)) assertStrictEquals(demangle(name), undefined);
  assertEquals(performance.now() - before < 5000, true);
});

Deno.test("demangle, any part of a name and any damage gives a text or nothing", () => {
  const names = [...Object.keys(FUNCTIONS), "_RINvC4demo4pickReAhj4_TlcEEB2_"];
  for (const name of names) {
    for (let end = 0; end < name.length; end++) {
      for (const damaged of [name.slice(0, end), `${name.slice(0, end)}S_${name.slice(end + 1)}`]) {
        const text = demangle(damaged);
        assertEquals(text === undefined || text.length > 0, true, damaged);
      }
    }
  }
});
