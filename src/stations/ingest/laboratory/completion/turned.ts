import { groupsOf } from "../../../../core/groups.js";
import { mdocAngles, parseMdoc } from "../../../../formats/mdoc/read.js";
import { parseTiltAngles } from "../../../../formats/tilt-angles/read.js";
import type { Question } from "../claims.js";
import type { Decision } from "../decide.js";
import { publishText } from "../questions.js";
import { stemOf } from "../recognisers/common/names.js";
import { orReason } from "../recognisers/common/reading.js";
import { rowsOf, starTables } from "../recognisers/relion/stars.js";
import type { Laboratory } from "../survey/laboratory.js";
import { asItIs, leftOut } from "./claim.js";

/** Degrees by which a program that sets angles in whole steps may move them. */
const NEAR_DEGREES = 1;
/** Fewer angles may fit by chance. */
const ANGLES_MIN = 3;

/** As stacks are called, which programs write with a list of their angles. */
const STACKS = [".st", ".mrc", ".mrcs"];
/** Whether an acquisition file is called as a stack in its folder. A list of angles elsewhere says nothing of that one. */
const liesBeside = (mdoc: string, stack: string): boolean => mdoc.replace(/\.mdoc$/i, "") === stack.replace(/\.\w+$/, "");

const FAULTS = {
  turned: "the opposite signs of those",
  sorted: "the order of the tilt angles, while the images of the stack are in the order of recording, as",
} as const;
const RESULTS = {
  turned: "published with these signs",
  sorted: "published, but then the angles are assigned to the wrong images",
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
  const tomostars = groupsOf(
    laboratory.files.filter(({ path }) => /\.tomostar$/i.test(path)),
    ({ path }) => stemOf(path),
  );
  const doubts: Doubt[] = [];
  for (const file of all) {
    if (file.role !== "raw tilts" || file.strength === "person") continue;
    const own = byRun.get(file.run!)!;
    const list = await anglesIn(laboratory, file.path);
    if (!list || list.length < ANGLES_MIN) continue;
    const stacks = new Set(own.flatMap(({ role, path }) => (role === "tilt series" ? [path] : [])));
    // one that lies beside another stack, also where that is gone
    const isOfOther = !STACKS.some((end) => stacks.has(file.path.replace(/\.\w+$/, end)));
    const beside = own.some(({ role, path }) => role === "alignment" && path === file.path.replace(/\.\w+$/, ".tlt"));
    for (const { role, path } of [...own, ...besideStack(laboratory, file, stacks)]) {
      const isOfAlignment = role === "alignment" && /\.tlt$/i.test(path);
      if (!isOfAlignment && role !== "acquisition") continue;
      // another stack of the run may have its angles turned, and an alignment with them
      if (isOfAlignment && beside && path !== file.path.replace(/\.\w+$/, ".tlt")) continue;
      const [tomostar, ...others] = tomostars.get(stemOf(file.path)) ?? [];
      if (!isOfAlignment && tomostar && others.length === 0 && (await isTurnedByWarp(laboratory, tomostar.path, path, list))) {
        doubts.push({ file, fault: "turned", by: path });
        break;
      }
      const angles = await anglesIn(laboratory, path);
      const isOfStack =
        stacks.has(path.replace(/\.mdoc$/i, "")) || (isOfOther && [...stacks].some((one) => liesBeside(path, one)));
      const fault = angles && (isOfAlignment ? alignedFault(list, angles) : faultOf(list, angles, isOfStack));
      if (!fault) continue;
      doubts.push({ file, fault, by: path });
      break;
    }
  }
  return [...groupsOf(doubts, ({ fault }) => fault).values()].map(questionOf);
}

/** The mdoc beside the stack that a list is called after, where another one describes the run. */
function besideStack(laboratory: Laboratory, { path }: Decision, stacks: ReadonlySet<string>): Pick<Decision, "role" | "path">[] {
  const mdocs = STACKS.map((end) => path.replace(/\.\w+$/, end))
    .filter((stack) => stacks.has(stack))
    .map((stack) => `${stack}.mdoc`);
  return mdocs.filter((mdoc) => laboratory.get(mdoc)).map((mdoc) => ({ role: "acquisition", path: mdoc }));
}

