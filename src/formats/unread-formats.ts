import { EmporiumError } from "../core/errors.js";
import { detectDm } from "./dm/tags.js";
import { detectNifti } from "./nifti/header.js";
import { detectNrrd } from "./nrrd/header.js";
import { detectTiff } from "./tiff/header.js";

/** A format that is known by its first bytes, and what reads it where emporium does not. Twin of `FileFormat` in registry.ts. */
interface KnownFormat {
  readonly id: string;
  /** As messages call a file of it. */
  readonly title: string;
  /** Ends of names, without the dot: text of a regular expression. Asked of formats without a mark of their own. */
  readonly names?: string | undefined;
  detect(head: Uint8Array): boolean;
  /** Other commands of emporium read it: it is refused only where an MRC is needed. */
  readonly reads?: true;
  /** What reads it, and what to do. */
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
const any =
  (...tests: ((head: Uint8Array) => boolean)[]) =>
  (head: Uint8Array): boolean =>
    tests.some((test) => test(head));

const ANALYZE_BYTES = 348;
const SAVE = "save the volume as MRC, TIFF or OME-Zarr";

/** Python's pickle of an array's head names its fields: a table, not a volume. */
const isTable = (head: Uint8Array): boolean => /'descr':\s*\[/.test(String.fromCharCode(...head.subarray(10, 128)));
const npy = text("\x93NUMPY");

/** Marks first, then formats that only their names tell apart from noise. */
const KNOWN_FORMATS: readonly KnownFormat[] = [
  {
    id: "tiff",
    title: "a TIFF image",
    detect: (head) => detectTiff(head) !== undefined,
    reads: true,
    says: "blocks run converts TIFF stacks",
  },
  {
    id: "dm",
    title: "a Digital Micrograph file (DM3, DM4)",
    detect: (head) => detectDm(head) !== undefined,
    reads: true,
    says: "dm2mrc of IMOD converts it to MRC",
  },
  {
    id: "hdf5",
    title: "an HDF5 file",
    detect: text("\x89HDF\r\n\x1a\n"),
    reads: true,
    says: "blocks run reads a dataset of it: FILE.h5#/DATASET",
  },
  { id: "imod", title: "an IMOD model", detect: text("IMODV"), says: "curate modinfo reads it" },
  {
    id: "nifti",
    title: "a NIfTI volume",
    detect: detectNifti,
    reads: true,
    says: "ingest convert and blocks run read it",
  },
  {
    id: "analyze",
    title: "an Analyze 7.5 header",
    // as NIfTI begins, without its mark, which is asked for before
    names: "hdr",
    detect: (head) => int(head, 0, true) === ANALYZE_BYTES || int(head, 0, false) === ANALYZE_BYTES,
    says: "nibabel reads it: save header and voxels in one file: nibabel.save(nibabel.load('X.hdr'), 'X.nii')",
  },
  { id: "nrrd", title: "an NRRD volume", detect: detectNrrd, reads: true, says: "ingest convert and blocks run read it" },
  {
    id: "ser",
    title: "a TIA series (SER)",
    detect: any(bytes(0x49, 0x49, 0x97, 0x01), bytes(0x4d, 0x4d, 0x01, 0x97)),
    says: `RosettaSciIO and ncempy read it: ${SAVE}`,
  },
  { id: "czi", title: "a Zeiss CZI image", detect: text("ZISRAWFILE"), says: `ZEN and Bio-Formats read it: ${SAVE}` },
  {
    id: "lif",
    title: "a Leica LIF image",
    detect: (head) => int(head, 0, true) === 0x70 && head[8] === 0x2a,
    says: `LAS X and Bio-Formats read it: ${SAVE}`,
  },
  {
    id: "nd2",
    title: "a Nikon ND2 image",
    detect: bytes(0xda, 0xce, 0xbe, 0x0a),
    says: `NIS-Elements and Bio-Formats read it: ${SAVE}`,
  },
  {
    id: "ole",
    title: "an OLE compound file (OIB, ZVI)",
    detect: bytes(0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1),
    says: `Bio-Formats reads it: ${SAVE}`,
  },
  {
    id: "amira",
    title: "an Amira mesh (.am)",
    detect: any(text("# AmiraMesh"), text("# Avizo"), text("#AmiraMesh")),
    says: `Amira, Avizo and Fiji read it: ${SAVE}`,
  },
  {
    id: "opendx",
    title: "an OpenDX map (.dx)",
    detect: (head) => /^(?:\s*#[^\n]*\n|\s*\n)*object\s+\S+\s+class\s/.test(String.fromCharCode(...head.subarray(0, 1024))),
    says: "ChimeraX reads it: save the map as MRC",
  },
  { id: "brix", title: "a BRIX map", detect: text(":-)"), says: "ChimeraX and Coot read it: save the map as MRC" },
  {
    id: "cryosparc",
    title: "a table of cryoSPARC (.cs)",
    detect: (head) => npy(head) && isTable(head),
    says: "cryosparc-tools reads it: csparc2star.py of pyem writes a STAR file of its particles",
  },
  { id: "npy", title: "a NumPy array", detect: npy, says: `numpy.load reads it: ${SAVE}` },
  {
    id: "metaimage",
    title: "a MetaImage volume (.mha)",
    detect: any(text("ObjectType ="), text("NDims =")),
    says: `ITK and 3D Slicer read it: ${SAVE}`,
  },
  { id: "dicom", title: "a DICOM file", detect: text("DICM", 128), says: `pydicom and 3D Slicer read it: ${SAVE}` },
  {
    id: "vtk",
    title: "a VTK file",
    detect: any(text("# vtk DataFile"), (head) => String.fromCharCode(...head.subarray(0, 256)).includes("<VTKFile")),
    says: `ParaView reads it: ${SAVE}`,
  },
  {
    id: "zip",
    title: "a ZIP archive",
    detect: text("PK\x03\x04"),
    says: "unzip it: Zarr stores are read from folders, NumPy's .npz by numpy.load",
  },
  { id: "tar", title: "a tar archive", detect: text("ustar", 257), says: "unpack it with tar" },
  { id: "xz", title: "an xz stream", detect: bytes(0xfd, 0x37, 0x7a, 0x58, 0x5a, 0), says: "decompress it with xz" },
  { id: "zstd", title: "a Zstandard stream", detect: bytes(0x28, 0xb5, 0x2f, 0xfd), says: "decompress it with zstd" },
  { id: "7z", title: "a 7z archive", detect: bytes(0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c), says: "unpack it with 7z" },
  { id: "mat", title: "a MATLAB file", detect: text("MATLAB 5.0"), says: `scipy.io.loadmat reads it: ${SAVE}` },
  {
    id: "png",
    title: "a PNG picture",
    detect: text("\x89PNG\r\n\x1a\n"),
    says: "use the volume it was made from, or save it as TIFF",
  },
  {
    id: "jpeg",
    title: "a JPEG picture",
    detect: bytes(0xff, 0xd8, 0xff),
    says: "use the volume it was made from, or save it as TIFF",
  },
  { id: "pdf", title: "a PDF document", detect: text("%PDF"), says: "use the image files themselves" },
  {
    id: "html",
    title: "a web page",
    detect: (head) => /^\s*<(?:!doctype html|html)\b/i.test(String.fromCharCode(...head.subarray(0, 256))),
    says: "use the address of the file itself, not of the page that shows it",
  },
  // without a mark: the name and the form of the header together
  {
    id: "mgh",
    title: "a FreeSurfer volume (MGH, MGZ)",
    names: "mgh|mgz|mgh\\.gz",
    detect: (head) => int(head, 0, false) === 1 && int(head, 4, false) > 0,
    says: `nibabel and FreeSurfer read it: ${SAVE}`,
  },
  {
    id: "klb",
    title: "a KLB image",
    names: "klb",
    detect: (head) => head[0]! < 16 && int(head, 1, true) > 0,
    says: `pyklb and Fiji read it: ${SAVE}`,
  },
  {
    id: "em",
    title: "an EM volume",
    names: "em",
    detect: (head) => head[0]! <= 6 && head[3]! > 0 && head[3]! <= 9 && int(head, 4, true) > 0,
    says: "Dynamo and emfile (Python) read it: save the volume as MRC",
  },
  {
    id: "spider",
    title: "a SPIDER volume",
    names: "spi|spider|vol",
    detect: (head) =>
      head.length >= 1024 && (floatAt(head, 16, true) === 3 || floatAt(head, 16, true) === 1 || floatAt(head, 16, false) === 3),
    says: "relion_image_handler and EMAN2 read it: save the volume as MRC",
  },
];

function floatAt(head: Uint8Array, at: number, littleEndian: boolean): number {
  return new DataView(head.buffer, head.byteOffset, head.length).getFloat32(at, littleEndian);
}

function known(head: Uint8Array, name: string): KnownFormat | undefined {
  return KNOWN_FORMATS.find(
    ({ names, detect }) => (names === undefined || new RegExp(`\\.(?:${names})$`, "i").test(name)) && detect(head),
  );
}

/**
 * The refusal of a file whose format is known and not read.
 *
 * @param head its first kibibyte or more, decompressed. @param inside the compression that it was behind
 * @returns undefined for a format that some command reads, and for one that is not known
 */
export function unreadFormat(head: Uint8Array, name: string, inside?: string): EmporiumError | undefined {
  const format = known(head, name);
  return format && !format.reads ? refusal(format, name, inside, "is not read") : undefined;
}

/** The same where an MRC is needed: other formats that are read are named, too. */
export function notAnMrc(head: Uint8Array, name: string, expected = "MRC or OME-Zarr"): EmporiumError | undefined {
  const format = known(head, name);
  return format && refusal(format, name, undefined, format.reads ? `is not read here (expected ${expected})` : "is not read");
}

function refusal({ title, says }: KnownFormat, name: string, inside: string | undefined, what: string): EmporiumError {
  return new EmporiumError("FORMAT_UNSUPPORTED", `${name}: ${title}${inside ? ` in ${inside}` : ""} ${what}`, {
    place: { file: name, byte: 0 },
    hint: says,
  });
}
