import { few } from "../../../../core/finding.js";
import { groupsOf, keyOf } from "../../../../core/groups.js";
import { counted } from "../../../../core/units.js";
import type { Claim, GoneGain, Option, Question } from "../claims.js";
import type { Decision } from "../decide.js";
import { stableId } from "../questions.js";
import { stemOf } from "../recognisers/common/names.js";
import { baseName, folderOf } from "../recognisers/common/paths.js";
import { orReason } from "../recognisers/common/reading.js";
import type { Laboratory } from "../survey/laboratory.js";
import { asItIs, leftOut } from "./claim.js";

/**
 * Gives gain references that nobody has given to a run to those whose frames lie nearest, and only to runs that have frames. Of several the one that the
 * bookkeeping names counts, then the one that has the size of the frames; otherwise a person says which it is.
 */
export async function placeGains(
  files: Map<string, Decision>,
  laboratory: Laboratory,
  runs: readonly string[],
  gone: readonly GoneGain[] = [],
): Promise<Question[]> {
  await leaveStacks(files, laboratory);
  keepToFrames(files);
  await spreadGains(files, laboratory, runs);
  const all = [...files.values()];
  const gains = all.filter(({ role, run, runs: of, strength }) => role === "gain" && !run && !of && strength !== "person");
  if (gains.length === 0) return [];
  const folders = new Map<string, string>();
  const named = runsWithGain(all);
  let hasFrames = false;
  for (const { role, run, path } of all) {
    if (role !== "frame" || run === undefined) continue;
    hasFrames = true;
    if (!folders.has(run) && !named.has(run)) folders.set(run, path);
  }
  if (folders.size === 0) {
    const because = hasFrames
      ? "called a gain reference, and all frames have one that is named"
      : "there are no frames that it corrects";
    for (const gain of gains) files.set(gain.path, { ...gain, role: "left out", because });
    return [];
  }
  const sizes = await sizesOf(laboratory, [...gains.map(({ path }) => path), ...folders.values()]);
  const taken = new Map<Decision, string[]>();
  const doubts: Doubt[] = [];
  const nearest = new Map(
    gains.map((gain) => [gain, Math.max(...[...folders.values()].map((frame) => sharedFolders(gain.path, frame)))]),
  );
  const withFrames = new Set([...folders.values()].map(folderOf));
  for (const [run, frame] of folders) {
    const some = likeliest(
      gains.filter((gain) => !isBesideOthers(gain, frame, withFrames)),
      frame,
      sizes,
    );
    if (some.length === 0) continue;
    const [only] = some.length === 1 ? some : [];
    // beside frames of others it was for them: nobody knows whether for these, too
    const isFar = only && sharedFolders(only.path, frame) < nearest.get(only)!;
    const other = only && gone.find((one) => isAnother(only, one));
    if (other) doubts.push({ run, some, other });
    else if (isFar) doubts.push({ run, some, isFar });
    else if (some.length === 1) taken.set(some[0]!, [...(taken.get(some[0]!) ?? []), run]);
    else doubts.push({ run, some });
  }
  const asked = doubts.filter(({ some, isFar }) => !isFar || taken.has(some[0]!));
  const open = new Set(asked.flatMap(({ some }) => some));
  for (const gain of gains) {
    const of = taken.get(gain);
    if (of) files.set(gain.path, { ...gain, runs: of.length === runs.length ? undefined : of });
    else if (!open.has(gain))
      files.set(gain.path, {
        ...gain,
        role: "left out",
        because: "called a gain reference, and another one lies nearer to the frames, or it lies among other frames",
      });
  }
  // one that nobody had given to a run has its runs now, or none
  if (asked.length === 0) await spreadGains(files, laboratory, runs);
  return [...groupsOf(asked, ({ some }) => keyOf(...some.map(({ path }) => path)))].map(([key, group]) => {
    const question = questionOf(
      stableId("gain", key),
      group[0]!,
      group.map(({ run }) => run),
      taken,
    );
    return group[0]!.isFar || group[0]!.other ? { ...question, guess: "none" } : question;
  });
}

