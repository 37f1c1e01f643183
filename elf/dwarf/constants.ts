/**
 * Numbers of DWARF 2 to 5 by the names of the standard (DWARF 5, section 7); those of tags and
 * attributes are in `tags.ts` and `attributes.ts`.
 *
 * @module
 */

/** Standard opcodes of line number programs (table 7.25). */
export const DW_LNS = {
  copy: 1,
  advancePc: 2,
  advanceLine: 3,
  setFile: 4,
  setColumn: 5,
  negateStmt: 6,
  setBasicBlock: 7,
  constAddPc: 8,
  fixedAdvancePc: 9,
  setPrologueEnd: 10,
  setEpilogueBegin: 11,
  setIsa: 12,
} as const;

/** Extended opcodes of line number programs (table 7.26). */
export const DW_LNE = {
  endSequence: 1,
  setAddress: 2,
  defineFile: 3,
  setDiscriminator: 4,
} as const;

/** Content types of the tables in a line number program's header (table 7.27). */
export const DW_LNCT = { path: 1, directoryIndex: 2 } as const;

/** Kinds of units (table 7.2). */
export const DW_UT = {
  compile: 1,
  type: 2,
  partial: 3,
  skeleton: 4,
  splitCompile: 5,
  splitType: 6,
} as const;

/**
 * Attribute forms (table 7.6), GNU's for split files before DWARF 5 and for the file that `dwz`
 * makes, and LLVM's for an address with an offset.
 */
export const DW_FORM = {
  addr: 0x01,
  block2: 0x03,
  block4: 0x04,
  data2: 0x05,
  data4: 0x06,
  data8: 0x07,
  string: 0x08,
  block: 0x09,
  block1: 0x0a,
  data1: 0x0b,
  flag: 0x0c,
  sdata: 0x0d,
  strp: 0x0e,
  udata: 0x0f,
  refAddr: 0x10,
  ref1: 0x11,
  ref2: 0x12,
  ref4: 0x13,
  ref8: 0x14,
  refUdata: 0x15,
  indirect: 0x16,
  secOffset: 0x17,
  exprloc: 0x18,
  flagPresent: 0x19,
  strx: 0x1a,
  addrx: 0x1b,
  refSup4: 0x1c,
  strpSup: 0x1d,
  data16: 0x1e,
  lineStrp: 0x1f,
  refSig8: 0x20,
  implicitConst: 0x21,
  loclistx: 0x22,
  rnglistx: 0x23,
  refSup8: 0x24,
  strx1: 0x25,
  strx2: 0x26,
  strx3: 0x27,
  strx4: 0x28,
  addrx1: 0x29,
  addrx2: 0x2a,
  addrx3: 0x2b,
  addrx4: 0x2c,
  gnuAddrIndex: 0x1f01,
  gnuStrIndex: 0x1f02,
  gnuRefAlt: 0x1f20,
  gnuStrpAlt: 0x1f21,
  llvmAddrxOffset: 0x2001,
} as const;

/** Kinds of entries of range lists (table 7.30). */
export const DW_RLE = {
  endOfList: 0,
  baseAddressx: 1,
  startxEndx: 2,
  startxLength: 3,
  offsetPair: 4,
  baseAddress: 5,
  startEnd: 6,
  startLength: 7,
} as const;

/** Kinds of entries of location lists (table 7.10), and GNU's pair of views. */
export const DW_LLE = {
  endOfList: 0,
  baseAddressx: 1,
  startxEndx: 2,
  startxLength: 3,
  offsetPair: 4,
  defaultLocation: 5,
  baseAddress: 6,
  startEnd: 7,
  startLength: 8,
  gnuViewPair: 9,
} as const;

/** Attributes of the entries of name indexes (table 7.23). */
export const DW_IDX = {
  compileUnit: 1,
  typeUnit: 2,
  dieOffset: 3,
  parent: 4,
  typeHash: 5,
} as const;

/** How the bytes of a base type are to be read (table 7.11). */
export const DW_ATE = {
  address: 0x01,
  boolean: 0x02,
  complexFloat: 0x03,
  float: 0x04,
  signed: 0x05,
  signedChar: 0x06,
  unsigned: 0x07,
  unsignedChar: 0x08,
  imaginaryFloat: 0x09,
  packedDecimal: 0x0a,
  numericString: 0x0b,
  edited: 0x0c,
  signedFixed: 0x0d,
  unsignedFixed: 0x0e,
  decimalFloat: 0x0f,
  utf: 0x10,
  ucs: 0x11,
  ascii: 0x12,
} as const;

/** Languages (table 7.17, and those that have been given a number since). */
export const DW_LANG = {
  c89: 0x01,
  c: 0x02,
  ada83: 0x03,
  cPlusPlus: 0x04,
  cobol74: 0x05,
  cobol85: 0x06,
  fortran77: 0x07,
  fortran90: 0x08,
  pascal83: 0x09,
  modula2: 0x0a,
  java: 0x0b,
  c99: 0x0c,
  ada95: 0x0d,
  fortran95: 0x0e,
  pli: 0x0f,
  objC: 0x10,
  objCPlusPlus: 0x11,
  upc: 0x12,
  d: 0x13,
  python: 0x14,
  openCl: 0x15,
  go: 0x16,
  modula3: 0x17,
  haskell: 0x18,
  cPlusPlus03: 0x19,
  cPlusPlus11: 0x1a,
  ocaml: 0x1b,
  rust: 0x1c,
  c11: 0x1d,
  swift: 0x1e,
  julia: 0x1f,
  cPlusPlus14: 0x21,
  fortran03: 0x22,
  fortran08: 0x23,
  renderScript: 0x24,
  bliss: 0x25,
  kotlin: 0x26,
  zig: 0x27,
  crystal: 0x28,
  cPlusPlus17: 0x2a,
  cPlusPlus20: 0x2b,
  c17: 0x2c,
  fortran18: 0x2d,
  ada2005: 0x2e,
  ada2012: 0x2f,
  cPlusPlus23: 0x3a,
  c23: 0x3e,
  mipsAssembler: 0x8001,
} as const;

/** The numbers of C. */
export const C_LANGUAGES: readonly number[] = [
  DW_LANG.c89,
  DW_LANG.c,
  DW_LANG.c99,
  DW_LANG.c11,
  DW_LANG.c17,
  DW_LANG.c23,
];

/** The numbers of C++. */
export const CPLUSPLUS_LANGUAGES: readonly number[] = [
  DW_LANG.cPlusPlus,
  DW_LANG.cPlusPlus03,
  DW_LANG.cPlusPlus11,
  DW_LANG.cPlusPlus14,
  DW_LANG.cPlusPlus17,
  DW_LANG.cPlusPlus20,
  DW_LANG.cPlusPlus23,
];

/** Whether a function is, or was to be, inlined (table 7.20). */
export const DW_INL = {
  notInlined: 0,
  inlined: 1,
  declaredNotInlined: 2,
  declaredInlined: 3,
} as const;
