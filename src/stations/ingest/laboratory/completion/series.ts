import { createHash } from "node:crypto";
import { few } from "../../../../core/finding.js";
import { groupsOf } from "../../../../core/groups.js";
import { counted } from "../../../../core/units.js";
import { parseAln } from "../../../../formats/alignment/aretomo.js";
import { parseXf } from "../../../../formats/alignment/imod.js";
import { readMrcHeader } from "../../../../formats/mrc/header.js";
import { readMrcPlanes } from "../../../../formats/mrc/read.js";
import { parseTiltAngles } from "../../../../formats/tilt-angles/read.js";
import { angleFault, readAcquisitions, readAngleLists } from "../acquisition.js";
import type { Option, Question } from "../claims.js";
import type { Decision } from "../decide.js";
import { publishText, stableId } from "../questions.js";
import { mdocsOf } from "../recognisers/common/mdocs.js";
import { ALIGNED } from "../recognisers/common/names.js";
import { baseName, folderOf, sharedDepth } from "../recognisers/common/paths.js";
import { orReason } from "../recognisers/common/reading.js";
import { stemOf, withoutNumbers } from "../run-names.js";
import type { Laboratory } from "../survey/laboratory.js";
import { asItIs, leftOut, outOrAsIs } from "./claim.js";
import { imagesIn } from "./joined-runs.js";

/** Of files that a run has once the one that is called as the run; of several others nobody knows which it is. */
export async function onlyOne(
  files: Map<string, Decision>,
  undecided: Map<string, string>,
  laboratory: Laboratory,
): Promise<void> {
  for (const role of ["acquisition", "raw tilts"] as const) {
    for (const [run, all] of severalOf(files, role)) {
      const own = await withoutEqual(all, files, laboratory);
      if (own.length === 1) continue;
      const named = own.filter(({ path }) => stemOf(baseName(path)) === run);
      for (const file of own) {
        if (named.length === 1 && file === named[0]) continue;
        if (file.strength === "person") continue;
        if (named.length === 1)
          files.set(file.path, { ...file, role: "left out", because: `${named[0]!.path} is that of ${run}` });
        else {
          files.delete(file.path);
          undecided.set(file.path, `${oneOfSeveral(run)}, and nothing tells which is right`);
        }
      }
    }
  }
}

/** Of those that are byte for byte one the first stays that lies beside a stack, or else that with the shortest path. */
async function withoutEqual(own: readonly Decision[], files: Map<string, Decision>, laboratory: Laboratory): Promise<Decision[]> {
  const stacks = [...files.values()].filter(({ role }) => role === "tilt series");
  const folders = new Set(stacks.map(({ path }) => folderOf(path)));
  const rankOf = ({ path, strength }: Decision) =>
    Number(strength !== "person") * 1e6 + Number(!folders.has(folderOf(path))) * 1e5 + path.length;
  const kept = new Map<string, Decision>();
  for (const file of [...own].sort((a, b) => rankOf(a) - rankOf(b))) {
    const digest = await laboratory.digest(file.path);
    const same = kept.get(digest);
    if (!same) kept.set(digest, file);
    else if (file.strength !== "person")
      files.set(file.path, { ...file, role: "left out", because: `a copy of ${same.path}`, details: {} });
  }
  return [...kept.values()];
}

/** How it begins what is told of such files. */
export const oneOfSeveral = (run: string): string => `one of several for ${run}`;

/** Runs that have several files of a kind. */
function severalOf(files: ReadonlyMap<string, Decision>, role: Decision["role"]): [run: string, files: Decision[]][] {
  const byRun = groupsOf(
    [...files.values()].filter((file) => file.role === role && file.run !== undefined),
    ({ run }) => run!,
  );
  return [...byRun].filter(([, own]) => own.length > 1);
}

