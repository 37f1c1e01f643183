/**
 * What the doctor says, for people and for programs: text, JSON, and annotated address maps as
 * text and as drawings.
 *
 * The files, lowest first: `map_layout.ts`, what stands where in a map; `map_text.ts`; `source.ts`,
 * source lines of places; `finding_text.ts`; `report_json.ts`; `svg.ts` and `map_svg.ts`, the
 * drawings.
 *
 * @module
 */
export { findingText, reportText, type ReportTextOptions } from "./finding_text.ts";
export type { MapMark } from "./map_layout.ts";
export { type MapPanel, mapSvg, reportSvg } from "./map_svg.ts";
export { type AddressForm, mapText, type MapTextOptions } from "./map_text.ts";
export { reportJson } from "./report_json.ts";
export { type SourceFinder, sourceOf } from "./source.ts";
