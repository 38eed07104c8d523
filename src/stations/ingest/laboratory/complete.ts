import { few } from "../../../core/finding.js";
import { groupsOf } from "../../../core/groups.js";
import { counted } from "../../../core/units.js";
import { readAcquisitions } from "./acquisition.js";
import type { Claim, Details, Option, Question } from "./claims.js";
import { answered, type Decision, type Decisions, type Given, isSettled, runsOf, stableId } from "./decide.js";
import { placePoints, type Volume } from "./points/place.js";
import { runFinder, stemOf } from "./run-names.js";
import { runTables } from "./run-tables.js";
import type { Laboratory } from "./survey/laboratory.js";

/**
 * What can be decided only when the runs and their tomograms are known: tables of runs, lists of points and their units, voxel sizes that contradict
 * each other.
 */
export async function complete(
  laboratory: Laboratory,
  { files: before, undecided: open, questions: asked, ...decisions }: Decisions,
  given: Given,
  signal: AbortSignal,
): Promise<Decisions> {
  const files = new Map(before);
  const undecided = new Map(open);
  const places = { given, files, undecided, laboratory };
  const questions = [...asked];
  const put = (claims: readonly Claim[]) => {
    for (const { path, role, run, runs, because, strength, details = {} } of claims) {
      const known = files.get(path)!;
      if (known.strength === "person" && known.role !== "points") continue;
      files.set(path, {
        ...known,
        path,
        role,
        run,
        runs,
        because,
        strength: known.strength === "person" ? "person" : strength,
        details,
      });
    }
  };
  const ask = (some: readonly Question[]) => {
    for (const question of some) if (!isSettled(question, given)) questions.push(answered(question, "", places));
  };
  joinAcquisitions(files);
  nameProcessing(files);
  ask(spacingQuestions(files, laboratory));
  ask(twinQuestions(files, laboratory));
  withoutRun(files, undecided);
  fillSpacings(files, laboratory);
  onlyOne(files, undecided);
  framesWithoutAcquisition(files);
  const runs = runsOf(files);
  nameLists(files, runs);
  const tables = [...files.values()].filter(({ role }) => role === "table");
  const { claims: told, points } = await runTables(laboratory, tables, runs, signal);
  put(told);
  const volumes = volumesByRun(files, laboratory);
  const pixels = await pixelsByRun(files, laboratory);
  const lists = [...files.values()].filter(({ role, path }) => role === "points" || points.has(path));
  const placed = await placePoints(
    lists.map((file) => ({ ...file, role: "points" })),
    {
      laboratory,
      runs,
      volumesOf: (run) => volumes.get(run) ?? [],
      pixelsOf: (run) => pixels.get(run) ?? [],
      signal,
    },
  );
  put(placed.claims);
  ask(placed.questions);
  return { ...decisions, runs: runsOf(files), files, undecided, questions };
}

/** Letters and digits of a name end where one of these stands. */
const APART = /^$|^[_. -]|[_. -]$/;

/** An acquisition file alone is no run: where its name goes on before or behind that of a run that has none, it is of that run. */
function joinAcquisitions(files: Map<string, Decision>): void {
  const byRun = groupsOf(
    [...files.values()].filter(({ run, role }) => run !== undefined && role !== "left out"),
    ({ run }) => run!,
  );
  const has = (run: string) => byRun.get(run)?.some(({ role }) => role === "acquisition") === true;
  const alone = [...byRun].filter(([, own]) => own.every(({ role }) => role === "acquisition"));
  const others = [...byRun.keys()].filter((run) => !has(run));
  for (const [run, own] of alone) {
    const [longest] = others
      .filter((other) => run.includes(other) && run.split(other).every((part) => APART.test(part)))
      .sort((a, b) => b.length - a.length);
    if (longest !== undefined) for (const file of own) files.set(file.path, { ...file, run: longest });
  }
}

/** Of files that a run has once the one that is called as the run; of several others nobody knows which it is. */
function onlyOne(files: Map<string, Decision>, undecided: Map<string, string>): void {
  for (const role of ["acquisition", "raw tilts"] as const) {
    const byRun = groupsOf(
      [...files.values()].filter((file) => file.role === role && file.run !== undefined),
      ({ run }) => run!,
    );
    for (const [run, own] of byRun) {
      if (own.length < 2) continue;
      const named = own.filter(({ path }) => stemOf(path.slice(path.lastIndexOf("/") + 1)) === run);
      for (const file of own) {
        if (named.length === 1 && file === named[0]) continue;
        if (file.strength === "person") continue;
        if (named.length === 1)
          files.set(file.path, { ...file, role: "left out", because: `${named[0]!.path} is that of ${run}` });
        else {
          files.delete(file.path);
          undecided.set(file.path, `one of several for ${run}, and nothing tells which is right`);
        }
      }
    }
  }
}

