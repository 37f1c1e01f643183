import { walkCases } from "./testing/walk_cases.ts";

walkCases("aarch64");
