import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { ChangedMatch, MatchDecided, MatchesAnswer, MatchFolder } from "../../model/page-api.js";
import { keepMatches } from "../../stations/curate/match/kept.js";
import { type Portal, servePortal } from "../portal.js";
import { openTokens } from "../tokens.js";

const root = mkdtempSync(join(tmpdir(), "emporium-decisions-"));
const workspace = join(root, "workspace");
const file = join(root, "decisions.csv");
const COLUMNS = "archive_path,portal_run_id,decision,who,note\n";
const ANN = "a".repeat(43);
const BOB = "b".repeat(43);
let portal: Portal;

const line = (n: number, status: string) => `a${n},b${n},${n},${root}/d1/V_x/a${n},padded,0.85,${status},10001\n`;
const table = (...lines: string[]) =>
  writeFileSync(join(root, "m.csv"), `sc_run_name,CZI_run_name,CZI_run_id,path,rule,score,status,dataset_id\n${lines.join("")}`);
const keep = (more: object = {}) =>
  keepMatches(
    { out: join(root, "m.csv"), roots: [{ path: join(root, "d1") }], source: "x", unmatched: { archive: 0, portal: 0 }, ...more },
    { workspace, command: ["emporium", "curate", "match", "d1"] },
  );
const list = async () => (await (await fetch(`${portal.url}/api/v1/curate/matches`)).json()) as MatchesAnswer;
const put = (name: string, body: object, etag?: string, token = ANN) =>
  fetch(`${portal.url}/api/v1/curate/decisions/${name}`, {
    method: "PUT",
    headers: {
      "content-type": "application/json",
      authorization: `Bearer ${token}`,
      ...(etag !== undefined && { "if-match": etag }),
    },
    body: JSON.stringify(body),
  });