interface Doubt {
  readonly run: string;
  readonly some: readonly Decision[];
  /** It lies beside the frames of others. */
  readonly isFar?: true;
  /** The one that bookkeeping names. */
  readonly other?: GoneGain;
}

/** Whether a gain reference that only its name or its size tells has another name than the one that is gone. A converted one, `x.mrc` of `x.dm4`, has not. */
function isAnother({ path, strength }: Decision, { named }: GoneGain): boolean {
  const name = stemOf(baseName(named.replaceAll("\\", "/"))).toLowerCase();
  return strength !== "bookkeeping" && !stemOf(baseName(path)).toLowerCase().startsWith(name);
}

/** Runs of which bookkeeping, or a person, names the gain reference: another one is of another session, whatever it is called. */
function runsWithGain(files: readonly Decision[]): Set<string> {
  const known = files.filter(
    ({ role, strength, run, runs }) =>
      role === "gain" && (strength === "bookkeeping" || strength === "person") && (run !== undefined || runs !== undefined),
  );
  return new Set(known.flatMap(({ run, runs = [] }) => (run === undefined ? runs : [run, ...runs])));
}

/** Where several series have a name, a gain reference of one of them is that of those with frames. */
function keepToFrames(files: Map<string, Decision>): void {
  const framed = new Set([...files.values()].flatMap(({ role, run }) => (role === "frame" ? (run ?? []) : [])));
  for (const file of [...files.values()]) {
    const runs = file.role === "gain" && file.strength !== "person" ? file.runs?.filter((run) => framed.has(run)) : undefined;
    if (runs && runs.length > 0 && runs.length < file.runs!.length) files.set(file.path, { ...file, runs });
  }
}

/**
 * A gain reference that somebody gave to runs is that of all whose frames lie among theirs: a program knows those alone that it has processed. Not where two
 * lie among them, nor for frames of another size.
 */
async function spreadGains(files: Map<string, Decision>, laboratory: Laboratory, runs: readonly string[]): Promise<void> {
  const all = [...files.values()];
  const frames = all.filter(({ role, run }) => role === "frame" && run !== undefined);
  const given = all.filter(({ role, run, runs: of }) => role === "gain" && (run !== undefined || of !== undefined));
  if (given.length === 0 || all.some(({ role, run, runs: of }) => role === "gain" && run === undefined && of === undefined))
    return;
  const gainsOf = groupsOf(
    given.flatMap((gain) => (gain.runs ?? [gain.run!]).map((run) => ({ run, gain }))),
    ({ run }) => run,
  );
  for (const own of groupsOf(frames, ({ path }) => folderOf(path)).values()) {
    const inFolder = [...new Set(own.map(({ run }) => run!))];
    const [gain, ...others] = new Set(inFolder.flatMap((run) => (gainsOf.get(run) ?? []).map((one) => one.gain.path)));
    const known = gain === undefined || others.length > 0 ? undefined : files.get(gain)!;
    if (known?.runs === undefined || known.strength === "person" || inFolder.every((run) => gainsOf.has(run))) continue;
    const firsts = new Map([...own].reverse().map(({ run, path }) => [run!, path]));
    const sizes = await sizesOf(laboratory, [...firsts.values()]);
    const sizeOf = (run: string) => sizes.get(firsts.get(run)!);
    const usual = sizeOf(inFolder.find((run) => gainsOf.has(run))!);
    const without = inFolder.filter((run) => !gainsOf.has(run) && sizeOf(run) === usual);
    if (without.length === 0) continue;
    const of = [...new Set([...known.runs, ...without])];
    files.set(known.path, { ...known, runs: of.length === runs.length ? undefined : of });
  }
}

/** A gain reference among the frames of one session is not that of frames in another folder. */
function isBesideOthers({ path, strength }: Decision, frame: string, withFrames: ReadonlySet<string>): boolean {
  const [own, folder] = [folderOf(path), folderOf(frame)];
  return strength !== "bookkeeping" && withFrames.has(own) && own !== folder && !folder.startsWith(`${own}/`);
}

