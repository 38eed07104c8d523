import { few, fewFiles } from "../../../../../core/finding.js";
import type { Json, JsonObject } from "../../../../../core/json.js";
import { isJsonObject, jsonList, jsonObject, jsonText } from "../../../../../core/json-fields.js";
import { PLEASE, PLEASE_CHECK } from "../../../../../formats/yaml/yaml-text.js";
import { toJson } from "../../../config/nodes.js";
import { readYaml } from "../../../config/read.js";
import type { Claim, Details, PointsReading, Recogniser, Role } from "../../claims.js";
import { filledIn, hasRunName, type Paths, pathsOf } from "../../configuration/globs.js";
import type { Laboratory } from "../../survey/laboratory.js";
import { baseName, folderOf, within } from "../common/paths.js";
import { orReason } from "../common/reading.js";
import { detailsOf, EARLIER_CONFIGURATION, shapeDetails, withoutRounded } from "./details.js";
import { ownFiles } from "./own-files.js";

/**
 * An earlier configuration of an ingestion beside the data: what its sources find is what it says. Runs and sources are globs and literals; what depends on
 * anything but the name of the run is told, and left to the others.
 */
export const configured: Recogniser = {
  id: "configured",
  software: EARLIER_CONFIGURATION,
  async recognise(laboratory) {
    const claims: Claim[] = await ownFiles(laboratory);
    const notes: string[] = [];
    const by: string[] = [];
    const elsewhere: string[] = [];
    let paths: Paths | undefined;
    for (const { path, format, size } of laboratory.files) {
      if (!/\.ya?ml$/i.test(path) || format !== "text" || size > BYTES_MAX) continue;
      const read = await documentOf(laboratory, path);
      if (!read) continue;
      if (read === "unfinished") {
        claims.push({ path, role: "left out", because: "a configuration that is not filled in", strength: "bookkeeping" });
        continue;
      }
      if ("reason" in read) {
        notes.push(`${path}: ${read.reason}. This configuration is not used.`);
        claims.push({ path, role: "left out", because: "a configuration that cannot be read", strength: "bookkeeping" });
        continue;
      }
      const { document } = read;
      paths ??= pathsOf(laboratory.files.map((file) => file.path));
      by.push(path);
      claims.push({ path, role: "left out", because: "a configuration of an earlier ingestion", strength: "bookkeeping" });
      claimDocument({ path, document, paths, laboratory, claims, notes, elsewhere });
    }
    if (elsewhere.length > 0)
      notes.push(
        `${fewFiles(elsewhere)}: its runs find nothing here, so that it is not used. Give the folder that its source_prefix names.`,
      );
    return claims.length === 0
      ? undefined
      : { software: by.length === 0 ? "" : EARLIER_CONFIGURATION, by: by.slice(0, 3), claims, notes };
  },
};

const BYTES_MAX = 4 * 1024 * 1024;

/** Undefined for another document; `unfinished` for one that nobody has filled in: its guesses would become evidence for themselves. */
async function documentOf(
  laboratory: Laboratory,
  path: string,
): Promise<{ readonly document: JsonObject } | { readonly reason: string } | "unfinished" | undefined> {
  const text = (await laboratory.text(path, BYTES_MAX)) ?? "";
  if (!/^standardization_config\s*:/m.test(text)) return undefined;
  if (text.includes(`# ${PLEASE}`) || text.includes(`# ${PLEASE_CHECK}`)) return "unfinished";
  const read = await orReason(() => toJson(readYaml(new TextEncoder().encode(text), path)));
  if ("reason" in read) return read;
  const document = jsonObject(read.value);
  return document && { document };
}

interface Reading {
  readonly path: string;
  readonly document: JsonObject;
  readonly paths: Paths;
  readonly laboratory: Laboratory;
  readonly claims: Claim[];
  readonly notes: string[];
  /** Configurations whose runs are not in this folder. */
  readonly elsewhere: string[];
}

const SECTIONS: Readonly<Record<string, Role>> = {
  tomograms: "tomogram",
  tiltseries: "tilt series",
  frames: "frame",
  gains: "gain",
  collection_metadata: "acquisition",
  rawtilts: "raw tilts",
  alignments: "alignment",
  ctfs: "ctf",
};

function claimDocument(reading: Reading): void {
  const { path, document, notes, elsewhere } = reading;
  const prefix = prefixOf(reading);
  if (prefix === undefined) {
    elsewhere.push(path);
    return;
  }
  const { runs, folder } = prefix;
  const unread = new Set<string>();
  for (const [section, role] of Object.entries(SECTIONS))
    for (const block of blocks(document[section])) {
      const details = detailsOf(role, jsonObject(block.metadata));
      for (const source of blocks(block.sources)) claimSource(reading, { folder, runs, section, role, source, details, unread });
    }
  for (const block of blocks(document.annotations))
    for (const source of blocks(block.sources))
      for (const [shape, entry] of Object.entries(source)) claimShape(reading, { folder, runs, shape, entry, block, unread });
  const odd = blocks(document.runs)
    .flatMap((block) => blocks(block.sources).flatMap(runForms))
    .filter((form) => !regex(form));
  if (odd.length > 0) notes.push(`${path}: ${few(odd)} cannot be read as a pattern: check which of its runs are used.`);
  if (unread.size > 0)
    notes.push(
      `${path}: sources of ${few([...unread])} depend on more than the name of the run, or on patterns that cannot be read, and are not used. Ingest it as it is, or let them be found anew.`,
    );
}

