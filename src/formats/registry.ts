import type { BlockSource } from "../core/blocks.js";
import type { RandomAccess } from "../core/bytes.js";
import { EmporiumError } from "../core/errors.js";
import { namesFolder, type VolumeFamily, type VolumeFormat } from "../model/volume-formats.js";
import { type Compression, compressionOf, decompressor } from "./compression.js";
import { detectDm } from "./dm/tags.js";
import type { FlatOptions, FlatVolume } from "./flat.js";
import { detectMrc } from "./mrc/detect.js";
import { detectNifti } from "./nifti/header.js";
import { detectNrrd } from "./nrrd/header.js";
import type { PeekFacts } from "./peek/facts.js";
import type { PeekBudget } from "./peek/tiff.js";
import type { ReadKey } from "./peek/zarr.js";
import { detectTiff } from "./tiff/header.js";

/**
 * A format that is a file: all that anybody knows of it. Who reads files asks this table, and names no format. A row without `peek` is recognised,
 * and refused by its name.
 */
export interface FileFormat {
  readonly id: string;
  /** Name in lists of formats: `NRRD`. Default: `called` without its article. */
  readonly title?: string | undefined;
  /** Name of a file of the format in messages: `an NRRD volume`. */
  readonly called: string;
  /** Suffixes of names of the format, without the dot; case does not matter. */
  readonly names?: readonly string[] | undefined;
  /** The format has no mark of its own: the name and the form of the header together identify it. */
  readonly needsName?: true | undefined;
  /** The file carries the format's own mark. @param head its first 64 KiB, or all of it */
  detect(head: Uint8Array): boolean;
  /** True for a file that is older than the mark and may be of the format. Called when no format has detected its own mark. */
  guess?(head: Uint8Array): boolean;
  /** Blocks of 64 KiB that each further request takes. Default: one. */
  readonly ahead?: readonly number[] | undefined;
  /** The facts of each image, at least of one. */
  peek?(source: BlockSource, budget: PeekBudget): Promise<PeekFacts[]>;
  /** The facts by the first bytes alone, for a file that is compressed. */
  factsOfHead?(head: Uint8Array, name: string): Promise<PeekFacts>;
  /** Layout of the voxels, for a format that stores them plainly: all that blocks, planes and conversions need of it. */
  flat?(file: RandomAccess, options?: FlatOptions): Promise<FlatVolume>;
  /** The same by the first bytes alone, for a file that is compressed as a whole. */
  flatOfHead?(head: Uint8Array, name: string, options?: FlatOptions): Promise<FlatVolume>;
  /** Its voxels may be compressed by themselves, all of them in one stream. */
  readonly mayHavePayload?: true | undefined;
  /** Its voxels are pages of a TIFF (`tiff/image.ts`): planes read them. */
  readonly isPaged?: true | undefined;
  /** Volumes lie inside of it by their paths: `FILE#/DATASET`. */
  readonly hasDatasets?: true | undefined;
  /** Advice for places where emporium does not read the format: what does, and what to do. */
  readonly says: string;
}

const text =
  (mark: string, at = 0) =>
  (head: Uint8Array): boolean =>
    [...mark].every((letter, i) => head[at + i] === letter.charCodeAt(0));
const bytes =
  (...mark: number[]) =>
  (head: Uint8Array): boolean =>
    mark.every((byte, i) => head[i] === byte);
const int = (head: Uint8Array, at: number, littleEndian: boolean): number =>
  head.length >= at + 4 ? new DataView(head.buffer, head.byteOffset, head.length).getInt32(at, littleEndian) : 0;
const float = (head: Uint8Array, at: number, littleEndian: boolean): number =>
  head.length >= at + 4 ? new DataView(head.buffer, head.byteOffset, head.length).getFloat32(at, littleEndian) : 0;
const letters = (head: Uint8Array, from: number, to: number): string => String.fromCharCode(...head.subarray(from, to));
const any =
  (...tests: ((head: Uint8Array) => boolean)[]) =>
  (head: Uint8Array): boolean =>
    tests.some((test) => test(head));

