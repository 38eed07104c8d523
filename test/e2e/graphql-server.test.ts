import type { Socket } from "node:net";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ENTITIES } from "../../src/catalog/entities.js";
import { systemClock } from "../../src/core/clock.js";
import { makeLog } from "../../src/core/log.js";
import { postsTo } from "../../src/server/bodies.js";
import { GRAPHQL_POSTS, graphqlRoute, withGraphql } from "../../src/server/graphql.js";
import { refusal } from "../../src/server/handler.js";
import { type Listening, listen } from "../../src/server/listen.js";
import { asked, type PortalDatabase, portalDatabase, randomRows, type TableRow } from "./graphql-kit.js";

/** The API over HTTP on a larger table: what comes in pieces, what breaks, what is refused. */
const FRAMES = 30_000;
const ROWS = randomRows(5, (name) => (name === "Frame" ? FRAMES : 20));

let portal: PortalDatabase;
let server: Listening;
beforeAll(async () => {
  portal = await portalDatabase(ROWS);
  const route = graphqlRoute({ api: portal.api() });
  server = await listen(
    withGraphql(route, async () => refusal(404, "not found")),
    { bodies: postsTo(GRAPHQL_POSTS) },
  );
});
afterAll(async () => {
  await server?.close();
  await portal?.stop();
});

