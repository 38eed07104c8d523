import { few, quoted } from "../../../../core/finding.js";
import { groupsOf, keyOf } from "../../../../core/groups.js";
import { counted } from "../../../../core/units.js";
import type { Question, Role } from "../claims.js";
import type { Decision } from "../decide.js";
import { publishText } from "../questions.js";
import { baseName, folderOf, withoutProduct } from "../recognisers/common/paths.js";
import type { Laboratory } from "../survey/laboratory.js";
import { asItIs, copiesIn, leftOut, outOrAsIs } from "./claim.js";
import { spacingOf } from "./spacings.js";

/** Folders of what somebody has put aside, and of what somebody has made for others to look at. */
const ASIDE =
  /(?:^|[_.\- ])(?:old(?:er)?|backups?|bak|tests?|trials?|tries|trash|to[_.\- ]?(?:be[_.\- ]?)?delete[ds]?|deleted?|tmp|temp|discard(?:ed)?|reject(?:ed)?|unused|deprecated|do[_.\- ]?not[_.\- ]?(?:use|upload|publish|deposit|share))\d*(?=[_.\- ]|$)/i;
/** Folders of what is to go or not to be published, whatever else the laboratory has: `old` and `backup` may hold the only one there is, and these not. */
const DISCARDED =
  /(?:^|[_.\- ])(?:trash|to[_.\- ]?(?:be[_.\- ]?)?delete[ds]?|deleted?|discard(?:ed)?|reject(?:ed)?|deprecated|(?:un|de)selected|excluded|do[_.\- ]?not[_.\- ]?(?:use|upload|publish|deposit|share)|zu[_ -]?l(?:oe|ö)schen)\d*(?=[_.\- ]|$)/i;
/** Folders of what shows no specimen: it was recorded to find the tilt axis, or to test the microscope. */
const TEST_GRID = /(?:^|[_.\- ])(?:test[_ -]?grid|cross[_ -]?grating)s?\d*(?=[_.\- ]|$)/i;
const FIGURES =
  /(?:^|[_.\- ])(?:figures?|figs?|abb(?:ildung(?:en)?)?|paper|manuscript|thesis|poster|slides|talks?|presentations?|(?:for_?)?(?:movie|chimerax?|blender)|renderings?)\d*[a-z]?(?=[_.\- ]|$)/i;
/** Folders of what networks are trained and validated with: `train`, `val`, `training_data`, `validation_set`. */
const TRAINING =
  /^(?:\w+[_.\- ])?(?:train(?:ing|set)?|val(?:id(?:ation)?|set)?)(?:[_.\- ]?(?:sets?|data|datasets?|volumes?|tomos?|tomograms?|images?|labels?|targets?))?\d*$/i;
/** Folders of what somebody has judged to be of no use; what is only old may be all that there is. */
const GIVEN_UP =
  /^(?:(?:all_?|the_?|really_?|very_?)?bad|bad_?(?:ones?|tilts?|tilt_?series|series|stacks?|tomos?|tomograms?|data|quality)|rejects|discards|unusable|useless|garbage|junk|fail(?:ed|ures?))\d*$/i;
const hasFolder = (form: RegExp, path: string): boolean => folderNamed(form, path) !== undefined;

/** The first folder around a file that is called so. */
const folderNamed = (form: RegExp, path: string): string | undefined =>
  withoutProduct(folderOf(path))
    .split("/")
    .find((part) => form.test(part.replace(KEPT, "")));

/** `By the name of the folder "talk", made for a figure or a talk` */
function byFolder(forms: readonly RegExp[], paths: readonly string[], what: string): string {
  const nameOf = (path: string) => forms.flatMap((form) => folderNamed(form, path) ?? [])[0] ?? [];
  const names = [...new Set(paths.flatMap(nameOf))].map(quoted);
  return `By the ${names.length > 1 ? "names of the folders" : "name of the folder"} ${few(names)}, ${what}`;
}

