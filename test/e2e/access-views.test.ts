import { createHash } from "node:crypto";
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ApiError, SavedView, SavedViews } from "../../src/model/page-api.js";
import { printRef } from "../../src/model/ref.js";
import type { Portal } from "../../src/server/portal.js";
import { openTokens } from "../../src/server/tokens.js";
import { type AccessLab, accessLab, fileOf, runOf, type Thing } from "./access-kit.js";

/** Views that were saved, and rules of access: who may not see a volume sees none of its views, by whatever question; who may, sees them. */
const START = Date.parse("2026-11-28T12:00:00Z");

let lab: AccessLab;
let portal: Portal;
let tomogram: (dataset: number, deposition?: number) => Thing;
beforeAll(async () => {
  lab = await accessLab((text) => createHash("sha256").update(text).digest("hex"), START);
  const { tokens } = openTokens(join(lab.folder, "tokens"), () => lab.clock.now());
  portal = await lab.serve({ workspace: join(lab.folder, "workspace"), writing: { tokens, roots: [] } });
  tomogram = (dataset, deposition) =>
    lab.things.find(
      (one) => one.kind === "tomogram" && one.dataset === dataset && (!deposition || one.deposition === deposition),
    )!;
});
afterAll(() => lab?.stop());

const bearer = (name: string) => ({ authorization: `Bearer ${lab.tokens[name]}` });
const json = { "content-type": "application/json" };
const ask = (path: string, headers: Record<string, string> = {}) => fetch(`${portal.url}/api/v1/${path}`, { headers });
const listed = async (query: string, who?: string): Promise<readonly SavedView[]> => {
  const answer = await ask(`views${query}`, who === undefined ? {} : bearer(who));
  expect(answer.status).toBe(200);
  return ((await answer.json()) as SavedViews).views;
};
const namesOf = async (query: string, who?: string) => (await listed(query, who)).map(({ name }) => name);
async function change(method: "POST" | "PUT", path: string, body: object, headers: Record<string, string> = {}) {
  const answer = await fetch(`${portal.url}/api/v1/${path}`, {
    method,
    headers: { ...json, ...bearer("root"), ...headers },
    body: JSON.stringify(body),
  });
  return { status: answer.status, body: (await answer.json()) as SavedView & ApiError };
}
const save = (name: string, to: string, note = "") => change("POST", "views", { name, note, to });

