import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { Page } from "playwright-core";
import type { ServerFacts } from "../../src/model/page-api.js";
import { type Picture, readPicture } from "./picture.js";

const PROGRAM = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));

/** A folder, or nothing at all, that is served by a process of its own. */
export interface ServedFolder {
  readonly url: string;
  readonly place: string;
  close(): Promise<void>;
}

export async function serveVolumes(volumes: string | undefined, workspace: string, port = 0): Promise<ServedFolder> {
  const words = [
    "serve",
    ...(volumes === undefined ? [] : [volumes]),
    "--port",
    String(port),
    "--json",
    "--workspace",
    workspace,
  ];
  const server = spawn(process.execPath, [PROGRAM, ...words], { stdio: ["ignore", "pipe", "inherit"] });
  const close = async () => {
    if (server.exitCode !== null) return;
    server.kill("SIGINT");
    await once(server, "exit");
  };
  const url = await new Promise<string>((resolve, reject) => {
    let text = "";
    server.on("exit", () => reject(new Error(`serve has ended: ${text}`)));
    server.stdout.setEncoding("utf8").on("data", (piece: string) => {
      text += piece;
      if (text.endsWith("\n}\n")) resolve((JSON.parse(text) as { url: string }).url);
    });
  });
  const facts = (await (await fetch(`${url}/api/v1/server`)).json()) as ServerFacts;
  return { url, place: facts.places[0]?.id ?? "", close };
}

/** Until a pane shows its plane as it is. */
export async function isSharp(page: Page, axis: string): Promise<void> {
  await page.waitForSelector(`.v-pane[data-axis="${axis}"][data-sharp="true"]`, { timeout: 60_000 });
}

/** What is drawn of the volume, without what lies over it. */
export async function pictureOf(page: Page, axis: string): Promise<Picture> {
  await page.evaluate(() => {
    (document.activeElement as HTMLElement | null)?.blur();
    for (const one of document.querySelectorAll<HTMLElement>(".v-above, .v-name, .v-level, .v-slow"))
      one.style.visibility = "hidden";
  });
  return readPicture(await page.locator(`.v-pane[data-axis="${axis}"] .v-canvas`).screenshot());
}

/** An MRC of mode 6, voxels of which are `value(z, y, x)`. @param edge of a voxel in Å; 0: the header does not say */
export function wordMrc(
  shape: readonly [z: number, y: number, x: number],
  edge: number,
  value: (z: number, y: number, x: number) => number,
): Uint8Array {
  const [nz, ny, nx] = shape;
  const header = new DataView(new ArrayBuffer(1024));
  for (const [i, word] of [nx, ny, nz, 6, 0, 0, 0, nx, ny, nz].entries()) header.setInt32(4 * i, word, true);
  for (const [i, size] of [nx * edge, ny * edge, nz * edge, 90, 90, 90].entries()) header.setFloat32(40 + 4 * i, size, true);
  for (const i of [0, 1, 2]) header.setInt32(64 + 4 * i, i + 1, true);
  header.setInt32(108, 20140, true);
  const bytes = new Uint8Array(header.buffer);
  bytes.set([...new TextEncoder().encode("MAP "), 0x44, 0x44], 208);
  const voxels = new Uint16Array(nz * ny * nx);
  for (let z = 0, i = 0; z < nz; z++) for (let y = 0; y < ny; y++) for (let x = 0; x < nx; x++) voxels[i++] = value(z, y, x);
  return Buffer.concat([bytes, new Uint8Array(voxels.buffer)]);
}
