import { counted } from "../../../core/units.js";
import { KINDS, type TypeKey } from "../../../model/kinds.js";
import { namesIn } from "../config/expand.js";
import { builtInNames } from "../config/run-data-map.js";
import { globText, placeOfFinder } from "../importers/source-names.js";
import { type Finding, files, finding, names } from "./finding.js";
import { type Look, type UseLedger, useName } from "./ledger.js";
import { longerFinds } from "./unplanned-runs.js";

/** Kinds of which one file is commonly that of all runs: with a glob that names no run it is shared. */
const COMMON: ReadonlySet<TypeKey> = new Set(["gain", "collection_metadata", "identified_object"]);
/** Pictures may be shown of anything. Runs and spacings take their names from files. */
const NOT_JUDGED: ReadonlySet<TypeKey> = new Set([
  ...(["deposition", "dataset", "run", "voxel_spacing"] as const),
  ...(["key_image", "dataset_keyphoto", "deposition_keyphoto"] as const),
]);

/** Formats whose coordinates may be in Å: then they are scaled to each spacing. */
const IN_ANGSTROM: ReadonlySet<string> = new Set(["relion5_star", "eman2_json"]);

/** The way in which a file came to be used for two runs, or at two voxel spacings. */
type Fault =
  /** A run's glob finds what belongs to a run with a longer name. */
  | "longer"
  /** The glob names no run. */
  | "every"
  /** The map gives two runs the same glob. */
  | "map"
  /** Two globs meet. */
  | "overlap"
  | "spacing"
  /** Spacings of which one is on the target already, as in the portal's own configurations, or a file in Å, which fits any. */
  | "perhaps spacing";

interface Group {
  readonly fault: Fault;
  readonly look: Look;
  readonly keys: Set<string>;
  /** Names of the runs, or of the voxel spacings, that share the files. */
  readonly sharers: Set<string>;
  readonly folders: Set<string>;
  /** For `longer`: pairs of a short and a longer run name that share a file; the message names one and counts the others. */
  readonly pairs: Map<string, readonly [short: string, long: string]>;
}

export interface SharedFindings {
  readonly findings: readonly Finding[];
  /** `type run` of those that share: that they have too many files is no second cause. */
  readonly runs: ReadonlySet<string>;
}

/**
 * Files that are used for two runs, or at two voxel spacings of one, where the configuration does not say that they are shared: by
 * naming the very file, by rows that a filter chooses, or by a kind that is shared.
 *
 * @param lacking annotations at a spacing without a tomogram (`type key`): another finding has told of them.
 */
export function sharedFindings(ledger: UseLedger, lacking: ReadonlySet<string>): SharedFindings {
  const groups = new Map<string, Group>();
  const add = (
    fault: Fault,
    looks: readonly Look[],
    look: Look,
    key: string,
    sharers: readonly string[],
    pair?: readonly [string, string],
  ) => {
    const { line, column } = placeOfFinder(look.source);
    const id = `${fault} ${look.type} ${line}:${column}`;
    const group = groups.get(id) ?? { fault, look, keys: new Set(), sharers: new Set(), folders: new Set(), pairs: new Map() };
    groups.set(id, group);
    group.keys.add(key);
    for (const sharer of sharers) group.sharers.add(sharer);
    for (const { spot } of looks) if (spot.runFolder !== undefined) group.folders.add(spot.runFolder);
    if (pair) group.pairs.set(pair.join("\n"), pair);
  };
  for (const [id, own] of sharedFiles(ledger.looks.values())) {
    const key = id.slice(id.indexOf(" ") + 1);
    const byRun = new Map(own.map((look) => [look.spot.runFolder, look]));
    if (byRun.size > 1) {
      const found = [...byRun.values()].sort((a, b) => runOf(a).length - runOf(b).length);
      const fault = faultOf(found, key);
      const pair = fault === "longer" ? longer(found) : undefined;
      if (fault) add(fault, found, pair?.[0] ?? found[0]!, key, found.map(runOf), pair && [runOf(pair[0]), runOf(pair[1])]);
    }
    for (const run of byRun.keys()) {
      const here = ofOneSource(own.filter(({ spot }) => spot.runFolder === run && spot.spacing !== undefined));
      const spacings = [...new Set(here.map(({ spot }) => spot.spacing!))];
      if (spacings.length < 2 || lacking.has(id) || here.every(isOfAnySpacing)) continue;
      const isMeant = here.some((look) => look.isStoredSpacing || IN_ANGSTROM.has(look.source.shape?.format ?? ""));
      add(isMeant ? "perhaps spacing" : "spacing", here, here[0]!, key, spacings);
    }
  }
  for (const { look, key, run } of longerFinds(ledger)) {
    const isShared = NOT_JUDGED.has(look.type) || hasRows(look, key);
    if (!isShared) add("longer", [look], look, key, [runOf(look)], [runOf(look), run]);
  }
  const runs = new Set([...groups.values()].flatMap(({ look, sharers }) => [...sharers].map((run) => `${look.type} ${run}`)));
  return { findings: [...groups.values()].map(told), runs };
}

/** Two sources say for themselves at which spacing each takes a list, and in which units. A tomogram has one spacing. */
function ofOneSource(looks: readonly Look[]): readonly Look[] {
  if (looks[0]?.type === "tomogram") return looks;
  const twice = looks.find(({ source }, at) => looks.findIndex((other) => other.source === source) < at);
  return looks.filter(({ source }) => source === twice?.source);
}

