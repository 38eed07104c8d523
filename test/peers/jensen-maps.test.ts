import { existsSync, mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { silentLog } from "../../src/core/log.js";
import { ingest } from "../../src/stations/ingest/ingest.js";
import { REAL_DATA_FOLDER } from "../real-data.js";
import { hasEnvironment, python } from "./environment.js";

/**
 * What every configuration of one laboratory selects in an archive of thousands of runs, through its expressions and its run data maps, against a
 * count by PyYAML, csv, re and glob.
 */
const DATA = REAL_DATA_FOLDER;
const CONFIGS = join(DATA, "ingest-configs/gjensen");
const MAPS = join(DATA, "run-data-maps/gjensen");
const hasData = existsSync(CONFIGS) && existsSync(MAPS);

/** Failures that are meant to be, as the count calls them. */
const VERDICTS: Readonly<Record<string, string>> = { CONFIG_COLLISION: "collision", CONFIG_VARIABLE: "no row" };
const PLANNING_MS = 420_000;

interface Tomogram {
  run: string;
  name: string;
  spacing: string;
  path: string;
  verdict: string;
}

interface Selected {
  runs: string[];
  tiltseries: { path: string; verdict: string }[];
  tomograms: Tomogram[];
}

/** Lines in one order. What cannot be made for want of values is told without its file. */
function comparable({ runs, tiltseries, tomograms }: Selected) {
  const lines = tomograms.map(
    ({ run, name, spacing, path, verdict }) => `${verdict}: ${name} of ${run}, ${spacing} Å, ${verdict === "no row" ? "" : path}`,
  );
  const stacks = tiltseries.map(({ path, verdict }) => `${verdict}: ${path}`);
  return { runs: [...runs].sort(), tiltseries: stacks.sort(), tomograms: lines.sort() };
}

describe.skipIf(!hasData || !hasEnvironment("peers"))("configurations with run data maps", () => {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "emporium-peers-maps-")));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const input = join(folder, "in");
  let counted: Record<string, Selected>;

  beforeAll(async () => {
    counted = JSON.parse(await python("peers", "jensen_count.py", [CONFIGS, MAPS, input]));
  }, PLANNING_MS);

  it("are put to every trap", () => {
    const all = Object.values(counted);
    const tomograms = all.flatMap((one) => one.tomograms);
    expect(all.length).toBeGreaterThanOrEqual(150);
    expect(new Set(tomograms.map(({ verdict }) => verdict))).toEqual(new Set(["write", "collision", "no row"]));
    expect(all.filter(({ runs }) => !runs.some((run) => run.startsWith("copy of ")))).toEqual([]);
  });

  it(
    "select the runs, tilt series and tomograms that Python selects",
    async () => {
      const planned: Record<string, Selected> = {};
      for (const name of Object.keys(counted)) planned[name] = await select(name);
      const totals = { configs: 0, runs: 0, tiltseries: 0, tomograms: 0 };
      for (const [name, wanted] of Object.entries(counted)) {
        expect.soft(comparable(planned[name]!), name).toEqual(comparable(wanted));
        totals.configs++;
        for (const kind of ["runs", "tiltseries", "tomograms"] as const) totals[kind] += wanted[kind].length;
      }
      console.log(`compared: ${JSON.stringify(totals)}`);
    },
    PLANNING_MS,
  );

  /** What the plan of a configuration finds, whether it can be made or not. */
  async function select(name: string): Promise<Selected> {
    const { plan } = await ingest({
      config: join(CONFIGS, `${name}.yaml`),
      input,
      output: join(folder, "out"),
      // pictures that the configs name by address stay where they are
      selection: { everything: true, exclude: { dataset_keyphoto: [""], deposition_keyphoto: [""] } },
      workspace: join(folder, "workspace"),
      jobs: 2,
      memoryBytes: 2 ** 28,
      keepGoing: true,
      writeMrc: true,
      writeZarr: true,
      forceOverwrite: false,
      compat: false,
      anonymous: false,
      sync: false,
      verify: false,
      dryRun: true,
      log: silentLog,
      signal: new AbortController().signal,
    });
    const of = (kind: string) => plan!.entities.filter((entity) => entity.kind === kind);
    const below = (path: string) => relative(input, path);
    // one fault of several entities, of several runs too, is one error; the titles of tilt series and tomograms name their runs
    const codes = new Map(
      plan!.errors.flatMap(({ code, entity, also = [] }) => [entity, ...also].map((title) => [title, code] as const)),
    );
    const verdictOf = ({ action, title }: (typeof plan & {})["entities"][number]) =>
      action === "fail" ? (VERDICTS[codes.get(title)!] ?? `failed: ${title}`) : action;
    const tomograms = of("tomogram").flatMap((entity): Tomogram[] => {
      const { title, run = "", reads, why = "" } = entity;
      const [, file, spacing] = /^tomogram (.*) \((.*) Å\)/.exec(title.replace(` of ${run} (`, " (")) ?? [];
      // one that stands for all of a run: none is found
      if (!file || !spacing) return [];
      // a collision is told with all its files
      const told = why.split(/: | and | would /).find((part) => part.startsWith(input) && part.endsWith(`/${file}`));
      return [{ run, name: file, spacing, path: below(reads[0] ?? told ?? input), verdict: verdictOf(entity) }];
    });
    return {
      runs: of("run").flatMap(({ title }) => /^metadata of run (.*)$/.exec(title)?.[1] ?? []),
      tiltseries: of("tiltseries").flatMap((entity) =>
        entity.reads.map((path) => ({ path: below(path), verdict: verdictOf(entity) })),
      ),
      tomograms,
    };
  }
});
