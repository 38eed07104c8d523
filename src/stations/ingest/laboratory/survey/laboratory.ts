import type { Triple } from "../../../../core/box.js";
import type { RandomAccess } from "../../../../core/bytes.js";
import type { Peek } from "../../../../formats/peek/peek.js";
import type { FileFormatId } from "../../../../formats/registry.js";
import type { Store } from "../../../../stores/store.js";
import type { UnfollowedLinks } from "../../../../stores/unfollowed-links.js";

/** A file of the folder, or a Zarr folder, which counts as one; with what its first kibibyte says. */
export interface Surveyed {
  /** Below the folder; a Zarr's without a slash at its end. */
  readonly path: string;
  readonly size: number;
  /** By contents: a row of the table of formats, `zarr`, `text` or `empty`; undefined for bytes of no known format. */
  readonly format: FileFormatId | "zarr" | "text" | "empty" | undefined;
  /** Of MRC and OME-Zarr; of other formats ask `peek`. */
  readonly volume?: VolumeFacts | undefined;
  /** As the store has it: equal for a file and a link to it. Other files may have the same. */
  readonly etag?: string | undefined;
  /** It is a link, or lies below one: the file itself is listed elsewhere. */
  readonly isLinked?: true | undefined;
  /** Why it cannot be read, where it cannot. */
  readonly unreadable?: string | undefined;
}

export interface VolumeFacts {
  /** Sections, rows, columns. */
  readonly shape: Triple;
  /** Å along z, y, x; undefined where the header has none. */
  readonly spacingsAngstrom: readonly [z: number | undefined, y: number | undefined, x: number | undefined];
  /**
   * What the header calls it: `stack` where it says that sections are images (ispg 0, mz 1), `volumes` for many volumes (ispg 401), `picture` for a
   * single section, `volume` where it says so (ispg 1), `unclear` otherwise: IMOD writes tilt series and tomograms alike.
   */
  readonly says: "volume" | "stack" | "volumes" | "picture" | "unclear";
  readonly originAngstrom: Triple;
  readonly labels: readonly string[];
  /** Type of its voxels, and the statistics of the header where they were computed. Of MRC. */
  readonly mode?: number | undefined;
  readonly least?: number | undefined;
  readonly most?: number | undefined;
  readonly mean?: number | undefined;
  /** Chunks of the first level, where some are missing. Of OME-Zarr. */
  readonly chunks?: { readonly stored: number; readonly whole: number } | undefined;
  /** Name of the extended header, or what its sizes tell of one without a name: `SERI`, `FEI1`, `AGAR`, … or empty. */
  readonly extended?: string | undefined;
}

/** What is in a folder that nobody prepared. Paths are those of `Surveyed`, with slashes. */
export interface Laboratory {
  readonly store: Store;
  /** In the order of their paths. */
  readonly files: readonly Surveyed[];
  get(path: string): Surveyed | undefined;
  /** The files in this very folder, not those below it. `""` is the top. */
  inFolder(folder: string): readonly Surveyed[];
  /** Every folder that holds a file itself. */
  folders(): string[];
  /** A whole text; undefined where there is no such file, or where it has more than 16 MiB. */
  text(path: string, bytesMax?: number): Promise<string | undefined>;
  open(path: string): Promise<RandomAccess>;
  /** Equal for copies: of size, beginning and end. */
  digest(path: string): Promise<string>;
  /** Facts of an image of any format; undefined for what is none. */
  peek(path: string): Promise<Peek | undefined>;
  readonly links: UnfollowedLinks;
  readonly hidden: readonly string[];
  readonly isComplete: boolean;
}
