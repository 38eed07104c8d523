import { few } from "../../../../../core/finding.js";
import { groupsOf } from "../../../../../core/groups.js";
import { counted } from "../../../../../core/units.js";
import { parseXml } from "../../../../../formats/alignment/xml.js";
import { mapLimit } from "../../../../../system/parallel.js";
import type { Question } from "../../claims.js";
import { asItIs, leftOut } from "../../completion/claim.js";
import type { Decision } from "../../decide.js";
import { stableId } from "../../questions.js";
import type { Laboratory } from "../../survey/laboratory.js";
import { orReason } from "../common/reading.js";

const READS_IN_FLIGHT = 16;
const XML_BYTES_MAX = 16 * 1024 * 1024;
/** Part of the tilts below which a series is no whole one. */
const USED_MIN = 0.5;

/** What Warp's own file of a series says against it. */
interface Doubt {
  readonly run: string;
  readonly isDeselected: boolean;
  /** By the limits of Warp's filters, which nobody may have looked at. */
  readonly isFiltered: boolean;
  readonly used: number;
  readonly tilts: number;
}

/**
 * Tilt series that were deselected in Warp, by a person or since their processing failed, or by a filter that lets others pass, and those of which it uses
 * less than half of the tilts. All files of such a run are asked about.
 *
 * Source: `SaveMeta` in `TiltSeries.cs`, `HandleMovieFailure` in WarpTools' `DistributedOptions.cs`; warpem.github.io, change_selection
 */
export async function deselectedQuestions(files: ReadonlyMap<string, Decision>, laboratory: Laboratory): Promise<Question[]> {
  const xmls = [...files.values()].filter(
    ({ path, run, by = "" }) => run !== undefined && /\.xml$/i.test(path) && /^Warp/.test(by),
  );
  const read = await mapLimit(xmls, READS_IN_FLIGHT, ({ path, run }) => doubtOf(laboratory, path, run!));
  const known = read.filter((one) => one !== undefined);
  const hasOthers = known.some(({ isFiltered }) => !isFiltered);
  const byRun = groupsOf(
    [...files.values()].filter(({ run, role, strength }) => run !== undefined && role !== "left out" && strength !== "person"),
    ({ run }) => run!,
  );
  const questions: Question[] = [];
  const put = (id: string, doubts: readonly Doubt[], why: string, because: string, guess: "leave-out" | "publish") => {
    const runs = [...new Set(doubts.map(({ run }) => run))].filter((run) => byRun.has(run));
    const own = runs.flatMap((run) => byRun.get(run)!);
    if (own.length === 0) return;
    questions.push({
      id: stableId(id, runs.join(" ")),
      text: `Should ${few(runs, 3, "run")} be published?`,
      why,
      files: own.map(({ path }) => path),
      options: [
        { answer: "leave-out", says: "not published", claims: own.map((file) => leftOut(file, because)) },
        { answer: "publish", says: "published", claims: own.map(asItIs) },
      ],
      guess,
    });
  };
  const out = known.filter(({ isDeselected, isFiltered }) => isDeselected || (isFiltered && hasOthers));
  put("deselected", out, "Deselected in Warp.", "of a tilt series that was deselected in Warp", "leave-out");
  const few_ = known.filter((one) => !out.includes(one) && one.used < USED_MIN * one.tilts);
  for (const doubt of few_)
    put(
      "few-tilts",
      [doubt],
      `Warp uses only ${doubt.used} of its ${counted(doubt.tilts, "tilt")}.`,
      "of a tilt series of which Warp uses less than half",
      "publish",
    );
  return questions;
}

async function doubtOf(laboratory: Laboratory, path: string, run: string): Promise<Doubt | undefined> {
  const text = await laboratory.text(path, XML_BYTES_MAX);
  const read = text === undefined ? undefined : await orReason(() => parseXml(text, path));
  if (!read || "reason" in read || read.value.name !== "TiltSeries") return undefined;
  const { attributes, children } = read.value;
  const said = (key: string) => (attributes.get(key) ?? "").trim().toLowerCase();
  const tilts = (children.find(({ name }) => name === "UseTilt")?.text ?? "").split(/\s+/).filter((word) => word !== "");
  return {
    run,
    isDeselected: said("UnselectManual") === "true",
    // what a person has selected is no more filtered
    isFiltered: said("UnselectFilter") === "true" && said("UnselectManual") !== "false",
    used: tilts.filter((word) => /^true$/i.test(word)).length,
    tilts: tilts.length,
  };
}
