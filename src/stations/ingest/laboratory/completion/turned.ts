import { fewFiles } from "../../../../core/finding.js";
import { groupsOf } from "../../../../core/groups.js";
import { mdocAngles, parseMdoc } from "../../../../formats/mdoc/read.js";
import { parseTiltAngles } from "../../../../formats/tilt-angles/read.js";
import type { Question } from "../claims.js";
import type { Decision } from "../decide.js";
import { orReason } from "../recognisers/common/reading.js";
import type { Laboratory } from "../survey/laboratory.js";
import { asItIs, leftOut } from "./claim.js";

/** Degrees by which a program that sets angles in whole steps may move them. */
const NEAR_DEGREES = 1;
/** Fewer angles may fit by chance. */
const ANGLES_MIN = 3;

const FAULTS = {
  turned: "the opposite signs of those",
  sorted: "the order of the angles, and the images of the stack that of their recording, as",
} as const;
type Fault = keyof typeof FAULTS;

interface Doubt {
  readonly file: Decision;
  readonly fault: Fault;
  /** File that tells otherwise. */
  readonly by: string;
}

/**
 * Lists of raw angles whose signs are turned, as Warp and others turn them, and lists that somebody has sorted beside a stack whose images are not. The
 * acquisition file of the stack and the angles of the alignment have the order of the images.
 */
export async function turnedQuestions(files: ReadonlyMap<string, Decision>, laboratory: Laboratory): Promise<Question[]> {
  const all = [...files.values()].filter(({ run }) => run !== undefined);
  const byRun = groupsOf(all, ({ run }) => run!);
  const doubts: Doubt[] = [];
  for (const file of all) {
    if (file.role !== "raw tilts" || file.strength === "person") continue;
    const own = byRun.get(file.run!)!;
    const list = await anglesIn(laboratory, file.path);
    if (!list || list.length < ANGLES_MIN) continue;
    const stacks = new Set(own.flatMap(({ role, path }) => (role === "tilt series" ? [path] : [])));
    for (const { role, path } of own) {
      const isOfAlignment = role === "alignment" && /\.tlt$/i.test(path);
      if (!isOfAlignment && role !== "acquisition") continue;
      const angles = await anglesIn(laboratory, path);
      const fault =
        angles && (isOfAlignment ? alignedFault(list, angles) : faultOf(list, angles, stacks.has(path.replace(/\.mdoc$/i, ""))));
      if (!fault) continue;
      doubts.push({ file, fault, by: path });
      break;
    }
  }
  return [...groupsOf(doubts, ({ fault }) => fault).values()].map(questionOf);
}

function questionOf(doubts: readonly Doubt[]): Question {
  const [{ fault, by }] = doubts as [Doubt, ...Doubt[]];
  const paths = doubts.map(({ file }) => file.path);
  const isOne = paths.length === 1;
  return {
    id: `angles-${fault}`,
    text: `${isOne ? "Is" : "Are"} ${fewFiles(paths)} to be published? ${isOne ? "Its" : "Their"} angles have ${FAULTS[fault]} in ${by}${isOne ? "" : " and those like it"}.`,
    files: paths,
    options: [
      {
        answer: "leave-out",
        says: "not published; the angles of the acquisition file or of the alignment count",
        claims: doubts.map((doubt) => leftOut(doubt.file, `its angles have ${FAULTS[doubt.fault]} in ${doubt.by}`)),
      },
      { answer: "raw-tilts", says: "published as it is", claims: doubts.map(({ file }) => asItIs(file)) },
    ],
    guess: "leave-out",
  };
}

/** @param isOfStack the others have the order of the images */
function faultOf(list: readonly number[], others: readonly number[], isOfStack: boolean): Fault | undefined {
  const turned = others.map((angle) => -angle);
  const sorted = (angles: readonly number[]) => [...angles].sort((a, b) => a - b);
  if (areNear(list, others)) return undefined;
  if (areNear(list, turned) && isOfStack) return "turned";
  if (areNear(sorted(list), sorted(others))) {
    const isSorted = [sorted(list), sorted(list).reverse()].some((one) => areNear(one, list));
    return isOfStack && isSorted ? "sorted" : undefined;
  }
  return areNear(sorted(list), sorted(turned)) ? "turned" : undefined;
}

/** Of an alignment that finds the specimen tilted itself, such as a lamella: it moves all angles alike. */
const MOVED_MAX_DEGREES = 15;

function alignedFault(list: readonly number[], aligned: readonly number[]): Fault | undefined {
  const turned = aligned.map((angle) => -angle);
  return areNear(list, turned, MOVED_MAX_DEGREES) ? "turned" : undefined;
}

/** @param moved degrees by which all of them may be moved */
function areNear(some: readonly number[], others: readonly number[], moved = 0): boolean {
  if (some.length !== others.length) return false;
  const moves = some.map((angle, at) => others[at]! - angle).sort((a, b) => a - b);
  const middle = Math.max(-moved, Math.min(moved, moves[Math.floor(moves.length / 2)]!));
  return moves.every((move) => Math.abs(move - middle) <= NEAR_DEGREES);
}

async function anglesIn(laboratory: Laboratory, path: string): Promise<readonly number[] | undefined> {
  const text = await laboratory.text(path);
  if (text === undefined) return undefined;
  const read = await orReason(() =>
    /\.mdoc$/i.test(path) ? mdocAngles(parseMdoc(text, path)) : parseTiltAngles(text, path).map(({ degrees }) => degrees),
  );
  return "value" in read ? read.value : undefined;
}
