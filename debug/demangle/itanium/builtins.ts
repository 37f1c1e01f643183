/**
 * Built-in types, and abbreviations of the standard library. Itanium C++ ABI, sections 5.1.5.2 and
 * 5.1.10.
 *
 * @module
 */
import { Builtin, type Suffix } from "./parts.ts";

const SHORT: Readonly<Record<string, readonly [name: string, suffix?: Suffix]>> = {
  a: ["signed char"],
  b: ["bool", "bool"],
  c: ["char"],
  d: ["double", "float"],
  e: ["long double", "float"],
  f: ["float", "float"],
  g: ["__float128", "float"],
  h: ["unsigned char"],
  i: ["int", ""],
  j: ["unsigned int", "u"],
  l: ["long", "l"],
  m: ["unsigned long", "ul"],
  n: ["__int128"],
  o: ["unsigned __int128"],
  s: ["short"],
  t: ["unsigned short"],
  v: ["void"],
  w: ["wchar_t"],
  x: ["long long", "ll"],
  y: ["unsigned long long", "ull"],
  z: ["..."],
};

const LONG: Readonly<Record<string, readonly [name: string, suffix?: Suffix]>> = {
  a: ["auto"],
  c: ["decltype(auto)"],
  d: ["decimal64"],
  e: ["decimal128"],
  f: ["decimal32"],
  h: ["half", "float"],
  i: ["char32_t"],
  n: ["decltype(nullptr)"],
  s: ["char16_t"],
  u: ["char8_t"],
};

const typesOf = (rows: typeof SHORT): ReadonlyMap<string, Builtin> =>
  new Map(Object.entries(rows).map(([code, row]) => [code, new Builtin(...row)]));

/** Types of one letter. */
export const BUILTINS: ReadonlyMap<string, Builtin> = typesOf(SHORT);

/** Types of one letter behind `D`. */
export const LONG_BUILTINS: ReadonlyMap<string, Builtin> = typesOf(LONG);

/** An abbreviation of the standard library. */
export interface Abbreviation {
  /** What it is called. */
  readonly short: string;
  /** What it is, if that is more. */
  readonly full: string;
  /** Name of its constructors. */
  readonly base: string;
}

const traits = (name: string) => `std::basic_${name}<char, std::char_traits<char> >`;

/** Abbreviations, by the letter behind `S`. */
export const ABBREVIATIONS: ReadonlyMap<string, Abbreviation> = new Map(
  ([
    ["t", "std", "std", ""],
    ["a", "std::allocator", "std::allocator", "allocator"],
    ["b", "std::basic_string", "std::basic_string", "basic_string"],
    [
      "s",
      "std::string",
      "std::basic_string<char, std::char_traits<char>, std::allocator<char> >",
      "basic_string",
    ],
    ["i", "std::istream", traits("istream"), "basic_istream"],
    ["o", "std::ostream", traits("ostream"), "basic_ostream"],
    ["d", "std::iostream", traits("iostream"), "basic_iostream"],
  ] as const).map(([letter, short, full, base]) => [letter, { short, full, base }]),
);
