import { mapLimit } from "../../../../../system/parallel.js";
import type { Claim, GoneGain, Recogniser } from "../../claims.js";
import type { Laboratory } from "../../survey/laboratory.js";
import { type MdocFacts, type Mdocs, mdocsOf, readMdoc } from "../common/mdocs.js";
import { baseName, folderOf } from "../common/paths.js";
import { type AcquiredSeries, claimOthers, claimSeries, seriesOf } from "../common/series.js";
import { axesOf } from "../imod/datasets.js";
import { isTomo5 } from "../tomo5/names.js";

/**
 * SerialEM: an mdoc with images at several tilts is a tilt series, named like its stack (`TS_01.mrc.mdoc`); its sections name their files of frames. Mdocs
 * of montages and views, and navigators, tell what is no tilt series.
 *
 * Source: https://bio3d.colorado.edu/SerialEM/hlp/html/about_formats.htm
 */
export const serialem: Recogniser = {
  id: "serialem",
  software: "SerialEM",
  async recognise(laboratory) {
    const mdocs = await mdocsOf(laboratory);
    const mine = mdocs.all.filter((mdoc) => mdoc.kind === "frame" || !isTomo5(mdoc));
    const axis = await axesOf(laboratory);
    const found = await seriesOf(
      laboratory,
      mdocs,
      mine.filter(({ kind }) => kind === "series"),
    );
    const series = found.map((one) => ({ ...one, run: axis(one.mdoc.stem)?.run ?? one.run }));
    const isSecond = ({ mdoc }: AcquiredSeries) => axis(mdoc.stem)?.axis === "b";
    const first = series.filter((one) => !isSecond(one));
    const { claims: kept, missing, frames } = claimSeries(laboratory, mdocs, first);
    for (const { path, run } of claimSeries(laboratory, mdocs, series.filter(isSecond)).claims)
      kept.push({
        path,
        role: "left out",
        run,
        because: `of axis b of ${run}: a run is described by its axis a`,
        strength: "bookkeeping",
      });
    const taken = new Set(kept.map(({ path }) => path));
    kept.push(...claimOthers(laboratory, mdocs, mine, taken));
    const navigators = await claimNavigators(laboratory, mdocs, kept);
    const isMine = mine.some(({ kind }) => kind === "montage" || kind === "images");
    if (series.length === 0 && navigators.length === 0 && !isMine && mdocs.broken.length === 0) return undefined;
    const own = { series: first, frames, taken: new Set(kept.map(({ path }) => path)) };
    const references = await claimReferences(laboratory, mdocs, own);
    kept.push(...references.claims);
    const version = mine
      .map((mdoc) => /SerialEM Version ([\d.]+)/.exec(mdoc.version ?? "")?.[1])
      .find((one) => one !== undefined);
    return {
      software: `SerialEM${version === undefined ? "" : ` ${version}`}`,
      by: [...series.map(({ mdoc }) => mdoc.path), ...navigators, ...[...mine, ...mdocs.broken].map(({ path }) => path)].slice(
        0,
        3,
      ),
      claims: kept,
      missingFrames: missing,
      notes: mdocs.broken.map(({ note }) => note),
      goneGains: references.goneGains,
    };
  },
};

const NAVIGATOR_BYTES_MAX = 16 * 1024 * 1024;

