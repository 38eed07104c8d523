import { peetName } from "./peet-name.js";

/** What a file of an archive is for. */
export type Kind = "tilt" | "rec" | "model" | "peet" | "aux" | "sidecar" | "trash";

/** What its name says, and that it is empty. What its first bytes say comes on top: a sidecar may have any name. */
export function kindOf(name: string, size: number): Kind {
  if (isSidecarName(name)) return "sidecar";
  if (isTrashName(name) || size === 0) return "trash";
  const ext = extensionOf(name);
  if (ext === ".mod") return "model";
  if (peetName(name)) return "peet";
  if (ext === ".mrc" || ext === ".st") return "tilt";
  return ext === ".rec" ? "rec" : "aux";
}

/** macOS keeps what a foreign disk cannot hold of `X` in `._X`. */
export function isSidecarName(name: string): boolean {
  return name.startsWith("._");
}

export function isBackupName(name: string): boolean {
  return name.endsWith("~") || /\.(?:bak|orig)$/i.test(name) || /^#.*#$/.test(name);
}

const TRASH = new Set([".ds_store", "thumbs.db", "desktop.ini", ".localized"]);

export function isDesktopName(name: string): boolean {
  return TRASH.has(name.toLowerCase());
}

function isTrashName(name: string): boolean {
  return isBackupName(name) || isDesktopName(name);
}

/** With its dot, lower case: `.mod`. A name that begins with its only dot has none. */
export function extensionOf(name: string): string {
  const dot = name.lastIndexOf(".");
  return dot <= 0 ? "" : name.slice(dot).toLowerCase();
}
