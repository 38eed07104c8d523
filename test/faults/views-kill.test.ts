import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import type { SavedView, SavedViews } from "../../src/model/page-api.js";
import { THOROUGH } from "../thorough.js";

const PROGRAM = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
const MRC = fileURLToPath(new URL("../fixtures/mrc/mode2-le.mrc", import.meta.url));
const KILLS = THOROUGH ? 50 : 4;
const TOKEN = "k".repeat(43);

const folder = mkdtempSync(join(tmpdir(), "emporium-views-"));
const workspace = join(folder, "workspace");
const servers = new Set<ChildProcess>();
afterAll(() => {
  for (const server of servers) server.kill("SIGKILL");
  rmSync(folder, { recursive: true });
});

async function serve(): Promise<{ server: ChildProcess; url: string }> {
  const words = ["--workspace", workspace, "serve", join(folder, "volumes"), "--port", "0", "--json"];
  const server = spawn(process.execPath, [PROGRAM, ...words, "--write", "--token-file", join(folder, "tokens")], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  servers.add(server);
  const text = await new Promise<string>((resolve) => {
    let printed = "";
    server.stdout!.setEncoding("utf8").on("data", (piece: string) => {
      printed += piece;
      if (printed.endsWith("\n}\n")) resolve(printed);
    });
  });
  return { server, url: new URL((JSON.parse(text) as { url: string }).url).origin };
}

const save = (url: string, name: string) =>
  fetch(`${url}/api/v1/views`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${TOKEN}` },
    body: JSON.stringify({ name, to: "/view/at/volumes/a.mrc?l=xy" }),
  });

describe("37.views: two servers of one workspace, one of which is killed while views come in", () => {
  it(`${KILLS} times: the file is whole, has every view that was answered, and no lock stays`, { timeout: 900_000 }, async () => {
    mkdirSync(join(folder, "volumes"));
    copyFileSync(MRC, join(folder, "volumes/a.mrc"));
    writeFileSync(join(folder, "tokens"), `ann write ${TOKEN}\n`, { mode: 0o600 });
    const stays = await serve();
    const answered: string[] = [];
    const asked = new Set<string>();
    for (let kill = 0; kill < KILLS; kill++) {
      const { server, url } = await serve();
      const ended = once(server, "exit");
      const before = answered.length;
      let isOver = false;
      // each by one who goes on until one of the servers is gone
      await Promise.all(
        [url, url, stays.url].map(async (at, who) => {
          for (let turn = 0; !isOver; turn++) {
            const name = `${kill} ${who} ${turn}`;
            asked.add(name);
            try {
              const reply = await save(at, name);
              expect([reply.status, ((await reply.json()) as SavedView).name]).toEqual([200, name]);
              answered.push(name);
              // at another moment each time: after so many answers, and somewhere in the next one
              if (answered.length - before === 4 + (kill % 7)) setImmediate(() => server.kill("SIGKILL"));
            } catch (error) {
              if (!(error instanceof TypeError)) throw error; // not the connection's end
              isOver = true;
            }
          }
        }),
      );
      await ended;
      const { views } = JSON.parse(readFileSync(join(workspace, "views.json"), "utf8")) as SavedViews;
      const names = views.map(({ name }) => name);
      expect(answered.filter((name) => !names.includes(name))).toEqual([]);
      // one that was under way may be there or not; none is there twice
      expect([names.filter((name) => !asked.has(name)), new Set(names).size]).toEqual([[], names.length]);
    }
    expect(answered.length).toBeGreaterThan(4 * KILLS);
    expect((await save(stays.url, "the last")).status).toBe(200);
    // what the killed ones have left is gone
    expect(readdirSync(workspace).filter((name) => /^\.|views/.test(name))).toEqual(["views.json"]);
  });
});