/** `type key` of files that several looks use. */
function sharedFiles(looks: Iterable<Look>): Map<string, Look[]> {
  const users = new Map<string, Look[]>();
  for (const look of looks) {
    if (NOT_JUDGED.has(look.type) || look.spot.runFolder === undefined) continue;
    for (const key of look.used.keys()) {
      const id = `${look.type} ${key}`;
      const known = users.get(id);
      if (known) known.push(look);
      else users.set(id, [look]);
    }
  }
  for (const [id, own] of users) if (own.length < 2) users.delete(id);
  return users;
}

const runOf = ({ spot }: Look): string => spot.run ?? "";

/** Undefined where the configuration says that the file is shared. */
function faultOf(looks: readonly Look[], key: string): Fault | undefined {
  const [first, ...others] = looks;
  if (looks.every((look) => isNamed(look, key)) || looks.every((look) => hasRows(look, key))) return undefined;
  if (longer(looks)) return "longer";
  const isOne = others.every((look) => look.patterns.join("\n") === first!.patterns.join("\n"));
  if (COMMON.has(first!.type)) return isOne ? undefined : "map";
  const isChosen = looks.every(({ source }) => source.includeParents.has("run"));
  if (isChosen && new Set(looks.map(({ source }) => source)).size === looks.length) return "map";
  if (!isOne) return "overlap";
  return new Set(looks.map(runOf)).size < looks.length || hasColumns(first!) ? "map" : "every";
}

/** A look whose run has a short name, and one whose run has a longer one that begins with it, with another glob. */
function longer(looks: readonly Look[]): readonly [short: Look, long: Look] | undefined {
  for (const short of looks) {
    const long = looks.find((look) => runOf(look) !== runOf(short) && runOf(look).startsWith(runOf(short)));
    if (long && long.patterns.join("\n") !== short.patterns.join("\n")) return [short, long];
  }
  return undefined;
}

/** A glob without wildcards names its file, and says so for each run. */
function isNamed({ patterns }: Look, key: string): boolean {
  // one character in brackets is that character
  const isPlain = (pattern: string) => !/[*?[]/.test(pattern.replace(/\[[^\]]\]/g, ""));
  const keyOf = (pattern: string) =>
    pattern
      .replace(/\[(.)\]/g, "$1")
      .split("/")
      .filter((part) => part !== "" && part !== ".")
      .join("/");
  return patterns.some((pattern) => isPlain(pattern) && keyOf(pattern) === key);
}

/** Lists of all runs, of which each takes its own rows. */
function hasRows({ source, type }: Look, key: string): boolean {
  if (source.shape?.filterValue) return true;
  return (type === "alignment" || type === "ctf") && key.toLowerCase().endsWith(".star");
}

/** Whether the glob is filled in with values of a map: then the map says which runs share. */
function hasColumns({ source }: Look): boolean {
  return namesIn(globText(source)).some((name) => !BUILT_IN.has(name));
}
const BUILT_IN: ReadonlySet<string> = new Set(KINDS.flatMap(({ type }) => builtInNames(type)));

/** Whether a source fits any spacing, having no voxels of its own: texts, surfaces in Å, masks fitted to the tomogram. */
function isOfAnySpacing({ source }: Look): boolean {
  const { shape } = source;
  if (!shape) return false;
  return shape.rescale || shape.shape.endsWith("Caption") || shape.shape.startsWith("TriangularMesh");
}

function told({ fault, look, keys, sharers, folders, pairs }: Group): Finding {
  const place = placeOfFinder(look.source);
  const what = useName(look.type);
  const glob = globText(look.source);
  const all = [...keys];
  const are = all.length === 1 ? "is" : "are";
  const say = (message: string, hint: string, isSure = true) =>
    finding("CONFIG_SHARED", `${what}: ${message}`, { place, hint, isSure, files: all, runs: folders });
  switch (fault) {
    case "longer": {
      const [[short, long] = ["", ""]] = pairs.values();
      const more = pairs.size > 1 ? `, and so with ${counted(pairs.size - 1, "more pair")} of runs` : "";
      return say(
        `${glob} of run ${short} also finds files of run ${long}${more}: ${files(all)}`,
        "write what follows the run's name into the glob, or add a match_regex that the longer name does not match",
      );
    }
    case "every":
      return say(
        `${glob} finds the same ${files(all)} for ${counted(sharers.size, "run")}: ${names(sharers)}`,
        "write {run_name} into the glob, or let parent_filters keep the source to one run",
      );
    case "map":
      return say(
        `${files(all)} of ${glob} ${are} used for ${counted(sharers.size, "run")}: ${names(sharers)}`,
        "check that these runs share them",
        false,
      );
    case "overlap":
      return say(
        `${files(all)} of ${glob} ${are} used for ${counted(sharers.size, "run")}: ${names(sharers)}`,
        "narrow the globs so that each file is found for one run",
      );
    default:
      return say(
        `${files(all)} of ${glob} ${are} used at ${sharers.size} voxel spacings of their run: ${names(sharers)} Å`,
        "add parent_filters: {include: {voxel_spacing: [...]}} to the source, with the spacing that the file is made for",
        fault === "spacing",
      );
  }
}
