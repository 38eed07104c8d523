import { groupsOf, keyOf } from "../../../core/groups.js";
import type { Claim } from "./claims.js";
import { isNear, spacingOf } from "./completion/spacings.js";
import type { Asked, Decision } from "./decide.js";
import { baseName } from "./recognisers/common/paths.js";
import { stemOf } from "./run-names.js";
import type { Laboratory } from "./survey/laboratory.js";

/** What is decided by the tomograms that a run has. A question about these may be open still, and its answer changes what follows. */
const BY_TOMOGRAMS: readonly Decision["role"][] = ["points", "mask", "mesh", "table", "left out"];

/** What numbers the images of a tilt series: it is of one stack of its run, and may contradict another. */
const BY_SERIES: readonly Decision["role"][] = ["alignment", "raw tilts"];

/**
 * Marks files of which the outcome hangs on questions that nobody has answered: lists of points and masks of runs that are asked about, such as those that
 * are left out since their run has no tomogram until somebody chooses one, and volumes of the size of one that is asked about, which may be a copy of it. Given
 * again with an answer, what was decided of them no longer counts.
 *
 * @param lists paths of lists of points and tables, which may be of no run until a question is answered
 */
export function waitForAnswers(
  files: Map<string, Decision>,
  questions: readonly Asked[],
  { lists, laboratory }: { readonly lists: ReadonlySet<string>; readonly laboratory: Laboratory },
): void {
  const open = questions.filter(({ isAnswered }) => !isAnswered);
  if (open.length === 0) return;
  const all = open.map(({ id }) => id);
  const ofRuns = byRun(files, open);
  // of two alignments the tilt series decides, and whether angles have the order of its images
  const ofSeries = byRun(
    files,
    open.filter(({ options }) => options.some(({ claims }) => claims.some(({ role }) => role === "tilt series"))),
  );
  const ofVolumes = byVolume(open, laboratory);
  for (const [path, file] of files) {
    const isOfSeries = BY_SERIES.includes(file.role);
    if (file.strength === "person" || file.question !== undefined) continue;
    const ofSize = ofVolumes.get(volumeKey(file, laboratory));
    if (ofSize) files.set(path, { ...file, until: [...ofSize] });
    if (!isOfSeries && !BY_TOMOGRAMS.includes(file.role)) continue;
    const until = isOfSeries ? (idsOf(file, ofSeries) ?? []) : (idsOf(file, ofRuns) ?? (lists.has(path) ? all : []));
    if (until.length > 0) files.set(path, { ...file, until });
  }
}

/** The questions by the runs that they are about. */
function byRun(files: ReadonlyMap<string, Decision>, questions: readonly Asked[]): Map<string, string[]> {
  const ofRuns = new Map<string, string[]>();
  for (const { id, files: paths, options } of questions) {
    const runs = [...paths.map((path) => files.get(path)?.run), ...options.flatMap(({ claims }) => claims.map(({ run }) => run))];
    for (const run of new Set(runs)) if (run !== undefined) ofRuns.set(run, [...(ofRuns.get(run) ?? []), id]);
  }
  return ofRuns;
}

/** The questions by the volumes that they are about: run, role and size. */
function byVolume(questions: readonly Asked[], laboratory: Laboratory): Map<string, Set<string>> {
  const ofVolumes = new Map<string, Set<string>>();
  for (const { id, options } of questions)
    for (const claim of options.flatMap(({ claims }) => claims))
      if (isVolume(claim)) {
        const key = volumeKey(claim, laboratory);
        ofVolumes.set(key, (ofVolumes.get(key) ?? new Set()).add(id));
      }
  return ofVolumes;
}

const isVolume = ({ role }: Pick<Decision, "role">): boolean => role === "tomogram" || role === "tilt series";

const volumeKey = ({ path, role, run }: Pick<Decision, "path" | "role" | "run">, laboratory: Laboratory): string =>
  keyOf(role, run ?? "", ...(laboratory.get(path)?.volume?.shape ?? []).map(String));

/** The questions about the runs of a file; undefined for a file of no run. */
function idsOf({ run, runs }: Decision, ofRuns: ReadonlyMap<string, readonly string[]>): readonly string[] | undefined {
  if (run !== undefined) return ofRuns.get(run) ?? [];
  return runs && [...new Set(runs.flatMap((one) => ofRuns.get(one) ?? []))];
}

