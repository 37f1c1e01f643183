/**
 * Paths of files as Linux has them.
 *
 * @module
 */

/** The folder a path is in, without a slash at its end; "" is the root, "." no folder. */
export function folderOf(path: string): string {
  const end = path.lastIndexOf("/");
  return end < 0 ? "." : path.slice(0, end);
}

/** The path without its folders. */
export function baseName(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

/** A path that is relative to a folder, unless it is absolute. */
export function joinPath(folder: string, path: string): string {
  if (path.startsWith("/")) return path;
  return folder.endsWith("/") ? folder + path : `${folder}/${path}`;
}

/** Where an absolute path is under another root. */
export function underRoot(root: string, path: string): string {
  const trimmed = root.replace(/\/+$/, "");
  return path.startsWith("/") ? trimmed + path : `${trimmed}/${path}`;
}