/** Numbers of angles that the lists of each run have, and of the images that AreTomo has aligned: its alignments know the dark ones, too. */
async function anglesOf(files: ReadonlyMap<string, Decision>, laboratory: Laboratory): Promise<Map<string, Set<number>>> {
  const isList = ({ path, run, role }: Decision) =>
    run !== undefined && (role === "raw tilts" || (role === "alignment" && /\.tlt$/i.test(path)));
  const lists = [...files.values()].filter(isList);
  const read = await readAngleLists(
    laboratory,
    lists.map(({ path }) => path),
  );
  const counts = new Map<string, Set<number>>();
  for (const { path, run } of lists) {
    const count = read.get(path)?.count;
    if (count !== undefined) counts.set(run!, (counts.get(run!) ?? new Set()).add(count));
  }
  for (const { path, run, role } of files.values()) {
    if (role !== "alignment" || run === undefined || !/\.aln$/i.test(path)) continue;
    const text = (await laboratory.text(path)) ?? "";
    const read = await orReason(() => parseAln(text, path).rawSize?.[2]);
    if ("value" in read && read.value !== undefined) counts.set(run, (counts.get(run) ?? new Set()).add(read.value));
  }
  return counts;
}

/**
 * Lists of angles and acquisition files that tell of fewer images than the only stack of their run has: they were cut short, where another list has as many
 * as there are images, or where a file of the acquisition is alone. Bad images are taken out of stacks, and so there may be more angles.
 */
export async function listsOfFewer(files: Map<string, Decision>, laboratory: Laboratory): Promise<void> {
  const all = [...files.values()];
  const stacks = groupsOf(
    all.filter(({ role, run }) => role === "tilt series" && run !== undefined),
    ({ run }) => run!,
  );
  const angles = await anglesOf(files, laboratory);
  const suspects = all.filter(({ role, strength }) => (role === "raw tilts" || role === "acquisition") && strength !== "person");
  const paths = (role: Decision["role"]) => suspects.filter((file) => file.role === role).map(({ path }) => path);
  const counts = new Map([
    ...(await readAngleLists(laboratory, paths("raw tilts"))),
    ...(await readAcquisitions(laboratory, paths("acquisition"))),
  ]);
  for (const file of suspects) {
    const own = stacks.get(file.run ?? "") ?? [];
    const images = own.length === 1 ? laboratory.get(own[0]!.path)?.volume?.shape[0] : undefined;
    const count = counts.get(file.path)?.count;
    if (images === undefined || count === undefined || count >= images) continue;
    const isContradicted = file.role === "acquisition" || angles.get(file.run!)?.has(images);
    if (!isContradicted) continue;
    const because = `it tells of ${counted(count, "image")}, and ${own[0]!.path} has ${images}`;
    // nothing is read of it: it has no run
    files.set(file.path, { ...file, role: "left out", run: undefined, because, details: {} });
  }
}

/**
 * Lists of angles that cannot be read are left out, with the alignment that they are a part of: `ingest run` would refuse them, and nothing of their run
 * would be published.
 */
export async function unreadLists(files: Map<string, Decision>, laboratory: Laboratory): Promise<void> {
  for (const file of [...files.values()]) {
    const isList = file.role === "raw tilts" || (file.role === "alignment" && /\.(?:tlt|xtilt|tltx)$/i.test(file.path));
    if (!isList || file.strength === "person") continue;
    const fault = await angleFault(laboratory, file.path);
    if (fault === undefined) continue;
    files.set(file.path, withoutUse(file, `its angles cannot be read: ${fault.replace(`${file.path}: `, "")}`));
    const transforms = transformsOf(file, files);
    if (transforms)
      files.set(transforms.path, withoutUse(transforms, `the angles of its alignment cannot be read: ${file.path}`));
  }
}

