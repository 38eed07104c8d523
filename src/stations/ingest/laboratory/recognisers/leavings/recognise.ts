import { fewFiles } from "../../../../../core/finding.js";
import { counted } from "../../../../../core/units.js";
import { mapLimit } from "../../../../../system/parallel.js";
import type { Claim, Recogniser } from "../../claims.js";
import type { Laboratory, Surveyed } from "../../survey/laboratory.js";
import { baseName, folderOf } from "../common/paths.js";
import { setSpacing } from "../common/volumes.js";
import { FOLDERS, isSpreadsheet, MAYBE_SPECTRUM, NAMES, PREVIEW, SPECTRUM, SPREADSHEET } from "./names.js";

/** What lies about in every folder and belongs to no submission: empty files, backups, logs, scripts, pictures, archives, trained models, power spectra. */
export const leavings: Recogniser = {
  id: "leavings",
  software: "leavings",
  async recognise(laboratory) {
    const pictures = await colouredTiffs(laboratory);
    const spectra = await ofCtffind(laboratory);
    const claims: Claim[] = [];
    const archives: string[] = [];
    for (const file of laboratory.files) {
      const claim = claimOf(file, { pictures, spectra }, laboratory);
      if (!claim) continue;
      claims.push(claim);
      if (ARCHIVES.includes(file.format ?? "") && !isDocument(file.path)) archives.push(file.path);
    }
    if (claims.length === 0) return undefined;
    const verb = archives.length === 1 ? "is" : "are";
    const note = `${counted(archives.length, "archive")} ${verb} not looked into (${fewFiles(archives)}): unpack what is to be published.`;
    return { software: "", by: claims.slice(0, 3).map(({ path }) => path), claims, notes: archives.length === 0 ? [] : [note] };
  },
};

const ARCHIVES: readonly string[] = ["zip", "tar", "7z", "xz", "zstd"];
/** By contents. */
const FORMATS: Readonly<Record<string, string>> = {
  empty: "an empty file",
  png: "a picture",
  jpeg: "a picture",
  pdf: "a document",
  html: "a web page",
  zip: "an archive",
  tar: "an archive",
  "7z": "an archive",
  xz: "a compressed file",
  zstd: "a compressed file",
};
const isDocument = (path: string): boolean => /\.(?:docx|pptx|xlsx|xlsm|odt|odp|ods|npz|whl|pt|pth|ckpt|mlx|cxs)$/i.test(path);
const SPECTRUM_MAX = 1024;

interface Known {
  /** TIFFs in colours. */
  readonly pictures: ReadonlySet<string>;
  /** What texts of ctffind name. */
  readonly spectra: ReadonlySet<string>;
}

function claimOf(file: Surveyed, { pictures, spectra }: Known, laboratory: Laboratory): Claim | undefined {
  const { path, format, volume } = file;
  const leave = (because: string, strength: Claim["strength"]): Claim => ({ path, role: "left out", because, strength });
  const name = baseName(path);
  if (format === "zip" && isSpreadsheet(path)) return leave(SPREADSHEET, "contents");
  if (format === "zip" && isDocument(path))
    return leave(/\.(?:npz|pt|pth|ckpt)$/i.test(path) ? "data of a training" : "a document", "contents");
  // programs put it aside when they write another one: what its name says besides is said of the new one
  const newer = path.endsWith("~") ? laboratory.get(path.slice(0, -1)) : undefined;
  if (newer && newer.format !== "empty") return leave(`an older file, which ${newer.path} has replaced`, "bookkeeping");
  const by = format === undefined ? undefined : FORMATS[format];
  if (by !== undefined) return leave(by, "contents");
  if (pictures.has(path)) return leave("a picture in colours", "contents");
  if (spectra.has(path)) return leave("a power spectrum", "contents");
  if (volume) {
    const [sections, rows, columns] = volume.shape;
    const isSmall = rows === columns && rows <= SPECTRUM_MAX && volume.says !== "volume" && sections !== rows;
    // stacks that were corrected for the CTF are called so, too, but have a pixel size
    const isMaybe = MAYBE_SPECTRUM.test(name) && (setSpacing(volume) === undefined || isNoBinning(file, laboratory));
    if (isSmall && (SPECTRUM.test(name) || isMaybe)) return leave("a power spectrum", "contents");
    if (volume.says === "picture" && PREVIEW.test(name)) return leave("a picture for display", "contents");
    if (volume.says === "volumes") return leave("many small volumes in one file: particles", "contents");
  }
  const folder = folderOf(path)
    .split("/")
    .find((part) => FOLDERS.some(([form]) => form.test(part)));
  if (folder !== undefined) return leave(FOLDERS.find(([form]) => form.test(folder))![1], "name");
  const reason = NAMES.find(([form]) => form.test(name))?.[1];
  return reason === undefined ? undefined : leave(reason, "name");
}

