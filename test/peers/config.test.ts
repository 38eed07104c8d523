import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { isEmporiumError } from "../../src/core/errors.js";
import { type Json, type JsonObject, parseJson, printJson } from "../../src/core/json.js";
import { Float } from "../../src/core/number.js";
import { type Random, randomInt, seededRandom } from "../../src/core/random.js";
import { checkConfig } from "../../src/stations/ingest/check/check.js";
import { checkGrammar } from "../../src/stations/ingest/config/grammar/check.js";
import { configJsonSchema } from "../../src/stations/ingest/config/grammar/json-schema.js";
import { toJson } from "../../src/stations/ingest/config/nodes.js";
import { readYaml } from "../../src/stations/ingest/config/read.js";
import { REAL_DATA } from "../real-data.js";
import { hasEnvironment, python } from "./environment.js";

/*
 * The grammar of configurations against Python's jsonschema with the portal's published schema: on every public configuration at hand, and on
 * mutants of good ones. Both the verdict and the set of faulty paths have to be equal, but for the differences of
 * docs/reference/config-differences.md.
 */

const shared = fileURLToPath(REAL_DATA);
const configs = join(shared, "ingest-configs");
const published = join(shared, "misc/ingestion_config_models.schema.json");
const base = fileURLToPath(new URL("../golden/config/base.yaml", import.meta.url));
const there = existsSync(configs) && existsSync(published);