/** Alignments with fewer angles than transforms, or more, which `ingest run` would refuse as it does those that cannot be read. */
export async function unequalAlignments(files: Map<string, Decision>, laboratory: Laboratory): Promise<void> {
  for (const file of [...files.values()]) {
    if (file.role !== "alignment" || file.strength === "person" || !/\.tlt$/i.test(file.path)) continue;
    const transforms = transformsOf(file, files);
    if (!transforms) continue;
    const [angles, count] = await Promise.all([countIn(laboratory, file.path), countIn(laboratory, transforms.path)]);
    if (angles === undefined || count === undefined || angles === count) continue;
    const because = `${counted(angles, "angle")} in ${file.path} and ${counted(count, "transform")} in ${transforms.path}: one of them was cut short, or they are of two alignments`;
    for (const one of [file, transforms]) files.set(one.path, withoutUse(one, because));
  }
}

const withoutUse = (file: Decision, because: string): Decision => ({
  ...file,
  role: "left out",
  run: undefined,
  because,
  details: {},
});

/** The transforms of the alignment that a list of angles is a part of. */
function transformsOf({ path }: Decision, files: ReadonlyMap<string, Decision>): Decision | undefined {
  const beside = /\.xtilt$/i.test(path) ? undefined : files.get(path.replace(/\.\w+$/, ".xf"));
  return beside?.role === "alignment" && beside.strength !== "person" ? beside : undefined;
}

/** Number of angles, or of transforms; undefined where they cannot be read. */
async function countIn(laboratory: Laboratory, path: string): Promise<number | undefined> {
  const text = (await laboratory.text(path)) ?? "";
  const read = await orReason(() => (/\.xf$/i.test(path) ? parseXf(text, path) : parseTiltAngles(text, path)).length);
  return "value" in read ? read.value : undefined;
}

/**
 * Tilt series of one run. Those with the same images are one: the one that the acquisition file lies beside stays, else the one that
 * bookkeeping names, else the one that is called as the run, else the first. Of others a person
 * says which is to be published; until then the one that was aligned, or of which others at such places were, or that the acquisition file lies beside, or the
 * only one with as many images as the run has angles, or that bookkeeping names.
 */