/** Navigators, and the images that they keep as maps. @returns paths of navigators */
async function claimNavigators(laboratory: Laboratory, { files }: Mdocs, claims: Claim[]): Promise<string[]> {
  const taken = new Set(claims.map(({ path }) => path));
  const navigators: string[] = [];
  for (const { path, format } of laboratory.files) {
    if (!/\.nav$/i.test(path) || format !== "text") continue;
    const text = (await laboratory.text(path, NAVIGATOR_BYTES_MAX)) ?? "";
    if (!/^(?:AdocVersion\s*=|\[Item\s*=|<navigator>|Label\tColor\t)/m.test(text)) continue;
    navigators.push(path);
    claims.push({ path, role: "left out", because: "a navigator of SerialEM", strength: "bookkeeping" });
    for (const [, adoc, xml] of text.matchAll(/^MapFile\s*=\s*(.+)$|<MapFile>([^<]+)<\/MapFile>/gm)) {
      const map = files.find((adoc ?? xml)!, folderOf(path));
      if (map === undefined || taken.has(map)) continue;
      taken.add(map);
      claims.push({ path: map, role: "left out", because: `a map of ${baseName(path)}`, strength: "bookkeeping" });
    }
  }
  return navigators;
}

interface Found {
  readonly series: readonly AcquiredSeries[];
  readonly frames: ReadonlyMap<string, string>;
  readonly taken: ReadonlySet<string>;
}

const READS_IN_FLIGHT = 16;
/** As SerialEM's plugin for DigitalMicrograph copies them beside frames that are not normalised. */
const REFERENCE = /^(?:Count|Super)Ref_.*\.(?:dm4|dm3|mrc|tiff?)$/i;
const DEFECTS = /^defects_.*\.txt$/i;

/** Gain references and lists of defects that mdocs name, and those beside frames that are called as SerialEM calls them. */
async function claimReferences(
  laboratory: Laboratory,
  mdocs: Mdocs,
  { series, frames, taken }: Found,
): Promise<{ readonly claims: Claim[]; readonly goneGains: readonly GoneGain[] }> {
  const gone = new Map<string, string>();
  const runsOf = new Map<string, { runs: Set<string>; because: string; role: Claim["role"] }>();
  const add = (name: string | undefined, mdoc: string, run: string, role: Claim["role"]) => {
    const path = name === undefined ? undefined : mdocs.files.find(name, folderOf(mdoc));
    const isGone = path === undefined && name !== undefined && role === "gain" && frames.size > 0;
    if (isGone && !gone.has(name)) gone.set(name, mdoc);
    if (path === undefined || taken.has(path)) return;
    const known = runsOf.get(path) ?? { runs: new Set<string>(), because: `${baseName(mdoc)} names it`, role };
    known.runs.add(run);
    runsOf.set(path, known);
  };
  const firstFrames = new Map<string, string>();
  for (const [path, run] of frames) if (!firstFrames.has(run)) firstFrames.set(run, path);
  await mapLimit(series, READS_IN_FLIGHT, async ({ run, mdoc }) => {
    const frame = firstFrames.get(run);
    const path = frame === undefined ? undefined : `${frame}.mdoc`;
    const ofFrame = path !== undefined && laboratory.get(path)?.format === "text" ? await readMdoc(laboratory, path) : undefined;
    const told: MdocFacts[] = [mdoc, ...(ofFrame === undefined || typeof ofFrame === "string" ? [] : [ofFrame])];
    for (const { path: from, sections } of told) {
      for (const { gain, defects } of sections.slice(0, 1)) {
        add(gain, from, run, "gain");
        add(defects, from, run, "left out");
      }
    }
  });
  const claims = [...runsOf].map(([path, { runs, because, role }]): Claim => {
    if (role !== "gain") return { path, role, because: "a list of the camera's defects", strength: "bookkeeping" };
    return { path, role, because, strength: "bookkeeping", ...(runs.size === 1 ? { run: [...runs][0]! } : { runs: [...runs] }) };
  });
  const folders = new Set([...series.map(({ mdoc }) => mdoc.path), ...frames.keys()].map(folderOf));
  for (const folder of folders) {
    for (const { path, format } of laboratory.inFolder(folder)) {
      if (taken.has(path) || runsOf.has(path)) continue;
      const name = baseName(path);
      if (DEFECTS.test(name) && format === "text")
        claims.push({ path, role: "left out", because: "a list of the camera's defects", strength: "contents" });
      if (REFERENCE.test(name) && format !== "text" && format !== "empty")
        claims.push({ path, role: "gain", because: "SerialEM calls gain references so", strength: "name" });
    }
  }
  return { claims, goneGains: [...gone].map(([named, by]) => ({ by, named })) };
}