const folder = mkdtempSync(join(tmpdir(), "emporium-peers-config-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

type Verdicts = Record<string, string[] | null>;

/** Verdicts by each of the schemas; the files are read once. */
async function jsonschema(
  files: readonly string[],
  loader: "SafeLoader" | "CSafeLoader",
  ...schemas: readonly string[]
): Promise<Verdicts[]> {
  const list = join(folder, "list.json");
  writeFileSync(list, JSON.stringify(files));
  return JSON.parse(await python("peers", "config_check.py", [list, loader, ...schemas])) as Verdicts[];
}

const told = new Map<string, string[] | null>();
/** Faulty paths by our grammar, null where the file is no YAML. */
function ours(file: string): string[] | null {
  if (!told.has(file)) told.set(file, faultyPaths(file));
  return told.get(file)!;
}
function faultyPaths(file: string): string[] | null {
  try {
    const paths = new Set<string>();
    checkGrammar(readYaml(readFileSync(file), file), ({ path }) => paths.add(path ?? ""));
    return [...paths].sort();
  } catch (error) {
    if (isEmporiumError(error)) return null;
    throw error;
  }
}

/** Differences that are meant: by the name they have in docs/reference/config-differences.md. */
const DIFFERENCES: readonly { name: string; explains(path: string, side: "ours" | "theirs"): boolean }[] = [
  { name: "unknown-section", explains: (path, side) => side === "ours" && !path.includes(".") && path !== "" },
  { name: "axes", explains: (path, side) => side === "ours" && /\.(order|columns)$/.test(path) },
  { name: "check-digits", explains: (path, side) => side === "ours" && path.endsWith(".ORCID") },
];

interface Difference {
  file: string;
  path: string;
  side: "ours" | "theirs";
  explained: string | undefined;
}

function compare(file: string, our: string[] | null, their: string[] | null): Difference[] {
  if (our === null || their === null) {
    return our === their ? [] : [{ file, path: "(the file)", side: our ? "theirs" : "ours", explained: undefined }];
  }
  const explained = (path: string, side: "ours" | "theirs") => DIFFERENCES.find((one) => one.explains(path, side))?.name;
  return [
    ...our
      .filter((path) => !their.includes(path))
      .map((path) => ({ file, path, side: "ours" as const, explained: explained(path, "ours") })),
    ...their
      .filter((path) => !our.includes(path))
      .map((path) => ({ file, path, side: "theirs" as const, explained: explained(path, "theirs") })),
  ];
}

function table(title: string, differences: readonly Difference[]): void {
  const rows = differences.map(
    ({ file, path, side, explained }) =>
      `  ${file.split("/").slice(-2).join("/")}  ${path}  ${side} only  ${explained ?? "NOT EXPLAINED"}`,
  );
  console.info([`${title}: ${differences.length} differences`, ...rows].join("\n"));
}

describe.skipIf(!there)("public configurations", () => {
  const files = there
    ? (readdirSync(configs, { recursive: true }) as string[])
        .filter((name) => name.endsWith(".yaml"))
        .sort()
        .map((name) => join(configs, name))
    : [];
  let theirs: Verdicts = {};
  let byOurSchema: Verdicts = {};

  beforeAll(async () => {
    if (!hasEnvironment("peers")) return;
    const schema = join(folder, "ours.schema.json");
    writeFileSync(schema, JSON.stringify(configJsonSchema()));
    [theirs, byOurSchema] = (await jsonschema(files, "SafeLoader", published, schema)) as [Verdicts, Verdicts];
  });

  it("verdict and faulty paths are those of jsonschema, file by file", () => {
    if (!hasEnvironment("peers")) return;
    const differences = files.flatMap((file) => compare(file, ours(file), theirs[file]!));
    table(`${files.length} public configurations`, differences);
    expect(differences.filter(({ explained }) => explained === undefined)).toEqual([]);
    expect(files.length).toBeGreaterThan(200);
    expect(Object.values(theirs).filter((paths) => paths === null || paths.length > 0).length).toBeGreaterThan(5);
  });

  it("the schema for editors has the same verdicts", () => {
    if (!hasEnvironment("peers")) return;
    expect(files.filter((file) => (byOurSchema[file]?.length === 0) !== (theirs[file]?.length === 0))).toEqual([]);
    expect(Object.keys(byOurSchema)).toEqual(files);
  });

  it("what the whole check adds to them is named", () => {
    const added = files.flatMap((file) => {
      const paths = ours(file);
      const name = file.slice(configs.length + 1);
      // the fixtures of the reference's own tests are older than its rules
      if (paths === null || name.startsWith("fixtures/")) return [];
      return checkConfig(readFileSync(file), name)
        .errors.filter(({ path }) => !paths.includes(path ?? ""))
        .map(({ code, path }) => `${name} ${code} ${path}`);
    });
    // a draft: the metadata of its three tomograms use a name that only globs know
    expect(added).toEqual([0, 1, 2].map((at) => `10311_draft.yaml CONFIG_RULE tomograms.${at}.metadata.voxel_spacing`));
  });
});

describe("mutants", () => {
  const MUTANTS = 600;

  it(`${MUTANTS} mutants have the verdict and paths of jsonschema`, async () => {
    if (!hasEnvironment("peers") || !there) return;
    const random = seededRandom(20_261_120);
    const sources = [
      base,
      ...["10008.yaml", "10427.yaml", "deposition_10301.yaml", "gjensen/10023.yaml"].map((name) => join(configs, name)),
    ].filter(existsSync);
    const files: string[] = [];
    const what = new Map<string, string>();
    mkdirSync(join(folder, "mutants"));
    const read = new Map(sources.map((source) => [source, toJson(readYaml(readFileSync(source), source))]));
    for (let at = 0; at < MUTANTS; at++) {
      const source = sources[at % 2 === 0 ? 0 : randomInt(random, sources.length)]!;
      const config = clone(read.get(source)!);
      const said = mutate(config, random);
      const file = join(folder, "mutants", `${at}.yaml`);
      writeFileSync(file, printJson(config));
      files.push(file);
      what.set(file, said);
    }
    // each is a text of JSON: libyaml reads them as PyYAML's own loader does
    const [theirs] = (await jsonschema(files, "CSafeLoader", published)) as [Verdicts];
    const differences = files.flatMap((file) => compare(file, ours(file), theirs[file]!));
    table(
      `${MUTANTS} mutants (seed 20261120)`,
      differences.map((one) => ({ ...one, file: `${one.file} ${what.get(one.file)}` })),
    );
    expect(
      differences.filter(({ explained }) => explained === undefined).map((one) => [one.side, one.path, what.get(one.file)]),
    ).toEqual([]);
    const faulty = files.filter((file) => theirs[file]!.length > 0);
    expect(faulty.length).toBeGreaterThan(300);
    expect(faulty.length).toBeLessThan(MUTANTS);
    for (const file of faulty) expect(checkConfig(readFileSync(file), file).ok, what.get(file)).toBe(false);
  });
});

/** Values of every kind, among them templates and near misses. */
const VALUES: readonly Json[] = [
  null,
  "wrong",
  "",
  12,
  -1,
  new Float(1.5),
  new Float(2),
  true,
  [],
  {},
  ["x"],
  [[]],
  "float {x}",
  "int {x}",
  "{x}",
  "float{x} ",
  "2026-13-01",
  "GO:12",
  "EMPIAR-1, EMD-12",
];

/** Changes one place of a configuration. @returns what was done */
function mutate(config: Json, random: Random): string {
  const places: { holder: JsonObject | Json[]; key: string | number; path: string }[] = [];
  const visit = (value: Json, path: string): void => {
    if (typeof value !== "object" || value === null || value instanceof Float) return;
    for (const [key, child] of Object.entries(value) as [string, Json][]) {
      places.push({
        holder: value as JsonObject | Json[],
        key: Array.isArray(value) ? Number(key) : key,
        path: `${path}.${key}`,
      });
      visit(child, `${path}.${key}`);
    }
  };
  visit(config, "");
  const { holder, key, path } = places[randomInt(random, places.length)]!;
  const table = holder as Record<string | number, Json>;
  const pick = <T>(list: readonly T[]): T => list[randomInt(random, list.length)]!;
  switch (randomInt(random, 5)) {
    case 0: {
      if (Array.isArray(holder)) holder.splice(key as number, 1);
      else delete table[key];
      return `without ${path}`;
    }
    case 1: {
      if (Array.isArray(holder)) holder.push(clone(pick(VALUES)));
      else table.surprise = 1;
      return `one more beside ${path}`;
    }
    case 2: {
      const value = table[key];
      table[key] = typeof value === "string" ? `${value}${pick(["!", "x", ",", " ", "0"])}` : clone(pick(VALUES));
      return `${path} spelled wrong`;
    }
    default: {
      const value = clone(pick(VALUES));
      table[key] = value;
      return `${path} = ${printJson(value, { indent: 0 })}`;
    }
  }
}

function clone(value: Json): Json {
  return parseJson(printJson(value));
}

it("every difference is explained in the documentation, and no other", () => {
  const page = readFileSync(new URL("../../docs/reference/config-differences.md", import.meta.url), "utf8");
  const named = [...page.matchAll(/^\| `([a-z-]+)` \| schema \|/gm)].map((match) => match[1]);
  expect(named.sort()).toEqual(DIFFERENCES.map(({ name }) => name).sort());
});