export async function seriesOfOneRun(files: Map<string, Decision>, laboratory: Laboratory): Promise<Question[]> {
  const angles = await anglesOf(files, laboratory);
  const runs = severalOf(files, "tilt series");
  const isLikeAligned = likeAligned(
    runs.flatMap(([, all]) => all),
    files,
  );
  const questions: Question[] = [];
  for (const [run, all] of runs) {
    if (all.every(({ strength }) => strength === "person")) continue;
    const described = ({ path }: Decision) =>
      laboratory.get(`${path}.mdoc`) !== undefined ||
      // as Tomography 5 calls it; elsewhere a stack may be made of other images than the mdoc has
      files.get(path.replace(/\.(?:mrc|st)$/i, ".mdoc"))?.role === "acquisition";
    const weight = (file: Decision) =>
      [
        file.strength === "person",
        described(file),
        file.strength === "bookkeeping",
        stemOf(baseName(file.path)) === run,
        // emClarity wants a stack under this name, and is given a copy of that of the project before it
        !/\.fixed$/i.test(file.path),
      ].reduce((sum, is) => 2 * sum + Number(is), 0);
    const own = leaveAligned(files, all).sort((a, b) => weight(b) - weight(a));
    const kept: { file: Decision; images: string | undefined }[] = [];
    for (const file of own) {
      const images = await imagesOf(file.path, laboratory);
      const same = images === undefined ? undefined : kept.find((other) => other.images === images);
      if (same && file.strength !== "person")
        files.set(file.path, { ...file, role: "left out", because: `the same images as ${same.file.path}`, details: {} });
      else kept.push({ file, images });
    }
    const some = await withoutSorted(
      kept.map(({ file }) => file),
      files,
      laboratory,
    );
    if (some.length < 2 || some.every(({ strength }) => strength === "person")) continue;
    const [first, second] = some;
    const fitting = some.filter(({ path }) => angles.get(run)?.has(laboratory.get(path)?.volume?.shape[0] ?? 0));
    const guesses = [
      // an alignment numbers the sections of the stack that it was made for, which may be in another order than those of others
      some.filter((file) => isAligned(file, files)),
      some.filter(isLikeAligned),
      described(first!) && !described(second!) ? [first!] : [],
      fitting,
      some.filter(({ strength }) => strength === "bookkeeping"),
    ];
    const guess = guesses.find(({ length }) => length === 1)?.map((file) => some.indexOf(file))[0];
    const signs = (file: Decision) => [
      ...(isAligned(file, files)
        ? ["has an alignment beside it"]
        : isLikeAligned(file)
          ? ["others in such folders have alignments"]
          : []),
      ...(described(file) ? ["has an mdoc beside it"] : []),
      ...(fitting.length < some.length && fitting.includes(file) ? ["as many images as the run has angles"] : []),
      ...(file.strength === "bookkeeping" ? ["named by the software's own files"] : []),
    ];
    const told = new Map(some.map((file) => [file, [imagesOfStack(file.path, laboratory), ...signs(file)]]));
    const isCommon = (fact: string) => [...told.values()].every((facts) => facts.includes(fact));
    const options = some.map((file, n): Option => {
      // what tells one of them from another
      const facts = told.get(file)!.filter((fact) => fact !== "" && !isCommon(fact));
      return {
        answer: `${n + 1}`,
        says: facts.length === 0 ? file.path : `${file.path} (${facts.join(", ")})`,
        claims: some.map((other) => (other === file ? asItIs(file) : leftOut(other, `${file.path} is published in its place`))),
      };
    });
    questions.push({
      id: stableId("series", run),
      text: `Which of these ${some.length} stacks is the tilt series of run ${run}?`,
      why: "As a rule a run has one. The stacks that you do not choose are not published.",
      files: some.map(({ path }) => path),
      options: [
        ...options,
        ...asTomogram(some, fitting, laboratory),
        { answer: "all", says: `all of them, as ${some.length} tilt series of the run`, claims: some.map(asItIs) },
      ],
      ...(guess !== undefined && { guess: `${guess + 1}` }),
    });
  }
  return questions;
}

function imagesOfStack(path: string, laboratory: Laboratory): string {
  const [count, rows, columns] = laboratory.get(path)?.volume?.shape ?? [];
  return count === undefined ? "" : `${counted(count, "image")} of ${columns}×${rows} pixels`;
}

/**
 * Of two stacks with the same images in another order, such as that of recording and that of the angles, the one that was aligned stays: nobody has to be
 * asked. @returns the others with it
 */
async function withoutSorted(
  some: readonly Decision[],
  files: Map<string, Decision>,
  laboratory: Laboratory,
): Promise<readonly Decision[]> {
  if (some.length !== 2 || some.some(({ strength }) => strength === "person")) return some;
  const [aligned, ...more] = some.filter((file) => isAligned(file, files));
  const images = await Promise.all(some.map(({ path }) => imagesIn(laboratory, path)));
  if (aligned === undefined || more.length > 0 || images[0] === undefined || images[0] !== images[1]) return some;
  const other = some.find((file) => file !== aligned)!;
  const because = `the same images as ${aligned.path}, in another order: that one was aligned`;
  files.set(other.path, { ...other, role: "left out", because, details: {} });
  return [aligned];
}

/** Of the stacks of a run those that an alignment has turned are left out beside the recorded one. @returns the others */
function leaveAligned(files: Map<string, Decision>, all: readonly Decision[]): Decision[] {
  const recorded = all.find(({ path }) => !ALIGNED.test(path));
  if (!recorded) return [...all];
  return all.filter((file) => {
    if (!ALIGNED.test(file.path) || file.strength === "person") return true;
    files.set(file.path, { ...file, role: "left out", because: `an aligned stack: ${recorded.path} was recorded`, details: {} });
    return false;
  });
}