describe("decisions on matches", () => {
  beforeAll(async () => {
    const tokens = join(root, "tokens");
    writeFileSync(tokens, `ann review ${ANN}\nbob review,write ${BOB}\n`, { mode: 0o600 });
    mkdirSync(join(root, "d1/V_x/a1/inner"), { recursive: true });
    writeFileSync(join(root, "d1/V_x/a1/x.mod"), "1234");
    writeFileSync(join(root, "d1/V_x/a1/x.rec"), "no volume");
    writeFileSync(join(root, "d1/V_x/a1/.secret"), "1");
    portal = await servePortal({
      ...{ places: [], bucket: "b", version: "0", workspace },
      writing: { tokens: openTokens(tokens, () => 0).tokens, roots: [] },
    });
  });
  afterAll(async () => {
    await portal.close();
    rmSync(root, { recursive: true });
  });
  beforeEach(async () => {
    rmSync(file, { force: true });
    table(line(1, "ambiguous"), line(2, "ambiguous"), "x,y,3,,exact,1,matched,1\n");
    await keep();
  });

  it("accept, reject, undo: by whom is in the file and in the rows", async () => {
    const { rows, decisions } = await list();
    expect([decisions, rows.map(({ decision }) => decision)]).toEqual([
      { file: "decisions.csv", decided: 0 },
      [undefined, undefined, undefined],
    ]);
    const [one, two, pathless] = rows;
    expect([pathless!.name, pathless!.etag]).toEqual([undefined, undefined]);
    const reply = await put(one!.name!, { decision: "accept", note: "=1+1" }, `"${one!.etag}"`);
    const accepted = (await reply.json()) as MatchDecided;
    expect([reply.status, reply.headers.get("etag"), accepted]).toMatchObject([
      200,
      `"${accepted.row.etag}"`,
      { row: { archiveRun: "a1", decision: "accept", who: "ann", note: "=1+1" }, decisions: { decided: 1 } },
    ]);
    expect(accepted.row.etag).not.toBe(one!.etag);
    await put(two!.name!, { decision: "reject" }, `"${two!.etag}"`, BOB);
    await put(one!.name!, { decision: "undo" }, `"${accepted.row.etag}"`, BOB);
    expect(readFileSync(file, "utf8")).toBe(`${COLUMNS}${root}/d1/V_x/a1,1,,bob,'=1+1\n${root}/d1/V_x/a2,2,reject,bob,\n`);
    const now = await list();
    expect(now.decisions).toMatchObject({ decided: 1, savedAt: expect.stringMatching(/^20/) });
    expect(now.rows.map(({ decision, who }) => [decision, who])).toEqual([
      [undefined, "bob"],
      ["reject", "bob"],
      [undefined, undefined],
    ]);
  });

  it("the other one's choice comes with 412, and nothing is written: of a page, of a spreadsheet, of a table made anew", async () => {
    const [one] = (await list()).rows;
    const etag = `"${one!.etag}"`;
    await put(one!.name!, { decision: "reject" }, etag, BOB);
    const before = readFileSync(file, "utf8");
    const reply = await put(one!.name!, { decision: "accept" }, etag);
    const changed = (await reply.json()) as ChangedMatch;
    expect([reply.status, changed]).toMatchObject([
      412,
      {
        code: "CHANGED_MEANWHILE",
        message: "rejected by bob meanwhile",
        row: { decision: "reject", who: "bob" },
        decisions: { decided: 1 },
      },
    ]);
    expect(readFileSync(file, "utf8")).toBe(before);
    expect((await put(one!.name!, { decision: "accept" }, `"${changed.row.etag}"`)).status).toBe(200);

    const [, two] = (await list()).rows;
    writeFileSync(file, `${COLUMNS}a2,b2,yes,by hand,\n`);
    const byHand = await put(two!.name!, { decision: "reject" }, `"${two!.etag}"`);
    expect([byHand.status, await byHand.json()]).toMatchObject([412, { message: "accepted by by hand meanwhile" }]);

    rmSync(file);
    table(line(1, "matched"));
    const anew = await put(one!.name!, { decision: "reject" }, etag);
    expect([anew.status, await anew.json()]).toMatchObject([
      412,
      { row: { status: "matched" }, message: expect.stringContaining("a new table") },
    ]);
    const gone = await put(two!.name!, { decision: "reject" }, `"${two!.etag}"`);
    expect([gone.status, await gone.json()]).toMatchObject([404, { code: "NOT_FOUND" }]);
  });

  it("needs a row, its etag, and a choice", async () => {
    const [one] = (await list()).rows;
    const etag = `"${one!.etag}"`;
    const tried: [number, Promise<Response>][] = [
      [428, put(one!.name!, { decision: "accept" })],
      [428, put(one!.name!, { decision: "accept" }, "*")],
      [428, put(one!.name!, { decision: "accept" }, `W/${etag}`)],
      [412, put(one!.name!, { decision: "accept" }, '"x"')],
      [404, put("x".repeat(22), { decision: "accept" }, etag)],
      [404, put("..%2f..%2fx", { decision: "accept" }, etag)],
      [400, put(one!.name!, { decision: "maybe" }, etag)],
      [400, put(one!.name!, { decision: "accept", who: "eve" }, etag)],
      [400, put(one!.name!, { decision: "accept", note: "two\nlines" }, etag)],
      [404, put(`${one!.name!}?set=none`, { decision: "accept" }, etag)],
      [401, put(one!.name!, { decision: "accept" }, etag, "c".repeat(43))],
    ];
    for (const [status, reply] of tried) expect([status, (await reply).status]).toEqual([status, status]);
    expect(() => readFileSync(file)).toThrow("ENOENT");
  });

  it("a file that curate match would refuse is told beside the rows, and no decision is taken", async () => {
    const [one] = (await list()).rows;
    writeFileSync(file, `${COLUMNS}/x,1,perhaps,,\n`);
    const now = await list();
    expect([now.total, now.decisions, now.rows[0]!.etag]).toMatchObject([
      3,
      { decided: 0, error: { code: "CONFIG_FIELD" } },
      undefined,
    ]);
    expect((await put(one!.name!, { decision: "accept" }, `"${one!.etag}"`)).status).toBe(422);
    expect(readFileSync(file, "utf8")).toContain("perhaps");
  });

  it("a table whose command reads no decisions takes none", async () => {
    const [one] = (await list()).rows;
    await keep({ decisions: null });
    const now = await list();
    expect([now.decisions, now.rows[0]!.name]).toEqual([undefined, undefined]);
    expect((await put(one!.name!, { decision: "accept" }, `"${one!.etag}"`)).status).toBe(422);
  });

  it("what is in the folder of a row, volumes first; nothing outside of what was scanned", async () => {
    const folder = async (name: string) => (await fetch(`${portal.url}/api/v1/curate/matches/${name}`)).json();
    const [one, two] = (await list()).rows;
    expect(await folder(one!.name!)).toEqual({
      files: [
        { name: "x.rec", size: 9, fault: expect.stringMatching(/^FORMAT_/) },
        { name: "x.mod", size: 4 },
      ],
      more: 0,
    } satisfies MatchFolder);
    expect(await folder(two!.name!)).toEqual({ files: [], more: 0 });
    expect(await folder("none")).toMatchObject({ code: "NOT_FOUND" });
    table("passwd,b,1,/etc,exact,1,ambiguous,1\n");
    expect(await folder((await list()).rows[0]!.name!)).toEqual({ files: [], more: 0 });
  });

  it("many at once, each with the etag it saw: one for each row is taken, the others get 412", async () => {
    const { rows } = await list();
    const replies = await Promise.all(
      rows
        .slice(0, 2)
        .flatMap(({ name, etag }) => [ANN, BOB, ANN].map((token) => put(name!, { decision: "accept" }, `"${etag}"`, token))),
    );
    expect(replies.map(({ status }) => status).sort()).toEqual([200, 200, 412, 412, 412, 412]);
    expect(readFileSync(file, "utf8").split("\n")).toHaveLength(4);
  });
});
