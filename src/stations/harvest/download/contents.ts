import { EmporiumError } from "../../../core/errors.js";
import type { VolumeFamily } from "../../../model/volume-formats.js";
import type { ChunkGrid } from "./chunk-grid.js";

/** A document of the volume by its key, undefined where there is none. */
export type ReadDocument = (key: string) => Promise<Uint8Array | undefined>;

/** The contents of a volume, by its own metadata. */
export interface GroupContents {
  format: VolumeFamily;
  /** Keys of existing metadata documents, of groups before those of their members. */
  documents: string[];
  grids: ChunkGrid[];
  /** Documents that are written with changes: of a group of which one level is taken. */
  rewritten: Map<string, Uint8Array>;
  /** Contents that metadata cannot show. */
  warnings: string[];
}

export interface ContentsOptions {
  /** The name in messages. */
  name: string;
  /** One level of each image: 0 is the finest. Default: all. */
  scale?: number | undefined;
}

/** The most nodes of one volume: groups, arrays, images of a plate. */
export const NODES_MAX = 200_000;

/** The level that was asked for does not exist. */
export function noLevel(name: string, scale: number, levels: number): EmporiumError {
  return new EmporiumError("USAGE", `--scale ${scale}: ${name} has the levels 0 to ${levels - 1}`, {
    hint: "choose one of these levels (0 is the finest); emporium harvest peek shows the volume",
  });
}

/** A path in metadata: below its node, of plain segments. Undefined for any other. */
export function innerPath(text: unknown): string | undefined {
  if (typeof text !== "string" || text.length > 2_000) return undefined;
  const segments = text.split("/").filter((segment) => segment !== "" && segment !== ".");
  return segments.some((segment) => segment === ".." || /[\u0000-\u001f\u007f\\]/.test(segment)) ? undefined : segments.join("/");
}
