import { setImmediate as turnOfTheLoop } from "node:timers/promises";
import { few, fewFiles } from "../../../core/finding.js";
import { groupsOf, keyOf } from "../../../core/groups.js";
import { inNumbers } from "../../../core/natural-order.js";
import { counted } from "../../../core/units.js";
import { FILE_FORMATS } from "../../../formats/registry.js";
import type { ComparedArchive } from "../../../model/compared-archive.js";
import type { Claim, Details, GoneGain, Option, Question, Recognised, Role, Strength } from "./claims.js";
import { inWordsOf } from "./compared-archive.js";
import { inGivenRuns } from "./given-runs.js";
import { goneGainNote, missingFramesNotes } from "./missing-frames.js";
import { joinAlike, stableId, theseFiles } from "./questions.js";
import { baseName } from "./recognisers/common/paths.js";
import { inRuns } from "./runs-of-files.js";
import type { Laboratory, Surveyed } from "./survey/laboratory.js";

/** One file with its one fate. */
export interface Decision {
  readonly path: string;
  readonly role: Role;
  readonly run?: string | undefined;
  readonly runs?: readonly string[] | undefined;
  /** File whose run it has. */
  readonly sameRunAs?: string | undefined;
  /** File that it is byte for byte. */
  readonly copyOf?: string | undefined;
  /** Evidence; of files that are left out the reason. */
  readonly because: string;
  /** `person`: a file of decisions says it. */
  readonly strength: Strength | "person";
  /** The software whose recogniser claims it. */
  readonly by?: string | undefined;
  readonly details: Details;
  /** The question whose answer it is. */
  readonly question?: string | undefined;
  /** Questions whose answers may change it: it counts until one of them is answered. */
  readonly until?: readonly string[] | undefined;
  /** Left out since the archive was compared with a portal: the table of that says so anew each time. */
  readonly byComparison?: true | undefined;
}

/** A question with the answer that is taken. */
export interface Asked extends Question {
  /** Undefined: nobody has decided, and its files are left alone. */
  readonly answer: string | undefined;
  readonly isAnswered: boolean;
}

/** What is decided of a folder. */
export interface Decisions {
  /** In natural order. */
  readonly runs: readonly string[];
  /** By path. */
  readonly files: ReadonlyMap<string, Decision>;
  /** Files that nobody claims, or whose question has no answer, by what is known of them. */
  readonly undecided: ReadonlyMap<string, string>;
  readonly questions: readonly Asked[];
  readonly software: readonly Pick<Recognised, "software" | "by">[];
  readonly notes: readonly string[];
  /** The table of `curate match` that was obeyed. Absolute. */
  readonly matches?: string | undefined;
}

/** What claims alone decide. Its maps are of whoever takes it: they are changed by what completes it. */
export interface Decided extends Decisions {
  readonly goneGains: readonly GoneGain[];
  readonly files: Map<string, Decision>;
  readonly undecided: Map<string, string>;
}

/** What is said of a file before anybody looks at it. */
export type SaidOfFile = Pick<Claim, "role" | "run" | "runs" | "details" | "because"> & Pick<Decision, "byComparison">;

/** What a person has decided already. */
export interface Given {
  readonly files: ReadonlyMap<string, SaidOfFile>;
  /** Answers to questions by their id. */
  readonly answers: ReadonlyMap<string, string>;
  /** Globs of a person that name no file. */
  readonly without?: readonly string[] | undefined;
  readonly archive?: ComparedArchive | undefined;
}

export const NOTHING_GIVEN: Given = { files: new Map(), answers: new Map() };

const WEIGHT: Readonly<Record<Decision["strength"], number>> = { name: 0, contents: 1, bookkeeping: 2, person: 3 };

const FILES_A_TURN = 2048;

type Sourced = Claim & { readonly by: string };

/**
 * Joins the claims of all recognisers: for each file the strongest ones count. Claims of one strength that contradict each other, and claims that the
 * header of the file contradicts, become questions.
 */
