import { few } from "../../../../core/finding.js";
import { groupsOf } from "../../../../core/groups.js";
import type { Claim, Question, Role } from "../claims.js";
import { type Decision, runsOf } from "../decide.js";
import { baseName } from "../recognisers/common/paths.js";
import { entriesOf } from "../recognisers/emdb/entries.js";
import { runFinder } from "../run-names.js";
import type { Laboratory } from "../survey/laboratory.js";
import { asItIs, leftOut } from "./claim.js";

const RECORDED: readonly Role[] = ["tilt series", "frame", "acquisition", "raw tilts", "alignment"];

/** As EMDB calls the map of an entry, also where its header is not there: `emd_51234.map`. */
const CALLED = /^emd[-_ ]\d{4,}(?!\d).*\.(?:map|mrc)$/i;

const titledPath = (path: string, title: string): string => (title === "" ? path : `${path} ("${title}")`);

/**
 * Tomograms of EMDB's entries beside series that were recorded: each is of one of them, and none is called after it. The title of the entry may name it; a
 * person says.
 */
export async function entryQuestions(files: ReadonlyMap<string, Decision>, laboratory: Laboratory): Promise<Question[]> {
  const entries = await entriesOf(laboratory);
  const used = [...files.values()].filter(({ role, run }) => role !== "left out" && run !== undefined);
  const entryOf = (path: string): { readonly title: string } | undefined =>
    entries.find(({ has }) => has(path)) ?? (CALLED.test(baseName(path)) ? { title: "" } : undefined);
  const byRun = groupsOf(used, ({ run }) => run!);
  const isOwn = (run: string) => byRun.get(run)!.every(({ path }) => entryOf(path) !== undefined);
  const tomograms = used.filter(({ role, run, strength }) => role === "tomogram" && strength !== "person" && isOwn(run!));
  if (tomograms.length === 0 || !used.some(({ role }) => RECORDED.includes(role))) return [];
  const find = runFinder(runsOf(files).filter((run) => !byRun.has(run) || !isOwn(run)));
  const titled = tomograms.map((file) => ({ file, run: find(entryOf(file.path)!.title) }));
  const named = titled.filter(({ run }) => run !== undefined);
  const as = titled.map(
    ({ file, run }): Claim =>
      run === undefined ? leftOut(file, "an entry of EMDB whose title names no run") : { ...asItIs(file), run },
  );
  const says = `as the titles say: ${few(named.map(({ file, run }) => `${file.path} to run ${run}`))}`;
  return [
    {
      id: "emdb-entries",
      text: "Which runs do these tomograms from EMDB belong to?",
      why: `By their titles: ${few(titled.map(({ file: { path } }) => titledPath(path, entryOf(path)!.title)))}.`,
      files: tomograms.map(({ path }) => path),
      options: [
        ...(named.length === 0 ? [] : [{ answer: "as-titled", says, claims: as }]),
        { answer: "own-runs", says: "each is a run of its own", claims: tomograms.map(asItIs) },
        {
          answer: "leave-out",
          says: "not published",
          claims: tomograms.map((file) => leftOut(file, "an entry of EMDB, and nothing tells of which run")),
        },
      ],
      guess: named.length === 0 ? "leave-out" : "as-titled",
    },
  ];
}
