import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { generateMicroscopy } from "../../examples/lab/generate.mjs";
import { withoutProgress } from "../without-progress.js";

/** The programs and questions of `docs/guides/query.md` that need nothing but Node, on data such as the demo's. */
const root = fileURLToPath(new URL("../..", import.meta.url));
const program = join(root, "dist/cli/main.js");
const guide = readFileSync(join(root, "docs/guides/query.md"), "utf8");
const blocks = (language: string) =>
  [...guide.matchAll(new RegExp(`^\`\`\`${language}\n([\\s\\S]*?)^\`\`\`$`, "gm"))].map(([, text]) => text!);

const folder = mkdtempSync(join(tmpdir(), "emporium-guide-"));
const env = { ...process.env, EMPORIUM_WORKSPACE: "", EMPORIUM_DATABASE_URL: "" };
const run = (...words: string[]) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, words, { cwd: folder, encoding: "utf8", env });
  return { status, out: stdout, err: stderr };
};

const SPACING = "10401/TS_0001/Reconstructions/VoxelSpacing13.480";
const DOCUMENTS: Record<string, object> = {
  "10401/dataset_metadata.json": { dataset_identifier: 10401, dataset_title: "Cells", deposition_id: 1 },
  "10401/TS_0001/run_metadata.json": { run_name: "TS_0001" },
  [`${SPACING}/Tomograms/100/tomogram_metadata.json`]: {
    run_name: "TS_0001",
    deposition_id: 1,
    voxel_spacing: 13.48,
    reconstruction_method: "WBP",
    processing: "raw",
    fiducial_alignment_status: "NON_FIDUCIAL",
    size: { x: 1, y: 1, z: 1 },
    offset: { x: 0, y: 0, z: 0 },
    scales: [1, 1, 1].map((n) => ({ x: n, y: n, z: n })),
    omezarr_dir: `${SPACING}/Tomograms/100/TS_0001.zarr`,
  },
  [`${SPACING}/Annotations/101/ribosome-1.0.json`]: {
    annotation_ingest_id: "a",
    annotation_method: "by hand",
    method_type: "manual",
    deposition_id: 1,
    annotation_object: { id: "GO:0022626", name: "cytosolic ribosome" },
    files: [{ format: "ndjson", shape: "Point", path: `${SPACING}/Annotations/101/a.ndjson` }],
  },
  [`${SPACING}/Annotations/101/a.ndjson`]: {},
  [`${SPACING}/Tomograms/100/TS_0001.zarr/.zgroup`]: {},
};

let server: ChildProcess;
let address: string;
beforeAll(async () => {
  await generateMicroscopy({ out: join(folder, "demo-out/microscopy") });
  for (const [key, document] of Object.entries(DOCUMENTS)) {
    const path = join(folder, "demo-out/portal", key);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, JSON.stringify(document));
  }
  mkdirSync(join(folder, "node_modules"));
  symlinkSync(root, join(folder, "node_modules/em-porium"), "junction");
  server = spawn(process.execPath, [program, "serve", "demo-out/portal", "--port", "0"], {
    cwd: folder,
    env,
    stdio: ["ignore", "pipe", "pipe"],
  });
  address = await new Promise((resolve, reject) => {
    let text = "";
    for (const stream of [server.stdout!, server.stderr!]) {
      stream.setEncoding("utf8").on("data", (piece: string) => {
        text += piece;
        const [, found] = /Serving at (http:\/\/\S+) /.exec(text) ?? [];
        if (found !== undefined) resolve(found);
      });
    }
    server.on("exit", () => reject(new Error(text)));
  });
  const upload = /^ {4}emporium (catalog upload .*)$/m.exec(guide)![1]!;
  const { status, err } = run(program, ...upload.split(" "));
  expect([status, withoutProgress(err)]).toEqual([0, ""]);
});
afterAll(async () => {
  if (server?.exitCode === null) {
    const ended = once(server, "exit");
    server.kill("SIGINT");
    await ended;
  }
  rmSync(folder, { recursive: true, force: true });
});

describe("the guide of queries", () => {
  const programs = blocks("ts");
  it.each([
    ["data sets", 0, "CELLS-2024-05-17-10-30-00-0001 6\n"],
    ["the portal", 1, "13.48\n"],
  ])("TypeScript: %s", (_, at, wanted) => {
    // nothing in them is more than JavaScript, so Node runs them as they stand
    const file = join(folder, `program${at}.mjs`);
    writeFileSync(file, programs[at]!.replaceAll("http://127.0.0.1:8080", address));
    expect(run(file)).toEqual({ status: 0, out: wanted, err: "" });
  });

  const questions = blocks("sql");
  const GFP = [0, 1, 2].map((z) => `im_c001_z00${z}_t000_p000.png`);
  const ID = "CELLS-2024-05-17-10-30-00-0001";
  it.each<[string, number, unknown[]]>([
    ["frames", 0, GFP.map((file_name) => ({ dataset_serial: ID, file_name, sha256: expect.stringMatching(/^[0-9a-f]{64}$/) }))],
    ["metadata", 1, [{ dataset_serial: ID, pixel_size_um: "0.325" }]],
    ["ancestors", 2, [{ dataset_serial: ID, generations: 0 }]],
    ["the portal's tables", 3, [{ name: "TS_0001", files: "1", objects: "cytosolic ribosome" }]],
  ])("SQL: %s", async (_, at, wanted) => {
    const postgres = join(folder, ".emporium/catalog/postgres");
    const login = readFileSync(join(postgres, "pgpass"), "utf8")
      .split("\n")
      .find((line) => line.includes("emporium_reader"))!;
    const client = new pg.Client({
      host: join(postgres, "socket"),
      user: "emporium_reader",
      database: "emporium",
      password: login.split(":")[4]!,
    });
    await client.connect();
    try {
      expect((await client.query(questions[at]!)).rows).toEqual(wanted);
    } finally {
      await client.end();
    }
  });

  it("has no other programs and questions", () => {
    expect([programs.length, questions.length]).toEqual([2, 4]);
  });
});