export async function decide(
  laboratory: Laboratory,
  found: readonly Recognised[],
  given: Given = NOTHING_GIVEN,
): Promise<Decided> {
  const all = inGivenRuns(given.archive ? inWordsOf(given.archive, found) : found, given.files);
  const ofRuns = all.flatMap(({ questions = [] }) =>
    questions.filter(({ isOfRuns }) => isOfRuns).map((one) => taken(one, given)),
  );
  const recognised = inRuns(
    all,
    ofRuns.flatMap(({ options, answer }) => options.find((one) => one.answer === answer)?.runs ?? []),
  );
  const said = saidInRuns(given.files, ofRuns);
  const claims = recognised.flatMap(({ software, claims: own }) =>
    own.map((claim): Sourced => ({ ...claim, by: claim.software ?? software })),
  );
  const byPath = groupsOf(
    claims.filter(({ path }) => laboratory.get(path)),
    ({ path }) => path,
  );
  const turned = turnedCopies(byPath);
  const withImages = new Set(claims.flatMap(({ role, run }) => (role === "tilt series" ? (run ?? []) : [])));
  const files = new Map<string, Decision>();
  const undecided = new Map<string, string>();
  const doubts: Doubt[] = [];
  const impossible = new Map<string, string[]>();
  for (const [at, file] of laboratory.files.entries()) {
    // what is joined for a file is let go of meanwhile (`keepHeapSmall`)
    if (at % FILES_A_TURN === 0) await turnOfTheLoop();
    const person = said.get(file.path);
    if (person) {
      // who says what a file is, and no more, leaves the rest to whoever knows the file
      const known = byPath.get(file.path) ?? [];
      const { by, details = {} } = joinedClaims(known).find((one) => agree(one, person)) ?? {};
      const run = person.run ?? (person.runs || !OF_VOLUMES.includes(person.role) ? undefined : onlyRun(known));
      // where an answer moves it to another run it may be one of two, about which nobody was asked
      const strength = person.run === given.files.get(file.path)?.run ? "person" : "contents";
      files.set(file.path, { details, ...person, run, path: file.path, strength, by });
      const no = noVolume(file, person.role);
      if (no !== undefined) impossible.set(no, [...(impossible.get(no) ?? []), file.path]);
      continue;
    }
    const own = turned.get(file.path) ?? withoutCopies(byPath.get(file.path) ?? [], byPath, withImages);
    if (own.length === 0) {
      undecided.set(file.path, unclaimed(file));
      continue;
    }
    const joined = joinedClaims(own);
    const against = joined.length === 1 ? headerAgainst(file, joined[0]!) : undefined;
    if (joined.length === 1 && against === undefined) files.set(file.path, decisionOf(joined[0]!));
    else doubts.push({ file, claims: joined, against });
  }
  tellOriginals(files, byPath);
  tieToOriginals(files, byPath);
  const asked = [...recognised, { software: "", questions: questionsOf(doubts) }].flatMap(({ software, questions: own = [] }) => {
    const open = own.filter((question) => !question.isOfRuns && !isSettled(question, { given, files }));
    return joinAlike(open, given.answers).map((question) =>
      answered(question, software, { given, files, undecided, laboratory }),
    );
  });
  const goneGains = recognised.flatMap((one) => one.goneGains ?? []);
  return {
    runs: runsOf(files),
    files,
    undecided,
    goneGains,
    questions: [...ofRuns, ...asked],
    software: recognised.filter(({ software }) => software !== "").map(({ software, by }) => ({ software, by })),
    notes: [
      ...missingFramesNotes(recognised, files),
      ...goneGains.map(goneGainNote),
      ...new Set(recognised.flatMap(({ notes = [] }) => notes)),
      ...[...impossible].map(([no, paths]) => `${fewFiles(paths)}: the file of decisions says ${no}; ingest run will refuse it.`),
    ],
    matches: given.archive?.table,
  };
}

/** The run that all say who know one. */
function onlyRun(claims: readonly Claim[]): string | undefined {
  const [run, ...others] = new Set(claims.flatMap((claim) => claim.run ?? []));
  return others.length > 0 ? undefined : run;
}

/** Every run that a file of its own shows. */
export function runsOf(files: ReadonlyMap<string, Decision>): string[] {
  const runs = new Set<string>();
  for (const { run, role } of files.values()) if (run !== undefined && role !== "left out") runs.add(run);
  return [...runs].sort(inNumbers);
}

/** Runs of which nothing is used until a question is answered. */
export function waitingRuns({ runs, questions }: Pick<Decisions, "runs" | "questions">): string[] {
  const asked = questions
    .filter(({ answer }) => answer === undefined)
    .flatMap(({ options }) => options.flatMap(({ claims }) => claims))
    .flatMap(({ role, run }) => (role === "left out" || run === undefined || runs.includes(run) ? [] : [run]));
  return [...new Set(asked)].sort(inNumbers);
}

