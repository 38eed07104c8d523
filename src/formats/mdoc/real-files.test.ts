import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { REAL_DATA } from "../../../test/real-data.js";
import { mdocNumbers, parseMdoc } from "./read.js";

const data = REAL_DATA;
const present = existsSync(new URL("expected.json", data));

/** Facts of a plain scan of the text, from `expected.json`. */
interface Facts {
  sections: Record<string, number>;
  global_keys: string[];
  tilt_angles: { n: number; min: number; max: number; first: number };
  n_subframe_paths: number;
  n_exposure_dose: number;
  sum_exposure_dose: number;
}

const listed: [string, Facts][] = present
  ? Object.entries(JSON.parse(readFileSync(new URL("expected.json", data), "utf8")) as Record<string, { facts?: Facts }>).flatMap(
      ([path, { facts }]) => (facts && path.endsWith(".mdoc") ? [[path, facts] as [string, Facts]] : []),
    )
  : [];

describe("real mdoc files", () => {
  it.skipIf(!present)("are there to be read", () => {
    expect(listed.length).toBeGreaterThanOrEqual(5);
  });
  for (const [path, facts] of listed) {
    it(`${path} has the facts of the inventory`, () => {
      const mdoc = parseMdoc(readFileSync(new URL(path, data)), path);
      const counts: Record<string, number> = mdoc.titles.length > 0 ? { T: mdoc.titles.length } : {};
      for (const { kind } of mdoc.sections) counts[kind] = (counts[kind] ?? 0) + 1;
      expect(counts).toEqual(facts.sections);
      expect([...mdoc.header.keys()]).toEqual(facts.global_keys);
      const tilts = mdoc.sections.map(({ tiltAngleDegrees }) => tiltAngleDegrees!);
      const { n, min, max, first } = facts.tilt_angles;
      expect([tilts.length, Math.min(...tilts), Math.max(...tilts), tilts[0]]).toEqual([n, min, max, first]);
      expect(mdoc.sections.filter(({ subFrameName }) => subFrameName !== undefined)).toHaveLength(facts.n_subframe_paths);
      const doses = mdoc.sections.flatMap(({ exposureDose }) => exposureDose ?? []);
      expect([doses.length, doses.reduce((sum, dose) => sum + dose, 0)]).toEqual([
        facts.n_exposure_dose,
        facts.sum_exposure_dose,
      ]);
    });
  }

  it.skipIf(!present)("keep what is not typed", () => {
    const { sections } = parseMdoc(readFileSync(new URL("mdoc/frame_set_single.mdoc", data)), "frame_set_single.mdoc");
    const [frameSet] = sections;
    expect(frameSet?.fields.get("GainReference")?.text).toBe("SuperRef_s_mmm_00000_-15.0_Oct08_01.59.24.dm4");
    expect(mdocNumbers(frameSet!.fields, "UncroppedSize")).toEqual([-2880, -2046]);
    expect(frameSet?.subFrameName).toBe("s_mmm_00993_33.0_Oct08_07.39.05.tif");
  });
});
