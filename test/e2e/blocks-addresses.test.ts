import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { noise, readImage, writeImage } from "./blocks-kit.js";
import { emporium } from "./cli-host.js";

/** Inputs that a graph names by an address: somebody else may have written the graph. */
let root: string;
let server: Server;
let address: string;
const asked: string[] = [];
beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), "emporium-graph-addresses-"));
  await writeImage(join(root, "em.zarr"), [16, 16, 16], "uint8", noise([16, 16, 16], "uint8"));
  server = createServer((request, response) => {
    asked.push(request.url!);
    const path = join(root, request.url!.replace(/^\/moved\//, "/"));
    if (request.url!.startsWith("/moved/"))
      return void response.writeHead(302, { location: "http://169.254.169.254/latest/meta-data/" }).end();
    if (!existsSync(path) || path.endsWith("/")) return void response.writeHead(404).end();
    const body = readFileSync(path);
    const headers = { "content-length": body.length, etag: '"1"' };
    response.writeHead(200, headers).end(request.method === "HEAD" ? undefined : body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  rmSync(root, { recursive: true, force: true });
});
beforeEach(() => {
  asked.length = 0;
});

function graphOf(from: string): string {
  const file = join(root, "graph.yaml");
  const lines = [
    ...["version: 1", `inputs: { em: "${from}" }`, "grid: { of: em, block: [16, 16, 16] }"],
    ...["nodes:", "  - { id: bin, op: threshold, in: em, above: 100 }"],
    ...["outputs:", `  bin: { to: "${join(root, "out/bin.zarr")}", chunk: [16, 16, 16] }`],
  ];
  writeFileSync(file, `${lines.join("\n")}\n`);
  return file;
}

const COMMANDS = ["plan", "run", "preflight"] as const;
const given = (verb: string, from: string, ...more: string[]) => [
  ...["blocks", verb, graphOf(from), "--jobs", "1", "--memory", "256MiB", "--workspace", join(root, "ws"), "--json", ...more],
];

describe("(34.17) an input of a graph at a private address", () => {
  it.each(COMMANDS)("is not asked for by blocks %s", async (verb) => {
    for (const from of [
      `${address}/em.zarr`,
      `zarr://${address}/em.zarr`,
      `${address}/em.zarr|zarr3:`,
      "http://169.254.169.254/em.zarr",
    ]) {
      const { status, out, err } = await emporium(given(verb, from));
      expect([from, status, /ADDRESS_REFUSED/.test(out + err), /--allow-private/.test(out + err)]).toEqual([from, 1, true, true]);
    }
    expect(asked).toEqual([]);
    expect(existsSync(join(root, "out"))).toBe(false);
  });

  it("is read where the person allows it, and computed by workers that may as well; redirections lead to no metadata of a cloud", async () => {
    for (const verb of ["plan", "preflight"]) {
      const { status, out, err } = await emporium(given(verb, `${address}/em.zarr`, "--allow-private"));
      expect([verb, status], out + err).toEqual([verb, 0]);
    }
    const { status, out, err } = await emporium(given("run", `${address}/em.zarr`, "--allow-private"));
    expect([status, asked.length > 0], out + err).toEqual([0, true]);
    const { voxels } = await readImage(join(root, "out/bin.zarr"));
    const image = noise([16, 16, 16], "uint8");
    expect(Array.from(voxels)).toEqual(Array.from(image, (value) => Number(Number(value) > 100)));
    const moved = await emporium(given("run", `${address}/moved/em.zarr`, "--allow-private"));
    expect([moved.status, /ADDRESS_REFUSED/.test(moved.out + moved.err)]).toEqual([1, true]);
    expect(moved.out + moved.err).toContain("169.254.169.254");
  });
});
