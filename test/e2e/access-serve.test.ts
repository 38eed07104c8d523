import { createHash } from "node:crypto";
import { mkdirSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Log } from "../../src/core/log.js";
import type { AccessNotes, ServerFacts } from "../../src/model/page-api.js";
import type { Place } from "../../src/server/places.js";
import type { Portal, PortalOptions } from "../../src/server/portal.js";
import { openTokens } from "../../src/server/tokens.js";
import { fileStore } from "../../src/stores/file/store.js";
import { parseLocation } from "../../src/stores/url.js";
import { type AccessLab, accessLab, DATASETS, LINK, RULES } from "./access-kit.js";
import { insertRows } from "./graphql-kit.js";

/** Access rules of a running server: links, sessions, proxies, files that change, and ways around that are none. */
const START = Date.parse("2026-11-28T12:00:00Z");
const DAY_MS = 24 * 60 * 60_000;

let lab: AccessLab;
let portal: Portal;
beforeAll(async () => {
  lab = await accessLab((text) => createHash("sha256").update(text).digest("hex"), START);
  mkdirSync(join(lab.folder, "other"));
  writeFileSync(join(lab.folder, "other/notes.txt"), "of nobody's dataset");
  // names in a dataset that everybody sees, for files of one that is hidden
  symlinkSync("../10004", join(lab.tree, "10001/beside"));
  symlinkSync("../10004/dataset_metadata.json", join(lab.tree, "10001/linked.json"));
  portal = await lab.serve();
});
afterAll(() => lab?.stop());
beforeEach(() => at("2026-11-28"));

const at = (day: string) => lab.clock.advance(Date.parse(`${day}T12:00:00Z`) - lab.clock.now() + 5_000);
const HIDDEN = "10004/dataset_metadata.json";
const LINKED = "10003/dataset_metadata.json";
const bearer = (name: string) => ({ authorization: `Bearer ${lab.tokens[name]}` });

async function ask(path: string, headers: Record<string, string> = {}, init: RequestInit = {}, of = portal) {
  const response = await fetch(`${of.url}${path}`, { ...init, headers, redirect: "manual" });
  return { status: response.status, headers: response.headers, text: await response.text() };
}
const status = async (path: string, headers?: Record<string, string>, of = portal) => (await ask(path, headers, {}, of)).status;
const datasetsOf = async (headers?: Record<string, string>, of = portal): Promise<number[]> => {
  const body = JSON.stringify({ query: "{ datasets(orderBy: [{ id: asc }]) { id } }" });
  const { text } = await ask("/graphql", { "content-type": "application/json", ...headers }, { method: "POST", body }, of);
  return (JSON.parse(text) as { data: { datasets: { id: number }[] } }).data.datasets.map(({ id }) => id);
};
const keeping = (lines: string[]): Log => {
  const keep = (message: string) => void lines.push(message);
  return { debug: () => {}, info: keep, warn: keep, error: keep };
};
const place = (folder: string, more: Partial<Place> = {}): Place => ({
  ...{ id: "beside", name: "beside", kind: "folder", location: parseLocation(folder), store: fileStore(folder, { sync: false }) },
  ...more,
});

