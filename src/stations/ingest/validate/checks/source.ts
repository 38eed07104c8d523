import { few, unless } from "../../../../core/finding.js";
import { counted } from "../../../../core/units.js";
import { type Check, checksOf, SOURCE } from "../check.js";
import { known, Undecided } from "../facts/fact.js";
import type { SourceRunSubject } from "../subjects.js";

/** File names of a stack of images. */
const TILTSERIES_NAMES = /\.(mrc|st|ali|mrcs|zarr)$/i;

/** Checks of sources before a deposition is imported. */
export const SOURCE_CHECKS: readonly Check[] = [
  ...checksOf("config", { marks: ["deposition"], suites: SOURCE }, [
    {
      id: "source.configuration",
      statement: "the configuration keeps every rule of ingest check that needs no network",
      judge: ({ faults, key }) =>
        faults.flatMap(({ file = key, line, path, message, hint }) =>
          unless(false, { key: file, line, path }, message, hint ?? "what ingest check accepts"),
        ),
    },
  ]),
  ...checksOf("source", { marks: ["run"], suites: SOURCE }, [
    {
      id: "source.runs-exist",
      statement: "the configuration finds runs",
      judge: ({ runs, key }) => unless(runs.length > 0, { key }, "no run", "one at least"),
    },
  ]),
  ...checksOf("sourceRun", { marks: ["run"], suites: SOURCE }, [
    {
      id: "source.findable",
      statement: "the finders of the configuration have all that they need for a run",
      judge: ({ faults, key }) =>
        faults.flatMap((fault) => {
          const { file = key, line, path } = fault.facts.place ?? {};
          return unless(false, { key: file, line, path }, fault.message, fault.facts.hint ?? "a value for each run");
        }),
    },
    {
      id: "source.one-tiltseries",
      statement: "a run has one tilt series at most",
      judge: ({ tiltseries, key }) =>
        unless(tiltseries.length <= 1, { key: tiltseries[1] ?? key }, few(tiltseries), "one tilt series at most"),
    },
    {
      id: "source.one-mdoc",
      statement: "a run has one mdoc at most",
      judge: ({ acquisition: { mdocKeys }, key }) =>
        unless(mdocKeys.length <= 1, { key: mdocKeys[1] ?? key }, few(mdocKeys), "one mdoc at most"),
    },
    {
      id: "source.one-rawtlt",
      statement: "a run has one file of raw tilt angles at most",
      judge: ({ rawtlts, key }) => unless(rawtlts.length <= 1, { key: rawtlts[1] ?? key }, few(rawtlts), "one at most"),
    },
    {
      id: "source.frames-have-mdoc",
      statement: "a run with frames has an mdoc",
      applies: ({ acquisition }) => acquisition.frames.length > 0,
      judge: (run) => needsMdoc(run, counted(run.acquisition.frames.length, "frame file")),
    },
    {
      id: "source.tiltseries-have-mdoc",
      statement: "a run with frames or a tilt series has an mdoc",
      applies: ({ acquisition, tiltseries }) => acquisition.frames.length + tiltseries.length > 0,
      judge: (run) => needsMdoc(run, run.tiltseries.length > 0 ? "a tilt series" : "frames"),
    },
    {
      id: "source.tiltseries-have-rawtlt",
      statement: "a run with a tilt series has raw tilt angles",
      applies: ({ tiltseries }) => tiltseries.length > 0,
      judge: ({ rawtlts, tiltseries }) =>
        unless(rawtlts.length > 0, { key: tiltseries[0]! }, "a tilt series and no raw tilt angles", "a .rawtlt file"),
    },
    {
      id: "source.tiltseries-type",
      statement: "a tilt series is an MRC file (.mrc, .st, .ali, .mrcs) or a .zarr folder",
      applies: ({ tiltseries }) => tiltseries.length > 0,
      judge: ({ tiltseries }) =>
        tiltseries.flatMap((key) =>
          unless(TILTSERIES_NAMES.test(key), { key }, "a name of another kind", ".mrc, .st, .ali, .mrcs or .zarr"),
        ),
    },
  ]),
  ...checksOf("tiltseries", { marks: ["tilt_angles"], suites: SOURCE }, [
    {
      id: "source.rawtlt-sections",
      statement: "there are as many raw tilt angles as sections of the stack",
      async judge({ rawtlt, sections }) {
        const [{ key, angles }, wanted] = [await known(rawtlt), await known(sections)];
        return unless(angles.length === wanted, { key }, counted(angles.length, "angle"), `${wanted}, as the stack has sections`);
      },
    },
  ]),
];

function needsMdoc({ acquisition: { mdocKeys, key } }: SourceRunSubject, what: string): ReturnType<typeof unless> {
  if (mdocKeys.length > 1) throw new Undecided("more than one mdoc");
  return unless(mdocKeys.length > 0, { key }, `${what} and no mdoc`, "the acquisition file of the run");
}