function decisionOf({ path, role, run, runs, sameRunAs, copyOf, because, strength, by, details = {} }: Sourced): Decision {
  return { path, role, run, runs, sameRunAs, copyOf, because, strength, by, details };
}

/** Of a copy that is left out somebody may know the run, and of its original nobody. */
function tellOriginals(files: Map<string, Decision>, byPath: ReadonlyMap<string, readonly Sourced[]>): void {
  for (const { path, copyOf } of files.values()) {
    const original = copyOf === undefined ? undefined : files.get(copyOf);
    if (!original || original.run !== undefined || original.runs || original.role === "left out") continue;
    const run = byPath.get(path)?.find((one) => one.role === original.role && one.run !== undefined)?.run;
    if (run !== undefined) files.set(original.path, { ...original, run });
  }
}

/** The file itself, or what it is a copy of, where it is left out as one. */
export function originalOf(path: string, files: ReadonlyMap<string, Decision>): string {
  let original = path;
  for (const seen = new Set<string>(); !seen.has(original); ) {
    seen.add(original);
    const { role, copyOf = original } = files.get(original) ?? {};
    if (role === "left out") original = copyOf;
  }
  return original;
}

/**
 * What was made of another file is of the run of that, where its own is known by its name alone: names of series are those of several sessions, which their
 * images have told apart. What was made on a copy is of the run of the original, and lies in it: the copy may lie among the files of somebody who has a series
 * of that name.
 */
function tieToOriginals(files: Map<string, Decision>, byPath: ReadonlyMap<string, readonly Sourced[]>): void {
  for (const file of files.values()) {
    const { path, sameRunAs, strength, details } = file;
    if (sameRunAs === undefined || strength === "person" || file.role === "left out") continue;
    const original = originalOf(sameRunAs, files);
    const { role, run } = files.get(original) ?? {};
    const isSaid = byPath.get(path)?.some((claim) => claim.strength !== "name" && claim.run !== undefined);
    if (run === undefined || role === "left out" || isSaid) continue;
    if (original === sameRunAs) {
      if (run !== file.run) files.set(path, { ...file, run });
      continue;
    }
    if (role !== "tomogram") continue;
    const points = details.points?.of === sameRunAs ? { ...details.points, of: original } : details.points;
    files.set(path, { ...file, run, runs: undefined, sameRunAs: original, details: { ...details, points } });
  }
}

/** What others say of a copy counts only where nobody says anything of the original: the same bytes are published once. */
function withoutCopies(
  claims: readonly Sourced[],
  byPath: ReadonlyMap<string, readonly Sourced[]>,
  withImages: ReadonlySet<string>,
): readonly Sourced[] {
  const copy = claims.find(({ copyOf }) => copyOf !== undefined);
  if (!copy) return claims;
  const all = byPath.get(copy.copyOf!) ?? [];
  // of two series that their images tell apart it is of one, and that need not be the one that the copy was found to be of
  const [own, others] = [claims, all].map((some) => runsOfTomogram(some, withImages)) as [string[], string[]];
  if (own.length > 0 && others.length > 0 && !own.some((run) => others.includes(run)))
    return claims.filter(({ copyOf }) => copyOf === undefined);
  const most = Math.max(...all.map(({ strength }) => WEIGHT[strength]));
  // what somebody says of the original against better knowledge does not make it published
  const original = all.filter(({ role, strength }) => role !== "left out" && WEIGHT[strength] === most);
  const named = claims.filter(({ role, strength }) => role !== "left out" && strength === "bookkeeping");
  // what is of another run by name and by bookkeeping is no copy, whatever its bytes
  const isCalledAlike = baseName(copy.path) === baseName(copy.copyOf!);
  const isOfAnother =
    !isCalledAlike && named.some(({ run }) => run !== undefined && !original.some((other) => other.run === run));
  return named.length === 0 || (original.length > 0 && !isOfAnother) ? [copy] : claims;
}

const runsOfTomogram = (claims: readonly Sourced[], withImages: ReadonlySet<string>): string[] =>
  claims.flatMap(({ role, run }) => (role === "tomogram" && run !== undefined && withImages.has(run) ? [run] : []));

