/**
 * Call frame instructions: DWARF 5 section 6.4.2 and table 7.29, and the vendor ones that real
 * tables hold (GNU, LLVM, AArch64: DWARF for the Arm 64-bit Architecture, section 4.1).
 *
 * @module
 */

/** Opcodes. The first three take six bits of operand and are given here with those bits zero. */
export const DW_CFA = {
  advanceLoc: 0x40,
  offset: 0x80,
  restore: 0xc0,
  nop: 0x00,
  setLoc: 0x01,
  advanceLoc1: 0x02,
  advanceLoc2: 0x03,
  advanceLoc4: 0x04,
  offsetExtended: 0x05,
  restoreExtended: 0x06,
  undefined: 0x07,
  sameValue: 0x08,
  register: 0x09,
  rememberState: 0x0a,
  restoreState: 0x0b,
  defCfa: 0x0c,
  defCfaRegister: 0x0d,
  defCfaOffset: 0x0e,
  defCfaExpression: 0x0f,
  expression: 0x10,
  offsetExtendedSf: 0x11,
  defCfaSf: 0x12,
  defCfaOffsetSf: 0x13,
  valOffset: 0x14,
  valOffsetSf: 0x15,
  valExpression: 0x16,
  mipsAdvanceLoc8: 0x1d,
  aarch64NegateRaStateWithPc: 0x2c,
  aarch64NegateRaState: 0x2d,
  gnuArgsSize: 0x2e,
  gnuNegativeOffsetExtended: 0x2f,
} as const;

/** Names of the opcodes as the standard writes them, without `DW_CFA_`. */
export const DW_CFA_NAMES: ReadonlyMap<number, string> = new Map<
  number,
  string
>([
  [DW_CFA.advanceLoc, "advance_loc"],
  [DW_CFA.offset, "offset"],
  [DW_CFA.restore, "restore"],
  [DW_CFA.nop, "nop"],
  [DW_CFA.setLoc, "set_loc"],
  [DW_CFA.advanceLoc1, "advance_loc1"],
  [DW_CFA.advanceLoc2, "advance_loc2"],
  [DW_CFA.advanceLoc4, "advance_loc4"],
  [DW_CFA.offsetExtended, "offset_extended"],
  [DW_CFA.restoreExtended, "restore_extended"],
  [DW_CFA.undefined, "undefined"],
  [DW_CFA.sameValue, "same_value"],
  [DW_CFA.register, "register"],
  [DW_CFA.rememberState, "remember_state"],
  [DW_CFA.restoreState, "restore_state"],
  [DW_CFA.defCfa, "def_cfa"],
  [DW_CFA.defCfaRegister, "def_cfa_register"],
  [DW_CFA.defCfaOffset, "def_cfa_offset"],
  [DW_CFA.defCfaExpression, "def_cfa_expression"],
  [DW_CFA.expression, "expression"],
  [DW_CFA.offsetExtendedSf, "offset_extended_sf"],
  [DW_CFA.defCfaSf, "def_cfa_sf"],
  [DW_CFA.defCfaOffsetSf, "def_cfa_offset_sf"],
  [DW_CFA.valOffset, "val_offset"],
  [DW_CFA.valOffsetSf, "val_offset_sf"],
  [DW_CFA.valExpression, "val_expression"],
  [DW_CFA.mipsAdvanceLoc8, "MIPS_advance_loc8"],
  [
    DW_CFA.aarch64NegateRaStateWithPc,
    "AARCH64_negate_ra_state_with_pc",
  ],
  [DW_CFA.aarch64NegateRaState, "AARCH64_negate_ra_state"],
  [DW_CFA.gnuArgsSize, "GNU_args_size"],
  [DW_CFA.gnuNegativeOffsetExtended, "GNU_negative_offset_extended"],
]);