describe("a reviewer's link", () => {
  it("goes into a cookie and out of the address, whatever its key is worth", async () => {
    const opened = await ask(`/datasets/10003?tab=1&access=${LINK}`);
    expect([opened.status, opened.headers.get("location"), opened.headers.get("cache-control")]).toEqual([
      303,
      "./10003?tab=1",
      "no-store",
    ]);
    const cookie = opened.headers.get("set-cookie")!;
    expect(cookie).toMatch(/^emporium_access=[\w-]+; Path=\/; Max-Age=\d+; HttpOnly; SameSite=Lax$/);
    expect(Number(/Max-Age=(\d+)/.exec(cookie)![1]) * 1000).toBeLessThan(
      Date.parse("2027-03-02T00:00:00Z") - lab.clock.now() + 1_000,
    );
    expect(await status(`/files/${LINKED}`)).toBe(404);
    expect(await status(`/files/${LINKED}`, { cookie: cookie.split(";")[0]! })).toBe(200);
    const wrong = await ask(`/datasets/10003?tab=1&access=${LINK}x`);
    expect([wrong.status, wrong.headers.get("location"), wrong.headers.get("set-cookie")]).toEqual([303, "./10003?tab=1", null]);
    const away = await ask(`//elsewhere.example/x?access=${LINK}`);
    expect(new URL(away.headers.get("location")!, `${portal.url}/`).origin).toBe(portal.url);
    for (const path of ["/javascript:alert(1)", "/%2f%2felsewhere.example", "/a/%5cb"]) {
      const { headers } = await ask(`${path}?access=${LINK}`);
      expect(new URL(headers.get("location")!, `${portal.url}${path}`).origin).toBe(portal.url);
    }
  });

  it("shows what it names through its last day, also to programs, and nothing after that", async () => {
    const key = { authorization: `Bearer ${LINK}` };
    const visible = DATASETS.map(({ id }) => id).filter((id) => ![10002, 10004].includes(id));
    expect(await datasetsOf(key)).toEqual(visible);
    lab.clock.advance(Date.parse("2027-03-01T23:59:59Z") - lab.clock.now());
    expect(await status("/files/10006/dataset_metadata.json", key)).toBe(200);
    lab.clock.advance(1_000);
    expect(await status("/files/10006/dataset_metadata.json", key)).toBe(404);
  });

  it("is not another one of the same name", async () => {
    const second = "key-of-another-reviewer-0000000000000000000";
    const hash = createHash("sha256").update(second).digest("hex");
    const links = `links:\n  - {name: reviewer 2, datasets: [10004], key: "sha256:${hash}", until: 2027-03-01}`;
    const both = await lab.serve({ rules: RULES.replace("links:", links) });
    const seen = async (key: string) =>
      (await datasetsOf({ authorization: `Bearer ${key}` }, both)).filter((id) => [10003, 10004].includes(id));
    // one after the other, and again: neither gets what was decided for the other
    for (const key of [LINK, second, LINK]) expect(await seen(key)).toEqual(key === LINK ? [10003] : [10004]);
    portal = await lab.serve();
  });
});

describe("days", () => {
  it("pass while the server runs", async () => {
    lab.clock.advance(Date.parse("2027-01-30T23:59:59Z") - lab.clock.now());
    expect(await datasetsOf()).toEqual([10001, 10005, 10007]);
    lab.clock.advance(1_000);
    expect(await datasetsOf()).toEqual([10001, 10003, 10005, 10007]);
    lab.clock.advance(DAY_MS - 1_000);
    expect(await datasetsOf()).toEqual([10001, 10003, 10005, 10007]);
    lab.clock.advance(1_000);
    expect(await datasetsOf()).toEqual([10001, 10002, 10003, 10005, 10007]);
    expect(await status("/files/10002/dataset_metadata.json")).toBe(200);
  });
});

describe("headers of a proxy", () => {
  it("are taken from a trusted one only", async () => {
    const user = { "x-forwarded-user": "max", "x-client-address": "10.9.9.9" };
    expect(await status(`/files/${LINKED}`, user)).toBe(200);
    const other = await lab.serve({ rules: RULES.replace("127.0.0.1", "10.9.9.0/24") });
    expect(await status(`/files/${LINKED}`, user, other)).toBe(404);
    expect(await datasetsOf(user, other)).toEqual(await datasetsOf({}, other));
    const none = await lab.serve({ rules: RULES.replace(/proxy:.*\n/, "") });
    expect(await status(`/files/${LINKED}`, user, none)).toBe(404);
    portal = await lab.serve();
  });
});

