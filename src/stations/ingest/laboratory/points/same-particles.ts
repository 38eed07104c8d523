import { few } from "../../../../core/finding.js";
import { groupsOf, keyOf } from "../../../../core/groups.js";
import { counted } from "../../../../core/units.js";
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
 * which; nobody but a person knows it of two, or of lists that no program names. The better ones are taken until somebody answers, never both.
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
      const isOfOneProgram = one.by === other.by && one.by !== "";
      const shared = isOfOneProgram || asked.has(one) || asked.has(other) ? undefined : await sharedPoints(one, other, options);
      if (!shared) continue;
      asked.add(one).add(other);
      questions.push(questionOf(one, other, shared));
    }
  }
  return questions;
}

const runsOfFile = ({ run, runs = [] }: Decision): readonly string[] => (run === undefined ? runs : [run]);
const runsOf = ({ files }: Family): Set<string> => new Set(files.flatMap(runsOfFile));

/** How many points of each of two families are not among those of the other, of so many as are compared. */
type Shared = readonly [alone: number, alone: number];

/** Undefined where less than half of the points of the shorter lists are among those of the others. */
async function sharedPoints(a: Family, b: Family, options: Options): Promise<Shared | undefined> {
  const others = runsOf(b);
  const runs = [...runsOf(a)].filter((run) => others.has(run)).slice(0, RUNS_COMPARED);
  let [compared, found] = [0, 0];
  const alone: [number, number] = [0, 0];
  const strays = (own: readonly number[], other: readonly number[]) => {
    const isNear = nearby(other);
    let count = 0;
    for (let point = 0; point < own.length; point += 3) if (!isNear(own, point)) count++;
    return count;
  };
  for (const run of runs) {
    const places = [await placesIn(a, run, options), await placesIn(b, run, options)] as const;
    const own = [strays(places[0], places[1]), strays(places[1], places[0])] as const;
    const small = places[0].length <= places[1].length ? 0 : 1;
    compared += places[small].length / 3;
    found += places[small].length / 3 - own[small];
    alone[0] += own[0];
    alone[1] += own[1];
  }
  return compared > 0 && found * 2 >= compared ? alone : undefined;
}

/** What makes a family the better one, in this order: refined, named by bookkeeping, with orientations, in more runs. Of equals the shorter path. */
function rankOf({ by, files }: Family): number[] {
  const weight = { name: 0, contents: 1, bookkeeping: 2, person: 3 } as const;
  return [
    Number(/^RELION/.test(by)),
    Number(by !== ""),
    Math.max(...files.map(({ strength }) => weight[strength])),
    Number(files.some(({ details }) => details.points!.shape === "OrientedPoint")),
    new Set(files.flatMap(runsOfFile)).size,
    -Math.min(...files.map(({ path }) => path.length)),
  ];
}

function isBetter(a: Family, b: Family): boolean {
  const [one, other] = [rankOf(a), rankOf(b)];
  const at = one.findIndex((value, i) => value !== other[i]);
  return at < 0 || one[at]! > other[at]!;
}

/** Å from the first voxel of the tomogram. */
export async function placesIn({ files }: Pick<Family, "files">, run: string, options: Options): Promise<number[]> {
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

function questionOf(one: Family, other: Family, alone: Shared): Question {
  const families = [one, other];
  const answers = answersOf(one, other);
  const all = families.flatMap(({ files }) => files);
  const named = ({ by, files }: Family) => `${few(files.map(({ path }) => path))}${by === "" ? "" : ` (${by})`}`;
  const options = families.map((family, at): Option => {
    const covered = runsOf(family);
    // of a run that it has nothing of, the others stay
    const isIn = (file: Decision) => runsOfFile(file).some((run) => covered.has(run));
    const lost = alone[1 - at]!;
    const but =
      lost === 0 ? "" : `; ${counted(lost, "point")} that only the others have, of those that were compared, would be lost`;
    return {
      answer: answers[at]!,
      says: `${family.by === "" ? named(family) : `those of ${family.by}`}${but}`,
      claims: [
        ...family.files.map(asItIs),
        ...families[1 - at]!.files.map((file) =>
          isIn(file) ? leftOut(file, `its particles are in ${named(family)}`) : asItIs(file),
        ),
      ],
    };
  });
  return {
    id: stableId("same-particles", keyOf(...families.map(({ by, files }) => `${by} ${files[0]!.path}`))),
    text: `${named(one)} and ${named(other)} have the same particles: which of them are to be published?`,
    files: all.map(({ path }) => path),
    options: [...options, { answer: "all", says: "each of them", claims: all.map(asItIs) }],
    guess: answers[isBetter(one, other) ? 0 : 1],
  };
}

function answersOf(one: Family, other: Family): readonly [string, string] {
  const plain = [one, other].map(({ by }) => (by === "" ? "others" : idOf(by))) as [string, string];
  return plain[0] === plain[1] ? ["1", "2"] : plain;
}
