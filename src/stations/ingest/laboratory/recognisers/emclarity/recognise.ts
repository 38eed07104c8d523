import { few, fewFiles } from "../../../../../core/finding.js";
import { groupsOf } from "../../../../../core/groups.js";
import { counted } from "../../../../../core/units.js";
import type { Claim, Question, Recogniser } from "../../claims.js";
import { EMCLARITY_TABLE } from "../../conventions/kinds.js";
import type { Laboratory } from "../../survey/laboratory.js";
import { idOf } from "../common/names.js";
import { baseName, distinctNames, folderOf, within } from "../common/paths.js";

/**
 * A project of emClarity: `fixedStacks/NAME.fixed` with its lists, tomograms `cache/NAME_PART_binN.rec`, and peaks of the template search in
 * `convmap…/NAME_PART_binN.mod`, or `.pos`. Several parts of one series have coordinates of their own: a person is asked.
 *
 * Source: BH_templateSearch3d_2.m and docs of https://github.com/StochasticAnalytics/emClarity
 */
export const emclarity: Recogniser = {
  id: "emclarity",
  software: "emClarity",
  async recognise(laboratory) {
    const stacks = laboratory.files.filter(({ path }) => /(?:^|\/)fixedStacks\/[^/]+\.fixed$/.test(path)).map(({ path }) => path);
    if (stacks.length === 0) return undefined;
    const series = stacks.map((path) => ({
      name: baseName(path).replace(/\.fixed$/, ""),
      folder: folderOf(folderOf(path)),
    }));
    const names = distinctNames(series);
    const claims: Claim[] = [];
    const parts: Part[] = [];
    for (const [root, own] of groupsOf([...series.entries()], ([, { folder }]) => folder)) {
      const runs = new Map(own.map(([at, { name }]) => [name, names[at]!]));
      claimStacks(laboratory, root, runs, claims);
      parts.push(...claimVolumes(laboratory, root, runs, claims));
      claimRest(laboratory, root, claims);
    }
    const questions = claimParts(laboratory, parts, claims);
    const metas = claims.filter(({ path }) => /\.mat$/i.test(path)).map(({ path }) => path);
    const notes =
      metas.length === 0
        ? []
        : [
            `What emClarity refined is in ${fewFiles(metas)}, which is not read: of it the peaks of the template search are used. Write refined places with emClarity geometry and WriteCsv, and add them as a table of x, y, z in voxels.`,
          ];
    return { software: "emClarity", by: stacks.slice(0, 3), claims, questions, notes };
  },
};

/** A tomogram of a part of a series, with the peaks that were found in it. */
interface Part {
  readonly run: string;
  /** `tilt_4_1` of `tilt_4_1_bin5`. */
  readonly name: string;
  readonly volume: string;
  readonly peaks?: string | undefined;
}

type Runs = ReadonlyMap<string, string>;

const leftOut = (path: string, because: string, run?: string): Claim => ({
  path,
  role: "left out",
  run,
  because,
  strength: "bookkeeping",
});

function claimStacks(laboratory: Laboratory, root: string, runs: Runs, claims: Claim[]): void {
  const folder = within(root, "fixedStacks");
  for (const { path } of laboratory.inFolder(folder)) {
    const [, name = "", end = ""] = /^(.+)\.([A-Za-z]+)$/.exec(baseName(path)) ?? [];
    const run = runs.get(name);
    const of = { path, run, strength: "bookkeeping" } as const;
    if (run === undefined) continue;
    if (end === "fixed") claims.push({ ...of, role: "tilt series", because: "emClarity takes it for the stack" });
    else if (end === "rawtlt") claims.push({ ...of, role: "raw tilts", because: "it has the tilts of the stack" });
    else if (end === "tlt" || end === "xf")
      claims.push({ ...of, role: "alignment", because: "it aligns the stack", details: { format: "IMOD" } });
    else claims.push(leftOut(path, end === "erase" ? "beads that are erased from images" : BOOKKEEPING, run));
  }
  for (const { path } of laboratory.inFolder(within(folder, "ctf")))
    claims.push(leftOut(path, path.endsWith(".tlt") ? EMCLARITY_TABLE : BOOKKEEPING));
}

const BOOKKEEPING = "a project file of emClarity";

/** Aligned stacks, tomograms and template searches. */
function claimVolumes(laboratory: Laboratory, root: string, runs: Runs, claims: Claim[]): Part[] {
  const partOf = (base: string) => {
    const [, stem, number] = /^(.+)_(\d+)_bin\d+$/.exec(base) ?? [];
    const run = stem === undefined ? undefined : runs.get(stem);
    return run === undefined ? undefined : { run, name: `${run}_${number}` };
  };
  for (const folder of ["aliStacks", "cache"].map((one) => within(root, one)))
    for (const { path } of laboratory.inFolder(folder))
      if (/_ali\d+(?:_bin\d+)?\.fixed$/.test(path)) claims.push(leftOut(path, "an aligned stack"));
  const searches = searchesOf(laboratory, root);
  const peaks = new Map<string, string>();
  // where the model is gone, which point2model makes of it, the list of places is left
  for (const end of [".mod", ".pos"])
    for (const { path } of searches.flatMap((folder) => laboratory.inFolder(folder))) {
      const base = baseName(path).slice(0, -end.length);
      if (!path.endsWith(end) || !partOf(base)) continue;
      if (!peaks.has(base)) peaks.set(base, path);
      else if (end === ".mod") claims.push(leftOut(path, `of the template search: ${peaks.get(base)!} is used instead`));
    }
  const used = new Set(peaks.values());
  for (const { path } of searches.flatMap((folder) => laboratory.inFolder(folder))) {
    const because = searchReason(baseName(path), peaks);
    if (because !== undefined && !used.has(path)) claims.push(leftOut(path, because));
  }
  return laboratory.inFolder(within(root, "cache")).flatMap(({ path, volume }): Part[] => {
    const base = /^(.+)\.rec$/.exec(baseName(path))?.[1];
    const part = base === undefined ? undefined : partOf(base);
    return part && volume ? [{ ...part, volume: path, peaks: peaks.get(base!) }] : [];
  });
}

