import type { Claim, Recogniser } from "../../claims.js";
import type { Laboratory, Surveyed } from "../../survey/laboratory.js";
import { baseName, folderOf, within } from "../common/paths.js";

/** The folder of a session in which its images lie. */
const DISC = /^Images-Disc\d+$/i;
/** `FoilHole_9015883_Data_9017347_6_20250108_154915_fractions.tiff`, and what keeps the name: sums, spectra, images of particles. */
const EXPOSURE = /(?:^|_)FoilHole_\d+_(?:Data_\d+_\d+_)?(?:\d+_)?\d{8}_\d{6}(?!\d)/;
const IMAGES: readonly Surveyed["format"][] = ["mrc", "tiff", "eer"];
const MOVIE = /_(?:fractions|eer)\.\w+$/i;
const AROUND: readonly (readonly [folder: string, reason: string])[] = [
  ["Metadata", "a project file of EPU"],
  ["Atlas", "the atlas of a session of single particles"],
];

/**
 * EPU of Thermo Fisher records single particles: squares of the grid, their holes, and an untilted movie or several of each hole. None of them is a frame of a tilt
 * series, and stacks of frames have the header of one.
 *
 * Sources: https://diamondlightsource.github.io/smartem-decisions/main/explanations/epu-data-structures.html;
 * https://home.cryonav.org/index.php/CryoNAV_EPU_SerialEM_Folder_Structures
 */
export const epu: Recogniser = {
  id: "epu",
  software: "EPU (Thermo Fisher), single particles",
  async recognise(laboratory) {
    const sessions = sessionsOf(laboratory);
    const hasSeries = (folder: string) => laboratory.inFolder(folder).some(({ path }) => /\.mdoc$/i.test(path));
    const alone = new Set([...sessions].filter((folder) => !hasSeries(folder)));
    const claims: Claim[] = [];
    for (const file of laboratory.files) {
      const because = reasonOf(file, sessions, alone);
      if (because !== undefined) claims.push({ path: file.path, role: "left out", because, strength: "bookkeeping" });
    }
    if (claims.length === 0) return undefined;
    const by = sessions.size > 0 ? [...sessions].map((folder) => folder || ".") : claims.map(({ path }) => path);
    return { software: "EPU (Thermo Fisher), single particles", by: by.slice(0, 3), claims };
  },
};

/** Folders with the images of a session, or its bookkeeping. */
function sessionsOf(laboratory: Laboratory): ReadonlySet<string> {
  const sessions = new Set<string>();
  for (const folder of laboratory.folders()) {
    if (laboratory.get(within(folder, "EpuSession.dm"))) sessions.add(folder);
    const parts = folder.split("/");
    const at = parts.findIndex((part) => DISC.test(part));
    if (at >= 0) sessions.add(parts.slice(0, at).join("/"));
  }
  return sessions;
}

/** @param alone folders of sessions in which nobody recorded tilt series, too: there a gain reference may be that of these */
function reasonOf(
  { path, format, volume }: Surveyed,
  sessions: ReadonlySet<string>,
  alone: ReadonlySet<string>,
): string | undefined {
  const name = baseName(path);
  const isImage = volume !== undefined || IMAGES.includes(format);
  if (isImage && EXPOSURE.test(name))
    return MOVIE.test(name)
      ? "a movie of single particles, by the name that EPU gave it"
      : "of single particles, by the name that EPU gave it";
  const folder = folderOf(path);
  const parts = folder.split("/");
  if (parts.some((part) => DISC.test(part))) return "of a session of EPU, which records single particles";
  if (/^EpuSession\.dm$/i.test(name)) return "a project file of EPU";
  const [, around] = AROUND.find(([below]) => isBelow(parts, below, sessions)) ?? [];
  if (around !== undefined) return around;
  return alone.has(folder) && isGain(name) ? "the gain reference of a session of single particles" : undefined;
}

/** Whether a folder is one of this name in a session, or lies below it. */
function isBelow(parts: readonly string[], name: string, sessions: ReadonlySet<string>): boolean {
  const at = parts.indexOf(name);
  return at >= 0 && sessions.has(parts.slice(0, at).join("/"));
}

const isGain = (name: string): boolean => /\.gain$|(?:^|[_.\- ])gain(?:_?ref(?:erence)?)?(?=[_.\- \d])/i.test(name);