const send = (query: string, more: object = {}) =>
  fetch(`${server.url}/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ query, ...more }),
  });
const idle = ({ pool }: { pool: pg.Pool }) => pool.totalCount === pool.idleCount;
const ALL_FRAMES = "{ frames { id runId acquisitionOrder accumulatedDose isGainCorrected s3FramePath fileSize } }";

describe("whole tables", () => {
  it("come complete and in order, as one statement", async () => {
    portal.statements.length = 0;
    const { data } = (await (await send(ALL_FRAMES)).json()) as { data: { frames: Record<string, unknown>[] } };
    const expected = ROWS.get("Frame")!.map((row) => ({
      id: row.id,
      runId: row.run_id,
      acquisitionOrder: row.acquisition_order,
      accumulatedDose: row.accumulated_dose,
      isGainCorrected: row.is_gain_corrected,
      s3FramePath: row.s3_frame_path,
      fileSize: row.file_size,
    }));
    expect(data.frames.length).toBe(FRAMES);
    expect(data.frames).toEqual(expected);
    // and, since it is longer than a portion, once the time to read it
    expect(portal.statements.slice(1).map(({ sql }) => sql)).toEqual(["select set_config('statement_timeout', $1, true)"]);
  });

  it("come in pieces, none of them read before the one before is taken", async () => {
    const { text, rest } = await portal.api().answer({ query: ALL_FRAMES });
    expect(text.length).toBeLessThan(200_000);
    const second = await rest!.next();
    expect(String(second.value).length).toBeLessThan(200_000);
    expect(idle(portal.reader)).toBe(false);
    await rest!.return();
    expect(idle(portal.reader)).toBe(true);
  });

  it("seam 23: cannot keep every session, however slowly they are read: the slowest gives its own to whoever waits", async () => {
    let now = 0;
    const clock = { ...systemClock, monotonic: () => now };
    const api = portal.api({ clock });
    const { max } = portal.reader.pool.options;
    const held = await Promise.all(Array.from({ length: max }, () => api.answer({ query: ALL_FRAMES })));
    now = 2_000;
    expect(await asked(api, { query: "{ runsAggregate { aggregate { count } } }" })).toEqual({
      data: { runsAggregate: { aggregate: [{ count: 20 }] } },
    });
    const codes: unknown[] = [];
    for (const { text, rest } of held) {
      let whole = text;
      for await (const piece of rest!) whole += piece;
      const { data, errors } = JSON.parse(whole) as { data: { frames: unknown[] }; errors?: { extensions: { code: string } }[] };
      codes.push(errors?.[0]?.extensions.code ?? data.frames.length);
    }
    expect(codes.filter((code) => code === "BUSY")).toHaveLength(1);
    expect(codes.filter((code) => code === FRAMES)).toHaveLength(max - 1);
    expect(idle(portal.reader)).toBe(true);
  });

  it("come beside others in one request", async () => {
    portal.statements.length = 0;
    const query = `{ a: frames(where: {id: {_lt: 1000}}) { id } runs { id } framesAggregate { aggregate { count } } none: frames(where: {id: {_lt: 0}}) { id }
      b: frames(orderBy: [{id: desc}], limitOffset: {limit: 450}) { id } }`;
    const { data } = (await (await send(query)).json()) as { data: Record<string, { id: number }[]> };
    expect(data.a!.map(({ id }) => id)).toEqual(Array.from({ length: 900 }, (_, at) => 100 + at));
    expect(data.b!.map(({ id }) => id)).toEqual(Array.from({ length: 450 }, (_, at) => FRAMES + 99 - at));
    expect(Object.keys(data)).toEqual(["a", "runs", "framesAggregate", "none", "b"]);
    expect([data.none, data.framesAggregate]).toEqual([[], { aggregate: [{ count: FRAMES }] }]);
    expect(portal.statements.filter(({ sql }) => !sql.includes("set_config"))).toHaveLength(1);
  });

  it("are exactly the portions that they are read in", async () => {
    for (const limit of [199, 200, 201, 400]) {
      const { data } = await portal.ask(`{ frames(limitOffset: {limit: ${limit}}) { id } }`);
      expect((data as unknown as { frames: unknown[] }).frames).toHaveLength(limit);
    }
    expect(idle(portal.reader)).toBe(true);
  });

  it("are asked for by thousands of identifiers, of any numbers of clients at once", async () => {
    const ids = Array.from({ length: 20_000 }, (_, at) => at * 2);
    type Answer = { data: { frames: unknown[] } | null; errors?: { extensions: { code: string } }[] };
    /** Who is told that the server is busy, as on a machine that does much else, asks again. */
    const client = async (): Promise<Answer> => {
      const answer = (await (await send(`{ frames(where: {id: {_in: [${ids.join(", ")}]}}) { id } }`)).json()) as Answer;
      if (answer.data) return answer;
      expect(answer.errors).toMatchObject([{ extensions: { code: expect.stringMatching(/^(?:BUSY|TIMEOUT)$/) } }]);
      return client();
    };
    const answers = await Promise.all(Array.from({ length: 30 }, client));
    for (const answer of answers) expect(answer.data!.frames).toHaveLength(FRAMES / 2);
    expect(idle(portal.reader)).toBe(true);
  });
});

describe("what breaks", () => {
  const logged = () => {
    const lines: string[] = [];
    return { lines, log: makeLog((level, message, facts) => lines.push(`${level} ${message} ${JSON.stringify(facts)}`)) };
  };

  it("is let go of where the client goes away", async () => {
    const stop = new AbortController();
    const response = await fetch(`${server.url}/graphql`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({
        query: "{ frames { s3FramePath httpsFramePath run { name s3Prefix httpsPrefix dataset { description } } } }",
      }),
      signal: stop.signal,
    });
    await response.body!.getReader().read();
    stop.abort();
    await expect.poll(() => idle(portal.reader), { timeout: 20_000 }).toBe(true);
    expect((await send("{ runs { id } }")).status).toBe(200);
  });

  it("takes too long: that is said, and the session goes on", async () => {
    const impatient = await portal.open({ role: "reader", connections: 1 });
    try {
      await impatient.pool.query("set statement_timeout = 1"); // of its only session
      const { log, lines } = logged();
      const slow =
        "{ frames(orderBy: [{s3FramePath: asc}, {accumulatedDose: desc}]) { id perSectionParameters { edges { node { id } } } } }";
      for (let round = 0; round < 3; round++) {
        const { text, isUnavailable } = await portal.api({ pool: impatient.pool, log }).answer({ query: slow });
        expect([JSON.parse(text), isUnavailable]).toEqual([
          {
            data: null,
            errors: [{ message: "The query takes too long: ask for less at a time.", extensions: { code: "TIMEOUT" } }],
          },
          false,
        ]);
      }
      expect(lines).toHaveLength(3);
      expect(impatient.pool.totalCount).toBe(1);
    } finally {
      await impatient.close();
    }
  });

  it("in the midst of an answer is told at its end, which is JSON all the same", async () => {
    const own = await portal.open({ role: "reader", connections: 1 });
    try {
      let socket: Socket | undefined;
      own.pool.on("acquire", (client) => {
        socket = (client as unknown as { connection: { stream: Socket } }).connection.stream;
      });
      const { log, lines } = logged();
      const { text, rest } = await portal.api({ pool: own.pool, log }).answer({ query: ALL_FRAMES });
      const second = await rest!.next();
      socket!.destroy();
      let whole = text + String(second.value);
      for await (const piece of rest!) whole += piece;
      const { data, errors } = JSON.parse(whole) as { data: { frames: unknown[] }; errors: object[] };
      expect(data.frames.length).toBeGreaterThanOrEqual(400);
      expect(data.frames.length).toBeLessThan(FRAMES);
      expect(errors).toEqual([{ message: "Unexpected error." }]);
      expect(lines.join()).toContain("DATABASE_UNAVAILABLE");
      expect(await asked(portal.api({ pool: own.pool }), { query: "{ runsAggregate { aggregate { count } } }" })).toEqual({
        data: { runsAggregate: { aggregate: [{ count: 20 }] } },
      });
    } finally {
      await own.close();
    }
  });

  it("is not reading slowly: the limit of statements is for the first rows alone, and holds again for the next request", async () => {
    const own = await portal.open({ role: "reader", connections: 1 });
    try {
      await own.pool.query("set statement_timeout = 250");
      const { text, rest } = await portal.api({ pool: own.pool }).answer({ query: ALL_FRAMES });
      let whole = text;
      for (let at = 0; at < 3; at++) {
        await systemClock.sleep(400);
        whole += String((await rest!.next()).value);
      }
      for await (const piece of rest!) whole += piece;
      const { data, errors } = JSON.parse(whole) as { data: { frames: unknown[] }; errors?: object[] };
      expect([data.frames.length, errors]).toEqual([FRAMES, undefined]);
      const { rows } = await own.pool.query("show statement_timeout");
      expect(rows).toEqual([{ statement_timeout: "250ms" }]);
    } finally {
      await own.close();
    }
  });

  it("is reading for ever: that ends the answer", async () => {
    const { text, rest } = await portal.api({ answerMs: 20 }).answer({ query: ALL_FRAMES });
    let whole = text + String((await rest!.next()).value);
    await systemClock.sleep(200);
    for await (const piece of rest!) whole += piece;
    expect((JSON.parse(whole) as { errors: object[] }).errors).toEqual([
      { message: "The query takes too long: ask for less at a time.", extensions: { code: "TIMEOUT" } },
    ]);
    expect(idle(portal.reader)).toBe(true);
  });

  it("is told with 503 where there is no database", async () => {
    const { lines, log } = logged();
    const nobody = new pg.Pool({ host: "127.0.0.1", port: 1 });
    const route = graphqlRoute({ api: portal.api({ pool: nobody, log }) });
    const request = new Request("http://localhost/graphql?query={runs{id}}");
    const response = await route(request, "");
    expect([response.status, await response.json()]).toEqual([503, { data: null, errors: [{ message: "Unexpected error." }] }]);
    expect(lines).toHaveLength(1);
    await nobody.end();
  });
});

describe("what is refused", () => {
  it("costs no statement", async () => {
    portal.statements.length = 0;
    const deep = `{ runs { ${"dataset { deposition { datasets { edges { node { ".repeat(6)} id ${"} ".repeat(30)} } }`;
    const aliases = `{ ${Array.from({ length: 40 }, (_, at) => `a${at}: runs { id }`).join(" ")} }`;
    for (const query of [deep, aliases, "{ runs { nothing } }", "{", "mutation { a }"]) {
      const response = await send(query);
      expect(response.status).toBe(200);
      expect(((await response.json()) as { errors: unknown[] }).errors.length).toBeGreaterThan(0);
    }
    expect(portal.statements).toHaveLength(0);
  });

  it("is a body that is too large, and one that is none", async () => {
    expect((await send(`{ runs(where: {name: {_eq: "${"x".repeat(9_000_000)}"}}) { id } }`)).status).toBe(413);
    expect((await fetch(`${server.url}/graphql`, { method: "POST", body: "{}" })).status).toBe(415);
    expect((await fetch(`${server.url}/files`, { method: "POST", body: "{}" })).status).toBe(405);
  });

  it("is writing, by the session that answers", async () => {
    await expect(portal.reader.pool.query("delete from emporium_portal.run")).rejects.toThrow();
    await expect(portal.reader.pool.query("set transaction read write; delete from emporium_portal.run")).rejects.toThrow();
  });
});

/** Texts that end statements, quotes, patterns or documents elsewhere. */
const PAYLOADS = [
  "'; drop table emporium_portal.run; --",
  "' or '1'='1",
  "' or 1=1 --",
  "'' or ''=''",
  '" or "1"="1',
  "1; select pg_sleep(10)",
  "'); select pg_sleep(10); --",
  "' union select usename from pg_user --",
  "\\'; drop table run; --",
  "$1",
  "$$; drop table run; $$",
  "{1,2}",
  '{"a","b"}',
  "NULL",
  "null",
  "}','{",
  "E'\\x27'",
  "%",
  "_",
  "%_%",
  "\\%",
  ".*",
  "(a+)+$",
  "[[:alpha:]]",
  '"}} { __schema { types { name } } }',
  '\\"}) { id } }',
  "#comment",
  "/* */",
  "$" + "{process.exit(1)}",
  "\u2028\u2029\ufeff",
  "ʼ or 1=1",
  "🦠' --",
];

describe("texts that are meant for others", () => {
  const runs = PAYLOADS.map(
    (name, at): TableRow => ({ id: 5000 + at, dataset_id: 100, name, s3_prefix: name, https_prefix: "x" }),
  );
  beforeAll(async () => {
    const owner = await portal.open({ role: "owner" });
    const table = "emporium_portal.run";
    await owner.pool.query(`insert into ${table} select * from json_populate_recordset(null::${table}, $1)`, [
      JSON.stringify(runs),
    ]);
    await owner.close();
  });

  it.each(PAYLOADS)("%s is found as it stands, and is a parameter", async (payload) => {
    portal.statements.length = 0;
    const own = [{ id: 5000 + PAYLOADS.indexOf(payload), name: payload }];
    const literal = JSON.stringify(payload);
    for (const filter of [
      `{_eq: ${literal}}`,
      `{_in: [${literal}, "other"]}`,
      `{_like: ${JSON.stringify(payload.replace(/[\\%_]/g, "\\$&"))}}`,
    ]) {
      expect(await portal.ask(`{ runs(where: {id: {_gte: 5000}, name: ${filter}}) { id name } }`), filter).toEqual({
        data: { runs: own },
      });
    }
    const { data } = await portal.ask(
      "query ($where: RunWhereClause) { runsAggregate(where: $where) { aggregate { count groupBy { s3Prefix } } } }",
      {
        variables: { where: { id: { _gte: 5000 }, s3Prefix: { _eq: payload } } },
      },
    );
    expect(data).toEqual({ runsAggregate: { aggregate: [{ count: 1, groupBy: { s3Prefix: payload } }] } });
    for (const { sql, parameters } of portal.statements) {
      if (payload.length > 6) expect(sql).not.toContain(payload);
      expect(parameters.length).toBeGreaterThan(0);
    }
    expect(new Set(portal.statements.map(({ sql }) => sql)).size).toBe(4);
  });

  it("are no columns and no orders: those are names of the schema", async () => {
    for (const payload of ["name; drop table run", 'name" desc --', "password", "xmin", "ctid"]) {
      const ordered = await portal.ask("query ($o: [RunOrderByClause!]) { runs(orderBy: $o) { id } }", {
        variables: { o: [{ [payload]: "asc" }] },
      });
      const directed = await portal.ask("query ($o: [RunOrderByClause!]) { runs(orderBy: $o) { id } }", {
        variables: { o: [{ name: payload }] },
      });
      expect([ordered.errors?.length, directed.errors?.length]).toEqual([1, 1]);
    }
    expect(ENTITIES).toHaveLength(23);
  });
});