/** Folders of template searches: that which emClarity reads goes first, since people take false peaks out of it. */
function searchesOf(laboratory: Laboratory, root: string): string[] {
  const all = laboratory.folders().filter((folder) => folderOf(folder) === root && /^convmap(?:_|$)/.test(baseName(folder)));
  return all.sort((a, b) => Number(baseName(b) === "convmap") - Number(baseName(a) === "convmap"));
}

function searchReason(name: string, peaks: ReadonlyMap<string, string>): string | undefined {
  if (/_(?:convmap|angles|noise_variance)\.mrc$/.test(name)) return "scores or angles of the template search, for each voxel";
  if (/\.(?:csv|pos)$/.test(name)) {
    const used = peaks.get(name.slice(0, -".csv".length));
    return used === undefined
      ? "peaks of the template search, without a .mod or .pos of its name beside it: write its columns 11 to 13, divided by the binning, as CSV"
      : `peaks of the template search, whose places are in ${baseName(used)}`;
  }
  return /\.(?:path|list|errID)$/.test(name) ? BOOKKEEPING : undefined;
}

function claimRest(laboratory: Laboratory, root: string, claims: Claim[]): void {
  for (const folder of laboratory.folders()) {
    if (folderOf(folder) === root && /^(?:recon|FSC|logFile|mapBack\d*)$/.test(baseName(folder)))
      for (const { path } of laboratory.inFolder(folder)) claims.push(leftOut(path, BOOKKEEPING));
  }
  for (const { path, volume } of laboratory.inFolder(root)) {
    if (/^param\d*\.m$/.test(baseName(path))) claims.push(leftOut(path, BOOKKEEPING));
    else if (/\.mat$/.test(path)) claims.push(leftOut(path, "what emClarity knows of the particles, which is not read"));
    else if (volume && /^cycle\d{3}_/.test(baseName(path))) claims.push(leftOut(path, "an average of particles"));
  }
}

/** The only part of a series is its tomogram. */
function claimParts(laboratory: Laboratory, parts: readonly Part[], claims: Claim[]): Question[] {
  const questions: Question[] = [];
  for (const [run, own] of groupsOf(parts, (part) => part.run)) {
    if (own.length === 1) {
      claims.push(...claimsOf(own[0]!, run));
      continue;
    }
    const files = own.flatMap(({ volume, peaks = [] }) => [volume, peaks].flat());
    questions.push({
      id: `parts-${idOf(run)}`,
      text: `Should the ${counted(own.length, "part")} of ${run} be published as runs of their own?`,
      why: `emClarity cut them out of the tomogram, and each has its own coordinates: ${few(own.map(({ volume }) => volume))}.`,
      files,
      options: [
        {
          answer: "runs",
          says: `yes: as ${few(own.map(({ name }) => name))}; the tilt series stays with ${run}`,
          claims: own.flatMap((part) => claimsOf(part, part.name)),
        },
        {
          answer: "leave-out",
          says: "not published",
          claims: files.map((path) => leftOut(path, `of a part of ${run}`)),
        },
      ],
    });
  }
  // peaks of what was not kept in the cache
  const used = new Set([...claims.map(({ path }) => path), ...questions.flatMap(({ files }) => files)]);
  for (const { path } of laboratory.files)
    if (!used.has(path) && /(?:^|\/)convmap[^/]*\/[^/]+\.mod$/.test(path))
      claims.push(leftOut(path, "its tomogram is not in the cache of emClarity"));
  return questions;
}

function claimsOf({ volume, peaks }: Part, run: string): Claim[] {
  const strength = "bookkeeping";
  const tomogram: Claim = { path: volume, role: "tomogram", run, because: "emClarity reconstructed it", strength };
  if (peaks === undefined) return [tomogram];
  return [
    tomogram,
    {
      path: peaks,
      role: "points",
      run,
      sameRunAs: volume,
      because: `peaks of emClarity's template search in ${baseName(volume)}`,
      strength,
      // of both: voxels of the tomogram, which MATLAB counts from 1
      details: {
        points: peaks.endsWith(".mod")
          ? { format: "mod", shape: "Point", unit: "voxels" }
          : { format: "csv", delimiter: " ", shape: "Point", unit: "voxels" },
      },
    },
  ];
}
