import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { KeptAnswers, MatchesAnswer, Overlap } from "../../model/page-api.js";
import { keepMatches } from "../../stations/curate/match/kept.js";
import { keepComparison } from "../../stations/harvest/compare/kept.js";
import { compareDocuments } from "../../stations/harvest/compare/run.js";
import { type Portal, servePortal } from "../portal.js";

const root = mkdtempSync(join(tmpdir(), "emporium-workspace-"));
const workspace = join(root, "workspace");
const PATHS = ["harvest/sets", "curate/labels", "curate/matches", "curate/matches/sets", "curate/overlap", "curate/batches"];
const record = {
  ...{ name: "tomo", format: "mrc", shape: [1, 2, 3], dtype: "int8", unit: ["Å", "Å", "Å"], voxel_size: [5, 5, 5] },
  ...{ offset: [0, 0, 0], channels: 1, axes: ["z", "y", "x"], contrast: null, acquisition: {}, sources: {} },
  ...{ warnings: ["conflict:voxel_size: the file 5, the portal 6"], raw_metadata: {} },
};

describe("what commands have left in the workspace", () => {
  let portal: Portal;
  const ask = async <T>(path: string) => (await fetch(`${portal.url}/api/v1/${path}`)).json() as Promise<T>;
  beforeAll(async () => {
    mkdirSync(join(root, "d1"));
    const document = join(root, "records.json");
    writeFileSync(document, JSON.stringify({ tomo: record }));
    await keepComparison(await compareDocuments({ files: [document] }), { files: [document], workspace });
    const row = (n: number, status: string) => `a${n},b${n},${n},${root}/d1/Vibrio_x/a${n},padded,0.85,${status},10001\n`;
    const head = "sc_run_name,CZI_run_name,CZI_run_id,path,rule,score,status,dataset_id\n";
    const many = Array.from({ length: 450 }, (_, n) => row(n, n < 3 ? "ambiguous" : "matched"));
    writeFileSync(join(root, "matching_runs.csv"), head + many.join(""));
    await keepMatches(
      {
        out: join(root, "matching_runs.csv"),
        roots: [{ path: join(root, "d1") }],
        source: "x",
        unmatched: { archive: 1, portal: 2 },
      },
      { workspace, command: ["emporium", "curate", "match", "d1"] },
    );
    portal = await servePortal({ places: [], bucket: "b", version: "0", workspace });
  });
  afterAll(async () => {
    await portal.close();
    rmSync(root, { recursive: true });
  });

  it("comparisons by their cells; contradictions are counted in them", async () => {
    const { kept } = await ask<KeptAnswers>("harvest/sets");
    expect(kept).toHaveLength(1);
    const found = await ask<{ tables: { columns: { key: string }[]; rows: object[][] }[] }>(`harvest/sets/${kept[0]!.id}`);
    const at = found.tables[0]!.columns.findIndex(({ key }) => key === "voxel_size");
    expect(found.tables[0]!.rows[0]![at]).toEqual({ text: "[5.0, 5.0, 5.0]", isNumber: false, from: [], conflicts: [0] });
  });

  it("matches in parts of 200 rows; numbers by status are those under the other filters", async () => {
    const all = await ask<MatchesAnswer>("curate/matches");
    expect([all.rows.length, all.total, all.byStatus, all.unmatched]).toEqual([
      200,
      450,
      { ambiguous: 3, matched: 447 },
      { archive: 1, portal: 2 },
    ]);
    expect(all.rows[0]).toMatchObject({ drive: "d1", species: "Vibrio", folder: "d1/Vibrio_x/a0", status: "ambiguous" });
    const last = await ask<MatchesAnswer>("curate/matches?row=400&status=matched&species=Vibrio");
    expect([last.rows.length, last.total, last.row, last.byStatus]).toEqual([47, 447, 400, { ambiguous: 3, matched: 447 }]);
    expect(await ask<MatchesAnswer>("curate/matches?drive=d9")).toMatchObject({ rows: [], total: 0 });
    expect(await ask<Overlap>("curate/overlap")).toMatchObject({ cells: [{ drive: "d1", column: "Vibrio", count: 447 }] });
  });

  it("a table is read again when it has changed, and told when it is gone", async () => {
    const table = join(root, "matching_runs.csv");
    writeFileSync(table, "sc_run_name,CZI_run_name\nx,y\n");
    expect(await ask<MatchesAnswer>("curate/matches")).toMatchObject({ total: 1, rows: [{ archiveRun: "x", drive: "" }] });
    rmSync(table);
    expect(await ask("curate/matches")).toEqual({
      code: "STORE_ABSENT",
      message: "the table matching_runs.csv is not there any more",
      hint: "emporium curate match writes it",
    });
  });

  it.each([
    ["harvest/sets/none", 404],
    ["harvest/sets/..%2f..%2fx", 404],
    ["curate/labels/none/histogram.svg", 404],
    ["curate/matches?set=none", 404],
    ["curate/matches?status=lost", 400],
    ["curate/overlap?by=colour", 400],
    ["curate/batches?x=1", 400],
  ])("%s: %i", async (path, status) => {
    expect((await fetch(`${portal.url}/api/v1/${path}`)).status).toBe(status);
  });

  it("is shown to this machine alone: not to those whom a proxy hands on, not by another address", async () => {
    for (const path of PATHS) {
      const reply = await fetch(`${portal.url}/api/v1/${path}`, { headers: { "x-forwarded-for": "192.0.2.7" } });
      expect([path, reply.status]).toEqual([path, 403]);
    }
    const others = await servePortal({ places: [], bucket: "b", version: "0", workspace, url: "http://lab.example.org" });
    const none = await servePortal({ places: [], bucket: "b", version: "0" });
    for (const server of [others, none]) expect((await fetch(`${server.url}/api/v1/harvest/sets`)).status).toBe(403);
    await others.close();
    await none.close();
  });
});