/** Where bookkeeping names the copy, such as a link, and only its name speaks for the original, it is the original that is left out. */
function turnedCopies(byPath: ReadonlyMap<string, readonly Sourced[]>): Map<string, readonly Sourced[]> {
  const turned = new Map<string, readonly Sourced[]>();
  for (const [path, claims] of byPath) {
    const copy = claims.find(({ copyOf }) => copyOf !== undefined);
    const named = claims.filter(({ role, strength }) => role !== "left out" && strength === "bookkeeping");
    const original = copy === undefined ? [] : (byPath.get(copy.copyOf!) ?? []);
    if (!copy || named.length === 0 || original.length === 0 || turned.has(copy.copyOf!)) continue;
    const isNamed = original.some(({ strength, copyOf }) => strength === "bookkeeping" || copyOf !== undefined);
    if (isNamed || !named.some((one) => original.some((other) => agree(one, other)))) continue;
    turned.set(
      path,
      claims.filter(({ copyOf }) => copyOf === undefined),
    );
    turned.set(copy.copyOf!, [{ ...copy, path: copy.copyOf!, because: `a copy of ${path}`, copyOf: path }]);
  }
  return turned;
}

/** The strongest claims of a file, those that agree joined into one: each tells what the others do not. */
function joinedClaims(claims: readonly Sourced[]): Sourced[] {
  const most = Math.max(...claims.map(({ strength }) => WEIGHT[strength]));
  const joined: Sourced[] = [];
  for (const claim of claims.filter(({ strength }) => WEIGHT[strength] === most)) {
    const at = joined.findIndex((other) => agree(other, claim));
    if (at < 0) joined.push(claim);
    else joined[at] = together(joined[at]!, claim);
  }
  // weaker ones add what they know, where they agree
  return joined.map((claim) =>
    claims
      .filter((other) => WEIGHT[other.strength] < most && agree(other, claim))
      .reduce((sum, other) => together(sum, other), claim),
  );
}

const agree = (a: Pick<Claim, "role" | "run">, b: Pick<Claim, "role" | "run">): boolean =>
  a.role === b.role && (a.run === undefined || b.run === undefined || a.run === b.run || a.role === "left out");

function together(a: Sourced, b: Sourced): Sourced {
  const details = { ...b.details, ...withoutNothing(a.details ?? {}) };
  return { ...a, run: a.run ?? b.run, runs: a.runs ?? b.runs, sameRunAs: a.sameRunAs ?? b.sameRunAs, details };
}

function withoutNothing(details: Details): Details {
  return Object.fromEntries(Object.entries(details).filter(([, value]) => value !== undefined));
}

/** What the header of a volume says against its role, as the end of "but …". */
function headerAgainst({ volume, unreadable, format }: Surveyed, { role, strength }: Claim): string | undefined {
  if (!OF_VOLUMES.includes(role)) return undefined;
  if (unreadable !== undefined) return `it cannot be read: ${unreadable}`;
  if (!volume) return format === "empty" ? "it is empty" : format === "text" ? "it is a text" : undefined;
  if (volume.says === "volumes") return "its header says that it holds many volumes (ispg 401)";
  // programs that write a stack of images as a volume are many: only a name is no evidence against it
  if (role === "tilt series")
    return strength === "name" && volume.says === "volume" ? "its header says that it is a volume (ispg 1)" : undefined;
  if (volume.says === "stack") return "its header says that its sections are images (ispg 0, mz 1)";
  return volume.says === "picture" ? "it has a single section" : undefined;
}

/** That a file which a person calls a volume holds none: `that it is a tomogram, and it is a text`. */
function noVolume({ volume, unreadable, format }: Surveyed, role: Role): string | undefined {
  if (!OF_VOLUMES.includes(role) || volume || (format !== "text" && format !== "empty" && unreadable === undefined))
    return undefined;
  return `that it is ${roleText(role)}, and ${unreadable === undefined ? (format === "empty" ? "it is empty" : "it is a text") : "it cannot be read"}`;
}

const OF_VOLUMES: readonly Role[] = ["tomogram", "half map", "tilt series", "mask"];

interface Doubt {
  readonly file: Surveyed;
  readonly claims: readonly Sourced[];
  readonly against: string | undefined;
}

