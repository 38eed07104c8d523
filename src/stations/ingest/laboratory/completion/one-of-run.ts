import { groupsOf } from "../../../../core/groups.js";
import { mapLimit } from "../../../../system/parallel.js";
import type { Decision } from "../decide.js";
import { folderOf } from "../recognisers/common/paths.js";
import type { Laboratory } from "../survey/laboratory.js";
import { unequalAlignments } from "./series.js";

/** A run has one CTF estimate and one alignment: what else there is of these is left out, with what is published in its place. */
export async function oneOfRun(files: Map<string, Decision>, laboratory: Laboratory): Promise<void> {
  await leaveEstimatesOfImages(files, laboratory);
  leaveEstimates(files);
  await unequalAlignments(files, laboratory);
  leaveAlignments(files);
}

const isPersons = ({ strength }: Decision): number => Number(strength === "person");

/** Those of a role by run. What a person has said comes first, then the order of the paths counts. */
function byRun(files: ReadonlyMap<string, Decision>, role: Decision["role"]): [run: string, own: Decision[]][] {
  const all = [...files.values()].filter((file) => file.role === role && file.run !== undefined);
  return [
    ...groupsOf(
      all.sort((a, b) => isPersons(b) - isPersons(a)),
      ({ run }) => run!,
    ),
  ];
}

function leave(files: Map<string, Decision>, file: Decision, because: string): void {
  files.set(file.path, { ...file, role: "left out", because });
}

/** A table of one row has no more, with all that its program writes above it. */
const ONE_ROW_BYTES_MAX = 2048;
const READS_IN_FLIGHT = 8;

/** Programs that correct each image by itself write an estimate of each, too: none of them is that of the series. */
async function leaveEstimatesOfImages(files: Map<string, Decision>, laboratory: Laboratory): Promise<void> {
  const isTable = ({ details: { format = "CTFFIND" } }: Decision) => /^(?:ctffind|gctf)$/i.test(format);
  const small = byRun(files, "ctf")
    .flatMap(([, own]) => own)
    .filter((file) => isTable(file) && isPersons(file) === 0 && (laboratory.get(file.path)?.size ?? 0) <= ONE_ROW_BYTES_MAX);
  const series = groupsOf(
    [...files.values()].filter(({ role, run }) => role === "tilt series" && run !== undefined),
    ({ run }) => run!,
  );
  await mapLimit(small, READS_IN_FLIGHT, async (file) => {
    const lines = ((await laboratory.text(file.path)) ?? "").split(/\r?\n/).map((line) => line.trim());
    const rows = lines.filter((line) => /^[-+\d.]/.test(line));
    const images = Math.max(0, ...(series.get(file.run!) ?? []).map(({ path }) => laboratory.get(path)?.volume?.shape[0] ?? 0));
    if (rows.length === 1 && images > 1)
      leave(
        files,
        file,
        `the CTF of one image, and the series of ${file.run} has ${images}: write one table with a row for each`,
      );
  });
}

function leaveEstimates(files: Map<string, Decision>): void {
  for (const [run, [first, ...others]] of byRun(files, "ctf"))
    for (const other of others) leave(files, other, `another CTF estimate of ${run}: ${first!.path} is published`);
}

export const formatOf = ({ details }: Decision): string => details.format ?? "IMOD";
const extensionOf = ({ path }: Decision): string => /\.[^./]+$/.exec(path)?.[0].toLowerCase() ?? "";
/** Of IMOD's files angles alone are no alignment. */
const isAlignment = (file: Decision): boolean => formatOf(file) !== "IMOD" || extensionOf(file) === ".xf";

const withoutExtension = (path: string): string => path.replace(/\.[^./]+$/, "");

/**
 * Of two programs the one whose alignment lies beside the tilt series that is published, under its name: an alignment numbers the sections of its own stack.
 * Else that which has aligned more runs; and one file of each kind, of two alignments of one program again that of the stack, else that beside a tomogram.
 */
function leaveAlignments(files: Map<string, Decision>): void {
  const runs = byRun(files, "alignment");
  const counts = new Map<string, number>();
  const stacks = new Set(
    [...files.values()].flatMap(({ role, path }) => (role === "tilt series" ? [withoutExtension(path)] : [])),
  );
  const tomograms = groupsOf(
    [...files.values()].filter(({ role, run }) => role === "tomogram" && run !== undefined),
    ({ run }) => run!,
  );
  for (const [, own] of runs) for (const format of new Set(own.map(formatOf))) counts.set(format, (counts.get(format) ?? 0) + 1);
  for (const [run, own] of runs) {
    const formats = [...new Set(own.filter(isAlignment).map(formatOf))].sort((a, b) => counts.get(b)! - counts.get(a)!);
    const said = own.find((file) => isPersons(file) === 1 && isAlignment(file));
    const beside = own.filter((file) => isAlignment(file) && stacks.has(withoutExtension(file.path)));
    const ofStack = new Set(beside.map(formatOf));
    const format = said !== undefined ? formatOf(said) : ofStack.size === 1 ? formatOf(beside[0]!) : formats[0];
    const folders = new Set(tomograms.get(run)?.map(({ path }) => folderOf(path)));
    const rankOf = (file: Decision) =>
      isPersons(file) === 1 ? 0 : stacks.has(withoutExtension(file.path)) ? 1 : folders.has(folderOf(file.path)) ? 2 : 3;
    const taken = new Map<string, Decision>();
    for (const file of [...own].sort((a, b) => rankOf(a) - rankOf(b))) {
      const first = taken.get(extensionOf(file));
      if (format === undefined) leave(files, file, `angles of ${run} without its alignment: there is no .xf`);
      else if (formatOf(file) !== format)
        leave(
          files,
          file,
          `another alignment of ${run}: ${own.find((one) => formatOf(one) === format && isAlignment(one))!.path} is published`,
        );
      else if (first) leave(files, file, `one more alignment of ${run}: ${first.path} is published`);
      else taken.set(extensionOf(file), file);
    }
  }
}
