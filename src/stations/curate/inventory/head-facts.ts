import type { ErrorCode } from "../../../core/errors.js";

/** Facts from the first bytes of a file; for a model, from its chunks. */
export type HeadFacts = MrcFacts | ModFacts | AppleFacts | DamagedFacts | UnreadFacts;

export interface MrcFacts {
  readonly format: "mrc";
  /** Sections, rows, columns. */
  readonly shape: readonly [number, number, number];
  readonly mode: number;
  /** `[z, y, x]`, Å; null where the header does not say. */
  readonly voxel: readonly [number | null, number | null, number | null];
  /** The file ends before its last section. */
  readonly short?: true | undefined;
}

export interface ModFacts {
  readonly format: "mod";
  /** Size of the volume that it was drawn on: x, y, z. */
  readonly max: readonly [number, number, number];
  /** Å; null where the units are pixels. */
  readonly pixelAngstrom: number | null;
  readonly flags: number;
  readonly objects: number;
  readonly contours: number;
  readonly points: number;
  readonly slicerAngles: number;
}

/** A sidecar of macOS, whatever it is called. */
export interface AppleFacts {
  readonly format: "appledouble" | "applesingle";
}

/** The file is not what its name says, or ends too early. */
interface DamagedFacts {
  readonly format: "damaged";
  readonly code: ErrorCode;
  readonly message: string;
}

/** It could not be read. The next scan tries again. */
interface UnreadFacts {
  readonly format: "unread";
  readonly errno: string;
}

/** AppleSingle and AppleDouble, RFC 1740: the magic number, then version 1 or 2 and 16 bytes of filler. */
export function appleFormat(head: Uint8Array): AppleFacts["format"] | undefined {
  if (head.length < 8 || head[0] !== 0 || head[1] !== 5 || head[2] !== 0x16) return undefined;
  const version = head[4] === 0 && (head[5] === 1 || head[5] === 2) && head[6] === 0 && head[7] === 0;
  if (!version) return undefined;
  return head[3] === 7 ? "appledouble" : head[3] === 0 ? "applesingle" : undefined;
}
