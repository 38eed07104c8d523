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