/** Whether an alignment of the run lies beside it under its name. */
function isAligned({ path, run }: Decision, files: ReadonlyMap<string, Decision>): boolean {
  const stem = path.replace(/\.(?:mrcs?|st)$/i, "");
  return [".aln", ".xf"].some((end) => {
    const alignment = files.get(`${stem}${end}`);
    return alignment?.role === "alignment" && alignment.run === run;
  });
}

/** A test whether stacks of other runs, at the same places but for numbers, were aligned: one whose alignment has not been made yet is of their kind. */
function likeAligned(stacks: readonly Decision[], files: ReadonlyMap<string, Decision>): (file: Decision) => boolean {
  const places = new Set(stacks.filter((file) => isAligned(file, files)).map(({ path }) => withoutNumbers(path)));
  return ({ path }) => places.has(withoutNumbers(path));
}

/** Beside the only stack with as many images as there are angles another one may be a volume whose header is wrong. */
function asTomogram(some: readonly Decision[], fitting: readonly Decision[], laboratory: Laboratory): Option[] {
  const [series] = fitting;
  const others = some.filter((file) => file !== series);
  const other = laboratory.get(others[0]!.path)?.volume;
  if (fitting.length !== 1 || others.length !== 1 || !other || other.shape[0] < 2) return [];
  const [volume] = others as [Decision];
  return [
    {
      answer: "tomogram",
      says: `${series!.path}; ${volume.path} is the tomogram`,
      claims: [asItIs(series!), { ...asItIs(volume), role: "tomogram", details: {} }],
    },
  ];
}

/** Equal for stacks and volumes with the same images: of their size and one section. Headers differ, since programs sign what they copy. */
export async function imagesOf(path: string, laboratory: Laboratory): Promise<string | undefined> {
  const volume = laboratory.get(path)?.volume;
  if (!volume || laboratory.get(path)!.format !== "mrc") return undefined;
  const read = await orReason(async () => {
    const source = await laboratory.open(path);
    const header = await readMrcHeader(source);
    const middle = Math.floor(header.shape[0] / 2);
    return readMrcPlanes(source, header, middle, middle + 1);
  });
  return "value" in read
    ? createHash("sha256")
        .update(`${volume.shape.join(" ")}\0`)
        .update(read.value)
        .digest("hex")
    : undefined;
}

/** Stacks whose images are fewer or more than the angles of every list of their run: one of them was cut, or is of another. */
export async function countQuestions(files: ReadonlyMap<string, Decision>, laboratory: Laboratory): Promise<Question[]> {
  const angles = await anglesOf(files, laboratory);
  const doubts = [...files.values()].flatMap((file) => {
    const images = laboratory.get(file.path)?.volume?.shape[0];
    if (file.role !== "tilt series" || file.strength === "person" || images === undefined) return [];
    const counts = angles.get(file.run ?? "");
    if (!counts || counts.has(images) || [...counts].some((count) => count < 2)) return [];
    return [{ file, images, counts: [...counts].sort((a, b) => a - b) }];
  });
  return [...groupsOf(doubts, ({ images, counts }) => `${images}-${counts.join("-")}`)].map(([key, some]): Question => {
    const { images, counts } = some[0]!;
    const paths = some.map(({ file }) => file.path);
    return {
      id: `images-${key}`,
      text: publishText(paths),
      why: `Images: ${images}. The lists of tilt angles of the run have ${counts.join(" and ")}.`,
      files: paths,
      options: [
        {
          answer: "leave-out",
          says: "not published",
          claims: some.map(({ file }) => leftOut(file, "it has not the images of its angles")),
        },
        { answer: "tilt-series", says: "published", claims: some.map(({ file }) => asItIs(file)) },
      ],
    };
  });
}