const blocks = (value: Json | undefined): JsonObject[] => jsonList(value).filter(isJsonObject);

interface Prefix {
  readonly runs: readonly string[];
  /** Folder in which its globs are tried, with a slash at its end. */
  readonly folder: string;
}

/** The folder in which the configuration finds most: one that ends like its source_prefix, that of the file, or the top. */
function prefixOf({ path, document, paths, laboratory }: Reading): Prefix | undefined {
  const written = jsonText(jsonObject(document.standardization_config)?.source_prefix) ?? "";
  const parts = written.split("/").filter((part) => part !== "" && part !== ".");
  const own = folderOf(path);
  const tails = parts.map((_, at) => parts.slice(at).join("/"));
  const folders = new Set([
    "",
    own,
    ...tails,
    ...tails.map((tail) => within(own, tail)),
    ...endingIn(laboratory, parts.join("/")),
  ]);
  let best: (Prefix & { count: number }) | undefined;
  for (const name of folders) {
    const folder = name === "" ? "" : `${name}/`;
    const runs = runsOf(document, folder, paths);
    const count = runs.length === 0 ? 0 : countFound(document, folder, runs, paths, laboratory);
    if (count > (best?.count ?? 0)) best = { runs, folder, count };
  }
  return best;
}

function endingIn(laboratory: Laboratory, tail: string): Set<string> {
  const found = new Set<string>();
  if (tail === "") return found;
  for (const folder of laboratory.folders()) {
    const at = `${folder}/`.lastIndexOf(`/${tail}/`);
    if (at >= 0) found.add(folder.slice(0, at + 1 + tail.length));
  }
  return found;
}

function runsOf(document: JsonObject, folder: string, paths: Paths): string[] {
  const runs = new Set<string>();
  for (const block of blocks(document.runs))
    for (const source of blocks(block.sources)) {
      const excluded = jsonList(source.exclude).flatMap((form) => regex(`^(?:${jsonText(form) ?? "$^"})`) ?? []);
      const names = [
        ...jsonList(jsonObject(source.literal)?.value).flatMap((value) =>
          typeof value === "string" ? value : typeof value === "number" ? `${value}` : [],
        ),
        ...globNames(jsonObject(source.source_glob), folder, paths),
      ];
      for (const name of names) if (!excluded.some((form) => form.test(name))) runs.add(name);
    }
  return [...runs];
}

/** Patterns of a source of runs. */
function runForms({ exclude, source_glob }: JsonObject): string[] {
  const glob = jsonObject(source_glob);
  return [...jsonList(exclude), glob?.match_regex, glob?.name_regex].flatMap((form) => jsonText(form) ?? []);
}

/** Names that a source glob gives: the first group of name_regex in the name of the file. */
function globNames(glob: JsonObject | undefined, folder: string, paths: Paths): string[] {
  const list = jsonText(glob?.list_glob);
  if (list === undefined || /\{(?!run_name\})/.test(list.replace(/\{\{|\}\}/g, ""))) return [];
  const match = regex(jsonText(glob?.match_regex) ?? ".*");
  const name = regex(`^(?:${jsonText(glob?.name_regex) ?? "(.*)"})`);
  if (!match || !name) return [];
  return find(paths, folder, list).flatMap((path) => (match.test(path) ? (name.exec(baseName(path))?.[1] ?? []) : []));
}

/** A regular expression of Python's kind, as far as it is one of JavaScript. */
function regex(source: string): RegExp | undefined {
  try {
    return new RegExp(source.replaceAll("(?P<", "(?<").replace("(?i)", ""), source.includes("(?i)") ? "i" : "");
  } catch {
    return undefined;
  }
}

function find(paths: Paths, folder: string, glob: string, run?: string): string[] {
  const filled = run === undefined ? glob : filledIn(glob, run);
  try {
    return paths.find(folder + filled.replace(/^(?:\.?\/)+/, ""));
  } catch {
    return [];
  }
}

function countFound(document: JsonObject, folder: string, runs: readonly string[], paths: Paths, laboratory: Laboratory): number {
  let count = 0;
  for (const section of Object.keys(SECTIONS))
    for (const block of blocks(document[section]))
      for (const source of blocks(block.sources))
        for (const glob of globsOf(source))
          for (const run of runs.slice(0, RUNS_TRIED))
            count += find(paths, folder, glob, run).filter((path) => laboratory.get(path)).length;
  return count;
}
const RUNS_TRIED = 20;

