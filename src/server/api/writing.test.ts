import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { systemClock } from "../../core/clock.js";
import { makeLog } from "../../core/log.js";
import type { ServerFacts } from "../../model/page-api.js";
import { corsPolicy } from "../cors.js";
import type { JobKind } from "../job-kinds.js";
import { type Portal, servePortal } from "../portal.js";
import { openTokens } from "../tokens.js";

/** Who may change something: every route that does so, by who asks, as `openapi.json` says of it. */
const [ALL, READ, OLD, HELD] = ["a", "r", "o", "h"].map((letter) => letter.repeat(43)) as [string, string, string, string];
const folder = mkdtempSync(join(tmpdir(), "emporium-writing-"));
const logged: string[] = [];
/** Without it no route of jobs is there. */
const kind: JobKind = {
  ...{ kind: "noop", summary: "Nothing", body: z.strictObject({ kind: z.literal("noop") }), locations: {} },
  ...{ words: () => ["noop"], planWords: () => undefined, inputOf: () => undefined, fields: [] },
};
let portal: Portal;
beforeAll(async () => {
  const path = join(folder, "tokens");
  const held = createHash("sha256").update(HELD).digest("hex");
  const lines = [`${ALL}`, `guest read ${READ}`, `old review,write ${OLD} until=2020-01-01`, `held review,write sha256:${held}`];
  writeFileSync(path, `${lines.join("\n")}\n`, { mode: 0o600 });
  const { tokens } = openTokens(path, () => systemClock.now());
  portal = await servePortal({
    ...{ places: [], bucket: "b", version: "0", workspace: join(folder, "workspace"), url: "https://lab.example.org/em" },
    writing: { tokens, roots: [], jobs: { kinds: [kind], program: ["false"] } },
    cors: corsPolicy(["*"]),
    log: makeLog((...told) => logged.push(JSON.stringify(told))),
  });
});
afterAll(async () => {
  await portal.close();
  rmSync(folder, { recursive: true });
});

interface Described {
  readonly paths: Readonly<Record<string, Readonly<Record<string, { readonly "x-scope"?: string }>>>>;
}
interface Reply {
  readonly status: number;
  readonly text: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}
/** As a program sends it: `fetch` sets some of these headers itself. */
const ask = (method: string, path: string, headers: Record<string, string> = {}, body = "{}"): Promise<Reply> =>
  new Promise((resolve, reject) => {
    const sent = request(`${portal.url}/${path}`, { method, headers: { "content-type": "application/json", ...headers } });
    sent.once("error", reject).once("response", async (reply) => {
      let text = "";
      for await (const piece of reply.setEncoding("utf8")) text += piece as string;
      resolve({ status: reply.statusCode!, text, headers: reply.headers });
    });
    sent.end(/^P/.test(method) ? body : undefined);
  });
const token = (one: string) => ({ authorization: `Bearer ${one}` });

