import { few } from "../../../../core/finding.js";
import { groupsOf, keyOf } from "../../../../core/groups.js";
import type { Option, Question } from "../claims.js";
import { asItIs, leftOut } from "../completion/claim.js";
import { type Decision, stableId } from "../decide.js";
import { idOf } from "../recognisers/common/names.js";
import { nearby } from "../recognisers/common/nearby.js";
import { orReason } from "../recognisers/common/reading.js";
import { batchesOf, type PlaceOptions } from "./lists.js";
import { rowOf } from "./place.js";

type Options = Pick<PlaceOptions, "laboratory" | "volumesOf" | "signal">;

/** Runs in which lists of two programs are compared, and points of each list in a run. */
const RUNS_COMPARED = 6;
const POINTS_COMPARED = 2_000;

/** Lists of one program that are alike: `TS_1_10.00Apx_ribo.star` of each run, or one list of them all. */
interface Family {
  /** Empty for lists that no program's bookkeeping names. */
  readonly by: string;
  readonly files: readonly Decision[];
}

/**
 * Lists in which two programs have the same particles, such as picks of Warp that RELION refined. Each program knows which of its own lists came out of
 * which; nobody but a person knows it of two. Those of RELION are taken until somebody answers: it refines particles that others have picked.
 *
 * @returns a question for each two families of lists
 */
export async function sameParticles(files: ReadonlyMap<string, Decision>, options: Options): Promise<Question[]> {
  const lists = [...files.values()].filter(
    ({ role, strength, details }) => role === "points" && strength !== "person" && details.points !== undefined,
  );
  const families = [
    ...groupsOf(lists, ({ by, details }) => keyOf(by ?? "", details.object ?? "", details.points!.format)).values(),
  ].map((own): Family => ({ by: own[0]!.by ?? "", files: own }));
  const questions: Question[] = [];
  const asked = new Set<Family>();
  for (const [at, one] of families.entries()) {
    for (const other of families.slice(at + 1)) {
      if (one.by === other.by || asked.has(one) || asked.has(other) || !(await areSame(one, other, options))) continue;
      asked.add(one).add(other);
      questions.push(questionOf(one, other));
    }
  }
  return questions;
}

const runsOfFile = ({ run, runs = [] }: Decision): readonly string[] => (run === undefined ? runs : [run]);
const runsOf = ({ files }: Family): Set<string> => new Set(files.flatMap(runsOfFile));

/** Whether at least half of the points of the shorter lists are among those of the others. */
async function areSame(a: Family, b: Family, options: Options): Promise<boolean> {
  const others = runsOf(b);
  const runs = [...runsOf(a)].filter((run) => others.has(run)).slice(0, RUNS_COMPARED);
  let [compared, found] = [0, 0];
  for (const run of runs) {
    const [own, second] = [await placesIn(a, run, options), await placesIn(b, run, options)];
    const [small, large] = own.length <= second.length ? [own, second] : [second, own];
    const isNear = nearby(large);
    for (let point = 0; point < small.length; point += 3) {
      compared++;
      if (isNear(small, point)) found++;
    }
  }
  return compared > 0 && found * 2 >= compared;
}

/** Å from the first voxel of the tomogram. */
async function placesIn({ files }: Family, run: string, options: Options): Promise<number[]> {
  const places: number[] = [];
  for (const file of files.filter((one) => one.run === run || one.runs?.includes(run))) {
    const reading = file.details.points!;
    const { binning = 1, isReversed = false, inSpacingAngstrom, rowName } = reading;
    const volumes = options.volumesOf(run);
    const volume = volumes.find(({ spacingAngstrom }) => spacingAngstrom === inSpacingAngstrom) ?? volumes[0];
    if (volume?.spacingAngstrom === undefined) continue;
    const scale = volume.spacingAngstrom / binning;
    const row = rowName === undefined ? undefined : rowOf(run, reading, options);
    const read = await orReason(async () => {
      for await (const { positions, count } of batchesOf({ path: file.path, reading }, row, volume, options)) {
        for (let i = 0; i < 3 * count; i += 3)
          for (const axis of isReversed ? [2, 1, 0] : [0, 1, 2]) places.push(positions[i + axis]! * scale);
        if (places.length >= 3 * POINTS_COMPARED) break;
      }
    });
    if ("reason" in read) return [];
  }
  return places;
}

function questionOf(one: Family, other: Family): Question {
  const families = [one, other];
  const all = families.flatMap(({ files }) => files);
  const named = ({ by, files }: Family) => `${few(files.map(({ path }) => path))}${by === "" ? "" : ` (${by})`}`;
  const options = families.map((family, at): Option => {
    const covered = runsOf(family);
    // of a run that it has nothing of, the others stay
    const isIn = (file: Decision) => runsOfFile(file).some((run) => covered.has(run));
    return {
      answer: answerOf(family),
      says: family.by === "" ? named(family) : `those of ${family.by}`,
      claims: [
        ...family.files.map(asItIs),
        ...families[1 - at]!.files.map((file) =>
          isIn(file) ? leftOut(file, `its particles are in ${named(family)}`) : asItIs(file),
        ),
      ],
    };
  });
  const refined = families.filter(
    (family) => /^RELION/.test(family.by) && all.flatMap(runsOfFile).every((run) => runsOf(family).has(run)),
  );
  return {
    id: stableId("same-particles", keyOf(...families.map(({ by, files }) => `${by} ${files[0]!.path}`))),
    text: `${named(one)} and ${named(other)} have the same particles: which of them are to be published?`,
    files: all.map(({ path }) => path),
    options: [...options, { answer: "all", says: "each of them", claims: all.map(asItIs) }],
    guess: refined.length === 1 ? answerOf(refined[0]!) : "all",
  };
}

const answerOf = ({ by }: Family): string => (by === "" ? "others" : idOf(by));