function globsOf(source: JsonObject): string[] {
  const one = jsonText(jsonObject(source.source_glob)?.list_glob);
  const many = jsonList(jsonObject(source.source_multi_glob)?.list_globs).flatMap((glob) => jsonText(glob) ?? []);
  return [...(one === undefined ? [] : [one]), ...many];
}

/** Templates but the name of the run. */
const isOpen = (glob: string): boolean => /\{[^{}]+\}/.test(glob.replace(/\{\{|\}\}|\{run_name\}/g, ""));

interface Source {
  readonly folder: string;
  readonly runs: readonly string[];
  readonly section: string;
  readonly role: Role;
  readonly source: JsonObject;
  readonly details: Details | undefined;
  readonly unread: Set<string>;
}

function claimSource(reading: Reading, { folder, runs, section, role, source, details, unread }: Source): void {
  const match = regex(jsonText(jsonObject(source.source_glob)?.match_regex) ?? ".*");
  for (const glob of globsOf(source)) {
    if (isOpen(glob) || !match || !hasReadableFilters(source)) {
      unread.add(section);
      continue;
    }
    claimGlob(reading, { folder, runs: filtered(runs, source), glob, match, role, details });
  }
}

/** Whether all patterns for runs in the parent_filters of a source can be read. */
const hasReadableFilters = ({ parent_filters }: JsonObject): boolean =>
  ["include", "exclude"].every((kind) =>
    jsonList(jsonObject(jsonObject(parent_filters)?.[kind])?.run).every((form) => regex(jsonText(form) ?? "") !== undefined),
  );

/** Runs that parent_filters leave. */
function filtered(runs: readonly string[], source: JsonObject): string[] {
  const filters = jsonObject(source.parent_filters);
  const forms = (kind: string) => {
    const list = jsonObject(filters?.[kind])?.run;
    return list === undefined ? undefined : jsonList(list).flatMap((form) => regex(jsonText(form) ?? "$^") ?? []);
  };
  const [include, exclude = []] = [forms("include"), forms("exclude")];
  return runs.filter((run) => (include?.some((form) => form.test(run)) ?? true) && !exclude.some((form) => form.test(run)));
}

interface Globbed {
  readonly folder: string;
  readonly runs: readonly string[];
  readonly glob: string;
  readonly match: RegExp;
  readonly role: Role;
  readonly details: Details | undefined;
}

function claimGlob(
  { path: said, paths, laboratory, claims }: Reading,
  { folder, runs, glob, match, role, details }: Globbed,
): void {
  const because = `${baseName(said)} names it`;
  const more = (path: string): Pick<Claim, "details"> => {
    const own = withoutRounded(details, laboratory.get(path)?.volume?.spacingsAngstrom[1]);
    return own === undefined ? {} : { details: own };
  };
  if (!hasRunName(glob)) {
    for (const path of find(paths, folder, glob))
      if (match.test(path) && laboratory.get(path))
        claims.push({ path, role, ...(role === "points" && { runs }), because, strength: "bookkeeping", ...more(path) });
    return;
  }
  for (const run of runs)
    for (const path of find(paths, folder, glob, run))
      if (match.test(path) && laboratory.get(path))
        claims.push({ path, role, run, because, strength: "bookkeeping", ...more(path) });
}

interface Shape {
  readonly folder: string;
  readonly runs: readonly string[];
  readonly shape: string;
  readonly entry: Json | undefined;
  readonly block: JsonObject;
  readonly unread: Set<string>;
}

function claimShape(reading: Reading, { folder, runs, shape, entry, block, unread }: Shape): void {
  const map = jsonObject(entry);
  const known = map && shapeDetails(shape, map);
  if (map && !known && /^(?:Oriented)?Point$|^InstanceSegmentation$/.test(shape))
    reading.notes.push(`${reading.path}: points as ${shape} of file_format ${jsonText(map.file_format) ?? "none"} are not used.`);
  if (!known) return;
  const object = jsonText(jsonObject(jsonObject(block.metadata)?.annotation_object)?.name);
  const globs = [jsonText(map.glob_string), ...jsonList(map.glob_strings).map((glob) => jsonText(glob))].filter(
    (glob) => glob !== undefined,
  );
  const filter = jsonText(map.filter_value);
  const match = /(?:)/;
  for (const glob of globs) {
    if (isOpen(glob) || (filter !== undefined && filter !== "{run_name}")) {
      unread.add("annotations");
      continue;
    }
    const points =
      known.details.points &&
      ({ ...known.details.points, ...(filter !== undefined && { rowName: "the name of the run" }) } as PointsReading);
    const details = { ...known.details, ...(points && { points }), ...(object !== undefined && { object }) };
    claimGlob(reading, { folder, runs, glob, match, role: known.role, details });
  }
}