/** A series with less than half of the images that others have, of which nothing was made, was stopped. */
export function stoppedSeries(files: ReadonlyMap<string, Decision>, laboratory: Laboratory): Question[] {
  const all = [...files.values()].filter(({ role, run }) => role === "tilt series" && run !== undefined);
  const counts = all.map(({ path }) => laboratory.get(path)?.volume?.shape[0] ?? 0).sort((a, b) => a - b);
  const usual = counts[Math.floor(counts.length / 2)] ?? 0;
  const made = new Set([...files.values()].filter(({ role }) => role === "tomogram").map(({ run }) => run));
  const short = all.filter((file) => {
    const count = laboratory.get(file.path)?.volume?.shape[0];
    return count !== undefined && count < usual / 2 && !made.has(file.run) && file.strength !== "person";
  });
  if (short.length === 0) return [];
  const has = few(short.map(({ path }) => `${path} (${counted(laboratory.get(path)!.volume!.shape[0], "image")})`));
  return [
    {
      id: "stopped-series",
      text: publishText(short.map(({ path }) => path)),
      why: `${has}: less than half of the usual ${counted(usual, "image")}, and without a tomogram. Recording may have been stopped.`,
      files: short.map(({ path }) => path),
      options: outOrAsIs(short, {
        because: "a series that was stopped",
        ...{ as: "tilt-series", says: "published" },
      }),
      guess: "leave-out",
    },
  ];
}

/** What is told of frames stands in the acquisition file of their run: without it nothing is known of them, and what it does not name is none. */
export async function framesWithoutAcquisition(files: Map<string, Decision>, laboratory: Laboratory): Promise<void> {
  const all = [...files.values()];
  const acquisitions = all.filter(({ role }) => role === "acquisition");
  const told = new Set(acquisitions.map(({ run }) => run));
  const inMdoc = await namesOfFrames(laboratory, acquisitions);
  // of frames that a file of decisions has, the acquisition file tells whether they are those that it names
  const isNamed = ({ path, run, strength }: Decision) =>
    strength === "bookkeeping" || (strength === "person" && inMdoc.get(run!)?.has(baseName(path).toLowerCase()));
  const named = new Set(all.filter((file) => file.role === "frame" && isNamed(file)).map(({ run }) => run));
  for (const file of all) {
    if (file.role !== "frame" || file.strength === "person") continue;
    const leave = (because: string) => files.set(file.path, { ...file, role: "left out", because });
    if (!told.has(file.run)) {
      const gain = nearestGain(all, file);
      const more =
        gain === undefined ? "" : `; without them ${gain}, the gain reference beside them, is not published for their run`;
      leave(`frames need the acquisition file (mdoc) of their run, and there is none${more}`);
    } else if (named.has(file.run) && file.strength === "name") leave(`the acquisition file of ${file.run} does not name it`);
  }
}

/** The only gain reference in the folder of a frame, or in the nearest one that both lie in. */
function nearestGain(files: readonly Decision[], frame: Decision): string | undefined {
  const gains = files
    .filter(({ role, run }) => role === "gain" && (run === undefined || run === frame.run))
    .map(({ path }) => ({ path, depth: sharedDepth(path, frame.path) }));
  const most = Math.max(1, ...gains.map(({ depth }) => depth));
  const near = gains.filter(({ depth }) => depth === most);
  return near.length === 1 ? near[0]!.path : undefined;
}

/** Names of the frames of each run, as its acquisition files have them. */
async function namesOfFrames(
  laboratory: Laboratory,
  acquisitions: readonly Decision[],
): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
  const mdocs = new Map((await mdocsOf(laboratory)).all.map(({ path, sections }) => [path, sections]));
  const names = new Map<string, Set<string>>();
  for (const { path, run } of acquisitions) {
    const own = names.get(run ?? "") ?? new Set();
    for (const { subFramePath } of mdocs.get(path) ?? [])
      if (subFramePath !== undefined) own.add(baseName(subFramePath.replaceAll("\\", "/")).toLowerCase());
    names.set(run ?? "", own);
  }
  return names;
}