const DENOISED = /denoi[sz]|dctf|cryocare|isonet|topaz|n2n|deepdewedge|ddw/i;
const FILTERED = /filt|deconv|bandpass|lowpass/i;

/** What was done with a tomogram, and how it was made, by its name, where nobody has told it. */
function nameProcessing(files: Map<string, Decision>): void {
  for (const [path, file] of files) {
    if (file.role !== "tomogram" || file.strength === "person") continue;
    const processing = DENOISED.test(path) ? "denoised" : FILTERED.test(path) ? "filtered" : undefined;
    const method = /sirt/i.test(path) ? "SIRT" : /sart/i.test(path) ? "SART" : /wbp|bp_?3d/i.test(path) ? "WBP" : undefined;
    const named: Details = { ...(processing ? { processing } : {}), ...(method ? { reconstructionMethod: method } : {}) };
    const told: Details = Object.fromEntries(Object.entries(file.details).filter(([, value]) => value !== undefined));
    files.set(path, { ...file, details: { ...named, ...told } });
  }
}

/** Files of a kind that a run has, for which nothing tells the run. */
function withoutRun(files: Map<string, Decision>, undecided: Map<string, string>): void {
  for (const [path, { role, run, runs }] of files) {
    if (run !== undefined || runs !== undefined || ["left out", "gain", "table", "points"].includes(role)) continue;
    files.delete(path);
    undecided.set(path, `it seems to be ${role === "alignment" ? "an alignment" : `a ${role}`}, and nothing tells of which run`);
  }
}

/** Å of a tomogram's voxels: as the bookkeeping has it, else its header; undefined where neither says it. */
export function spacingOf({ path, details }: Decision, laboratory: Laboratory): number | undefined {
  const [, y] = laboratory.get(path)?.volume?.spacingsAngstrom ?? [];
  const spacing = details.spacingAngstrom ?? y;
  // a header without a cell gives 0, or 1 where it was never set
  if (spacing === undefined || spacing < 0.01 || spacing > 10_000) return undefined;
  const rounded = Number(spacing.toFixed(3));
  return rounded === 1 && details.spacingAngstrom === undefined ? undefined : rounded;
}

/** Tables have no run until it is clear that they are lists of points. */
function nameLists(files: Map<string, Decision>, runs: readonly string[]): void {
  const find = runFinder(runs);
  for (const [path, file] of files)
    if (file.role === "table" && file.run === undefined) files.set(path, { ...file, run: find(path) });
}

/** What is told of frames stands in the acquisition file of their run. */
function framesWithoutAcquisition(files: Map<string, Decision>): void {
  const told = new Set([...files.values()].filter(({ role }) => role === "acquisition").map(({ run }) => run));
  const because = "frames need the acquisition file (mdoc) of their run, and there is none";
  for (const [path, file] of files)
    if (file.role === "frame" && file.strength !== "person" && !told.has(file.run))
      files.set(path, { ...file, role: "left out", because });
}

/** Where all other headers agree, one that says nothing is taken to mean the same; that is told. */
function fillSpacings(files: Map<string, Decision>, laboratory: Laboratory): void {
  const tomograms = [...files.values()].filter(({ role }) => role === "tomogram");
  const known = new Set(tomograms.flatMap((file) => spacingOf(file, laboratory) ?? []));
  if (known.size !== 1) return;
  const [spacingAngstrom] = known;
  for (const file of tomograms) {
    if (spacingOf(file, laboratory) !== undefined) continue;
    const spacingFrom = "not all headers have one, those that do have this";
    files.set(file.path, { ...file, details: { ...file.details, spacingAngstrom, spacingFrom } });
  }
}

function volumesByRun(files: ReadonlyMap<string, Decision>, laboratory: Laboratory): Map<string, Volume[]> {
  const volumes = new Map<string, Volume[]>();
  for (const file of files.values()) {
    const shape = laboratory.get(file.path)?.volume?.shape;
    if (file.role !== "tomogram" || file.run === undefined || !shape) continue;
    const [z, y, x] = shape;
    const [oz, oy, ox] = laboratory.get(file.path)!.volume!.originAngstrom;
    const one: Volume = {
      path: file.path,
      size: [x, y, z],
      spacingAngstrom: spacingOf(file, laboratory),
      originAngstrom: [ox, oy, oz],
    };
    volumes.set(file.run, [...(volumes.get(file.run) ?? []), one]);
  }
  return volumes;
}

