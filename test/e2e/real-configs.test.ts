import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { upgradeConfig } from "../../src/stations/ingest/config/upgrade/upgrade.js";
import { memoryStore } from "../../src/stores/memory/store.js";
import { hasRealData, REAL_DATA } from "../real-data.js";
import { plan } from "./ingest-plan-kit.js";
import type { Entry } from "./stand-in-entries.js";
import { holds, type Planned } from "./stand-in-plan.js";
import { layStandIns } from "./stand-in-tree.js";

/**
 * Every public configuration is planned on a tree of stand-in files, in which each of its sources finds something. No source may fall through:
 * what the plan holds of each is counted, and compared with what PyYAML counts in the configurations.
 */

type Counts = Record<string, Record<string, number>>;
const golden = JSON.parse(readFileSync(new URL("../golden/real-configs/entries.json", import.meta.url), "utf8")) as {
  totals: Counts;
  batch: Counts;
  configs: Record<string, Counts>;
};

interface Refusal {
  /** Paths of sources that cannot be planned. */
  readonly entries?: RegExp;
  /** What is said of them. */
  readonly failures?: RegExp;
  readonly why: string;
}

const WITHOUT_STACKS: Refusal = { entries: /^rawtilts/, why: "raw tilt angles lie beside a tilt series, and none is configured" };
/** Where a configuration itself is wrong. */
const REFUSED: Readonly<Record<string, Refusal>> = {
  "gjensen/10196.yaml": WITHOUT_STACKS,
  "gjensen/10242.yaml": WITHOUT_STACKS,
  "10006.yaml": {
    failures: /no acquisition file \(mdoc\) is configured/,
    why: "frames without acquisition files: the reference cannot write their metadata either",
  },
  "10311_draft.yaml": {
    entries: /^tomograms|^alignments/,
    failures:
      /float \{voxel_spacing_name\} needs a row of the run data map|^alignment 100 of \S+ cannot be made, because tomogram /,
    why: "a draft: its metadata use a name that only globs know, and without a tomogram the alignment has no dimensions",
  },
};
/** What the upgrade leaves alone is planned as it is written. */
const NOT_UPGRADED: Readonly<Record<string, RegExp>> = { "10490.yaml": /4 blocks of tomograms; expected one/ };
/** True of the configurations, and worth saying. */
const WARNINGS = [
  /^10477: .*the format is IMOD and no \.tlt is found/,
  /^10006: .*no per-section metadata/,
  /^fixtures\/dataset1: .*the last row of affine_transformation_matrix is 0, 0, 0, 5/,
];

const configs = new URL("ingest-configs/", REAL_DATA);

async function planned(name: string): Promise<Planned> {
  const source = memoryStore({ url: "memory:in" });
  const target = memoryStore({ url: "memory:out" });
  const written = readFileSync(new URL(name, configs));
  const bytes = currentForm(name, written);
  const maps = new URL(`run-data-maps/${name.startsWith("gjensen/") ? "gjensen/" : "none/"}`, REAL_DATA);
  const map = (path: string) => {
    try {
      return readFileSync(new URL(path, maps), "utf8");
    } catch {
      return undefined;
    }
  };
  const tree = await layStandIns(bytes, name, { source, target, map });
  const made = await plan({ config: bytes, source, target, options: { open: tree.open } });
  return { made, tree, source };
}

/** Today's form. Fixtures without a version are in it already. */
function currentForm(name: string, bytes: Uint8Array): Uint8Array {
  if (name.startsWith("fixtures/")) return bytes;
  const refusal = NOT_UPGRADED[name];
  if (!refusal) return new TextEncoder().encode(upgradeConfig(bytes, name).text);
  expect(() => upgradeConfig(bytes, name)).toThrow(refusal);
  return bytes;
}

function kindOf({ section, finder, parameters, metadata }: Entry): string {
  if (section === "annotations") return `${finder} ${String(parameters.file_format)}`;
  return section === "alignments" || section === "ctfs" ? String(metadata.format ?? finder) : finder;
}

const counted: Counts = {};
const batch: Counts = {};

function add(counts: Counts, section: string, kind: string): void {
  counts[section] ??= {};
  counts[section][kind] = (counts[section][kind] ?? 0) + 1;
}

describe.skipIf(!hasRealData)("public configurations on stand-in trees", () => {
  const names = hasRealData
    ? (readdirSync(configs, { recursive: true }) as string[])
        .filter((name) => name.endsWith(".yaml") && name !== "template.yaml")
        .sort()
    : [];
  const single = names.filter((name) => !name.startsWith("gjensen/") && Object.hasOwn(golden.configs, name));
  const sections = Object.keys(golden.totals);

  async function check(name: string, counts: Counts): Promise<void> {
    const result = await planned(name);
    const { made, tree } = result;
    const { entries: refused, failures } = REFUSED[name] ?? {};
    expect(tree.problems).toEqual([]);
    expect(made.refusals, "no public configuration may be refused").toEqual([]);
    const messages = made.failures.map(({ error }) => error.message);
    expect(messages.filter((message) => !failures?.test(message))).toEqual([]);
    // what is refused and goes well is refused no longer
    if (failures) expect(messages).not.toEqual([]);
    const warnings = made.warnings.map(({ message }) => `${name.replace(".yaml", "")}: ${message}`);
    expect(warnings.filter((warning) => !WARNINGS.some((known) => known.test(warning)))).toEqual([]);
    const wrong: string[] = [];
    for (const entry of tree.written.entries.filter(({ section }) => sections.includes(section))) {
      const isHeld = holds(result, entry);
      if (isHeld === (refused?.test(entry.path) ?? false))
        wrong.push(`${entry.path} ${kindOf(entry)}: ${isHeld ? "held" : "fallen through"}`);
      add(counts, entry.section, kindOf(entry));
      if (!name.startsWith("fixtures/")) add(counted, entry.section, kindOf(entry));
    }
    expect(wrong).toEqual([]);
  }

  it.each(single)("%s", async (name) => {
    const counts: Counts = {};
    await check(name, counts);
    expect(counts).toEqual(golden.configs[name]);
  });

  it("all of the Jensen batch", async () => {
    const members = names.filter((name) => name.startsWith("gjensen/"));
    expect(members.length).toBeGreaterThan(100);
    for (const name of members) await check(name, batch);
    expect(batch).toEqual(golden.batch);
  });

  it("a source that finds nothing would be noticed", async () => {
    const name = "10001.yaml";
    const source = memoryStore({ url: "memory:in" });
    const tree = await layStandIns(readFileSync(new URL(name, configs)), name, {
      source,
      target: memoryStore({ url: "memory:out" }),
    });
    const lost = tree.laid.filter(({ entry }) => entry.path === "annotations.1.sources.0" || entry.section === "alignments");
    for (const key of lost.flatMap(({ keys }) => keys)) await source.remove(key);
    const made = await plan({ config: readFileSync(new URL(name, configs)), source, options: { open: tree.open } });
    const counted = tree.written.entries.filter(({ section }) => sections.includes(section));
    const missing = counted.filter((entry) => !holds({ made, tree, source }, entry));
    expect(missing.map(({ path }) => path)).toEqual(["alignments.0.sources.0", "annotations.1.sources.0"]);
  });

  it("none is left out", () => {
    expect(counted).toEqual(golden.totals);
  });
});