/** `PhD 2013 DO NOT DELETE` says the opposite of what it names. */
const KEPT =
  /(?:not|n['’]?t|never|nicht)[_.\- ]*(?:to[_.\- ]?)?(?:be[_.\- ]?)?(?:deleted?|discard(?:ed)?|trash|reject(?:ed)?|l(?:oe|ö)schen)/gi;

/** Whether a file lies where people keep what they show in papers and talks. */
export const isForFigures = (path: string): boolean => hasFolder(FIGURES, path);

const SCRATCH = /^scratch\d*$/i;

/** Whether a file lies where people put what is old, or what they try: a copy that lies elsewhere counts more. */
export const isPutAside = (path: string): boolean => hasFolder(ASIDE, path) || hasFolder(SCRATCH, path);

/** Roles of which a run has several, and one of each name. */
const NAMED: readonly Role[] = ["points", "table", "mask", "mesh", "gain", "frame"];
/** Which of two tomograms or tilt series counts is asked, by {@link twinQuestions} and {@link seriesOfOneRun}. */
const ROLES: readonly Role[] = ["acquisition", "raw tilts", "alignment", "ctf", ...NAMED];

/** What lies in `old` or `Trash` counts less than what lies elsewhere: of a run that has a file of the kind and name elsewhere it is left out. */
export function leavePutAside(files: Map<string, Decision>): void {
  const byRun = groupsOf(
    [...files.values()].filter(({ role }) => ROLES.includes(role)),
    (file) => keyOf(file.role, file.run ?? "", nameOf(file)),
  );
  for (const group of byRun.values()) {
    const [other] = group.filter(({ path }) => !hasFolder(ASIDE, path));
    for (const file of other ? group : [])
      if (hasFolder(ASIDE, file.path) && file.strength !== "person")
        files.set(file.path, {
          ...file,
          role: "left out",
          because: `put aside, by the name of its folder: ${other!.path} is there`,
          details: {},
        });
  }
}

/** What two files of a run and role are the same by. Tables have no run yet: a name that counts tells it, else the place without the folder. */
function nameOf({ role, path, run }: Decision): string {
  if (NAMED.includes(role) && (run !== undefined || /\d/.test(baseName(path)))) return baseName(path);
  if (NAMED.includes(role))
    return path
      .split("/")
      .filter((part) => !ASIDE.test(part))
      .join("/");
  // of an alignment the files with angles and with shifts belong together
  return role === "alignment" ? (/\.\w+$/.exec(path)?.[0] ?? "") : "";
}

/**
 * Tomograms in such folders, of runs that have another one of their voxel size elsewhere: a person says whether they are published, too; so of those of a first
 * try, also where what took their place is lost.
 */
export function asideQuestions(files: ReadonlyMap<string, Decision>, laboratory: Laboratory): Question[] {
  const tomograms = [...files.values()].filter(({ role, run }) => role === "tomogram" && run !== undefined);
  // where everything lies below such a folder it tells nothing
  if (tomograms.every(({ path }) => hasFolder(ASIDE, path))) return [];
  const isTry = triesOf(tomograms.map(({ path }) => folderOf(path)));
  const doubts = [...groupsOf(tomograms, ({ run }) => run!).values()].flatMap((own) =>
    own.flatMap((file): Aside[] => {
      const isAside = hasFolder(ASIDE, file.path) || isTry(file.path);
      if (file.strength === "person" || file.question !== undefined || !isAside) return [];
      const spacing = spacingOf(file, laboratory);
      const counts = ({ path }: Decision) => !hasFolder(ASIDE, path) && !isTry(path);
      return [{ file, other: own.find((one) => counts(one) && spacingOf(one, laboratory) === spacing) }];
    }),
  );
  return [
    ...asideQuestion(
      "put-aside",
      doubts.filter(({ other }) => other),
      "the run has another tomogram of that voxel size",
    ),
    ...asideQuestion(
      "put-aside-alone",
      doubts.filter(({ file, other }) => !other && isTry(file.path)),
      "the run has no other tomogram of that voxel size",
    ),
  ];
}

/**
 * Lists of the points of several tomograms that lie in such a folder, where the folder around it has one, too: an older state of it, as a rule. A person says
 * whether they are published.
 */
export function asideListQuestions(files: ReadonlyMap<string, Decision>): Question[] {
  const lists = [...files.values()].filter(({ role, run }) => role === "points" && run === undefined);
  const around = (path: string) =>
    folderOf(path)
      .split("/")
      .filter((part) => !ASIDE.test(part))
      .join("/");
  const doubts = lists.flatMap((file) => {
    const isOpen = file.strength !== "person" && file.question === undefined && hasFolder(ASIDE, file.path);
    const other = isOpen ? lists.find(({ path }) => folderOf(path) === around(file.path)) : undefined;
    return other ? [{ file, other }] : [];
  });
  return asideQuestion("put-aside-lists", doubts, "another list of several tomograms is in the folder above");
}

const TRY = /(?:^|[_.\- ])(?:(?:first|1st)(?:[_.\- ]?(?:try|attempt|trial|run))?|try|attempt|trial)\d*(?=[_.\- ]|$)/i;

/** Whether a file lies in the folder of a first try: beside it, under its name without the word, lies one with tomograms, `stacks` beside `stacks_try1`. */
function triesOf(folders: readonly string[]): (path: string) => boolean {
  const all = new Set(folders);
  return (path) => {
    const folder = folderOf(path);
    const later = folder
      .split("/")
      .map((part) => part.replace(TRY, ""))
      .join("/");
    return later !== folder && all.has(later);
  };
}

interface Aside {
  readonly file: Decision;
  /** The one elsewhere that counts in its place. */
  readonly other: Decision | undefined;
}

/** Files in folders of what was put aside. */
function asideQuestion(id: string, doubts: readonly Aside[], where: string): Question[] {
  if (doubts.length === 0) return [];
  const paths = doubts.map(({ file }) => file.path);
  return [
    {
      id,
      text: publishText(paths),
      why: `${byFolder([ASIDE, TRY], paths, "a test or an older version")}; ${where}.`,
      files: paths,
      options: [
        {
          answer: "leave-out",
          says: "not published",
          claims: doubts.map(({ file, other }) =>
            leftOut(file, `put aside, by the name of its folder${other ? `: ${other.path} is there` : ""}`),
          ),
        },
        { answer: "publish", says: "published", claims: doubts.map(({ file }) => asItIs(file)) },
      ],
      guess: "leave-out",
    },
  ];
}

const OF_SERIES: readonly Role[] = ["tilt series", "frame", "tomogram", "half map"];

/**
 * Series of which all that would be published lies in folders of what was judged to be of no use, `bad` or `rejected`, where other series lie elsewhere: a person
 * says whether they are published.
 */
export function givenUpQuestions(files: ReadonlyMap<string, Decision>): Question[] {
  const used = [...files.values()].filter(({ run, role }) => run !== undefined && role !== "left out");
  const shown = [...groupsOf(used, ({ run }) => run!).values()].filter((own) => own.some(({ role }) => OF_SERIES.includes(role)));
  const isGivenUp = (own: readonly Decision[]) =>
    own.every(({ path, role, strength }) => strength !== "person" && (!OF_SERIES.includes(role) || hasFolder(GIVEN_UP, path)));
  const given = shown.filter(isGivenUp);
  // where everything lies below such a folder it tells nothing
  if (given.length === 0 || given.length === shown.length) return [];
  const doubts = given.flat().filter(({ question }) => question === undefined);
  const paths = given.flat().map(({ path }) => path);
  return [
    {
      id: "given-up",
      text: `Should the ${counted(given.length, "tilt series", "tilt series")} ${few(given.map(([file]) => file!.run!))} be published?`,
      why: `${byFolder([GIVEN_UP], paths, "given up")}.`,
      files: doubts.map(({ path }) => path),
      options: outOrAsIs(doubts, {
        because: "given up, by the name of its folder",
        ...{ as: "publish", says: "published" },
      }),
      guess: "leave-out",
    },
  ];
}

/** Series and volumes in folders of test grids, with all that is beside them, where others lie elsewhere: a person says whether they are published. */
export function testGridQuestions(files: ReadonlyMap<string, Decision>): Question[] {
  const all = [...files.values()].filter(({ role }) => OF_SERIES.includes(role));
  const isOfTest = ({ path }: Decision) => hasFolder(TEST_GRID, path);
  // where everything lies below such a folder it tells nothing
  if (!all.some(isOfTest) || all.every(isOfTest)) return [];
  const isOpen = ({ role, strength, question }: Decision) =>
    role !== "left out" && strength !== "person" && question === undefined;
  const doubts = [...files.values()].filter((file) => isOfTest(file) && isOpen(file));
  if (doubts.length === 0) return [];
  const paths = doubts.map(({ path }) => path);
  return [
    {
      id: "test-grid",
      text: publishText(paths),
      why: `${byFolder([TEST_GRID], paths, "recorded to test the microscope")}.`,
      files: paths,
      options: outOrAsIs(doubts, {
        because: "recorded to test the microscope, by the name of its folder",
        ...{ as: "publish", says: "published" },
      }),
      guess: "leave-out",
    },
  ];
}

/** Volumes, series and lists of points in folders whose names say that they are to be deleted: a person says whether any of them is published. */
export function discardedQuestions(files: ReadonlyMap<string, Decision>): Question[] {
  const all = [...files.values()].filter(({ role }) => [...LEARNT, ...OF_SERIES, "mesh"].includes(role));
  const isGone = ({ path }: Decision) => hasFolder(DISCARDED, path);
  const isCopied = copiesIn(files);
  const isOpen = (file: Decision) => file.strength !== "person" && file.question === undefined;
  const gone = all.filter((file) => isOpen(file) && isGone(file) && !isCopied(file, (copy) => !isGone(copy)));
  // where everything lies below such a folder it tells nothing
  if (gone.length === 0 || all.every(isGone)) return [];
  const paths = gone.map(({ path }) => path);
  return [
    {
      id: "discarded",
      text: publishText(paths),
      why: `${byFolder([DISCARDED], paths, "to be deleted or not to be used")}.`,
      files: paths,
      options: outOrAsIs(gone, {
        because: "to be deleted or not to be used, by the name of its folder",
        ...{ as: "publish", says: "published" },
      }),
      guess: "leave-out",
    },
  ];
}

const LEARNT: readonly Role[] = ["tomogram", "half map", "mask", "points", "table", "tilt series"];

/**
 * Volumes and lists of points in folders of a training: simulations, targets of balls at the places of particles, parts of what is published elsewhere. A
 * person says whether any of them is published.
 */
export function trainingQuestions(files: ReadonlyMap<string, Decision>): Question[] {
  const all = [...files.values()].filter(({ role }) => LEARNT.includes(role));
  const isPair = pairsToLearn(files);
  const isLearnt = ({ path }: Decision) => hasFolder(TRAINING, path) || isPair(path);
  const learnt = all.filter((file) => file.strength !== "person" && file.strength !== "bookkeeping" && isLearnt(file));
  // where everything lies below such a folder it tells nothing
  if (learnt.length === 0 || all.every(isLearnt)) return [];
  const paths = learnt.map(({ path }) => path);
  return [
    {
      id: "training",
      text: publishText(paths),
      why: paths.every((path) => hasFolder(TRAINING, path))
        ? `${byFolder([TRAINING], paths, "training data of a network")}.`
        : "Training data of a network, by the name of the folder or by a target file beside them.",
      files: paths,
      options: outOrAsIs(learnt, {
        because: "to train or to validate a network, by the name of its folder or its target",
        ...{ as: "publish", says: "published" },
      }),
      guess: "leave-out",
    },
  ];
}

/** Of a run that somebody has recorded: its tomogram is no simulation. */
const RECORDED: readonly Role[] = ["tilt series", "frame", "acquisition", "raw tilts", "alignment"];

/** Targets, `sim_0_target.mrc`, and the volumes that lie beside them under the name before that, where their runs have nothing that was recorded, and others have. */
function pairsToLearn(files: ReadonlyMap<string, Decision>): (path: string) => boolean {
  const recorded = new Set([...files.values()].flatMap(({ role, run }) => (RECORDED.includes(role) ? (run ?? []) : [])));
  const targets = [...files.values()].filter(({ role, path }) => LEARNT.includes(role) && /[_.-]targets?\.\w+$/i.test(path));
  const names = new Set(targets.map(({ path }) => path.replace(/[_.-]targets?\.\w+$/i, "")));
  const ownOf = new Set(targets.map(({ path }) => path));
  return (path) => {
    const run = files.get(path)?.run;
    return (
      ownOf.has(path) || (names.has(path.replace(/\.\w+$/, "")) && recorded.size > 0 && (run === undefined || !recorded.has(run)))
    );
  };
}

const SHOWN: readonly Role[] = ["tomogram", "half map", "mask", "mesh"];

/** Volumes and meshes in folders of figures and talks, which were made to be looked at: a person says whether any of them is published. */
export function figureQuestions(files: ReadonlyMap<string, Decision>): Question[] {
  const all = [...files.values()];
  const shown = all.filter(
    ({ path, role, strength }) =>
      SHOWN.includes(role) && strength !== "person" && strength !== "bookkeeping" && isForFigures(path),
  );
  // where everything lies below such a folder it tells nothing
  if (shown.length === 0 || !all.some(({ path, role }) => SHOWN.includes(role) && !isForFigures(path))) return [];
  return [
    {
      id: "figures",
      text: publishText(shown.map(({ path }) => path)),
      why: `${byFolder(
        [FIGURES],
        shown.map(({ path }) => path),
        "made for a figure or a talk",
      )}.`,
      files: shown.map(({ path }) => path),
      options: outOrAsIs(shown, {
        because: "made for a figure, by the name of its folder",
        ...{ as: "publish", says: "published" },
      }),
      guess: "leave-out",
    },
  ];
}
