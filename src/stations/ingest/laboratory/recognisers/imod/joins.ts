import type { Claim, Question } from "../../claims.js";
import { stableId } from "../../questions.js";
import type { Laboratory, Surveyed } from "../../survey/laboratory.js";
import { stemOf } from "../common/names.js";
import { baseName, folderOf } from "../common/paths.js";

export interface Joins {
  readonly claims: readonly Claim[];
  readonly questions: readonly Question[];
  /** Files that show them. */
  readonly by: readonly string[];
}

/** What makejoincom, finishjoin and xfjointomo write beside a joined volume, by extension, whatever they are called. */
const WORKING: Readonly<Record<string, string>> = {
  ejf: "a project file of etomo, which joined the tomograms of serial sections",
  info: "a project file of etomo, which joined the tomograms of serial sections",
  sample: "slices at the surfaces of serial sections, by which their tomograms were joined",
  sampavg: "slices at the surfaces of serial sections, by which their tomograms were joined",
  rot: "a tomogram of a section, turned to be joined with others: the one that it was made of is in its own place",
  xf: "how the tomograms of serial sections are moved to be joined",
  xg: "how the tomograms of serial sections are moved to be joined",
  tomoxf: "how the tomograms of serial sections are moved to be joined",
  tomoxg: "how the tomograms of serial sections are moved to be joined",
};
const JOINED = /\.(?:join|rejoin)$/i;
/** A trial of finishjoin has a part of the sections, often binned: the joined volume is made once more without that. */
const TRIAL = /[._]trial(?:\.(?:join|rejoin))?$/i;
const OF_TRIAL = "a trial of joining tomograms of serial sections, with a part of the sections or binned";

/**
 * Tomograms of serial sections that were joined into one volume: `ROOT.ejf` of etomo, or `ROOT.info` of makejoincom beside the sample slices. The joined
 * volume, `ROOT.join`, is made of several tilt series: a person says whether it is published.
 *
 * Source: https://bio3d.colorado.edu/imod/doc/tomojoin.html, https://bio3d.colorado.edu/imod/doc/man/finishjoin.html
 */
export function joinsOfSections(laboratory: Laboratory, known: ReadonlySet<string>): Joins {
  const extensionOf = (path: string) => /\.([A-Za-z]+)$/.exec(path)?.[1]?.toLowerCase() ?? "";
  const isJoin = ({ path, format }: Surveyed) => {
    const beside = (end: string) => laboratory.get(path.replace(/\.\w+$/, `.${end}`)) !== undefined;
    const extension = extensionOf(path);
    return format === "text" && (extension === "ejf" || (extension === "info" && (beside("sample") || beside("join"))));
  };
  const signs = laboratory.files.filter(isJoin).map(({ path }) => path);
  const roots = new Set(signs.map((path) => path.replace(/\.\w+$/, "")));
  const claims: Claim[] = [];
  const joined: string[] = [];
  for (const folder of new Set(signs.map(folderOf)))
    for (const { path, volume } of laboratory.inFolder(folder)) {
      const because = WORKING[extensionOf(path)];
      const isOfRoot = [...roots].some((root) => path.startsWith(root) && !/^[a-z0-9]/i.test(path.slice(root.length)));
      if (known.has(path)) continue;
      if (volume && TRIAL.test(path) && isOfRoot)
        claims.push({ path, role: "left out", because: OF_TRIAL, strength: "bookkeeping" });
      else if (volume && JOINED.test(path) && isOfRoot) joined.push(path);
      else if (because !== undefined && (isOfRoot || (volume && extensionOf(path) === "rot")))
        claims.push({ path, role: "left out", because, strength: "bookkeeping" });
    }
  return { claims, questions: joined.map(questionOf), by: signs };
}

function questionOf(path: string): Question {
  const because = "joined from the tomograms of several serial sections, each with a tilt series of its own";
  return {
    id: stableId("imod-join", path),
    text: `Should ${path} be published as a run of its own?`,
    why: `It was ${because}.`,
    files: [path],
    options: [
      {
        answer: "leave-out",
        says: "no: the tomograms of its sections are published",
        claims: [{ path, role: "left out", because, strength: "bookkeeping" }],
      },
      {
        answer: "tomogram",
        says: `yes: as run ${stemOf(baseName(path))}, without a tilt series`,
        claims: [{ path, role: "tomogram", run: stemOf(baseName(path)), because, strength: "bookkeeping" }],
      },
    ],
    guess: "leave-out",
  };
}
