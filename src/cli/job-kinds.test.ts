import { beforeAll, describe, expect, it } from "vitest";
import { isEmporiumError } from "../core/errors.js";
import type { JobInput, JobKind } from "../server/job-kinds.js";
import type { Command } from "./command.js";
import { parseCommandLine } from "./flags.js";
import { jobKinds } from "./job-kinds.js";
import { COMMANDS } from "./registry.js";

/** What a page could send: the least, and more of it. Names that look like options are names. */
const INPUTS: Readonly<Record<string, readonly JobInput[]>> = {
  "ingest.run": [
    { config: "/a/c.yaml", input: "/a/--in", output: "/b/out; touch x", importEverything: true },
    {
      ...{ config: "/a/c.yaml", input: "s3://lab/in", output: "/b/-o", import: ["runs", "tomograms"], importMetadata: ["run"] },
      ...{ filter: { run: ["TS_1", "--x"] }, exclude: { dataset: ["a b"] }, writeMrc: false, omeZarr: "0.5", codec: "zstd" },
      ...{ keepGoing: false, strict: true, skipUntilRunName: "-9" },
    },
  ],
  "ingest.validate": [
    { suite: "standardized", config: "/a/tree" },
    { suite: "source", config: "/a/c.yaml", location: "/a/in", filter: { run: ["TS_1"] } },
  ],
  "catalog.import": [{ location: "/a/tree" }, { location: "/a/tree", dataset: ["10000"], again: true }],
  verify: [{ location: "/a/tree" }, { location: "/a/tree", subset: "1/20", levels: "all" }],
  "publish.tree": [
    { tree: "/a/tree", location: "s3://lab/portal" },
    { tree: "/a/tree", location: "/b/--portal", dataset: ["10001"], exclude: ["*.zarr/**"], checksum: true },
  ],
  "curate.match": [
    { dir: ["/a/drive"], out: "/b/matches" },
    { dir: ["/a/drive"], out: "/b/m", runs: "/a/runs.json", decisions: "/b/d.csv", author: "A. B.", refresh: true },
  ],
  "curate.labels": [{ dir: ["/a/drive"] }, { dir: ["/a/drive"], matches: "/a/m", csv: "/b/l.csv", plot: "/b/l.svg" }],
  "harvest.describe": [{ urls: ["EMPIAR-10001", "EMD-1234"], out: "/b/o.json" }],
  "harvest.download": [
    { addresses: ["EMPIAR-10001"], dest: "/b/got" },
    { addresses: ["EMD-1", "EMD-2"], dest: "/b/got", include: ["*.mrc"], exclude: ["--raw*"] },
  ],
};

describe("commands that pages may start", () => {
  let commands: readonly Command[];
  let kinds: readonly JobKind[];
  beforeAll(async () => {
    commands = await Promise.all(COMMANDS.map(async ({ load }) => (await load()).default));
    kinds = jobKinds(commands, ["--database=/w/catalogue"]);
  });

  it("are those that are tried here", () => {
    expect(kinds.map(({ kind }) => kind).sort()).toEqual(Object.keys(INPUTS).sort());
  });

  it.each(Object.entries(INPUTS).flatMap(([kind, all]) => all.map((input) => [kind, input] as const)))(
    "%s of %j is the command that a terminal would run",
    (name, given) => {
      const kind = kinds.find((one) => one.kind === name)!;
      const input = kind.body.parse({ kind: name, ...given }) as JobInput;
      for (const words of [kind.words(input, ["--workspace=/w"]), kind.planWords(input, ["--workspace=/w"])]) {
        if (!words) continue;
        const command = commands
          .filter((one) => one.name.split(" ").every((word, i) => words[i] === word))
          .sort((a, b) => b.name.length - a.name.length)[0]!;
        const { options, globals } = parseCommandLine(command, words.slice(command.name.split(" ").length));
        expect(options).toMatchObject(given);
        expect(globals.workspace).toBe("/w");
      }
      // and back: the same command of a terminal is the same job
      expect(kind.inputOf(kind.words(input, []), "/elsewhere")).toEqual({ kind: name, ...given });
    },
  );

  it("take nothing that they do not name, and no option that removes or replaces", () => {
    for (const { kind, body } of kinds) {
      const [least] = INPUTS[kind]!;
      expect(body.safeParse({ kind, ...least }).success, kind).toBe(true);
      for (const key of ["forceOverwrite", "workspace", "delete", "jobs", "config\u0000"])
        expect(body.safeParse({ kind, ...least, [key]: true }).success, `${kind} ${key}`).toBe(false);
    }
  });

  it("refuse to go on where a terminal's command had more than a page may give", () => {
    const kind = kinds.find((one) => one.kind === "ingest.run")!;
    const words = ["ingest", "run", "c.yaml", "in", "out", "--import-everything"];
    expect(kind.inputOf(words, "/home/lab")).toMatchObject({ config: "/home/lab/c.yaml", output: "/home/lab/out" });
    expect(() => kind.inputOf([...words, "--force-overwrite"], "/")).toThrow("--force-overwrite cannot be given from a page");
    try {
      kind.inputOf([...words, "--force-overwrite"], "/");
    } catch (error) {
      expect(isEmporiumError(error) && error.code).toBe("USAGE");
    }
    expect(kind.inputOf(["ingest", "watch", "c.yaml", "in", "out"], "/")).toBeUndefined();
  });
});