/** One question for all files of which the same is said, of whatever run if that is not what is asked. */
function questionsOf(doubts: readonly Doubt[]): Question[] {
  const groups = groupsOf(doubts, ({ claims, against = "" }) => {
    const isOfRuns = new Set(claims.flatMap(({ run }) => run ?? [])).size > 1;
    return keyOf(
      against,
      ...claims.map(({ role, by, because, run }) => keyOf(role, by, withoutNumbers(because), isOfRuns ? (run ?? "") : "")),
    );
  });
  return [...groups].map(([key, group]) => {
    const [{ claims, against }] = group as [Doubt, ...Doubt[]];
    const files = group.map(({ file }) => file.path);
    const what = theseFiles(files);
    const ofRun = ({ run, role }: Claim, n: number) =>
      run === undefined || role === "left out"
        ? ""
        : group.every((one) => one.claims[n]!.run === run)
          ? ` of ${run}`
          : " of its run";
    const said = claims.map((claim, n) => `${roleText(claim.role)}${ofRun(claim, n)}, since ${claim.because}`);
    const text =
      against === undefined
        ? `What ${group.length === 1 ? "is" : "are"} ${what}?`
        : `Should ${what} be published as ${roleText(claims[0]!.role)}?`;
    const why =
      against === undefined ? `Either ${said.join("; or ")}.` : `It seems so, since ${claims[0]!.because}, but ${against}.`;
    const options = claims.flatMap(({ role }, n): Option[] => {
      if (role === "left out") return [];
      const says = `published as ${roleText(role)}${ofRun(claims[n]!, n)}`;
      return [{ answer: answerOf(claims, n), says, claims: group.map(({ claims: own }) => own[n]!) }];
    });
    const none: Option = {
      answer: "leave-out",
      says: "not published",
      claims: files.map((path) => ({ path, role: "left out", because: "a person left it out", strength: "contents" })),
    };
    return { id: stableId("what", key), text, why, files, options: [...options, none] };
  });
}

function answerOf(claims: readonly Claim[], n: number): string {
  const { role, run } = claims[n]!;
  const word = role.replaceAll(" ", "-");
  return claims.filter((other) => other.role === role).length > 1 ? `${word}-of-${run ?? "none"}` : word;
}

const withoutNumbers = (text: string): string => text.replace(/\S*\d\S*/g, "#");

/** `a tomogram` */
export function roleText(role: Role): string {
  if (role === "left out") return "nothing for the portal";
  if (role === "points" || role === "raw tilts") return role === "points" ? "a list of points" : "a list of raw tilt angles";
  return role === "acquisition" ? "a file of the acquisition" : `${/^[aeiou]/.test(role) ? "an" : "a"} ${role}`;
}

/** Where the answers to questions go. */
export interface AnswerPlaces {
  readonly given: Given;
  readonly files: Map<string, Decision>;
  readonly undecided: Map<string, string>;
  readonly laboratory: Laboratory;
}

/** Whether a person has decided each of its files, or bookkeeping has each as what it is asked about, and so nothing is left to ask. */
export const isSettled = (
  { id, files: paths, unlessKnownAs }: Question,
  { given, files }: Pick<AnswerPlaces, "given" | "files">,
): boolean =>
  paths.length > 0 &&
  !given.answers.has(id) &&
  paths.every((path) => {
    const file = files.get(path);
    return isOfPerson(file) || (file?.strength === "bookkeeping" && file.role === unlessKnownAs);
  });

const isOfPerson = (file: Decision | undefined): boolean => file?.strength === "person" && file.question === undefined;

/** The answer of a person, else the guess. */
function taken(question: Question, { answers }: Given): Asked {
  const answer = answers.get(question.id);
  const isAnswered = answer !== undefined && question.options.some((option) => option.answer === answer);
  return { ...question, answer: isAnswered ? answer : question.guess, isAnswered };
}

/** What a person has said of files, in the runs of the answers that are taken: rows that were written before have those of another answer. */
function saidInRuns(said: Given["files"], questions: readonly Asked[]): Given["files"] {
  const runs = new Map<string, { readonly others: Set<string>; readonly own: string }>();
  for (const { options, answer } of questions) {
    for (const { answer: other, runs: told = [] } of options) {
      for (const { path, run, isOf } of told) {
        const known = runs.get(path) ?? { others: new Set([run]), own: run };
        if (other !== answer && isOf !== undefined) known.others.add(isOf);
        runs.set(path, other === answer && isOf !== undefined ? { ...known, own: isOf } : known);
      }
    }
  }
  if (runs.size === 0) return said;
  return new Map(
    [...said].map(([path, one]) => {
      const known = one.run === undefined ? undefined : runs.get(path);
      return [path, known?.others.has(one.run!) ? { ...one, run: known.own } : one];
    }),
  );
}

