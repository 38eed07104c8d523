import { execFileSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { systemClock } from "../../src/core/clock.js";
import { silentLog } from "../../src/core/log.js";
import { importTree } from "../../src/stations/catalog/portal-import/portal-import.js";
import { fileStore } from "../../src/stores/file/store.js";
import { REAL_DATA_FOLDER } from "../real-data.js";
import { asked, type PortalDatabase, portalDatabase } from "./graphql-kit.js";

/** Operator, value, number of rows that the portal's server finds; null where it refuses the filter. */
type Answer = readonly [operator: string, value: unknown, count: number];
const { written_by: _, ...answers } = JSON.parse(
  readFileSync(new URL("../golden/portal-filters/answers.json", import.meta.url), "utf8"),
) as Record<string, Record<string, Answer[]>>;

const archives = ["imod", "sim", "cell"].map((name) => join(REAL_DATA_FOLDER, `reference-runs/lab-${name}-reference.tar.xz`));

describe.skipIf(!archives.every((path) => existsSync(path)))("every filter on every column", () => {
  const folder = mkdtempSync(join(tmpdir(), "emporium-portal-filters-"));
  let portal: PortalDatabase;

  beforeAll(async () => {
    const tree = join(folder, "tree");
    for (const [at, archive] of archives.entries()) {
      const part = join(folder, String(at));
      mkdirSync(part);
      execFileSync("tar", ["-xJf", archive, "-C", part]);
      cpSync(join(part, "ref"), tree, { recursive: true });
    }
    for (const name of readdirSync(tree, { recursive: true, encoding: "utf8" })) {
      const path = join(tree, name);
      if (/\/Gains\/[^/]+$/.test(path)) renameSync(path, path.replace(/(\.\w+)$/, "_gain$1"));
      if (!/\/Annotations\/\d+\/[^/]+\.json$/.test(path)) continue;
      // the portal's own database refuses the other word
      writeFileSync(path, readFileSync(path, "utf8").replaceAll('"TriangularMesh"', '"Mesh"'));
    }
    portal = await portalDatabase(new Map());
    const database = await portal.open({ role: "owner" });
    const prefixes = { s3: "s3://portal", https: "http://127.0.0.1:9009/files" };
    const report = await importTree({ store: fileStore(tree), database, prefixes, clock: systemClock, log: silentLog });
    await database.close();
    expect(report.errors).toEqual([]);
  });
  afterAll(async () => {
    await portal?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it.each(Object.keys(answers))("(34.31) finds as many %s as the portal's server", async (named) => {
    const [list, where] = named.split(" ");
    const filters = Object.entries(answers[named]!).flatMap(([field, all]) =>
      all.map(([operator, value, count]) => ({ filter: { [field]: { [operator]: value } }, count })),
    );
    const query = `query ($where: ${where}) { ${list}(where: $where) { id } }`;
    const api = portal.api();
    const found: typeof filters = [];
    for (const { filter } of filters) {
      const { data, errors } = await asked(api, { query, variables: { where: filter } as never });
      const rows = data?.[list!] as unknown[] | undefined;
      found.push({ filter, count: errors ? (null as never) : rows!.length });
    }
    expect(filters.length).toBeGreaterThan(20);
    expect(found).toEqual(filters);
  });
});
