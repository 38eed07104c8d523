import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { clusterFolder } from "../../src/catalog/embedded/cluster.js";
import { DATABASES, openScene, type Scene, VICTIMS, WORKS } from "./catalog-kill-kit.mjs";
import { MAKINGS, type Makings, openMakings } from "./catalog-making-kit.mjs";
import { template } from "./cluster-template.js";

const base = mkdtempSync(join(tmpdir(), "emporium-catalog-kill-"));
const thorough = process.env.EMPORIUM_THOROUGH === "1";
let scene: Scene;
let makings: Makings;
beforeAll(async () => {
  const cluster = clusterFolder(await template());
  scene = await openScene({ folder: join(base, "rows"), cluster });
  makings = await openMakings({ folder: join(base, "tables"), cluster, works: thorough ? MAKINGS : ["init"] });
});
afterAll(async () => {
  await scene?.close();
  await makings?.close();
  rmSync(base, { recursive: true, force: true });
});

/** One of each kind; with EMPORIUM_THOROUGH=1 everybody in everything. 300 at any moment: `npm run bench:catalog-kills`. */
const seed = Number(process.env.CATALOG_SEED ?? 11);
const trials = thorough
  ? VICTIMS.flatMap((victim) => WORKS.flatMap((work) => DATABASES.map((database) => ({ victim, work, database }))))
  : ([
      { victim: "client", work: "frames", database: "embedded" },
      { victim: "backend", work: "import", database: "shared" },
      { victim: "server", work: "frames", database: "embedded" },
    ] as const);

describe(`whoever is killed while the catalogue is written, seed ${seed}`, () => {
  it.each(trials)("$victim, $work, $database: nothing is there by half, and the same command ends it", async (trial) => {
    const { faults } = await scene.trial({ ...trial, seed, kills: thorough ? 3 : 1 });
    expect(faults).toEqual([]);
  });
});

const makingTrials = thorough
  ? VICTIMS.flatMap((victim) => MAKINGS.flatMap((work) => DATABASES.map((database) => ({ victim, work, database }))))
  : ([
      { victim: "client", work: "init", database: "shared" },
      { victim: "backend", work: "init", database: "shared" },
    ] as const);

describe(`whoever is killed while the catalogue's tables are made, seed ${seed}`, () => {
  it.each(makingTrials)("seam 25: $victim, $work, $database: another command works, and the same one ends it", async (trial) => {
    const { faults } = await makings.trial({ ...trial, seed, kills: thorough ? 3 : 1 });
    expect(faults).toEqual([]);
  });
});
