import { isEmporiumError } from "../core/errors.js";
import type { Json } from "../core/json.js";
import { LIMITS } from "../core/limits.js";
import { counted } from "../core/units.js";
import { at, listOf } from "./fields.js";
import { distinct, encodeSegment, safeSegments } from "./links.js";
import type { PortalNet } from "./portal.js";
import { walkIndex } from "./walk-index.js";

const ARCHIVE = "https://ftp.ebi.ac.uk/pub/databases/IDR";
const STUDIES = "https://raw.githubusercontent.com/IDR";
/** Folders that are looked through for a file of a known name. */
const FOLDERS_MAX = 400;

export interface ImageNames {
  /** The image's name: its file's, of a file with several images with ` [series]` after it. */
  name: string;
  dataset: string | undefined;
  /** `<study>/<experiment>`: `idr0086-miron-micrographs/experimentD`. */
  project: string | undefined;
  /** Answer of `original_file_paths`. */
  original: Json | undefined;
}

/**
 * Locations of an image's files in the public archive: as the server knows them, as the study's own list has them, or as the
 * folders show.
 *
 * @param warn told of a file that is found by its name alone.
 */
export async function findLinks(image: ImageNames, net: PortalNet, warn: (message: string) => void): Promise<string[]> {
  const client = listOf(at(image.original, "client")).flatMap((path) =>
    typeof path === "string" ? (archiveLink(path) ?? []) : [],
  );
  if (client.length > 0) return distinct(client);
  const file = fileName(image.name);
  if (image.project === undefined || file === "") return [];
  const [study = "", ...experiment] = image.project.split("/");
  if (!/^idr\d{4}[\w-]*$/i.test(study)) return [];
  const listed = await studyList(study, experiment, net);
  const rows = listed.filter(({ path }) => fileName(path.split("/").at(-1)!) === file);
  const own = rows.filter(({ dataset }) => dataset === image.dataset);
  const exact = (own.length > 0 ? own : rows).flatMap(({ path }) => archiveLink(path) ?? []);
  const [first, ...others] = distinct(exact);
  if (first !== undefined) {
    if (own.length === 0) warn(`the study's list has ${file} in another dataset, and not in its own: ${first} is taken`);
    else if (others.length > 0)
      warn(`the study's list has ${counted(others.length + 1, "file")} called ${file}: ${first} is taken`);
    return [first];
  }
  const folders = listed.filter(({ dataset }) => dataset === image.dataset).flatMap(({ path }) => archiveLink(path) ?? []);
  for (const start of distinct([...folders, `${ARCHIVE}/${study}`])) {
    const found = await findBelow(start, file, net);
    if (found !== undefined) {
      warn(`no list of the study has ${file}: the first file of this name, ${found}, is taken`);
      return [found];
    }
  }
  return [];
}

interface StudyRow {
  dataset: string | undefined;
  path: string;
}

/**
 * A study's list of files, `<experiment>/<idrNNNN>-<experiment>-filePaths.tsv`: no header; `Dataset:name:<dataset>`, with or
 * without `Project:name:…/` before it, and the path, which may be a folder.
 */
export function parseFilePaths(text: string): StudyRow[] {
  return text
    .replace(/^\ufeff/, "")
    .split(/\r\n|\n|\r/)
    .flatMap((line) => {
      const [target = "", ...rest] = line.split("\t").map((cell) => cell.trim().replace(/^"(.*)"$/, "$1"));
      const path = rest.find((cell) => cell.includes("/"));
      return path === undefined
        ? []
        : [{ dataset: /(?:^|\/)Dataset:name:(.*)$/.exec(target)?.[1], path: path.replace(/\/+$/, "") }];
    });
}

async function studyList(study: string, experiment: readonly string[], net: PortalNet): Promise<StudyRow[]> {
  if (experiment.length === 0 || !safeSegments(experiment.join("/"))) return [];
  const folder = experiment.map(encodeSegment).join("/");
  const number = study.slice(0, 7).toLowerCase();
  const file = `${number}-${encodeSegment(experiment.at(-1)!)}-filePaths.tsv`;
  const text = await net.findText(`${STUDIES}/${encodeSegment(study)}/HEAD/${folder}/${file}`, { bytesMax: LIMITS.tableBytes });
  return text === undefined ? [] : parseFilePaths(text);
}

/** `/uod/idr/filesets/<study>/<path>` in the archive; files in the server's managed store are not public. */
export function archiveLink(path: string): string | undefined {
  const inside = /^\/?uod\/idr\/filesets\/(.+)$/.exec(path.trim())?.[1];
  const segments = inside === undefined ? undefined : safeSegments(inside.replace(/\/+$/, ""));
  return segments && `${ARCHIVE}/${segments.map(encodeSegment).join("/")}`;
}

function fileName(name: string): string {
  return name
    .replace(/ \[[^\]]*\]$/, "")
    .split("/")
    .at(-1)!
    .trim();
}

async function findBelow(start: string, file: string, net: PortalNet): Promise<string | undefined> {
  try {
    for await (const entry of walkIndex(start, net, { foldersMax: FOLDERS_MAX, unlisted() {} })) {
      if (entry.name === file) return entry.url;
    }
  } catch (error) {
    if (!isEmporiumError(error) || error.code !== "NOT_FOUND") throw error;
  }
  return undefined;
}