/** Takes the answer of a person, else the guess: its claims become decisions; without either its files are undecided. */
export function answered(question: Question, by: string, { given, files, undecided, laboratory }: AnswerPlaces): Asked {
  const asked = taken(question, given);
  const option = question.options.find((one) => one.answer === asked.answer);
  // who asks about a file that is known is not the software that knows it
  const known = new Map(question.files.map((path) => [path, files.get(path)]));
  for (const path of question.files) {
    // what a person has answered is open again where a later question is about the same file
    if (!laboratory.get(path) || isOfPerson(files.get(path))) continue;
    files.delete(path);
    undecided.set(path, `question ${question.id}`);
  }
  for (const claim of option?.claims ?? []) {
    if (!laboratory.get(claim.path) || isOfPerson(files.get(claim.path))) continue;
    undecided.delete(claim.path);
    const run = claim.run ?? (claim.sameRunAs === undefined ? undefined : files.get(originalOf(claim.sameRunAs, files))?.run);
    const before = known.get(claim.path);
    const isSaid = asked.isAnswered || (before?.strength === "person" && before.role === claim.role);
    files.set(claim.path, {
      ...decisionOf({ ...claim, run, by: claim.software ?? (by || (before?.by ?? "")) }),
      question: question.id,
      strength: isSaid ? "person" : claim.strength,
    });
  }
  return asked;
}

/** What a person has said that is of no effect: such as a name with a slip of the pen. */
export function withoutEffect({ answers, without = [] }: Given, questions: readonly Asked[]): string[] {
  const byId = new Map(questions.map((question) => [question.id, question]));
  const unasked = [...answers.keys()].filter((id) => !byId.has(id));
  const wrong = [...answers].flatMap(([id, answer]) => {
    const question = byId.get(id);
    return question && !question.isAnswered
      ? [`${answer} is no answer to question ${id}: expected one of ${question.options.map((one) => one.answer).join(", ")}.`]
      : [];
  });
  return [
    ...(without.length === 0 ? [] : [`What is decided of ${few(without, 3, "name")} has no effect: no file is called so.`]),
    ...(unasked.length === 0 ? [] : [`Answers to ${few(unasked, 3, "question")} have no effect: no such question is asked.`]),
    ...wrong,
  ];
}

/** What can be said of a file that nobody claims. */
function unclaimed({ path, format, volume, unreadable }: Surveyed): string {
  if (unreadable !== undefined) return `cannot be read as a volume: ${unreadable}`;
  if (format !== "empty" && !volume && /\.(?:mrc|mrcs|rec|st|ali|map)$/i.test(path))
    return `called a volume, and ${format === "text" ? "a text" : format === undefined ? "of no known format" : `a file of ${format}`}`;
  if (volume) {
    const [z, y, x] = volume.shape;
    const kind = {
      volume: "a volume",
      stack: "a stack of images",
      volumes: "many volumes",
      picture: "a single section",
      unclear: "volume or stack",
    };
    const spacing = volume.spacingsAngstrom[1];
    return `${kind[volume.says]}, ${x}×${y}×${z}${spacing === undefined ? "" : `, ${Number(spacing.toFixed(3))} Å`}`;
  }
  if (format === "empty") return "empty";
  if (format === "text") return "a text that is not recognised";
  if (format === undefined) return "in no known format";
  return format === "zarr"
    ? "a Zarr folder without an image"
    : `${FILE_FORMATS.find(({ id }) => id === format)!.called}, which is not used`;
}

/** `12 tomograms, 3 tilt series` */
export function countText(files: Iterable<Decision>): string {
  const counts = new Map<Role, number>();
  for (const { role } of files) counts.set(role, (counts.get(role) ?? 0) + 1);
  const words: Partial<Record<Role, readonly [one: string, several: string]>> = {
    "tilt series": ["tilt series", "tilt series"],
    alignment: ["alignment file", "alignment files"],
    acquisition: ["mdoc file", "mdoc files"],
    gain: ["gain reference", "gain references"],
    "raw tilts": ["list of raw tilt angles", "lists of raw tilt angles"],
    ctf: ["CTF estimate", "CTF estimates"],
    points: ["list of points", "lists of points"],
    mesh: ["mesh", "meshes"],
  };
  return [...counts]
    .filter(([role]) => role !== "left out")
    .map(([role, count]) => counted(count, ...(words[role] ?? ([role, `${role}s`] as const))))
    .join(", ");
}
