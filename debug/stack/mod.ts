/**
 * Pictures of stacks: every frame by its kind of code, every word of it with what it is, and the
 * anchors that lead over native code. {@linkcode stackPicture} makes one of a thread, wherever that
 * is stopped, as plain data; {@linkcode pictureText} writes it, {@linkcode pictureSvg} draws it.
 *
 * The files, lowest first: `picture.ts`, what is shown; `words.ts`, what it is called;
 * `labels.ts`, what frames tell of words; `stack_picture.ts`, the whole; `text.ts`, `json.ts` and
 * `svg.ts`, how it is shown.
 *
 * @module
 */
export { type PictureJson, pictureJson, type Plain } from "./json.ts";
export type * from "./picture.ts";
export { stackPicture } from "./stack_picture.ts";
export { pictureSvg } from "./svg.ts";
export { pictureText } from "./text.ts";
