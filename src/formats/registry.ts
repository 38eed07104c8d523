import type { BlockSource } from "../core/blocks.js";
import type { RandomAccess } from "../core/bytes.js";
import type { VolumeFormat } from "../model/volume-formats.js";
import { detectDm } from "./dm/tags.js";
import type { FlatOptions, FlatVolume } from "./flat.js";
import { detectMrc } from "./mrc/detect.js";
import { detectNifti } from "./nifti/header.js";
import { detectNrrd } from "./nrrd/header.js";
import type { PeekFacts } from "./peek/facts.js";
import { mrcFacts, peekMrc } from "./peek/mrc.js";
import type { PeekBudget } from "./peek/tiff.js";
import type { ReadKey } from "./peek/zarr.js";
import { detectTiff } from "./tiff/header.js";

/** A format that is a file, known by its first bytes. */
export interface FileFormat {
  readonly id: "tiff" | "mrc" | "dm" | "nrrd" | "nifti";
  /** As messages call it. */
  readonly title: string;
  /** Ends of names that mean it, without the dot: text of a regular expression in which case does not matter. */
  readonly extensions: string;
  /** The file carries the format's own mark. @param head its first 64 KiB, or all of it */
  detect(head: Uint8Array): boolean;
  /** For files of before the mark: they can be one. Asked when no format has detected its own. */
  guess?(head: Uint8Array): boolean;
  /** Blocks of 64 KiB that each further request takes. Default: one. */
  readonly ahead?: readonly number[] | undefined;
  /** The facts of each image, at least of one. */
  peek(source: BlockSource, budget: PeekBudget): Promise<PeekFacts[]>;
  /** The facts by the first bytes alone: of a file that is compressed. */
  factsOfHead?(head: Uint8Array, name: string): PeekFacts | Promise<PeekFacts>;
  /** Where its voxels lie, of a format that stores them plainly: all that blocks, planes and conversions need of it. */
  flat?(file: RandomAccess, options?: FlatOptions): Promise<FlatVolume>;
  /** Its voxels may be compressed by themselves, all of them in one stream. */
  readonly mayHavePayload?: true;
  /** The same by the first bytes alone: of a file that is compressed as a whole. */
  flatOfHead?(head: Uint8Array, name: string, options?: FlatOptions): Promise<FlatVolume>;
}

/** In the order in which they are asked whether a file is theirs. */
export const FILE_FORMATS: readonly FileFormat[] = [
  {
    id: "tiff",
    title: "TIFF",
    extensions: "tiff?|btf|tf[28]",
    detect: (head) => detectTiff(head) !== undefined,
    peek: async (source, budget) => [await (await import("./peek/tiff.js")).peekTiff(source, budget)],
  },
  {
    id: "mrc",
    title: "MRC",
    extensions: "mrcs?|rec|st|ali|preali|map|ccp4",
    detect: (head) => detectMrc(head) === "certain",
    guess: (head) => detectMrc(head) === "plausible",
    peek: async (source) => [await peekMrc(source)],
    factsOfHead: (head, name) => mrcFacts(head, name, undefined),
    flat: async (file, options) => (await import("./mrc/flat.js")).mrcVolume(file, options),
    flatOfHead: async (head, name, options) => (await import("./mrc/flat.js")).mrcVolumeOfHead(head, name, options),
  },
  {
    id: "dm",
    title: "DM3, DM4",
    extensions: "dm[34]",
    detect: (head) => detectDm(head) !== undefined,
    // tags lie before, between and behind the images, thumbnail and all, and are some hundred kilobytes
    ahead: [1, 4, 8],
    peek: async (source, { signal }) => (await import("./peek/dm.js")).peekDm(source, signal),
    flat: async (file, options) => (await import("./dm/flat.js")).dmVolume(file, options),
  },
  {
    id: "nrrd",
    title: "NRRD",
    extensions: "nrrd",
    detect: detectNrrd,
    mayHavePayload: true,
    peek: async (source, { signal }) => [await (await import("./nrrd/peek.js")).peekNrrd(source, signal)],
    factsOfHead: async (head, name) => (await import("./nrrd/peek.js")).nrrdFacts(head, name),
    flat: async (file, options) => (await import("./nrrd/flat.js")).nrrdVolume(file, options),
    flatOfHead: async (head, name) => (await import("./nrrd/flat.js")).nrrdVolumeOfHead(head, name),
  },
  {
    id: "nifti",
    title: "NIfTI",
    extensions: "nii",
    detect: detectNifti,
    peek: async (source, { signal }) => [await (await import("./nifti/peek.js")).peekNifti(source, signal)],
    factsOfHead: async (head, name) => (await import("./nifti/peek.js")).niftiFacts(head, name),
    flat: async (file, options) => (await import("./nifti/flat.js")).niftiVolume(file, options),
    flatOfHead: async (head, name) => (await import("./nifti/flat.js")).niftiVolumeOfHead(head, name),
  },
];

/** The format of a file by its first 64 KiB: one that finds its mark, or else one that the bytes can be. */
export function fileFormatOf(head: Uint8Array): FileFormat | undefined {
  return FILE_FORMATS.find(({ detect }) => detect(head)) ?? FILE_FORMATS.find(({ guess }) => guess?.(head));
}

/** The format that a name means. */
export function formatNamed(name: string): FileFormat | undefined {
  return FILE_FORMATS.find(({ extensions }) => new RegExp(`\\.(?:${extensions})$`, "i").test(name));
}

/** Ends of names of all of them: text of a regular expression. */
export const FILE_EXTENSIONS = FILE_FORMATS.map(({ extensions }) => extensions).join("|");

/** What a folder is, as far as the documents of one format tell; undefined where there are none. */
export type PeekFolderFormat = (read: ReadKey, name: string) => Promise<PeekFacts | undefined>;

/** Readers are loaded when a file or folder is theirs: most programs meet one or two of them. */
const zarr = () => import("./peek/zarr.js");

/** Formats that are folders. Their names and documents are in `model/volume-formats.ts`. */
export const FOLDER_FORMATS: Readonly<Record<VolumeFormat, PeekFolderFormat>> = {
  zarr: async (read, name) => (await zarr()).peekZarr(read, { name }),
  zarr2: async (read, name) => (await zarr()).peekZarr(read, { name, versions: [2] }),
  zarr3: async (read, name) => (await zarr()).peekZarr(read, { name, versions: [3] }),
  n5: async (read, name) => (await import("./peek/n5.js")).peekN5(read, name),
  precomputed: async (read, name) => (await import("./peek/precomputed.js")).peekPrecomputed(read, name),
};