/** Whether the stack that it is called after, `TS_01.mrc` of `TS_01_CTF.mrc`, has as many larger images with pixels of the same size: it is no binning of it. */
function isNoBinning({ path, volume }: Surveyed, laboratory: Laboratory): boolean {
  const whole = laboratory.get(path.replace(/[_.\- ][^_.\- /]+(?=\.\w+$)/, ""))?.volume;
  if (!whole || !volume || whole.shape[0] !== volume.shape[0]) return false;
  const [larger, own] = [setSpacing(whole), setSpacing(volume)];
  const isAlike = larger !== undefined && own !== undefined && Math.abs(larger / own - 1) < 1e-3;
  return whole.shape[1] >= 2 * volume.shape[1] && isAlike;
}

const READS_IN_FLIGHT = 8;
const CTFFIND_BYTES_MAX = 4 * 1024 * 1024;

/**
 * Stacks of spectra that ctffind writes to show what it fitted, one for each image, under a name that the user chose, and with the pixel of the images. It writes
 * two texts beside them, `TS_01_diag.txt` and `TS_01_diag_avrot.txt`, which name the images that it read.
 *
 * Source: https://github.com/ngrigorieff/cisTEM (ctffind.cpp: the names of its texts, and their first lines)
 */
async function ofCtffind(laboratory: Laboratory): Promise<ReadonlySet<string>> {
  const written = laboratory.files.flatMap(({ path, format }) => {
    const stem = format === "text" ? /^(.+?)(?:_avrot)?\.txt$/i.exec(path)?.[1] : undefined;
    const image = stem === undefined ? undefined : ["mrc", "mrcs"].map((end) => laboratory.get(`${stem}.${end}`)).find(Boolean);
    return image?.volume && image.volume.says !== "volume" && image.volume.shape[0] > 1
      ? [{ text: path, image: image.path }]
      : [];
  });
  const spectra = new Set<string>();
  await mapLimit(written, READS_IN_FLIGHT, async ({ text: path, image }) => {
    const text = (await laboratory.text(path, CTFFIND_BYTES_MAX)) ?? "";
    const input = /^# Output from CTFFIND/i.test(text) ? /^#\s*Input file:\s*([^;\n]*)/m.exec(text)?.[1]?.trim() : undefined;
    // where the stack itself was called so it is no spectrum
    if (input !== undefined && baseName(input) !== baseName(image)) spectra.add(image);
  });
  return spectra;
}

/** Frames are many in a folder, figures are few: only few are opened. */
const TIFFS_MAX = 5;

async function colouredTiffs(laboratory: Laboratory): Promise<ReadonlySet<string>> {
  const few = laboratory.folders().flatMap((folder) => {
    const tiffs = laboratory.inFolder(folder).filter(({ format }) => format === "tiff");
    return tiffs.length <= TIFFS_MAX ? tiffs : [];
  });
  const coloured = new Set<string>();
  await mapLimit(few, 8, async ({ path }) => {
    const peek = await laboratory.peek(path);
    if ((peek?.images[0]?.channels ?? 1) >= 3) coloured.add(path);
  });
  return coloured;
}
