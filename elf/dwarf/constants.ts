/**
 * Numbers of DWARF 2 to 5 that line tables and the heads of units use, by the names of the
 * standard (DWARF 5, section 7).
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

/** Attributes read of a unit's first entry (table 7.5). */
export const DW_AT = { name: 0x03, stmtList: 0x10, compDir: 0x1b, strOffsetsBase: 0x72 } as const;

/** Kinds of units (table 7.2). */
export const DW_UT = {
  compile: 1,
  type: 2,
  partial: 3,
  skeleton: 4,
  splitCompile: 5,
  splitType: 6,
} as const;

/** Attribute forms (table 7.6), and GNU's for the file that `dwz` makes. */
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
  gnuRefAlt: 0x1f20,
  gnuStrpAlt: 0x1f21,
} as const;