/** Pixel sizes of the tilt series of each run, by their headers and the acquisition files. */
async function pixelsByRun(files: ReadonlyMap<string, Decision>, laboratory: Laboratory): Promise<Map<string, number[]>> {
  const pixels = new Map<string, number[]>();
  const add = (run: string | undefined, pixel: number | undefined) => {
    if (run !== undefined && pixel !== undefined && pixel > 0.01 && pixel !== 1)
      pixels.set(run, [...(pixels.get(run) ?? []), pixel]);
  };
  for (const file of files.values()) if (file.role === "tilt series") add(file.run, spacingOf(file, laboratory));
  const acquisitions = [...files.values()].filter(({ role, run }) => role === "acquisition" && run !== undefined);
  const read = await readAcquisitions(
    laboratory,
    acquisitions.map(({ path }) => path),
  );
  for (const { path, run } of acquisitions) add(run, read.get(path)?.pixelSpacing);
  return pixels;
}

/** Tomograms of one size in voxels whose headers differ by a factor of ten: one of them is in nm, or was never set right. */
function spacingQuestions(files: ReadonlyMap<string, Decision>, laboratory: Laboratory): Question[] {
  const tomograms = [...files.values()].filter(({ role, path }) => role === "tomogram" && laboratory.get(path)?.volume);
  const groups = groupsOf(tomograms, ({ path }) => laboratory.get(path)!.volume!.shape.join(" "));
  return [...groups.values()].flatMap((group) => {
    const bySpacing = groupsOf(
      group.filter((file) => spacingOf(file, laboratory) !== undefined),
      (file) => `${spacingOf(file, laboratory)}`,
    );
    const [usual] = [...bySpacing].sort((a, b) => b[1].length - a[1].length);
    if (!usual) return [];
    const common = Number(usual[0]);
    return [...bySpacing].flatMap(([key, some]): Question[] => {
      const spacing = Number(key);
      const ratio = common / spacing;
      if (some.length >= usual[1].length || Math.abs(Math.log10(ratio)) < 0.98 || Math.abs(Math.log10(ratio)) > 1.02) return [];
      const paths = some.map(({ path }) => path);
      const options = [common, spacing].map((value): Option => {
        const claims = some.map(({ path, run, role, because, details }): Claim => {
          return { path, run, role, because, strength: "contents", details: { ...details, spacingAngstrom: value } };
        });
        return { answer: `${value}`, says: `${value} Å`, claims };
      });
      const text = `Is the voxel size of ${few(paths)} ${common} Å, as that of ${few(usual[1].map(({ path }) => path))}, or ${spacing} Å, as the header says?`;
      return [{ id: `spacing-${key}`, text, files: paths, options }];
    });
  });
}

/** Two tomograms of one run that nothing tells apart: the same voxel size and the same processing. */
function twinQuestions(files: ReadonlyMap<string, Decision>, laboratory: Laboratory): Question[] {
  const tomograms = [...files.values()].filter(({ role, run }) => role === "tomogram" && run !== undefined);
  const twins = groupsOf(tomograms, (file) => JSON.stringify([file.run, tellingOf(file, laboratory)]));
  const byFolders = groupsOf(
    [...twins.values()].filter((group) => group.length > 1),
    (group) => group.map(({ path }) => withoutNames(path)).join(" "),
  );
  return [...byFolders].map(([key, groups]): Question => {
    const count = groups[0]!.length;
    const options = Array.from({ length: count }, (_, n): Option => {
      const example = groups[0]![n]!.path;
      const claims = groups.flatMap((group) =>
        group.map((file, i): Claim => {
          const { path, run, role, because, details } = file;
          return i === n
            ? { path, run, role, because, details, strength: "contents" }
            : { path, role: "left out", because: `${group[n]!.path} is published in its place`, strength: "contents" };
        }),
      );
      return { answer: `${n + 1}`, says: `${example}${groups.length > 1 ? " and those like it" : ""}`, claims };
    });
    const all: Option = {
      answer: "all",
      says: "each of them, told apart by what is written into processing_software",
      claims: groups.flatMap((group) =>
        group.map(
          ({ path, run, role, because, details }): Claim => ({ path, run, role, because, details, strength: "contents" }),
        ),
      ),
    };
    return {
      id: stableId("twins", key),
      text: `Run ${groups[0]![0]!.run}${groups.length > 1 ? ` and ${groups.length - 1} more` : ""} has ${counted(count, "tomogram")} of one voxel size that nothing tells apart: ${few(groups[0]!.map(({ path }) => path))}. Which is to be published?`,
      files: groups.flatMap((group) => group.map(({ path }) => path)),
      options: [...options, all],
      guess: "all",
    };
  });
}

const withoutNames = (path: string): string => path.replace(/\d+/g, "#");

/** What the portal tells two tomograms of a run apart by. */
export function tellingOf(file: Decision, laboratory: Laboratory): unknown[] {
  const { processing = "raw", processingSoftware, reconstructionMethod, reconstructionSoftware, ctfCorrected } = file.details;
  return [
    spacingOf(file, laboratory),
    processing,
    processingSoftware,
    reconstructionMethod,
    reconstructionSoftware,
    ctfCorrected,
  ];
}
