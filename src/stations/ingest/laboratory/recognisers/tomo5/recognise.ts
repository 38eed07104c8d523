import { fewFiles } from "../../../../../core/finding.js";
import type { Claim, Recogniser } from "../../claims.js";
import type { Laboratory } from "../../survey/laboratory.js";
import { type MdocFacts, mdocsOf } from "../common/mdocs.js";
import { stemOf } from "../common/names.js";
import { baseName, folderOf } from "../common/paths.js";
import { claimOthers, claimSeries, seriesOf } from "../common/series.js";
import { isTomo5, positionOfFrame, positionOfSum, versionOf } from "./names.js";

/**
 * Tomography 5 of Thermo Fisher: one mdoc a position beside the files of its frames, whose names have the position, the number of the exposure and its tilt.
 *
 * Source: Tomography 5 user guide (data of a session); names as in https://github.com/DiamondLightSource/python-murfey (`tests/client/test_analyser.py`).
 */
export const tomo5: Recogniser = {
  id: "tomo5",
  software: "Tomography 5 (Thermo Fisher)",
  async recognise(laboratory) {
    const mdocs = await mdocsOf(laboratory);
    const mine = mdocs.all.filter((mdoc) => mdoc.kind !== "frame" && isTomo5(mdoc));
    const override = mine.filter(({ stem }) => /_override$/i.test(stem));
    const kept = mine.filter((mdoc) => !override.includes(mdoc));
    const series = await seriesOf(
      laboratory,
      mdocs,
      kept.filter(({ kind }) => kind === "series"),
    );
    const { claims, missing, frames } = claimSeries(laboratory, mdocs, series);
    const taken = new Set(claims.map(({ path }) => path));
    claims.push(...claimOthers(laboratory, mdocs, kept, taken));
    for (const { path } of override)
      claims.push({
        path,
        role: "left out",
        because: "an override that Tomography 5 writes beside the mdoc of the series",
        strength: "bookkeeping",
      });
    const positions = new Map(series.map(({ run, mdoc }) => [positionKey(folderOf(mdoc.path), mdoc.stem), run]));
    const byStem = onlyOnes(series.map(({ run, mdoc }) => [mdoc.stem.toLowerCase(), run]));
    const lonely = claimNames(laboratory, {
      claims,
      claimed: new Set(claims.map(({ path }) => path)),
      runOf: (path, stem) => positions.get(positionKey(folderOf(path), stem)) ?? byStem.get(stem.toLowerCase()),
      exposures: exposuresOf(mine),
    });
    if (series.length === 0 && lonely.size === 0) return undefined;
    claimSurroundings(laboratory, claims, new Set([...series.map(({ mdoc }) => mdoc.path), ...frames.keys()].map(folderOf)));
    const version = versionOf(mine);
    return {
      software: `Tomography ${version ?? "5"} (Thermo Fisher)`,
      by: series.length > 0 ? series.slice(0, 3).map(({ mdoc }) => mdoc.path) : [...lonely].slice(0, 3),
      claims,
      missingFrames: missing,
      notes: [
        ...overrideNotes(
          override.map(({ stem }) => stem.replace(/_override$/i, "")),
          byStem,
        ),
        ...(lonely.size === 0
          ? []
          : [
              `${fewFiles([...lonely])}: there are frames, and no mdoc. Copy the mdoc beside them: without it the tilts are known by the names of files alone.`,
            ]),
      ],
    };
  },
};

const positionKey = (folder: string, stem: string): string => `${folder}\0${stem.toLowerCase()}`;

/** Pairs whose first member comes once. */
function onlyOnes(pairs: readonly (readonly [string, string])[]): Map<string, string | undefined> {
  const map = new Map<string, string | undefined>();
  for (const [key, value] of pairs) map.set(key, map.has(key) ? undefined : value);
  return map;
}

function overrideNotes(stems: readonly string[], known: ReadonlyMap<string, string | undefined>): string[] {
  const alone = stems.filter((stem) => !known.has(stem.toLowerCase()));
  return alone.length === 0 ? [] : [`${fewFiles(alone)}: there is an override mdoc alone; copy the mdoc of the series.`];
}

interface Names {
  readonly claims: Claim[];
  readonly claimed: ReadonlySet<string>;
  /** Run of a position, by the folder of a file and by the position in its name. */
  readonly runOf: (path: string, position: string) => string | undefined;
  /** Names of all frames that an mdoc names, without their endings. */
  readonly exposures: ReadonlySet<string>;
}

/** `Position_1_001_0.00_20230214_093112_Fractions`, whatever the format of what is called so. */
const exposureOf = (name: string): string => stemOf(name).toLowerCase();

