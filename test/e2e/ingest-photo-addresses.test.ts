import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { generateLab, type Lab } from "../../examples/lab/generate.mjs";
import { jobKinds } from "../../src/cli/job-kinds.js";
import { COMMANDS } from "../../src/cli/registry.js";
import { manualClock } from "../../src/core/clock.js";
import { silentLog } from "../../src/core/log.js";
import { seededRandom } from "../../src/core/random.js";
import { takeLocks } from "../../src/engine/lock.js";
import { REGISTRIES } from "../../src/stations/ingest/check/registry-client.js";
import { addressOpener } from "../../src/stations/ingest/ops/open-address.js";
import { memoryStore } from "../../src/stores/memory/store.js";
import { openTestCatalog } from "./catalog-kit.js";
import { emporium } from "./cli-host.js";
import { smallConfig, storeOf, tinyMrc } from "./ingest-plan-kit.js";
import { removeTempFolders, run, tempFolder, treeOf } from "./ingest-run-kit.js";
import { png } from "./validate-kit.js";

/** Pictures at addresses that a configuration names: who wrote it must not have this machine ask its own network. */
const SECRET = png(60, 60);
const asked: string[] = [];
let server: Server;
let address = "";
let lab: Lab<"imod">;

beforeAll(async () => {
  lab = await generateLab({ out: tempFolder(), deposits: ["imod"], sections: "all" });
  server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    const headers = { "content-type": "image/png", "content-length": SECRET.length };
    // where clouds hand out credentials
    if (request.url === "/moved.png") response.writeHead(302, { location: "http://169.254.169.254/latest/secret.png" }).end();
    else response.writeHead(200, headers).end(request.method === "HEAD" ? undefined : SECRET);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
beforeEach(() => void asked.splice(0));
afterAll(async () => {
  await new Promise<void>((resolve) => void server.close(() => resolve()));
  removeTempFolders();
});

const photo = (url: string) => `dataset_keyphotos: [{sources: [{literal: {value: {snapshot: '${url}'}}}]}]\n`;
const IMPORT = ["--import-dataset-keyphotos", "--filter-dataset-keyphoto-name=snapshot"];
const SNAPSHOT = "Images/snapshot.png";

/** The laboratory's first deposition with another address of a key photo; nothing of its runs is asked for. */
function depositionAt(url: string): { config: string; input: string; output: string } {
  const root = tempFolder();
  const config = readFileSync(lab.deposits[0]!.config, "utf8").replace(
    /(?<=dataset_keyphotos:\n.*\n.*\n\s*value: )\{.*\}/,
    `{snapshot: '${url}'}`,
  );
  expect(config).toContain(url);
  writeFileSync(join(root, "c.yaml"), config);
  return { config: join(root, "c.yaml"), input: lab.input, output: join(root, "out") };
}

const wordsOf = ({ config, input, output }: ReturnType<typeof depositionAt>, ...more: string[]) => {
  const workspace = ["--workspace", join(tempFolder(), "ws")];
  return ["ingest", "run", config, input, output, ...IMPORT, ...workspace, ...more];
};

describe("a picture at a private address", () => {
  it("(34.17) is not fetched from a configuration", async () => {
    const place = depositionAt(`${address}/secret.png`);
    const { status, out, err } = await emporium([...wordsOf(place), "--json"]);
    const { errors } = JSON.parse(out) as { errors: { code: string; hint: string }[] };
    expect([status, errors.map(({ code }) => code)], err).toEqual([1, ["ADDRESS_REFUSED"]]);
    expect(errors[0]!.hint).toContain("--allow-private");
    expect(asked).toEqual([]);
  });

  it("(34.17) is fetched where the operator allows it", async () => {
    const place = depositionAt(`${address}/secret.png`);
    const { status, err } = await emporium(wordsOf(place, "--allow-private"));
    expect([status, err.match(/error.*/)?.[0]]).toEqual([0, undefined]);
    const stored = readFileSync(join(place.output, "10401", SNAPSHOT));
    expect(stored.equals(Buffer.from(SECRET))).toBe(true);
    expect(asked).not.toEqual([]);
  });

  it("(34.17) is not fetched by a job of a page, which cannot ask for it", async () => {
    const commands = await Promise.all(COMMANDS.map(async ({ load }) => (await load()).default));
    const kind = jobKinds(commands, []).find((one) => one.kind === "ingest.run")!;
    const place = depositionAt(`${address}/secret.png`);
    const input = { ...place, import: ["dataset_keyphotos"], filter: { dataset_keyphoto: ["snapshot"] } };
    expect(kind.body.safeParse({ kind: "ingest.run", ...input }).success).toBe(true);
    expect(kind.body.safeParse({ kind: "ingest.run", ...input, allowPrivate: true }).success).toBe(false);
    const globals = ["--workspace", join(tempFolder(), "ws")];
    for (const words of [kind.planWords(input, globals)!, kind.words(input, globals)]) {
      const { status, out, err } = await emporium(words);
      expect([words[1], status, /ADDRESS_REFUSED/.test(out + err)]).toEqual([words[1], words[1] === "plan" ? 3 : 1, true]);
    }
    expect(asked).toEqual([]);
  });

  it("(34.17) is not fetched by the library either, unless it is told how", async () => {
    const config = smallConfig({ more: photo(`${address}/secret.png`) });
    const source = await storeOf({ "lab/rec/a.rec": tinyMrc(6, 4, 2, 10.5) });
    const flags = { items: ["datasets", "dataset_keyphotos"], metadata: ["dataset"] };
    const target = memoryStore({ url: "memory:out" });
    const report = await run({ config, source, target, flags, open: addressOpener() });
    expect(report.errors.map(({ code }) => code)).toEqual(["ADDRESS_REFUSED", "TASK_BLOCKED"]);
    expect(Object.keys(await treeOf(target))).not.toContain(`10700/${SNAPSHOT}`);
    expect(asked).toEqual([]);
  });

  it("(34.17) is not read from a file of this machine", async () => {
    const file = join(tempFolder(), "secret.png");
    writeFileSync(file, SECRET);
    for (const location of [`file://${file}`, file]) {
      await expect(addressOpener()(location)).rejects.toMatchObject({ code: "ADDRESS_REFUSED" });
      const { store, key } = await addressOpener({ allowPrivate: true })(location);
      expect(await store.read(key)).toEqual(SECRET);
    }
  });

  it("(34.17) is not reached by a redirection, whatever is allowed", async () => {
    const { status, out } = await emporium([...wordsOf(depositionAt(`${address}/moved.png`), "--allow-private"), "--json"]);
    const { errors } = JSON.parse(out) as { errors: { code: string; message: string }[] };
    expect([status, errors.map(({ code }) => code)]).toEqual([1, ["ADDRESS_REFUSED"]]);
    expect(errors[0]!.message).toContain("169.254.169.254");
    expect(asked).toEqual(["HEAD /moved.png"]);
  });

  it("(34.17) is not asked for by a check with --network, unless the operator allows it", async () => {
    const place = depositionAt(`${address}/secret.png`);
    // every registry is on this machine: only pictures are asked for where the configuration says
    const bases = Object.keys(REGISTRIES).filter((name) => name !== "photos");
    const words = bases.flatMap((name) => ["--registry-base", `${name}=${address}/${name}`]);
    const check = async (...more: string[]) => {
      const workspace = ["--workspace", join(tempFolder(), "ws")];
      const { out } = await emporium(["ingest", "check", place.config, "--network", "--json", ...words, ...workspace, ...more]);
      const [{ errors }] = JSON.parse(out) as [{ errors: { code: string; line: number; hint: string }[] }];
      return errors.filter(({ code }) => code === "ADDRESS_REFUSED");
    };
    const line =
      readFileSync(place.config, "utf8")
        .split("\n")
        .findIndex((text) => text.includes("secret.png")) + 1;
    expect(await check()).toMatchObject([{ line, hint: expect.stringContaining("--allow-private") as string }]);
    expect(asked.filter((one) => one.includes("secret.png"))).toEqual([]);
    expect(await check("--allow-private")).toEqual([]);
    expect(asked.filter((one) => one.includes("secret.png"))).toEqual(["HEAD /secret.png"]);
  });

  it("(34.17) is told by a check beside the sources, unless the operator allows it", async () => {
    const place = depositionAt(`${address}/secret.png`);
    const check = async (...more: string[]) => {
      const words = ["ingest", "check", place.config, "--source", place.input, "--json", ...more];
      const { out } = await emporium([...words, "--workspace", join(tempFolder(), "ws")]);
      const [{ errors, warnings }] = JSON.parse(out) as [{ errors: { code: string }[]; warnings: { code: string }[] }];
      return [...errors, ...warnings].filter(({ code }) => code === "ADDRESS_REFUSED").length;
    };
    expect(await check()).toBe(1);
    expect(asked).toEqual([]);
    expect(await check("--allow-private")).toBe(0);
    expect(asked).not.toEqual([]);
  });

  it("(34.17) is not read for a table's row, unless the operator allows it", async () => {
    const catalog = await openTestCatalog("local");
    try {
      const rows = [{ dataset_id: "ISP-2026-01-02-03-04-05-0001", file_name: `${address}/secret.png` }];
      const upload = (allowPrivate?: boolean) =>
        catalog.upload(rows, { upload_type: "file", microscope: "none" }, { dryRun: true, allowPrivate });
      const { errors } = await upload();
      expect(errors.map(({ code }) => code)).toEqual(["ADDRESS_REFUSED"]);
      expect(asked).toEqual([]);
      await upload(true);
      expect(asked[0]).toBe("HEAD /secret.png");
    } finally {
      await catalog.close();
    }
  });

  it("(34.17) is not reached by way of a lock that names it as the home of a run", async () => {
    const target = memoryStore({ url: "memory:out" });
    const holder = { token: "t", pid: 1, host: "h", startedMs: 0, heartbeatMs: 0, job: "x", run: "r", runAt: `${address}/home` };
    await target.write(".emporium/locks/10700.json", Buffer.from(JSON.stringify(holder)));
    const lock = { job: "ingest", clock: manualClock(1e12), random: seededRandom(1), log: silentLog, onLost: () => {} };
    await expect(takeLocks(target, ["10700"], lock)).rejects.toMatchObject({ code: "ADDRESS_REFUSED" });
    expect(asked).toEqual([]);
  });

  it("(34.17) is not asked for by a validation of what metadata name", async () => {
    const tree = tempFolder();
    mkdirSync(join(tree, "10700/a"), { recursive: true });
    const document = { dataset_identifier: 10700, key_photos: { snapshot: `${address}/secret.png` } };
    writeFileSync(join(tree, "10700/dataset_metadata.json"), JSON.stringify(document));
    const validate = async (...more: string[]) => {
      const words = ["ingest", "validate", "standardized", tree, "--network", "--json", ...more];
      const { out } = await emporium([...words, "--workspace", join(tempFolder(), "ws")]);
      const { findings } = JSON.parse(out) as { findings: { check: string; found: string }[] };
      return findings.filter(({ check }) => check.startsWith("photo."));
    };
    const refused = await validate();
    expect(refused).toMatchObject([{ check: "photo.decodes", found: expect.stringContaining("is not followed") as string }]);
    expect(asked).toEqual([]);
    expect(await validate("--allow-private")).toEqual([]);
    expect(asked).not.toEqual([]);
  });
});