function questionOf(doubts: readonly Doubt[]): Question {
  const [{ fault, by }] = doubts as [Doubt, ...Doubt[]];
  const paths = doubts.map(({ file }) => file.path);
  const isOne = paths.length === 1;
  return {
    id: `angles-${fault}`,
    text: publishText(paths),
    why: `The angles have ${FAULTS[fault]} in ${by}${isOne ? "" : " and the like"}.`,
    files: paths,
    options: [
      {
        answer: "leave-out",
        says: "not published: the angles of the mdoc or of the alignment are used",
        claims: doubts.map((doubt) => leftOut(doubt.file, `its angles have ${FAULTS[doubt.fault]} in ${doubt.by}`)),
      },
      { answer: "raw-tilts", says: RESULTS[fault], claims: doubts.map(({ file }) => asItIs(file)) },
    ],
    guess: "leave-out",
  };
}

/** @param isOfStack the others have the order of the images */
function faultOf(list: readonly number[], others: readonly number[], isOfStack: boolean): Fault | undefined {
  const turned = others.map((angle) => -angle);
  const sorted = (angles: readonly number[]) => [...angles].sort((a, b) => a - b);
  if (areNear(list, others)) return undefined;
  // of sorted angles that reach as far to both sides the turned ones are those in the other order
  if (areNear(list, turned) && (isOfStack || !isInOrder(others))) return "turned";
  if (areNear(sorted(list), sorted(others))) {
    const isSorted = [sorted(list), sorted(list).reverse()].some((one) => areNear(one, list));
    return isOfStack && isSorted ? "sorted" : undefined;
  }
  return areNear(sorted(list), sorted(turned)) ? "turned" : undefined;
}

const isInOrder = (angles: readonly number[]): boolean =>
  [1, -1].some((sign) => angles.slice(1).every((angle, at) => sign * (angle - angles[at]!) > 0));

/**
 * Whether a list has the angles of Warp's table of the series, which names the movie of each, and these have the other sign of what the acquisition file
 * says of the movie: so WarpTools' import writes them, unless it is told not to. Source: `--dont_invert` of ts_import, warpem.github.io
 */
async function isTurnedByWarp(laboratory: Laboratory, tomostar: string, mdoc: string, list: readonly number[]): Promise<boolean> {
  const [table, text] = [await starTables(laboratory, tomostar), await laboratory.text(mdoc)];
  const recorded = await orReason(() => parseMdoc(text ?? "", mdoc).sections);
  if ("reason" in table || "reason" in recorded) return false;
  const rows = table.flatMap(rowsOf).map((row) => ({
    movie: stemOf((row.get("wrpMovieName") ?? "").replaceAll("\\", "/")),
    angle: Number(row.get("wrpAngleTilt")),
  }));
  // images and rows have one order, and Warp 1 writes the recorded angles beside a table of turned ones
  const turned = rows.map(({ angle }) => -angle);
  if (areNear(list, turned)) return false;
  const own = rows.map(({ angle }) => angle).sort((a, b) => a - b);
  if (
    !areNear(
      [...list].sort((a, b) => a - b),
      own,
    )
  )
    return false;
  const said = new Map(
    recorded.value.map(({ subFrameName, tiltAngleDegrees }) => [stemOf(subFrameName ?? ""), tiltAngleDegrees] as const),
  );
  const pairs = rows.flatMap(({ movie, angle }) => {
    const of = said.get(movie);
    // near 0 both signs are one
    return of === undefined || Math.abs(of) <= NEAR_DEGREES ? [] : [angle + of];
  });
  return pairs.length >= ANGLES_MIN && pairs.every((sum) => Math.abs(sum) <= NEAR_DEGREES);
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
