import { describe, expect, it } from "vitest";
import { filledIn, globSources, pathsOf, type RunFile, withoutRun } from "./globs.js";

/** Every source is tried as a configuration would try it: on each run that it is for. */
function found(files: readonly RunFile[], all: readonly string[], runs: readonly string[]) {
  const paths = pathsOf(all);
  const sources = globSources(files, paths, runs);
  const hits = sources.flatMap(({ glob, runs: own = runs }) =>
    own.flatMap((run) => paths.find(filledIn(glob, run)).map((path) => `${run} ${path}`)),
  );
  return { sources, hits: hits.sort() };
}

const asked = (files: readonly RunFile[]) => files.map(({ path, run }) => `${run} ${path}`).sort();

describe("globs for files of runs", () => {
  it("share one where the name alone differs", () => {
    const files = ["TS_1", "TS_11"].map((run) => ({ path: `${run}/${run}_rec.mrc`, run }));
    const { sources, hits } = found(
      files,
      ["TS_1/TS_1_rec.mrc", "TS_11/TS_11_rec.mrc", "TS_1/TS_1_full_rec.mrc"],
      ["TS_1", "TS_11"],
    );
    expect(sources).toEqual([{ glob: "{run_name}/{run_name}_rec.mrc" }]);
    expect(hits).toEqual(asked(files));
  });

  it("never take the frames of a run with a longer name", () => {
    const frames = (run: string) => [1, 2, 3].map((n) => ({ path: `b/${run}_00${n}_${3 * n}.00_2026_fractions.tiff`, run }));
    const files = [...frames("Position_1"), ...frames("Position_1_2"), ...frames("Position_2")];
    const { sources, hits } = found(
      files,
      files.map(({ path }) => path),
      ["Position_1", "Position_1_2", "Position_2"],
    );
    expect(hits).toEqual(asked(files));
    // what would find them all in two runs and none in the third comes behind what is exact for all three
    expect(sources).toEqual([{ glob: "b/{run_name}_[0-9][0-9][0-9][!0-9]*.tiff" }]);
  });

  it("are one for all frames of all runs, whose tilts are alike, and one for all sessions", () => {
    const runs = Array.from({ length: 12 }, (_, at) => `pos_${at}`);
    const frames = runs.flatMap((run) =>
      [-3, 0, 3].map((angle, at) => ({ path: `frames/${run}_00${at}_${angle.toFixed(1)}.tif`, run })),
    );
    const of = (files: readonly RunFile[]) =>
      found(
        files,
        [...frames, ...sessions].map(({ path }) => path),
        runs,
      );
    const sessions = runs.map((run, at) => ({ path: `2026-03-0${1 + (at % 2)} session/${run}/${run}.st`, run }));
    expect(of(frames)).toEqual({ sources: [{ glob: "frames/{run_name}_*.tif" }], hits: asked(frames) });
    expect(of(sessions)).toEqual({ sources: [{ glob: "* session/{run_name}/{run_name}.st" }], hits: asked(sessions) });
  });

  it("are for the runs alone that they are exact for", () => {
    const files = [{ path: "t/a_1.mrc", run: "a_1" }];
    expect(found(files, ["t/a_1.mrc", "t/a_2.mrc"], ["a_1", "a_2"]).sources).toEqual([
      { glob: "t/{run_name}.mrc", runs: ["a_1"] },
    ]);
  });

  it("stand for themselves with blanks, brackets, braces and umlauts, and without the name of the run", () => {
    const files = [
      { path: "Müller Lab [1]/{x}/Lamelle 3 Zürich.mrc", run: "Lamelle 3 Zürich" },
      { path: "Müller Lab [1]/{x}/volume.mrc", run: "b" },
    ];
    expect(
      found(files, [...files.map(({ path }) => path), "Müller Lab [1]/{x}/other.mrc"], ["Lamelle 3 Zürich", "b"]).hits,
    ).toEqual(asked(files));
  });

  it("are exact for any names (property)", () => {
    let state = 1;
    const random = (n: number) => {
      state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 1;
      return state % n;
    };
    const words = ["TS", "1", "11", "_", "-", " ", "pos", "2", "ä", "[", "{", "."];
    for (let round = 0; round < 300; round++) {
      const name = () =>
        Array.from({ length: 1 + random(4) }, () => words[random(words.length)])
          .join("")
          .trim() || "x";
      const runs = [...new Set(Array.from({ length: 1 + random(5) }, name))].filter((run) => !/^\.+$/.test(run));
      const all = new Map<string, RunFile>();
      for (const run of runs)
        for (let n = 0; n < 1 + random(4); n++) {
          const path = `${random(2) ? `${run}/` : "d/"}${run}${words[random(words.length)]}${random(20)}.tif`;
          if (!path.split("/").some((part) => part.startsWith(".") || part === "")) all.set(path, { path, run });
        }
      const files = [...all.values()].filter(() => random(4) > 0);
      expect(found(files, [...all.keys()], runs).hits).toEqual(asked(files));
    }
  });
});

it("a path without the name of its run is that of all runs, also where the run has the name of its folder before it", () => {
  expect(withoutRun("picks/TS_01_ribo.csv", "TS_01", "#")).toBe("picks/#_ribo.csv");
  expect(withoutRun("anna/picks/ts_01_ribo.csv", "anna_ts_01", "#")).toBe("anna/picks/#_ribo.csv");
  expect(withoutRun("grid 2/lam_1_ts_01.rec", "grid 2_lam_1_ts_01", "")).toBe("grid 2/.rec");
  // a number alone is no name, and braces stand for themselves
  expect(withoutRun("bin_1/ribo.csv", "Position_1", "#")).toBe("bin_1/ribo.csv");
  expect(withoutRun("{run_name}/TS_01.csv", "TS_01", "#")).toBe("{{run_name}}/#.csv");
});
