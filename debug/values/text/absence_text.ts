/**
 * What is written of values that are not there.
 *
 * @module
 */
import type { Absence } from "../types/absence.ts";

/** What is said of what is not there. */
export function absenceText(absence: Absence): string {
  switch (absence.state) {
    case "optimized-out":
      return "<optimized out>";
    case "synthetic":
      return "<synthetic pointer>";
    case "unavailable":
      return absence.cause === "register" ? "<not saved>" : `<error: ${absence.reason}>`;
    case "error":
      return `<error: ${absence.reason}>`;
  }
}
