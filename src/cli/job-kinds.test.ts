import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
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
  "ingest.watch": [
    { config: "/a/c.yaml", input: "/a/--in", output: "/b/out", importEverything: true },
    { config: "/a/c.yaml", input: "/a/in", output: "/b/out", import: ["runs"], exclude: { run: ["TS_9"] } },
  ],
  "blocks.run": [{ graph: "/a/g.yaml" }, { graph: "/a/--g.yaml", anonymous: true }],
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

  it("watch a folder for as long as a page says, with the catalogue of the server; what comes meanwhile is no other plan", () => {
    const kind = kinds.find((one) => one.kind === "ingest.watch")!;
    const given = {
      config: "/c",
      input: "/in",
      output: "/out",
      importEverything: true,
      rest: "90s",
      until: "idle:2h",
      catalog: true,
    };
    const input = kind.body.parse({ kind: "ingest.watch", ...given }) as JobInput;
    const words = kind.words(input, ["--workspace=/w"]);
    const watch = commands.find(({ name }) => name === "ingest watch")!;
    expect(parseCommandLine(watch, words.slice(2)).options).toMatchObject({
      ...{ rest: 90_000, until: 7_200_000, catalog: true, database: "/w/catalogue", output: "/out" },
    });
    expect(kind.planWords(input, [])).toBeUndefined();
    expect(kind.inputOf(words, "/")).toEqual({ kind: "ingest.watch", ...given });
    expect(kind.inputOf([...words.slice(0, 2), "--rest", "5m", ...words.slice(2)], "/")).toMatchObject({ rest: "90s" });
    for (const wrong of [{ rest: "soon" }, { rest: "1ms" }, { until: "30m" }, { interval: 5 }])
      expect(kind.body.safeParse({ kind: "ingest.watch", ...given, ...wrong }).success, JSON.stringify(wrong)).toBe(false);
  });

  it("ask for each of their options by its name, its word and what it is", () => {
    for (const { kind, body, fields } of kinds) {
      expect(["kind", ...fields.map(({ name }) => name)].sort(), kind).toEqual(Object.keys(body.shape).sort());
      for (const { name, description, type, choices } of fields)
        expect([
          name,
          description.length > 5,
          type.startsWith("choice") || type === "groups" ? choices!.length > 1 : true,
        ]).toEqual([name, true, true]);
      // what is needed, given, is enough; and nothing less is
      const needed = fields.filter(({ isNeeded }) => isNeeded).map(({ name }) => name);
      const [least] = INPUTS[kind]!;
      for (const name of needed)
        expect(body.safeParse({ kind, ...least, [name]: undefined }).success, `${kind} ${name}`).toBe(false);
      const only = Object.fromEntries(needed.map((name) => [name, least![name]]));
      expect(body.safeParse({ kind, ...only }).success, `${kind} of ${needed}`).toBe(true);
    }
    const [validate] = kinds.filter(({ kind }) => kind === "ingest.validate");
    expect(validate!.fields.find(({ name }) => name === "suite")).toMatchObject({ type: "choice", isNeeded: true });
    expect(validate!.fields.find(({ name }) => name === "filter")).toMatchObject({ type: "groups" });
  });

  it("know what a graph reads and writes, and leave graphs that run code of their own to a terminal", async () => {
    const kind = kinds.find((one) => one.kind === "blocks.run")!;
    const folder = mkdtempSync(join(tmpdir(), "emporium-graph-"));
    const graph = join(folder, "g.yaml");
    const text = (op: string) =>
      `version: 1\ninputs:\n  raw: /a/t.mrc\n  mask: { from: s3://lab/m.zarr, level: 1 }\ngrid: { of: raw }\nnodes:\n  - { id: mine, op: ${op}, in: raw }\noutputs:\n  mine: { to: out.zarr }\n`;
    try {
      writeFileSync(graph, text("gaussian"));
      const { locations, input } = await kind.named!({ graph });
      expect(locations).toEqual([
        { name: "inputs.raw", text: "/a/t.mrc", use: "read" },
        { name: "inputs.mask", text: "s3://lab/m.zarr", use: "read" },
        { name: "outputs.mine", text: resolve("out.zarr"), use: "write" },
      ]);
      expect(execFileSync("sha256sum", [graph], { encoding: "utf8" }).slice(0, 64)).toBe(input.sha256);
      // what is started is that very file
      expect(kind.words({ kind: "blocks.run", ...input }, [])).toContain(`--sha256=${String(input.sha256)}`);
      writeFileSync(graph, text("median"));
      await expect(kind.named!(input)).rejects.toMatchObject({ code: "CHANGED_MEANWHILE" });
      for (const op of ["external", "map"]) {
        writeFileSync(graph, text(op));
        await expect(kind.named!({ graph })).rejects.toMatchObject({ code: "STORE_DENIED" });
      }
      writeFileSync(graph, "version: 2\n");
      await expect(kind.named!({ graph })).rejects.toMatchObject({ code: "CONFIG_FIELD" });
      await expect(kind.named!({ graph: join(folder, "none.yaml") })).rejects.toMatchObject({ code: "STORE_ABSENT" });
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