function likeliest(gains: readonly Decision[], frame: string, sizes: ReadonlyMap<string, string>): readonly Decision[] {
  const narrowed = [
    ({ strength }: Decision) => strength === "bookkeeping",
    ({ path }: Decision) => sizes.get(path) !== undefined && sizes.get(path) === sizes.get(frame),
  ];
  const near = Math.max(...gains.map(({ path }) => sharedFolders(path, frame)));
  return narrowed.reduce<readonly Decision[]>(
    (some, fits) => {
      const fewer = some.filter(fits);
      return fewer.length > 0 ? fewer : some;
    },
    gains.filter(({ path }) => sharedFolders(path, frame) === near),
  );
}

/** Number of folders that two paths begin with. */
function sharedFolders(a: string, b: string): number {
  const [one, other] = [a.split("/").slice(0, -1), b.split("/").slice(0, -1)];
  const differ = one.findIndex((part, at) => part !== other[at]);
  return differ < 0 ? one.length : differ;
}

/** A file of DigitalMicrograph is taken for a gain reference by the end of its name: with several sections it is a stack that the program has recorded. */
async function leaveStacks(files: Map<string, Decision>, laboratory: Laboratory): Promise<void> {
  for (const [path, file] of files) {
    if (file.role !== "gain" || file.strength === "person" || laboratory.get(path)?.format !== "dm") continue;
    const read = await orReason(() => laboratory.peek(path));
    const shape = "value" in read ? (read.value?.images[0]?.shape ?? []) : [];
    if (shape.length < 3 || shape[0]! < 2) continue;
    const because = `a stack of ${counted(shape[0]!, "image")} of DigitalMicrograph, and no gain reference: convert it to MRC, where it is a tilt series`;
    files.set(path, { ...file, role: "left out", because, details: {} });
  }
}

/** Rows and columns, the longer first: gains are turned by right angles. */
async function sizesOf(laboratory: Laboratory, paths: readonly string[]): Promise<Map<string, string>> {
  const sizes = new Map<string, string>();
  for (const path of paths) {
    const shape = laboratory.get(path)?.volume?.shape ?? (await laboratory.peek(path))?.images[0]?.shape;
    const [short, long] = (shape?.slice(-2) ?? []).map(Number).sort((a, b) => a - b);
    if (short !== undefined && long !== undefined) sizes.set(path, `${long}×${short}`);
  }
  return sizes;
}

/** @param taken runs that have a gain for certain: they keep it, whatever is answered for others */
function questionOf(
  id: string,
  { some, other }: Pick<Doubt, "some" | "other">,
  runs: readonly string[],
  taken: ReadonlyMap<Decision, readonly string[]>,
): Question {
  const alone = other
    ? `${other.by} names another one, ${other.named}, which is not in the folder.`
    : "It is near the frames of other runs.";
  const kept = (gain: Decision): Claim =>
    taken.has(gain) ? { ...asItIs(gain), runs: taken.get(gain) } : leftOut(gain, "a person left it out");
  const options = some.map((gain, n): Option => {
    const { path, because } = gain;
    const claim: Claim = {
      path,
      role: "gain",
      runs: [...new Set([...(taken.get(gain) ?? []), ...runs])],
      because,
      strength: "contents",
    };
    return {
      ...(other
        ? { answer: "gain", says: "yes" }
        : some.length === 1
          ? { answer: "also", says: "yes" }
          : { answer: `${n + 1}`, says: path }),
      claims: some.map((other) => (other === gain ? claim : kept(other))),
    };
  });
  return {
    id,
    text:
      some.length === 1
        ? `Is ${some[0]!.path} ${other ? "" : "also "}the gain reference of ${few(runs, 3, "run")}?`
        : `Which is the gain reference of ${few(runs, 3, "run")}?`,
    ...(some.length === 1 && { why: alone }),
    files: some.map(({ path }) => path),
    options: [
      ...options,
      {
        answer: "none",
        says: some.length === 1 ? "no: these runs are published without one" : "none of them is published",
        claims: some.map(kept),
      },
    ],
  };
}
