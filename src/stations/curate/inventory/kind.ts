import { peetName } from "../../../formats/points/peet-name.js";

/** The purpose of a file of an archive. */
export type Kind = "tilt" | "rec" | "model" | "peet" | "aux" | "sidecar" | "trash";

/** The kinds of volumes, which are MRC files, by the end of their names. */
export const VOLUME_KINDS: ReadonlyMap<string, Kind> = new Map([
  [".mrc", "tilt"],
  [".st", "tilt"],
  [".rec", "rec"],
]);

/** By name and size. The first bytes may tell more: a sidecar may have any name. */
export function kindOf(name: string, size: number): Kind {
  if (isSidecarName(name)) return "sidecar";
  if (isTrashName(name) || size === 0) return "trash";
  const ext = extensionOf(name);
  if (ext === ".mod") return "model";
  if (peetName(name)) return "peet";
  return VOLUME_KINDS.get(ext) ?? "aux";
}

/** On disks of other systems macOS stores the metadata of `X` in `._X`. */
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