describe("A22: what changes something", () => {
  it("is done for who has the token and the scope, and comes from no other page: 100 % of the routes", async () => {
    const { paths } = JSON.parse((await ask("GET", "api/v1/openapi.json")).text) as Described;
    const routes = Object.entries(paths).flatMap(([path, by]) =>
      Object.entries(by).flatMap(([method, facts]) =>
        method === "get" ? [] : [{ method: method.toUpperCase(), path, scope: facts["x-scope"] }],
      ),
    );
    expect(routes.map(({ method, path }) => `${method} ${path}`).sort()).toEqual([
      "POST /jobs",
      "POST /jobs/{id}/resume",
      "POST /jobs/{id}/start",
      "POST /jobs/{id}/stop",
      "POST /submissions",
      "POST /submissions/{id}/stop",
      "POST /submissions/{id}/write",
      "POST /views",
      "POST /views/{id}/remove",
      "PUT /curate/decisions/{row}",
      "PUT /submissions/{id}/decisions",
      "PUT /submissions/{id}/facts",
      "PUT /submissions/{id}/profile",
      "PUT /views/{id}",
    ]);
    for (const { method, path, scope } of routes) {
      const about = `${method} ${path}`;
      const at = `api/v1${path.replaceAll(/\{\w+\}/g, "00000000T000000-000000")}`;
      const status = async (headers: Record<string, string>) => (await ask(method, at, headers)).status;
      expect(["review", "write"], about).toContain(scope);
      expect(await status({}), `${about}, none`).toBe(401);
      for (const wrong of ["x".repeat(43), OLD, `${ALL}a`, ""]) expect(await status(token(wrong)), `${about}, wrong`).toBe(401);
      expect(await status({ authorization: `Basic ${ALL}` }), about).toBe(401);
      expect(await status(token(READ)), `${about}, to read`).toBe(403);
      for (const origin of ["https://evil.example", "null", "http://127.0.0.1:1", "https://lab.example.org:444"]) {
        expect(await status({ ...token(ALL), origin }), `${about} of ${origin}`).toBe(403);
      }
      for (const site of ["cross-site", "same-site"]) {
        expect(await status({ ...token(ALL), "sec-fetch-site": site }), `${about}, ${site}`).toBe(403);
      }
      for (const origin of [portal.url, "https://lab.example.org"]) {
        // nothing is as it should be in the body, and nothing is there that the path names: more than that is not refused
        for (const one of [ALL, HELD]) {
          expect([400, 404, 422], `${about}, right`).toContain(await status({ ...token(one), origin }));
        }
      }
      const plain = await ask(method, at, { ...token(ALL), "content-type": "text/plain" });
      expect([400, 404], `${about}, as a form`).toContain(plain.status);
    }
  });

  it("(34.attack) every address that is read has its rule: the workspace is for who has a token of today, the data are for all", async () => {
    const { paths } = JSON.parse((await ask("GET", "api/v1/openapi.json")).text) as Described;
    const read = Object.entries(paths).flatMap(([path, by]) => ("get" in by ? [path] : []));
    const closed: string[] = [];
    for (const path of read) {
      const at = `api/v1${path.replaceAll(/\{\w+\}/g, "00000000T000000-000000")}${path === "/events" ? "?topics=jobs" : ""}`;
      const status = async (headers: Record<string, string>, method = path === "/events" ? "HEAD" : "GET") =>
        (await ask(method, at, headers)).status;
      const nobody = await status({});
      // whoever is refused learns nothing by a wrong token, an expired one, another method, or a page elsewhere
      for (const wrong of ["x".repeat(43), OLD, `${ALL}a`]) expect(await status(token(wrong)), `${path}, wrong`).toBe(nobody);
      if (nobody !== 403) continue;
      closed.push(path);
      expect(await status({}, "HEAD"), `HEAD ${path}`).toBe(403);
      expect(await status({ ...token(ALL), origin: "https://evil.example" }), `${path}, elsewhere`).toBe(403);
      for (const right of [READ, ALL, HELD]) expect(await status(token(right)), `${path}, right`).not.toBe(403);
    }
    expect(closed.sort()).toEqual([
      "/curate/batches",
      "/curate/labels",
      "/curate/labels/{id}",
      "/curate/labels/{id}/histogram.csv",
      "/curate/labels/{id}/histogram.svg",
      "/curate/matches",
      "/curate/matches/sets",
      "/curate/matches/{row}",
      "/curate/overlap",
      "/events",
      "/harvest/sets",
      "/harvest/sets/{id}",
      "/harvest/sets/{id}/comparison.csv",
      "/harvest/sets/{id}/comparison.json",
      "/jobs",
      "/jobs/{id}",
      "/plans",
      "/plans/{id}",
      "/plans/{id}/document",
      "/submissions",
      "/submissions/{id}",
      "/submissions/{id}/decisions",
      "/submissions/{id}/files",
      "/submissions/{id}/yaml",
    ]);
    // reports are those on what is served
    expect(read.filter((path) => !closed.includes(path)).sort()).toEqual([
      "/download",
      "/download/levels",
      "/download/size",
      "/download/zip",
      "/facets",
      "/lineage/{ref}/point",
      "/lineage/{ref}/value",
      "/lineage/{ref}/voxel",
      "/microscopy",
      "/microscopy/{id}",
      "/microscopy/{id}/frame",
      "/microscopy/{id}/pixels",
      "/neuroglancer/at/{ref}",
      "/neuroglancer/tomogram/{id}",
      "/openapi.json",
      "/overlays/{ref}",
      "/overlays/{ref}/{file}",
      "/overlays/{ref}/{mesh}/{file}",
      "/places/{place}/facts",
      "/places/{place}/list",
      "/reports",
      "/reports/{id}",
      "/reports/{id}/document",
      "/reports/{id}/findings",
      "/search",
      "/server",
      "/views",
      "/volumes/{ref}",
      "/volumes/{ref}/plane",
    ]);
  });

  it("takes no other method, no body of more than 1 MiB, and nothing that is not JSON", async () => {
    for (const method of ["PATCH", "PROPFIND"]) expect((await ask(method, "api/v1/jobs", token(ALL))).status, method).toBe(405);
    expect((await ask("POST", "api/v1/nowhere", token(ALL))).status).toBe(404);
    expect((await ask("POST", "api/v1/nowhere")).status).toBe(401);
    expect((await ask("POST", "api/v1/server", token(ALL))).status).toBe(404);
    expect((await ask("PUT", "api/v1/nowhere", token(ALL), "x".repeat(2 ** 20 + 1))).status).toBe(413);
    for (const path of ["runs", "files/x", "at/x/y", "s3/b/x", "viewer/", "zarr/x/y"]) {
      expect((await ask("PUT", path, token(ALL))).status, path).toBe(405);
    }
  });

  it("lets pages of other origins ask for nothing of it, whatever --cors lets them read", async () => {
    const origin = "https://evil.example";
    const preflight = (method: string) => ask("OPTIONS", "api/v1/jobs", { origin, "access-control-request-method": method });
    expect((await preflight("GET")).headers["access-control-allow-origin"]).toBe("*");
    for (const method of ["POST", "PUT"]) {
      const { headers } = await preflight(method);
      expect(Object.keys(headers).filter((name) => name.startsWith("access-control"))).toEqual([]);
    }
    const { headers } = await ask("POST", "api/v1/jobs", { ...token(ALL), origin });
    expect(headers["access-control-allow-origin"]).toBeUndefined();
  });

  it("shows the workspace to who has a token, from wherever: a server behind a proxy to nobody else", async () => {
    const shown = async (headers: Record<string, string>) => (await ask("GET", "api/v1/jobs", headers)).status;
    expect([
      await shown({ origin: "https://evil.example", ...token(ALL) }),
      await shown({ "sec-fetch-site": "cross-site" }),
    ]).toEqual([403, 403]);
    expect([await shown({}), await shown(token(OLD)), await shown(token(READ)), await shown(token(ALL))]).toEqual([
      403, 403, 200, 200,
    ]);
    const facts = JSON.parse((await ask("GET", "api/v1/server", token(READ))).text) as ServerFacts;
    expect([facts.writing, facts.holder, facts.jobs]).toEqual([true, { name: "guest", scopes: ["read"] }, true]);
    const nobody = JSON.parse((await ask("GET", "api/v1/server")).text) as ServerFacts;
    expect([nobody.writing, nobody.holder, nobody.jobs]).toEqual([true, undefined, false]);
  });

  it("a token is in no reply and in no line of the log", async () => {
    const texts: string[] = [];
    for (const one of [ALL, READ, OLD, HELD, "x".repeat(43)]) {
      // what is not found is named: a token that the server knows is not
      const named = one === HELD ? "x" : one;
      for (const path of ["server", "jobs", "nowhere", "openapi.json", `jobs/${named}`, `server?${named}=${named}`]) {
        for (const method of ["GET", "POST", "PUT"])
          texts.push(JSON.stringify(await ask(method, `api/v1/${path}`, token(one), one)));
      }
    }
    const told = [...texts, ...logged];
    for (const secret of [ALL, READ, OLD, HELD]) expect(told.filter((text) => text.includes(secret))).toEqual([]);
  });
});