describe("saved views under rules of access", () => {
  it("are seen by who may see the volume, and by nobody else, whatever is asked", async () => {
    const [open, hidden, guest] = [tomogram(10001), tomogram(10004), tomogram(10001, 502)];
    const inFile = `/view/at/${printRef({ kind: "place", place: "tree", key: fileOf(hidden) })}`;
    for (const [name, to] of [
      ["open", `/view/tomogram/${open.id}?p=1,2,3`],
      ["hidden", `/view/tomogram/${hidden.id}`],
      ["hidden by its file", inFile],
      ["of a deposition that is embargoed", `/view/tomogram/${guest.id}`],
      ["beside a hidden one", `/view/tomogram/${open.id}?l=compare&w=tomogram:${hidden.id}`],
    ] as const)
      expect([name, (await save(name, to)).status]).toEqual([name, 200]);
    const all = ["beside a hidden one", "of a deposition that is embargoed", "hidden by its file", "hidden", "open"];
    const eve = ["beside a hidden one", "hidden by its file", "hidden", "open"];
    expect([await namesOf("", "root"), await namesOf("", "eve"), await namesOf("", "lars"), await namesOf("")]).toEqual([
      all,
      eve,
      ["open"],
      ["open"],
    ]);
    for (const query of [`?run=${1000 + 10004}`, `?ref=tomogram:${hidden.id}`, `?ref=${inFile.slice("/view/at/".length)}`]) {
      expect([query, await namesOf(query), await namesOf(query, "eve")]).toEqual([query, [], ["hidden by its file", "hidden"]]);
      // as of a run and a volume that were never there
      const never = query.replace(/\d{4,5}$/, "99999");
      expect(await (await ask(`views${query}`)).text()).toBe(await (await ask(`views${never}`)).text());
    }
    expect(await namesOf(`?run=${1000 + 10001}`)).toEqual(["open"]);
    expect(await namesOf(`?run=${1000 + 10001}`, "root")).toEqual(all.filter((name) => !name.startsWith("hidden")));
    expect((await listed(""))[0]!.run).toEqual({ id: 11001, name: "TS_1" });
  });

  it("name no layer that somebody may not see", async () => {
    const open = tomogram(10001);
    const own = lab.things.find(
      ({ kind, dataset, deposition }) => kind === "annotation" && dataset === 10001 && deposition === 501,
    )!;
    const other = lab.things.find(
      ({ kind, dataset, deposition }) => kind === "annotation" && dataset === 10001 && deposition === 502,
    )!;
    const to = `/view/tomogram/${open.id}?on=${own.id},${other.id}&o=${other.id}:0.5`;
    await save("layers", to);
    const [seen] = await listed(`?ref=tomogram:${open.id}`);
    const [whole] = await listed(`?ref=tomogram:${open.id}`, "root");
    expect([seen!.to, whole!.to]).toEqual([`/view/tomogram/${open.id}?on=${own.id}&o=`, to]);
  });

  it("name who saved them to who has a token, and nobody else", async () => {
    expect((await listed("", "lars")).map(({ who }) => who)).toContain("root");
    const views = await listed("");
    expect([views.length > 0, views.filter(({ who }) => who !== undefined)]).toEqual([true, []]);
  });

  it("are saved, renamed and removed by who may write, and not by others", async () => {
    const { body: view } = await save("to be renamed", `/view/tomogram/${tomogram(10001).id}`);
    const match = { "if-match": `"${view.etag}"` };
    for (const headers of [bearer("eve"), { authorization: "" }]) {
      const refused = await change("PUT", `views/${view.id}`, { name: "x" }, { ...match, ...headers });
      expect([401, 403]).toContain(refused.status);
      expect([401, 403]).toContain((await change("POST", "views", { name: "x", to: view.to }, headers)).status);
    }
    expect((await change("PUT", `views/${view.id}`, { name: "x" })).status).toBe(428);
    expect((await change("PUT", `views/${view.id}`, { name: "x" }, { "if-match": '"other"' })).status).toBe(412);
    const renamed = await change("PUT", `views/${view.id}`, { name: " renamed ", note: "why\nthus" }, match);
    expect([renamed.status, renamed.body.name, renamed.body.note]).toEqual([200, "renamed", "why\nthus"]);
    expect((await change("POST", `views/${view.id}/remove`, {}, match)).status).toBe(412);
    const removed = await change("POST", `views/${view.id}/remove`, {}, { "if-match": `"${renamed.body.etag}"` });
    expect([removed.status, (await namesOf("", "root")).includes("renamed")]).toEqual([200, false]);
    expect((await change("POST", `views/${view.id}/remove`, {}, match)).status).toBe(404);
  });

  it("are plain texts of a length, and addresses of volumes that are there", async () => {
    const to = `/view/tomogram/${tomogram(10001).id}`;
    const file = join(lab.folder, "workspace/views.json");
    const before = readFileSync(file);
    for (const body of [
      { to },
      { name: "", to },
      { name: " \u200b ", to },
      { name: "x".repeat(81), to },
      { name: "two\nlines", to },
      { name: "bell\u0007", to },
      { name: "line\u2028", to },
      { name: "x", note: "y".repeat(2_001), to },
      { name: "x", note: "nul\0", to },
      { name: "x", to: "https://elsewhere.example/" },
      { name: "x", to: "/view/tomogram/5?q=1" },
      { name: "x", to: `${to}?on=${"1,".repeat(4_000)}` },
      { name: "x", to, who: "somebody else" },
      { name: "x", to, id: "../../x" },
    ]) {
      expect([body, (await change("POST", "views", body)).status]).toEqual([body, 400]);
    }
    for (const to of ["/view/tomogram/99999", "/view/at/tree/..%2f..%2fetc/passwd", `/view/at/tree/${runOf(10001)}/nothing.mrc`])
      expect([to, [400, 404].includes((await change("POST", "views", { name: "x", to })).status)]).toEqual([to, true]);
    expect(readFileSync(file).equals(before)).toBe(true);
    for (const query of ["?run=0", "?run=1e99", "?ref=../x", "?run=1&run=2", "?of=1"])
      expect((await ask(`views${query}`)).status).toBe(400);
    const hostile = `<img src=x onerror=alert(1)> "&' \u202e`;
    const { body } = await change("POST", "views", { name: hostile, note: hostile, to });
    expect([body.name, body.note]).toEqual([hostile.trim(), hostile.trim()]);
  });

  it("of a volume that is gone are kept, told to who sees everything, and to nobody else", async () => {
    const own = tomogram(10006);
    await save("goes", `/view/tomogram/${own.id}`);
    rmSync(join(lab.tree, fileOf(own)));
    rmSync(join(lab.tree, fileOf(own).replace(".mrc", ".zarr")), { recursive: true });
    const mine = (views: readonly SavedView[]) => views.filter(({ name }) => name === "goes").map(({ isGone }) => isGone);
    expect(mine(await listed("", "root"))).toEqual([true]);
    expect(mine(await listed(`?run=${1000 + 10006}`, "root"))).toEqual([true]);
    expect([mine(await listed("")), mine(await listed("", "eve"))]).toEqual([[], []]);
  });
});
