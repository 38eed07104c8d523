import { EmporiumError } from "../../core/errors.js";

/** Place of a version: in each part of the attributes, or once for all below `ome` (0.5 and later). */
export type OmePlace = "loose" | "wrapped";

export interface OmeVersion {
  /** 1 to 6, for 0.1 to 0.6. */
  minor: number;
  /** Warning for a draft, which is read as the version that it is a draft of; undefined for a released version. */
  warning: string | undefined;
}

/** Words after a version: `-dev`, `.dev4`, `rc1`, `-dev-spatialdata`. */
const WRAPPED = /^0\.([56])([.-]?(?:dev|rc)\S{0,20})?$/;
/** Up to 0.4 writers append whatever they like. */
const LOOSE = /^0\.([1-4])(?![\d.])(.{1,40})?$/;

/**
 * The one rule for versions of OME-Zarr, for readers and validators: versions 0.1 to 0.6 are read, drafts of them with a warning,
 * others refused.
 *
 * @returns undefined for a version that is not read.
 */
export function omeVersion(version: string, place: OmePlace): OmeVersion | undefined {
  const match = (place === "wrapped" ? WRAPPED : LOOSE).exec(version);
  if (!match) return undefined;
  const release = `0.${match[1]}`;
  const warning = match[2] === undefined ? undefined : `OME-Zarr ${version} is a draft, it is read as ${release}`;
  return { minor: Number(match[1]), warning };
}

export function otherVersion(version: string, name: string, path: string): EmporiumError {
  return new EmporiumError("FORMAT_UNSUPPORTED", `${name}: OME-Zarr ${version} is not read; expected 0.1 to 0.6`, {
    place: { file: name, path },
    hint: path.startsWith("ome") ? "below ome it is 0.5 or 0.6" : "from 0.5 on metadata are below ome",
  });
}
