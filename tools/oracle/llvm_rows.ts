/**
 * Reads the rows of FDEs from what `llvm-dwarfdump --eh-frame` prints, in the words of `readelf`.
 * Used where `readelf` prints nothing.
 *
 * @module
 */
import { outputOf } from "./tool.ts";

/** A row, with the return address called `ra`. */
export interface LlvmRow {
  /** CFA rule. */
  readonly cfa: string;
  /** Rules of registers stored at an offset from the CFA; others keep LLVM's words. */
  readonly regs: Readonly<Record<string, string>>;
}

const RETURN_ADDRESS = new Set(["RIP", "W30"]);

/**
 * First rows of FDEs by the FDE's first address, or undefined if the tool is not installed or
 * cannot read the file.
 */
export function llvmFirstRows(
  file: string,
): Map<string, LlvmRow> | undefined {
  const text = outputOf("llvm-dwarfdump", ["--eh-frame", file]);
  if (text === undefined) return undefined;
  const rows = new Map<string, LlvmRow>();
  let begin = "";
  for (
    const [, fde, row] of text.matchAll(
      /^(?:[0-9a-f]{8} .* FDE .*pc=([0-9a-f]+)\.\.\..*| {2}0x[0-9a-f]+: (CFA=.*))$/gm,
    )
  ) {
    if (fde !== undefined) begin = `0x${fde.replace(/^0+(?=.)/, "")}`;
    else if (row !== undefined && !rows.has(begin)) rows.set(begin, rowOf(row));
  }
  return rows;
}

function rowOf(text: string): LlvmRow {
  const [cfa = "", rules = ""] = text.slice(4).split(": ");
  const regs: Record<string, string> = {};
  for (const rule of rules.split(", ").filter((each) => each !== "")) {
    const [register = "", value = ""] = rule.split("=");
    const name = RETURN_ADDRESS.has(register) ? "ra" : registerName(register);
    regs[name] = value.replace(/^\[CFA([+-]\d+)\]$/, "c$1")
      .replace(/^undefined$/, "u").replace(/^same$/, "s");
  }
  const plain = /^([A-Z0-9]+)([+-]\d+)?$/.exec(cfa);
  return {
    cfa: plain === null ? "exp" : `${registerName(plain[1]!)}${plain[2] ?? "+0"}`,
    regs,
  };
}

/** LLVM's name in the words of `readelf`: `RSP` is `rsp`, `W29` is `x29`, `WSP` is `sp`. */
function registerName(name: string): string {
  return name === "WSP" ? "sp" : name.toLowerCase().replace(/^w(\d+)$/, "x$1");
}
