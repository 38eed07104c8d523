import { groupsOf } from "../../../core/groups.js";
import { mapLimit } from "../../../system/parallel.js";
import type { Claim, Question, Recognised, Role, Strength } from "./claims.js";
import { publishText } from "./questions.js";
import { baseName, folderOf, within } from "./recognisers/common/paths.js";
import type { Laboratory } from "./survey/laboratory.js";

/**
 * What people call the folders of simulations. Synthetic cells and vesicles are specimens that somebody has recorded: that word alone tells it only where data are
 * called so.
 */
const FOLDER =
  /^(?:.+[_.\- ])?(?:simulat(?:ions?|ed|or)|in[_-]?silico|polnet|faket|tem[_-]?simulator|synthetic(?:[_.\- ]?(?:data\w*|tomo\w*|vol\w*|images?|sets?))?)\d*(?:[_.\- ].*)?$/i;
const SYNTHETIC_SPECIMEN = /synthetic[_.\- ](?!(?:data|tomo|vol|image|set))/i;
/** PolNet's list of what it has put into a tomogram, and the columns that nothing else has. */
const MOTIFS = /motif_list\.csv$/i;
const MOTIF_COLUMNS = ["Density", "Micrographs", "PolyData", "Tomo3D"];
const READS_IN_FLIGHT = 4;
/** What somebody has recorded: no simulator writes it. */
const RECORDED: readonly Role[] = ["acquisition", "frame"];
const WEIGHT: Readonly<Record<Strength, number>> = { name: 0, contents: 1, bookkeeping: 2 };

/** What was recognised of a folder, without what was simulated. */
export interface WithoutSimulated {
  readonly recorded: readonly Recognised[];
  /** The question about the others, to be asked when all else is known. */
  readonly asked: readonly Recognised[];
  /** Each with a file of the project that it lies in: simulations are no project of their own. */
  readonly related: readonly (readonly [string, string])[];
}

/**
 * Sets aside what was simulated, where something lies beside it that was not: tomograms, stacks, labels and places that a network learns from. A person says whether it is published.
 * Until then it tells nothing of the others, whose names it often has.
 *
 * Sources: the files of a tomogram in README.md of https://github.com/anmartinezs/polnet, `save_csv` of its older versions; the files of a model in
 * https://www.shrec.net/cryo-et/ (`grandmodel.mrc`, `particle_locations.txt`)
 */
export async function withoutSimulated(laboratory: Laboratory, recognised: readonly Recognised[]): Promise<WithoutSimulated> {
  const none: WithoutSimulated = { recorded: recognised, asked: [], related: [] };
  const because = await simulatorsOf(laboratory, recognised);
  const claims = recognised.flatMap(({ claims: own, questions = [] }) => [
    ...own,
    ...questions.flatMap(({ options }) => options.flatMap((option) => option.claims)),
  ]);
  const used = claims.filter(({ role }) => role !== "left out");
  const byPath = groupsOf(
    used.filter(({ path }) => because(path) !== undefined),
    ({ path }) => path,
  );
  const other = used.find(({ path }) => !byPath.has(path));
  // where all of it is simulated it is what the person has come with
  if (byPath.size === 0 || !other) return none;
  const isSimulated = ({ path }: Pick<Claim, "path">) => byPath.has(path);
  const recorded = recognised.map((one): Recognised => {
    const questions = one.questions?.filter(({ options }) => !options.some((option) => option.claims.some(isSimulated)));
    return { ...one, claims: one.claims.filter((claim) => !isSimulated(claim)), questions };
  });
  const names = new Set(used.filter((claim) => !isSimulated(claim)).flatMap(({ run }) => run ?? []));
  const strongest = [...byPath.values()].map((own) => own.reduce((a, b) => (WEIGHT[b.strength] > WEIGHT[a.strength] ? b : a)));
  return {
    recorded,
    asked: [{ software: "", by: [], claims: [], questions: [simulatedQuestion(strongest, { because, names })] }],
    related: [...byPath.keys()].map((path) => [path, other.path] as const),
  };
}

/** @param names of runs that were recorded: a simulation of one of them is not of that run */
function simulatedQuestion(
  all: readonly Claim[],
  { because, names }: { readonly because: (path: string) => string | undefined; readonly names: ReadonlySet<string> },
): Question {
  const files = all.map(({ path }) => path);
  const ownRun = (run: string | undefined) => (run !== undefined && names.has(run) ? `simulated_${run}` : run);
  return {
    id: "simulated",
    text: publishText(files),
    why: "They seem to be simulated, while other data here were recorded.",
    files,
    options: [
      {
        answer: "leave-out",
        says: "not published",
        claims: all.map(({ path, run }) => ({
          ...{ path, role: "left out", run: ownRun(run), because: because(path)!, strength: "bookkeeping" },
        })),
      },
      { answer: "publish", says: "published", claims: all.map((one) => ({ ...one, run: ownRun(one.run) })) },
    ],
    guess: "leave-out",
  };
}

/** Why a file is held to be simulated, as the end of a sentence. */
async function simulatorsOf(
  laboratory: Laboratory,
  recognised: readonly Recognised[],
): Promise<(path: string) => string | undefined> {
  const ofPolnet = await polnetFolders(laboratory);
  const recorded = recognised.flatMap(({ claims }) =>
    claims.flatMap(({ path, role }) => (RECORDED.includes(role) ? [path] : [])),
  );
  const isRecorded = (folder: string) => recorded.some((path) => path.startsWith(`${folder}/`));
  const known = new Map<string, string | undefined>();
  const ofFolder = (folder: string): string | undefined => {
    if (folder === "") return undefined;
    if (!known.has(folder)) known.set(folder, ofFolder(folderOf(folder)) ?? ownReason(folder));
    return known.get(folder);
  };
  const ownReason = (folder: string): string | undefined => {
    const list = ofPolnet.get(folder);
    if (list !== undefined) return `simulated by PolNet, as ${baseName(list)} says`;
    if (["grandmodel.mrc", "particle_locations.txt"].every((name) => laboratory.get(within(folder, name))))
      return "simulated, as grandmodel.mrc and particle_locations.txt beside it say";
    const name = baseName(folder);
    return FOLDER.test(name) && !SYNTHETIC_SPECIMEN.test(name) && !isRecorded(folder)
      ? "simulated, by the name of its folder"
      : undefined;
  };
  return (path) => ofFolder(folderOf(path));
}

/** The folders of PolNet's lists, each with its list. */
async function polnetFolders(laboratory: Laboratory): Promise<ReadonlyMap<string, string>> {
  const lists = laboratory.files.filter(({ path, format }) => MOTIFS.test(path) && format === "text");
  const found = await mapLimit(lists, READS_IN_FLIGHT, async ({ path }) => {
    const [head = ""] = ((await laboratory.text(path)) ?? "").split(/\r?\n/, 1);
    const columns = head.split("\t");
    return MOTIF_COLUMNS.every((column) => columns.includes(column)) ? [[folderOf(path), path] as const] : [];
  });
  return new Map(found.flat());
}