const exposuresOf = (mdocs: readonly MdocFacts[]): ReadonlySet<string> =>
  new Set(
    mdocs.flatMap(({ sections }) =>
      sections.flatMap(({ subFramePath = "" }) => exposureOf(baseName(subFramePath.replaceAll("\\", "/")))),
    ),
  );

/** Files that no mdoc names, by their names. @returns positions with frames and without an mdoc */
function claimNames(laboratory: Laboratory, { claims, claimed, runOf, exposures }: Names): Set<string> {
  const lonely = new Set<string>();
  for (const { path, format } of laboratory.files) {
    if (claimed.has(path)) continue;
    const name = baseName(path);
    const leave = (because: string, run?: string) => claims.push({ path, role: "left out", run, because, strength: "contents" });
    const position = positionOfFrame(name);
    if (position !== undefined && (format === "tiff" || format === "eer" || format === "mrc")) {
      const run = runOf(path, position);
      if (run !== undefined) leave(`no mdoc of ${run} names it: an exposure that was given up or repeated`, run);
      // the same exposure in another format: what was made of frames that an mdoc names misses none
      else if (!exposures.has(exposureOf(name))) {
        lonely.add(position);
        claims.push({ path, role: "frame", run: position, because: `its name says that it is of ${position}`, strength: "name" });
      }
      continue;
    }
    const sum = positionOfSum(name);
    const ofSum = sum === undefined ? undefined : runOf(path, sum);
    if (ofSum !== undefined) {
      leave("the sum of an exposure, or its description", ofSum);
      continue;
    }
    const aligned = /^(.+)_ali(?:gned)?\.(?:mrc|st)$/i.exec(name)?.[1];
    const ofAligned = aligned === undefined ? undefined : runOf(path, aligned);
    if (ofAligned !== undefined) {
      leave("the aligned stack", ofAligned);
      continue;
    }
    claimGain(laboratory, path, claims, (stem) => runOf(path, stem));
  }
  return lonely;
}

const GAIN = /^(?:(.+)[_-])?gain(?:[_-]?ref(?:erence)?)?\.(?:tiff?|mrc|dm4)$/i;

function claimGain(laboratory: Laboratory, path: string, claims: Claim[], runOf: (stem: string) => string | undefined): void {
  const { format, volume } = laboratory.get(path)!;
  const name = baseName(path);
  const match = GAIN.exec(name);
  if (!match && !/\.gain$/i.test(name)) return;
  const isPicture = volume === undefined ? format === "tiff" || format === "dm" : volume.says === "picture";
  if (!isPicture) return;
  const run = match?.[1] === undefined ? undefined : runOf(match[1]);
  const of = run === undefined ? "" : ` for ${run}`;
  claims.push({
    path,
    role: "gain",
    run,
    because: `its name says that it is a gain reference${of}, and it is one picture`,
    strength: "name",
  });
}

/** What Tomography 5 keeps of a session beside the tilt series. */
const SURROUNDINGS: readonly (readonly [form: RegExp, reason: string])[] = [
  [/^(?:search_?map|search)/i, "a search map"],
  [/^(?:lamella)?overview/i, "an overview image"],
  [/^(?:atlas|tile_)/i, "a part of the atlas"],
  [/^(?:tracking|focus|exposure|thumbnail)/i, "an image for focus, tracking or display"],
  [/^(?:batchpositionslist|session|batch)\b.*\.(?:xml|dm)$/i, "a project file of Tomography 5"],
];
const FOLDERS: readonly (readonly [form: RegExp, reason: string])[] = [
  [/^search_?maps?$/i, "a search map"],
  [/^overviews?$/i, "an overview image"],
  [/^(?:atlas|sample\d*)$/i, "a part of the atlas"],
  [/^thumbnails?$/i, "a picture for display"],
  [/^batch$/i, "a project file of Tomography 5"],
];

/** @param own folders with series or frames of Tomography 5 */
function claimSurroundings(laboratory: Laboratory, claims: Claim[], own: ReadonlySet<string>): void {
  const claimed = new Set(claims.map(({ path }) => path));
  const sessions = new Set([...own].flatMap((folder) => [folder, folderOf(folder)]));
  for (const folder of laboratory.folders()) {
    const around = FOLDERS.find(([form]) => form.test(baseName(folder)) && sessions.has(folderOf(folder)))?.[1];
    if (around === undefined && !sessions.has(folder)) continue;
    for (const { path } of laboratory.inFolder(folder)) {
      const isWritten = /\.(?:mrc|tiff?|jpe?g|png|xml|dm)$/i.test(path);
      const because = around ?? (isWritten ? SURROUNDINGS.find(([form]) => form.test(baseName(path)))?.[1] : undefined);
      if (because !== undefined && !claimed.has(path)) claims.push({ path, role: "left out", because, strength: "contents" });
    }
  }
}
