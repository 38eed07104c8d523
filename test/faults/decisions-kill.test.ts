import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import type { MatchDecided, MatchesAnswer } from "../../src/model/page-api.js";
import { parseDecisions } from "../../src/stations/curate/match/decisions.js";
import { curate, portalRuns, remove, smallArchive } from "../e2e/curate-kit.js";
import { THOROUGH } from "../thorough.js";

const PROGRAM = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
const KILLS = THOROUGH ? 50 : 4;
const RUNS = Array.from({ length: 12 }, (_, at) => `mk2019-11-19-${at + 10}`);
const TOKEN = "k".repeat(43);

const folder = smallArchive(RUNS.map((run) => ({ run })));
const workspace = join(folder, "workspace");
const file = join(folder, "out", "decisions.csv");
let server: ChildProcess | undefined;
afterAll(() => {
  server?.kill("SIGKILL");
  remove(folder);
});

async function serve(): Promise<string> {
  const words = ["--workspace", workspace, "serve", "--port", "0", "--json", "--write", "--token-file", join(folder, "tokens")];
  server = spawn(process.execPath, [PROGRAM, ...words], { stdio: ["ignore", "pipe", "ignore"] });
  const text = await new Promise<string>((resolve) => {
    let printed = "";
    server!.stdout!.setEncoding("utf8").on("data", (piece: string) => {
      printed += piece;
      if (printed.endsWith("\n}\n")) resolve(printed);
    });
  });
  return new URL((JSON.parse(text) as { url: string }).url).origin;
}

describe("A17: a server that is killed while decisions come in", () => {
  it(`${KILLS} times: the file is whole, has every decision that was answered, and no lock stays`, {
    timeout: 900_000,
  }, async () => {
    portalRuns(folder, { 10001: RUNS.map((name, at) => ({ name: name.replace("mk", "mka"), id: at + 1 })) });
    writeFileSync(join(folder, "tokens"), `ann review ${TOKEN}\n`, { mode: 0o600 });
    mkdirSync(join(folder, "out"));
    const words = ["curate", "match", join(folder, "grp_tomo_db1_d3"), "--runs", join(folder, "portal-runs.json")];
    expect(await curate(folder, [...words, "--out", join(folder, "out", "m.csv")])).toMatchObject({ status: 0 });
    writeFileSync(file, 'archive_path,portal_run_id,decision,who,note\n/by/hand,99,yes,me,"stays, \nas it is"\n');
    let answered = 0;
    for (let kill = 0; kill < KILLS; kill++) {
      const url = await serve();
      const { rows } = (await (await fetch(`${url}/api/v1/curate/matches`)).json()) as MatchesAnswer;
      const ended = once(server!, "exit");
      const before = answered;
      // each row by one who goes on as long as there is an answer
      const last = await Promise.all(
        rows.map(async ({ name, etag, decision }, at) => {
          let now: { etag: string | undefined; said: string[] } = { etag, said: [decision ?? "", ""] };
          for (let turn = 0; ; turn++) {
            const choice = turn % 2 === 0 ? "accept" : "reject";
            const note = `${kill} ${at} ${turn}`;
            try {
              const reply = await fetch(`${url}/api/v1/curate/decisions/${name}`, {
                method: "PUT",
                headers: { "content-type": "application/json", authorization: `Bearer ${TOKEN}`, "if-match": `"${now.etag}"` },
                body: JSON.stringify({ decision: choice, note }),
              });
              const { row } = (await reply.json()) as MatchDecided;
              expect(reply.status).toBe(200);
              now = { etag: row.etag, said: [choice, note] };
              // at another moment each time: after so many answers, and somewhere in the next one
              if (++answered - before === 3 + (kill % 11)) setImmediate(() => server!.kill("SIGKILL"));
            } catch (error) {
              if (!(error instanceof TypeError)) throw error; // not the connection's end
              return { at: `/${RUNS[at]}`, said: now.said, asked: [choice, note] };
            }
          }
        }),
      );
      await ended;
      const decisions = parseDecisions(readFileSync(file), "decisions.csv");
      expect(decisions[0]).toEqual({
        archivePath: "/by/hand",
        portalRun: "99",
        accepted: true,
        who: "me",
        note: "stays, \nas it is",
      });
      for (const { at, said, asked } of last) {
        const found = decisions.find(({ archivePath }) => archivePath.endsWith(at));
        const is = found ? [found.accepted ? "accept" : "reject", found.note] : ["", ""];
        // one that was under way may be there or not
        if (said[1] !== "" || is[1] === asked[1]) expect([said, asked]).toContainEqual(is);
      }
    }
    expect(answered).toBeGreaterThan(KILLS);
    const url = await serve();
    const { rows } = (await (await fetch(`${url}/api/v1/curate/matches`)).json()) as MatchesAnswer;
    const [row] = rows;
    const reply = await fetch(`${url}/api/v1/curate/decisions/${row!.name}`, {
      method: "PUT",
      headers: { "content-type": "application/json", authorization: `Bearer ${TOKEN}`, "if-match": `"${row!.etag}"` },
      body: JSON.stringify({ decision: "undo" }),
    });
    expect(reply.status).toBe(200);
    // what the killed ones have left is gone
    expect(readdirSync(join(folder, "out")).filter((name) => name.startsWith("."))).toEqual([]);
  });
});
