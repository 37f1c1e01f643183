/**
 * What a measurement was made with.
 *
 * @module
 */
import config from "../../deno.json" with { type: "json" };
import { loadUnicorn } from "../../unicorn/mod.ts";

/** Versions and the machine: host times mean nothing without them. */
export interface Environment {
  /** Deno. */
  readonly deno: string;
  /** V8. */
  readonly v8: string;
  /** libunicorn. */
  readonly libunicorn: string;
  /** This project. */
  readonly trapline: string;
  /** Operating system and architecture of the host. */
  readonly host: string;
  /** Model name of the host's processor; `unknown` where the system does not say. */
  readonly cpu: string;
}

/** Reads the versions; loads libunicorn. */
export function environment(): Environment {
  return {
    deno: Deno.version.deno,
    v8: Deno.version.v8,
    libunicorn: loadUnicorn().version,
    trapline: config.version,
    host: `${Deno.build.os}-${Deno.build.arch}`,
    cpu: cpuModel(readCpuInfo()),
  };
}

function readCpuInfo(): string {
  try {
    return Deno.readTextFileSync("/proc/cpuinfo");
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "";
    throw error;
  }
}

/**
 * The first `model name` of the text of `/proc/cpuinfo`; `unknown` if there is none, as on most
 * AArch64 hosts.
 */
export function cpuModel(cpuinfo: string): string {
  return /^model name\s*:\s*(.*\S)/m.exec(cpuinfo)?.[1] ?? "unknown";
}