describe("a session", () => {
  const begin = (headers: Record<string, string>, method = "POST") => ask("/api/v1/session", headers, { method });

  it("begins with a token and is none, reads and does not write", async () => {
    expect((await begin({})).status).toBe(401);
    expect((await begin({ authorization: "Bearer wrong" })).status).toBe(401);
    expect((await begin({ ...bearer("eve"), origin: "https://elsewhere.example" })).status).toBe(403);
    expect((await begin({ ...bearer("eve"), "sec-fetch-site": "cross-site" })).status).toBe(403);
    const begun = await begin(bearer("root"));
    const cookie = begun.headers.get("set-cookie")!.split(";")[0]!;
    expect(begun.text + cookie).not.toContain(lab.tokens.root);
    expect(await status(`/files/${HIDDEN}`, { cookie })).toBe(200);
    expect((await begin({ cookie }, "DELETE")).headers.get("set-cookie")).toMatch(/^emporium_access=; .*Max-Age=0/);
    // a cookie is sent by itself: it starts nothing
    const writing = { tokens: openTokens(join(lab.folder, "tokens"), () => lab.clock.now()).tokens, roots: [] };
    const writable = await lab.serve({ writing });
    const body = JSON.stringify({ kind: "x" });
    const job = { "content-type": "application/json" };
    const session = cookie.replace("emporium_access=", "");
    expect((await ask("/api/v1/jobs", { ...job, cookie }, { method: "POST", body }, writable)).status).toBe(401);
    expect(
      (await ask("/api/v1/jobs", { ...job, authorization: `Bearer ${session}` }, { method: "POST", body }, writable)).status,
    ).toBe(401);
    expect((await ask("/api/v1/jobs", { ...job, ...bearer("root") }, { method: "POST", body }, writable)).status).toBe(404);
  });

  it("is kept secret by its cookie where people come by https", async () => {
    const secure = await lab.serve({ url: "https://portal.example.org/lab" });
    const host = { host: "portal.example.org" };
    const begun = await ask("/lab/api/v1/session", { ...host, ...bearer("eve") }, { method: "POST" }, secure);
    expect(begun.headers.get("set-cookie")).toMatch(/Path=\/lab\/; Max-Age=\d+; HttpOnly; SameSite=Lax; Secure$/);
  });
});

describe("answers", () => {
  it("are kept by no cache for somebody else", async () => {
    for (const path of ["/files/10001/dataset_metadata.json", "/api/v1/server", "/api/v1/volumes/tomogram:20007"]) {
      const { headers } = await ask(path);
      expect([path, headers.get("cache-control")]).toEqual([path, expect.stringMatching(/private|no-store/)]);
      expect(headers.get("vary")).toContain("authorization, cookie, x-forwarded-user, x-forwarded-groups");
    }
  });

  it("count what is seen, and tell of the rules only to whom they let in", async () => {
    const facts = async (headers?: Record<string, string>) =>
      JSON.parse((await ask("/api/v1/server", headers)).text) as ServerFacts;
    const notes = async (headers?: Record<string, string>) =>
      JSON.parse((await ask("/api/v1/access", headers)).text) as AccessNotes;
    const nobody = await facts();
    expect(nobody.catalogue?.counts).toEqual({ datasets: 3, runs: 3, tomograms: 3, annotations: 3, depositions: 3 });
    expect(nobody.access).toEqual({ signIn: true });
    expect(await notes()).toEqual({ datasets: {}, depositions: {} });
    const eve = await facts(bearer("eve"));
    expect(eve.catalogue?.counts?.datasets).toBe(5);
    expect(eve.access).toEqual({ signIn: true, viewer: "eve" });
    expect(await notes(bearer("eve"))).toEqual({
      datasets: { 10003: { for: ["membrane-lab", "eve"], until: "2027-01-31" }, 10004: { for: ["eve"] } },
      depositions: {},
    });
    expect((await notes(bearer("root"))).datasets["10002"]).toEqual({ until: "2027-02-01" });
    for (const path of ["/healthz", "/metrics", "/api/v1/server", "/"])
      expect((await ask(path)).text).not.toMatch(/\b(?:1000[246]|50[23])\b/);
  });
});