const ANALYZE_BYTES = 348;
const SAVE = "save the volume as MRC, TIFF or OME-Zarr";
const isTiff = (head: Uint8Array): boolean => detectTiff(head) !== undefined;
const peekTiff = async (source: BlockSource, budget: PeekBudget) => [
  await (await import("./peek/tiff.js")).peekTiff(source, budget),
];
const npy = text("\x93NUMPY");
/** Python's pickle of an array's head names its fields: a table, not a volume. */
const isTable = (head: Uint8Array): boolean => /'descr':\s*\[/.test(letters(head, 10, 128));

/** A format that is recognised, and refused by its name. */
const known = <const Id extends string>(
  id: Id,
  called: string,
  detect: FileFormat["detect"],
  says: string,
  more: Pick<FileFormat, "names" | "needsName"> = {},
): FileFormat & { readonly id: Id } => ({ id, called, detect, says, ...more });

/**
 * Formats in the order in which a file is tested for them: formats that are read, marks of others, and formats that only names
 * tell from noise.
 */
const ROWS = [
  {
    id: "eer",
    title: "EER",
    called: "an EER movie",
    names: ["eer"],
    needsName: true,
    detect: isTiff,
    peek: peekTiff,
    says: "RELION, MotionCor3 and IMOD read EER: sum the frames there, into MRC or TIFF",
  },
  {
    id: "tiff",
    title: "TIFF",
    called: "a TIFF image",
    names: ["tif", "tiff", "btf", "tf2", "tf8"],
    detect: isTiff,
    peek: peekTiff,
    isPaged: true,
    says: "blocks run converts TIFF stacks",
  },
  {
    id: "mrc",
    title: "MRC",
    called: "an MRC file",
    names: ["mrc", "mrcs", "rec", "st", "ali", "preali", "map", "ccp4"],
    detect: (head: Uint8Array) => detectMrc(head) === "certain",
    guess: (head: Uint8Array) => detectMrc(head) === "plausible",
    peek: async (source) => [await (await import("./peek/mrc.js")).peekMrc(source)],
    factsOfHead: async (head, name) => (await import("./peek/mrc.js")).mrcFacts(head, name, undefined),
    flat: async (file, options) => (await import("./mrc/flat.js")).mrcVolume(file, options),
    flatOfHead: async (head, name, options) => (await import("./mrc/flat.js")).mrcVolumeOfHead(head, name, options),
    says: "ingest convert and blocks run read it",
  },
  {
    id: "dm",
    title: "DM3, DM4",
    called: "a Digital Micrograph file (DM3, DM4)",
    names: ["dm3", "dm4"],
    detect: (head: Uint8Array) => detectDm(head) !== undefined,
    // tags lie before, between and behind the images, thumbnail and all, and are some hundred kilobytes
    ahead: [1, 4, 8],
    peek: async (source, { signal }) => (await import("./peek/dm.js")).peekDm(source, signal),
    flat: async (file, options) => (await import("./dm/flat.js")).dmVolume(file, options),
    says: "dm2mrc of IMOD converts it to MRC",
  },
  {
    id: "nrrd",
    title: "NRRD",
    called: "an NRRD volume",
    names: ["nrrd"],
    detect: detectNrrd,
    mayHavePayload: true,
    peek: async (source, { signal }) => [await (await import("./nrrd/peek.js")).peekNrrd(source, signal)],
    factsOfHead: async (head, name) => (await import("./nrrd/peek.js")).nrrdFacts(head, name),
    flat: async (file, options) => (await import("./nrrd/flat.js")).nrrdVolume(file, options),
    flatOfHead: async (head, name) => (await import("./nrrd/flat.js")).nrrdVolumeOfHead(head, name),
    says: "ingest convert and blocks run read it",
  },
  {
    id: "nifti",
    title: "NIfTI",
    called: "a NIfTI volume",
    names: ["nii"],
    detect: detectNifti,
    peek: async (source, { signal }) => [await (await import("./nifti/peek.js")).peekNifti(source, signal)],
    factsOfHead: async (head, name) => (await import("./nifti/peek.js")).niftiFacts(head, name),
    flat: async (file, options) => (await import("./nifti/flat.js")).niftiVolume(file, options),
    flatOfHead: async (head, name) => (await import("./nifti/flat.js")).niftiVolumeOfHead(head, name),
    says: "ingest convert and blocks run read it",
  },
  {
    id: "hdf5",
    title: "HDF5",
    called: "an HDF5 file",
    names: ["h5", "hdf", "hdf5", "nxs", "ilp", "ims", "emd"],
    detect: text("\x89HDF\r\n\x1a\n"),
    hasDatasets: true,
    peek: async ({ name }, { onDisk }) => {
      if (onDisk) return onDisk();
      throw notOnDisk({ title: "HDF5" }, name);
    },
    says: "blocks run reads a dataset of it: FILE.h5#/DATASET",
  },
  known("imod", "an IMOD model", text("IMODV"), "curate modinfo reads it"),
  known(
    "ser",
    "a TIA series (SER)",
    any(bytes(0x49, 0x49, 0x97, 0x01), bytes(0x4d, 0x4d, 0x01, 0x97)),
    `RosettaSciIO and ncempy read it: ${SAVE}`,
  ),
  known("czi", "a Zeiss CZI image", text("ZISRAWFILE"), `ZEN and Bio-Formats read it: ${SAVE}`),
  // an old MRC of 112 columns and 42 sections begins alike: the text behind it is XML in UTF-16
  known(
    "lif",
    "a Leica LIF image",
    (head) => int(head, 0, true) === 0x70 && head[8] === 0x2a && head[13] === 0x3c && head[14] === 0,
    `LAS X and Bio-Formats read it: ${SAVE}`,
  ),
  known("nd2", "a Nikon ND2 image", bytes(0xda, 0xce, 0xbe, 0x0a), `NIS-Elements and Bio-Formats read it: ${SAVE}`),
  known(
    "ole",
    "an OLE compound file (OIB, ZVI)",
    bytes(0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1),
    `Bio-Formats reads it: ${SAVE}`,
  ),
  known(
    "amira",
    "an Amira mesh (.am)",
    any(text("# AmiraMesh"), text("# Avizo"), text("#AmiraMesh")),
    `Amira, Avizo and Fiji read it: ${SAVE}`,
  ),
  known(
    "opendx",
    "an OpenDX map (.dx)",
    (head) => /^(?:\s*#[^\n]*\n|\s*\n)*object\s+\S+\s+class\s/.test(letters(head, 0, 1024)),
    "ChimeraX reads it: save the map as MRC",
  ),
  known("brix", "a BRIX map", text(":-)"), "ChimeraX and Coot read it: save the map as MRC"),
  known(
    "cryosparc",
    "a table of cryoSPARC (.cs)",
    (head) => npy(head) && isTable(head),
    "cryosparc-tools reads it: csparc2star.py of pyem writes a STAR file of its particles",
  ),
  known("npy", "a NumPy array", npy, `numpy.load reads it: ${SAVE}`),
  known(
    "metaimage",
    "a MetaImage volume (.mha)",
    any(text("ObjectType ="), text("NDims =")),
    `ITK and 3D Slicer read it: ${SAVE}`,
    { names: ["mha", "mhd"] },
  ),
  known("dicom", "a DICOM file", text("DICM", 128), `pydicom and 3D Slicer read it: ${SAVE}`),
  known(
    "vtk",
    "a VTK file",
    any(text("# vtk DataFile"), (head) => letters(head, 0, 256).includes("<VTKFile")),
    `ParaView reads it: ${SAVE}`,
  ),
  // as NIfTI begins, without its mark
  known(
    "analyze",
    "an Analyze 7.5 header",
    (head) => (int(head, 0, true) === ANALYZE_BYTES || int(head, 0, false) === ANALYZE_BYTES) && !detectNifti(head),
    "nibabel reads it: save header and voxels in one file: nibabel.save(nibabel.load('X.hdr'), 'X.nii')",
    { names: ["hdr"] },
  ),
  known("zip", "a ZIP archive", text("PK\x03\x04"), "unzip it: Zarr stores are read from folders, NumPy's .npz by numpy.load"),
  known("tar", "a tar archive", text("ustar", 257), "unpack it with tar"),
  known("xz", "an xz stream", bytes(0xfd, 0x37, 0x7a, 0x58, 0x5a, 0), "decompress it with xz"),
  known("zstd", "a Zstandard stream", bytes(0x28, 0xb5, 0x2f, 0xfd), "decompress it with zstd"),
  known("7z", "a 7z archive", bytes(0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c), "unpack it with 7z"),
  known("mat", "a MATLAB file", text("MATLAB 5.0"), `scipy.io.loadmat reads it: ${SAVE}`),
  known("png", "a PNG picture", text("\x89PNG\r\n\x1a\n"), "use the volume it was made from, or save it as TIFF"),
  known("jpeg", "a JPEG picture", bytes(0xff, 0xd8, 0xff), "use the volume it was made from, or save it as TIFF"),
  known("pdf", "a PDF document", text("%PDF"), "use the image files themselves"),
  known(
    "html",
    "a web page",
    (head) => /^\s*<(?:!doctype html|html)\b/i.test(letters(head, 0, 256)),
    "use the address of the file itself, not of the page that shows it",
  ),
  // without a mark: the name and the form of the header together
  known(
    "mgh",
    "a FreeSurfer volume (MGH, MGZ)",
    (head) => int(head, 0, false) === 1 && int(head, 4, false) > 0,
    `nibabel and FreeSurfer read it: ${SAVE}`,
    { names: ["mgh", "mgz"], needsName: true },
  ),
  known("klb", "a KLB image", (head) => head[0]! < 16 && int(head, 1, true) > 0, `pyklb and Fiji read it: ${SAVE}`, {
    names: ["klb"],
    needsName: true,
  }),
  known(
    "em",
    "an EM volume",
    (head) => head[0]! <= 6 && head[3]! > 0 && head[3]! <= 9 && int(head, 4, true) > 0,
    "Dynamo and emfile (Python) read it: save the volume as MRC",
    { names: ["em"], needsName: true },
  ),
  known(
    "spider",
    "a SPIDER volume",
    (head) => head.length >= 1024 && (float(head, 16, true) === 3 || float(head, 16, true) === 1 || float(head, 16, false) === 3),
    "relion_image_handler and EMAN2 read it: save the volume as MRC",
    { names: ["spi", "spider", "vol"], needsName: true },
  ),
] as const satisfies readonly FileFormat[];

type Row = (typeof ROWS)[number];

export type FileFormatId = Row["id"];

/** A format of files that is read, and one whose voxels lie plainly. Whoever reads voxels in another way answers each that is left by name. */
export type ReadFormatId = Extract<Row, { readonly peek: object }>["id"];
export type FlatFormatId = Extract<Row, { readonly flat: object }>["id"];

export const FILE_FORMATS: readonly FileFormat[] = ROWS;

/** A format that is a folder. Its names and documents are in `model/volume-formats.ts`, since locations are written with them. */
export interface FolderFormat {
  readonly title: string;
  readonly called: string;
  /** Facts of a folder, as far as the documents of the format give them; undefined where there are none. */
  peek(read: ReadKey, name: string, format: VolumeFormat): Promise<PeekFacts | undefined>;
  readonly says: string;
}

/** Readers are loaded when a file or folder is theirs: most programs meet one or two of them. */
export const FOLDER_FORMATS: Readonly<Record<VolumeFamily, FolderFormat>> = {
  zarr: {
    title: "Zarr",
    called: "a Zarr folder",
    peek: async (read, name, format) => {
      const { peekZarr } = await import("./peek/zarr.js");
      return peekZarr(read, { name, ...(format !== "zarr" && { versions: [format === "zarr2" ? 2 : 3] }) });
    },
    says: "zarr-python and Neuroglancer read it",
  },
  n5: {
    title: "N5",
    called: "an N5 folder",
    peek: async (read, name) => (await import("./peek/n5.js")).peekN5(read, name),
    says: "blocks run converts such volumes to OME-Zarr",
  },
  precomputed: {
    title: "precomputed",
    called: "a precomputed volume",
    peek: async (read, name) => (await import("./peek/precomputed.js")).peekPrecomputed(read, name),
    says: "blocks run converts such volumes to OME-Zarr",
  },
};

/** Title of the format in lists. */
export function titleOf({ title, called }: FileFormat): string {
  return title ?? called.replace(/^an? /, "");
}

const endsIn = (name: string, ends: readonly string[]): boolean =>
  ends.includes(/\.([^./]+)$/.exec(name)?.[1]?.toLowerCase() ?? "");

/**
 * The format of a file: one that finds its mark, or else one that the bytes can be.
 *
 * @param head its first kibibyte or more, decompressed
 */
export function fileFormatOf(head: Uint8Array, name: string): FileFormat | undefined {
  return (
    FILE_FORMATS.find(
      ({ names = [], needsName, detect }) => (!needsName || endsIn(withoutCompression(name), names)) && detect(head),
    ) ?? FILE_FORMATS.find(({ guess }) => guess?.(head))
  );
}

/** The format that a name stands for, of those that are read, whatever it is compressed with. */
export function formatNamed(name: string): FileFormat | undefined {
  const plain = withoutCompression(name);
  return FILE_FORMATS.find(({ peek, names, needsName }) => peek && names && !needsName && endsIn(plain, names));
}

function withoutCompression(name: string): string {
  return name.replace(/\.(?:gz|bz2)$/i, "");
}

/** True for the name of a volume whose planes are read: a file, or a folder. */
export function namesVolume(name: string): boolean {
  const format = formatNamed(name);
  return (format !== undefined && (isVolume(format) || format.hasDatasets === true)) || namesFolder(name);
}

/** A file, and the path of the volume in it. */
export interface DatasetPlace {
  readonly file: string;
  readonly dataset: string | undefined;
}

/** The refusal of a file whose reader needs it on a disk. @param how it would be read */
export function notOnDisk({ title }: Pick<FileFormat, "title">, name: string, how = ""): EmporiumError {
  return new EmporiumError("FORMAT_UNSUPPORTED", `${name}: ${title} is read${how} from this machine's disks alone`, {
    place: { file: name },
    hint: "copy the file to a disk, or convert the dataset to Zarr",
  });
}

/** File and dataset of a location `file.h5#/volume`, if the format has datasets; otherwise the location as it is. */
export function datasetPlace(location: string): DatasetPlace {
  const mark = location.indexOf("#");
  if (mark < 0 || !formatNamed(location.slice(0, mark))?.hasDatasets) return { file: location, dataset: undefined };
  return { file: location.slice(0, mark), dataset: `/${location.slice(mark + 1).replace(/^\/+/, "")}` };
}

/** `Zarr, N5 or precomputed` */
export function foldersInWords(): string {
  return inWords(Object.values(FOLDER_FORMATS).map(({ title }) => title));
}

/** Each file of the format is a volume, whose planes and boxes are read. */
export const isVolume = ({ flat, isPaged }: FileFormat): boolean => flat !== undefined || isPaged === true;

/** Ends of names of some formats: text of a regular expression. */
export function endsOf(which: (format: FileFormat) => unknown = isVolume): string {
  return FILE_FORMATS.flatMap((format) => (which(format) ? (format.names ?? []) : [])).join("|");
}

/** `TIFF, MRC or NIfTI`: titles of some formats, and others behind them. */
export function titlesOf(which: (format: FileFormat) => unknown = isVolume, more: readonly string[] = []): string {
  return inWords([...FILE_FORMATS.filter(which).map(titleOf), ...more]);
}

function inWords(titles: readonly string[]): string {
  return titles.length < 2 ? titles.join("") : `${titles.slice(0, -1).join(", ")} or ${titles.at(-1)}`;
}

/**
 * The refusal of a file whose format is known, and not read, or not here.
 *
 * @param inside the compression around it. @param expected formats that are read here, in words; used only for a format that is
 *   read elsewhere
 */
export function unsupported(
  { called, peek, says }: Pick<FileFormat, "called" | "says"> & { readonly peek?: unknown },
  name: string,
  { inside, expected }: { readonly inside?: Compression | undefined; readonly expected?: string | undefined } = {},
): EmporiumError {
  const here = peek ? (inside ? "" : ` here${expected ? ` (expected ${expected})` : ""}`) : "";
  return new EmporiumError("FORMAT_UNSUPPORTED", `${name}: ${called}${inside ? ` in ${inside}` : ""} is not read${here}`, {
    place: { file: name, byte: 0 },
    hint: peek && inside ? `decompress it with ${decompressor(inside)}` : says,
  });
}

/** True for a page of letters, or for nothing, with which no voxels begin. In UTF-16 only with its mark of byte order, as programs of Windows write it. */
export function isText(head: Uint8Array): boolean {
  const isLittle = head[0] === 0xff && head[1] === 0xfe;
  const isWide = isLittle || (head[0] === 0xfe && head[1] === 0xff);
  const isLetter = (code: number) => code >= 0x20 || (code >= 0x09 && code <= 0x0d);
  if (!isWide) return head.every(isLetter);
  for (let i = 2; i + 1 < head.length; i += 2)
    if (!isLetter(isLittle ? head[i]! | (head[i + 1]! << 8) : (head[i]! << 8) | head[i + 1]!)) return false;
  return true;
}

/**
 * The refusal of a file of no format.
 *
 * @param named format that its name suggests. @param hint advice on what to name instead
 */
export function unknownFormat(name: string, head: Uint8Array, named: FileFormat | undefined, hint: string): EmporiumError {
  const what =
    head.length === 0
      ? " is empty"
      : isText(head)
        ? " is a text, not a volume"
        : named
          ? `: its name says ${titleOf(named)}, its first bytes do not`
          : ": its first bytes and its name are of no format that is read";
  const other = !isText(head) && named !== undefined;
  return new EmporiumError("FORMAT_UNKNOWN", `${name}${what}`, {
    place: { file: name, byte: 0 },
    hint: other ? "check that the file is whole, and what wrote it" : hint,
  });
}

/**
 * Checks that a file is of the only format that the caller reads.
 *
 * @throws {EmporiumError} FORMAT_UNSUPPORTED if it is of another one, by its mark
 */
export function requireFormat(id: FileFormatId, head: Uint8Array, name: string, expected?: string): void {
  const found = compressionOf(head) ? undefined : fileFormatOf(head, name);
  if (found && found.id !== id) throw unsupported(found, name, { expected });
}