/**
 * Leaves out tomograms beside one of their name and size that nobody publishes until a question about it is answered, where it may have the same voxel size and was treated
 * alike: of two such one is published, and the answer tells which. What bookkeeping names stays.
 */
export function leaveWaitingTwins(
  files: Map<string, Decision>,
  { questions, laboratory }: { readonly questions: readonly Asked[]; readonly laboratory: Laboratory },
): void {
  const open = questions
    .filter(({ answer }) => answer === undefined)
    .flatMap(({ id, options }) => options.flatMap(({ claims }) => claims.map((claim) => ({ id, claim }))))
    .filter(({ claim }) => claim.role === "tomogram" && claim.run !== undefined && files.get(claim.path)?.role !== "tomogram");
  const likenessOf = ({ path, run, role, details = {} }: Pick<Claim, "path" | "run" | "role" | "details">) =>
    keyOf(volumeKey({ path, run, role }, laboratory), stemOf(baseName(path)), details.processing ?? "raw");
  const alike = groupsOf(open, ({ claim }) => likenessOf(claim));
  for (const file of files.values()) {
    if (file.role !== "tomogram" || file.strength === "person" || file.strength === "bookkeeping") continue;
    const own = spacingOf(file, laboratory);
    const twin = alike.get(likenessOf(file))?.find(({ claim: { path, details = {} } }) => {
      const other = spacingOf({ path, details }, laboratory);
      return own !== undefined && other !== undefined && isNear(own, other, 0.01);
    });
    if (!twin) continue;
    const because = `one of ${file.run} with its voxel size, ${twin.claim.path}, may be what is published: question ${twin.id} is open`;
    files.set(file.path, { ...file, role: "left out", because });
  }
}

/** Whether this is left out until a question is answered that is about another file: a person who answers it may miss it. */
export const isLeftWaiting = (because: string): boolean => /\bquestion \S+ is (?:open|answered)$/.test(because);

/** Texts of numbers alone: formats of programs say what theirs are. */
const PLAIN = /\.(?:txt|csv|tsv|coords|xyz|pos|dat)$/i;

/**
 * Leaves out lists of which all tomograms that their rows name wait for an answer, and lists whose unit nobody tells while a question is open about a tomogram of their run that has another voxel size than all that are used: which
 * reading fits says nothing before that is answered.
 */
export function leaveWaitingLists(
  lists: readonly Decision[],
  { files, questions, laboratory }: { files: Map<string, Decision>; questions: readonly Asked[]; laboratory: Laboratory },
): void {
  const waiting = questions
    .filter(({ answer }) => answer === undefined)
    .flatMap(({ id, options }) =>
      options.flatMap(({ claims }) =>
        claims.flatMap(({ path, role, run }) => {
          const spacing = laboratory.get(path)?.volume?.spacingsAngstrom[1];
          return role === "tomogram" && run !== undefined && spacing !== undefined ? [{ id, run, path, spacing }] : [];
        }),
      ),
    );
  if (waiting.length === 0) return;
  const used = groupsOf(
    [...files.values()].filter(({ role, run }) => role === "tomogram" && run !== undefined),
    ({ run }) => run!,
  );
  for (const file of lists) {
    const own = (file.run === undefined ? undefined : used.get(file.run)) ?? [];
    if (file.strength === "person") continue;
    const named = Object.keys(file.details.points?.rowValues ?? {});
    const open = waiting.find(({ path }) => named.includes(path));
    if (open && !named.some((path) => files.get(path)?.role === "tomogram")) {
      const because = `the tomograms that its rows name, such as ${open.path}, are not used until question ${open.id} is answered`;
      files.set(file.path, { ...file, role: "left out", because });
    }
    if (file.details.points?.unit !== undefined) continue;
    if (own.length === 0 || !PLAIN.test(file.path)) continue;
    const isOther = ({ run, spacing }: (typeof waiting)[number]) =>
      run === file.run && !own.some((one) => Math.abs((spacingOf(one, laboratory) ?? 0) / spacing - 1) < 0.01);
    const other = waiting.find(isOther);
    if (other === undefined) continue;
    const because = `its coordinates may be those of ${other.path}, about which question ${other.id} is open`;
    files.set(file.path, { ...file, role: "left out", because });
  }
}