describe("ways around", () => {
  const ghost = (path: string) => path.replaceAll("10004", "98765").replace("%31%30%30%30%34", "%39%38%37%36%35");

  it("are none: other spellings of a path, links in the tree", async () => {
    const paths = [
      ...[
        "10004/dataset_metadata.json",
        "%31%30%30%30%34/dataset_metadata.json",
        "10004%2Fdataset_metadata.json",
        "/10004/dataset_metadata.json",
      ],
      ...[
        "10004//dataset_metadata.json",
        "10004/dataset_metadata.json/",
        "010004/dataset_metadata.json",
        "10004/TS_4/../dataset_metadata.json",
      ],
      ...[
        "10001/%2e%2e/10004/dataset_metadata.json",
        "10004",
        "10004/",
        "10004%00/dataset_metadata.json",
        "10004/TS_4/run_metadata.json?x=1",
      ],
      ...[".not-there/10004/dataset_metadata.json", "10004 /dataset_metadata.json", "10004./dataset_metadata.json"],
    ];
    for (const root of ["/files/", "/at/tree/", "/s3/portal/"]) {
      for (const path of paths) {
        const [found, never] = [await ask(root + path), await ask(root + ghost(path))];
        expect([root + path, found.status, found.text]).toEqual([root + path, never.status, never.text]);
        expect(found.status).not.toBe(200);
      }
      for (const path of ["10001/linked.json", "10001/beside/dataset_metadata.json", "10001/beside/TS_4/run_metadata.json"]) {
        expect([root + path, await status(root + path), await status(root + path, bearer("eve"))]).toEqual([
          root + path,
          404,
          200,
        ]);
      }
    }
    const listed = await ask("/api/v1/places/tree/list?prefix=10001/beside/");
    expect(listed.text).not.toContain("TS_4");
  });

  it("are none: pages of the bucket from anywhere to anywhere", async () => {
    const keysOf = async (headers: Record<string, string>, more: string) => {
      const keys: string[] = [];
      for (let token = ""; ; ) {
        const { text } = await ask(`/s3/portal?list-type=2&max-keys=7${more}${token}`, headers);
        keys.push(...[...text.matchAll(/<Key>(.*?)<\/Key>/g)].map(([, key]) => key!));
        const next = /<NextContinuationToken>(.*?)</.exec(text)?.[1];
        if (next === undefined) return keys;
        token = `&continuation-token=${next}`;
      }
    };
    const all = await keysOf(bearer("root"), "");
    const seen = await keysOf({}, "");
    expect(seen).toEqual(
      all.filter((key) => /^(?:10001|10005|10007|depositions_metadata\/50[145])\//.test(key) && seen.includes(key)),
    );
    expect(all.length).toBeGreaterThan(seen.length + 30);
    expect(await keysOf({}, "&prefix=1000&start-after=10003")).toEqual(
      seen.filter((key) => key.startsWith("1000") && key > "10003"),
    );
    expect(await keysOf({}, "&prefix=10004/")).toEqual([]);
    // every key of the list is there, and none that is not
    for (const key of all) expect([key, await status(`/s3/portal/${key}`)]).toEqual([key, seen.includes(key) ? 200 : 404]);
  });

  it("are none: the same folder given as another location, a part of it, or one around it", async () => {
    const others = [
      place(join(lab.tree, "10004"), { id: "part" }),
      place(join(lab.tree, "10001"), { id: "open" }),
      place(lab.folder, { id: "around" }),
      place(lab.tree, { id: "again" }),
    ];
    const all = await lab.serve({ others });
    expect(await status("/at/part/dataset_metadata.json", {}, all)).toBe(404);
    expect(await status("/at/part/dataset_metadata.json", bearer("eve"), all)).toBe(200);
    expect(await status("/at/open/dataset_metadata.json", {}, all)).toBe(200);
    for (const path of ["/at/around/tree/", "/at/again/"]) {
      expect([
        path,
        await status(`${path}${HIDDEN}`, {}, all),
        await status(`${path}10001/dataset_metadata.json`, {}, all),
      ]).toEqual([path, 404, 200]);
    }
    const { places } = JSON.parse((await ask("/api/v1/server", {}, {}, all)).text) as ServerFacts;
    expect(places.map(({ id }) => id)).toEqual(["tree", "open", "around", "again"]);
  });

  it("are none: what commands have left, and other locations where nothing is public by itself", async () => {
    const options: Partial<PortalOptions> & { others: Place[] } = {
      workspace: lab.folder,
      others: [place(join(lab.folder, "other"))],
    };
    const open = await lab.serve(options);
    expect(await status("/at/beside/notes.txt", {}, open)).toBe(200);
    expect(await status("/api/v1/jobs", {}, open)).toBe(403);
    expect(await status("/api/v1/events?topics=jobs", {}, open)).toBe(403);
    expect(await status("/api/v1/jobs", bearer("lars"), open)).toBe(200);
    const shut = await lab.serve({ ...options, rules: `default: embargoed\n${RULES}` });
    expect(await datasetsOf({}, shut)).toEqual([10001, 10005, 10007]);
    expect(await status("/at/beside/notes.txt", {}, shut)).toBe(404);
    expect(await status("/at/nowhere/notes.txt", {}, shut)).toBe(404);
    expect(await status("/at/beside/notes.txt", bearer("lars"), shut)).toBe(200);
    // a dataset that nobody has imported is not released
    mkdirSync(join(lab.tree, "10099/TS_1"), { recursive: true });
    writeFileSync(join(lab.tree, "10099/dataset_metadata.json"), "{}");
    expect(await status("/files/10099/dataset_metadata.json", {}, shut)).toBe(404);
    expect(await status("/files/10099/dataset_metadata.json", bearer("root"), shut)).toBe(200);
    expect(await status("/files/10099/dataset_metadata.json")).toBe(200);
    portal = await lab.serve();
  });

  it("are none: asking while a dataset is imported", async () => {
    const shut = await lab.serve({ rules: `default: embargoed\n${RULES}` });
    expect(await datasetsOf({}, shut)).toEqual([10001, 10005, 10007]);
    const owner = await lab.database.open({ role: "owner" });
    try {
      const [first] = (await owner.pool.query("select * from emporium_portal.dataset where id = 10001")).rows as Record<
        string,
        string
      >[];
      await insertRows(owner.pool, new Map([["Dataset", [{ ...first!, id: 10098, release_date: "2030-01-01" }]]]));
      // at the same moment: nobody has read the rows again
      expect(await datasetsOf({}, shut)).toEqual([10001, 10005, 10007]);
      expect(await datasetsOf(bearer("root"), shut)).toContain(10098);
      await owner.pool.query("update emporium_portal.dataset set release_date = '2024-01-01' where id = 10098");
      lab.clock.advance(2_000);
      expect(await datasetsOf({}, shut)).toEqual([10001, 10005, 10007, 10098]);
      await owner.pool.query("update emporium_portal.dataset set release_date = '2031-01-01' where id = 10098");
      expect(await datasetsOf({}, shut)).toEqual([10001, 10005, 10007]);
    } finally {
      await owner.pool.query("delete from emporium_portal.dataset where id = 10098");
      await owner.close();
    }
    portal = await lab.serve();
  });
});

describe("the file of rules", () => {
  it("is read again when it changes, and keeps its word while it is broken", async () => {
    const lines: string[] = [];
    const own = await lab.serve({ log: keeping(lines) });
    expect(await status(`/files/${HIDDEN}`, {}, own)).toBe(404);
    const change = (text: string, seconds: number) => {
      writeFileSync(lab.file, text);
      utimesSync(lab.file, seconds, seconds);
      lab.clock.advance(2_000);
    };
    change("datasets: {10004: public}\n", 1_800_000_000);
    expect(await status(`/files/${HIDDEN}`, {}, own)).toBe(200);
    change("datasets: {10004: pubic}\n", 1_800_000_001);
    expect(await status(`/files/${HIDDEN}`, {}, own)).toBe(200);
    expect(lines.join("\n")).toMatch(
      /its new rules hold from now on[\s\S]*datasets.10004: expected public.*found "pubic"; the rules of before stay/,
    );
    change("datasets: {10004: embargoed, 10077: public}\n", 1_800_000_002);
    expect(await status(`/files/${HIDDEN}`, {}, own)).toBe(200); // it was released in 2024
    expect(lines.at(-1)).toMatch(/names 1 dataset that the catalogue does not have \(10077\)/);
    change("datasets: {10004: {for: [ada]}}\n", 1_800_000_003);
    expect(await status(`/files/${HIDDEN}`, {}, own)).toBe(404);
  });

  it("is not asked where there is none: all is as it ever was", async () => {
    const open = await lab.serve({ rules: null });
    expect(await datasetsOf({}, open)).toEqual(DATASETS.map(({ id }) => id));
    const { headers, text } = await ask("/files/10004/dataset_metadata.json", {}, {}, open);
    expect([headers.get("cache-control"), headers.get("vary"), text]).toEqual([
      "no-cache",
      null,
      expect.stringContaining("title"),
    ]);
    const facts = JSON.parse((await ask("/api/v1/server", {}, {}, open)).text) as ServerFacts;
    expect("access" in facts).toBe(false);
    expect(await status("/api/v1/access", {}, open)).toBe(404);
    expect((await ask("/api/v1/session", bearer("eve"), { method: "POST" }, open)).status).toBe(405);
    expect((await ask(`/datasets/10003?access=${LINK}`, { accept: "text/html" }, {}, open)).status).not.toBe(303);
    // and no statement names a view
    expect(lab.database.statements.some(({ sql }) => sql.includes("emporium_portal"))).toBe(true);
    const before = lab.database.statements.length;
    await datasetsOf({}, open);
    expect(lab.database.statements.slice(before).some(({ sql }) => sql.includes("emporium_seen"))).toBe(false);
  });
});
