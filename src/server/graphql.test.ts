import { describe, expect, it } from "vitest";
import type { Answer, PortalApi } from "../catalog/graphql/answer.js";
import type { GraphqlRequest } from "../catalog/graphql/prepare.js";
import { graphqlRoute, withGraphql } from "./graphql.js";

const whole = (answer: unknown): Answer => ({ isUnavailable: false, text: `${JSON.stringify(answer)}\n`, rest: undefined });

/** An API that repeats what it is asked. */
const echo: PortalApi = { answer: async (request) => whole({ data: request }) };
const route = graphqlRoute({ api: echo });
const post = (body: string, headers: Record<string, string> = {}) =>
  new Request("http://localhost/graphql", { method: "POST", body, headers: { "content-type": "application/json", ...headers } });
const ask = async (request: Request, handler = route) => {
  const response = await handler(request, "");
  return { status: response.status, headers: response.headers, json: (await response.json()) as unknown };
};

describe("requests", () => {
  it("come with POST, however the official client's releases write them", async () => {
    for (const body of [
      { query: "{ a }" },
      { query: "{ a }", variables: {} },
      { query: "{ a }", variables: null, operationName: null },
    ]) {
      const { status, headers, json } = await ask(post(JSON.stringify(body)));
      expect([status, json]).toEqual([200, { data: body }]);
      expect(headers.get("content-type")).toBe("application/json; charset=utf-8");
      expect(headers.get("content-length")).toBe(String(JSON.stringify(json).length + 1));
    }
    for (const type of ["application/json; charset=utf-8", "APPLICATION/JSON", "application/graphql+json"]) {
      expect((await ask(post("{}", { "content-type": type }))).status).toBe(200);
    }
  });

  it("come with GET too", async () => {
    const url = `http://localhost/graphql?query=${encodeURIComponent("{ a }")}&variables=${encodeURIComponent('{"b":1}')}&operationName=c`;
    expect((await ask(new Request(url))).json).toEqual({ data: { query: "{ a }", variables: { b: 1 }, operationName: "c" } });
    expect((await ask(new Request("http://localhost/graphql?query=x&variables=y"))).status).toBe(400);
    const head = await route(new Request("http://localhost/graphql?query=x", { method: "HEAD" }), "");
    expect([head.status, head.body]).toEqual([200, null]);
  });

  it("may be up to five in one", async () => {
    const requests = Array.from({ length: 5 }, (_, at) => ({ query: `{ a${at} }` }));
    expect((await ask(post(JSON.stringify(requests)))).json).toEqual(requests.map((data) => ({ data })));
    expect((await ask(post(JSON.stringify([...requests, {}])))).status).toBe(400);
    expect((await ask(post("[]"))).status).toBe(400);
    expect((await ask(post("[1]"))).status).toBe(400);
  });

  it.each([
    ["", 400],
    ["{", 400],
    ["null", 400],
    ['"{ a }"', 400],
    ["5", 400],
  ])("that are none are refused: %j", async (body, status) => {
    const answer = await ask(post(body));
    expect(answer.status).toBe(status);
    expect(answer.json).toEqual({ errors: [{ message: expect.any(String) }] });
  });

  it("of other kinds are refused", async () => {
    expect((await ask(post("query=x", { "content-type": "application/x-www-form-urlencoded" }))).status).toBe(415);
    expect((await ask(post("{}", { "content-type": "text/plain" }))).status).toBe(415);
    expect((await ask(new Request("http://localhost/graphql"))).status).toBe(400);
  });

  it("are led to the API at its path, with and without a last slash, and nowhere else", async () => {
    const both = withGraphql(
      async () => new Response("api"),
      async (_, path) => new Response(path),
    );
    const at = async (path: string) => (await both(new Request(`http://localhost/${path}`), path)).text();
    expect(await Promise.all(["graphql", "graphql/", "graphqls", "graphql/x", "files/graphql"].map(at))).toEqual([
      "api",
      "api",
      "graphqls",
      "graphql/x",
      "files/graphql",
    ]);
  });
});

describe("answers", () => {
  it("are told with 200, and with 503 where the same question may do better later", async () => {
    const faulty: PortalApi = { answer: async () => whole({ errors: [{ message: "no" }] }) };
    expect((await ask(post("{}"), graphqlRoute({ api: faulty }))).status).toBe(200);
    const away: PortalApi = { answer: async () => ({ ...whole({ data: null }), isUnavailable: true }) };
    const { status, headers } = await ask(post("{}"), graphqlRoute({ api: away }));
    expect([status, headers.get("retry-after")]).toEqual([503, "1"]);
  });

  it("go out as they are read, and no further than somebody reads", async () => {
    const log: string[] = [];
    const pieces = async function* () {
      try {
        for (let at = 0; at < 1000; at++) {
          log.push(`read ${at}`);
          yield `${at},`;
        }
      } finally {
        log.push("ended");
      }
    };
    const api: PortalApi = {
      answer: async () => {
        const rest = pieces();
        return { isUnavailable: false, text: (await rest.next()).value as string, rest };
      },
    };
    const { body, headers } = await graphqlRoute({ api })(post("{}"), "");
    expect(headers.get("content-length")).toBeNull();
    const reader = body!.getReader();
    expect(new TextDecoder().decode((await reader.read()).value)).toBe("0,");
    expect(new TextDecoder().decode((await reader.read()).value)).toBe("1,");
    await reader.cancel();
    expect(log).toEqual(["read 0", "read 1", "ended"]);
  });

  it("are let go of in the midst of a batch", async () => {
    const log: string[] = [];
    const rest = async function* () {
      try {
        yield "a";
        yield "b";
      } finally {
        log.push("ended");
      }
    };
    const api: PortalApi = {
      answer: async (request: GraphqlRequest) => {
        log.push(`asked ${String(request.query)}`);
        const pieces = rest();
        return { isUnavailable: false, text: (await pieces.next()).value as string, rest: pieces };
      },
    };
    const { body } = await graphqlRoute({ api })(post('[{"query":"1"},{"query":"2"}]'), "");
    const reader = body!.getReader();
    await reader.read();
    await reader.cancel();
    expect(log).toEqual(["asked 1", "ended"]);
  });
});

describe("the page", () => {
  it("is for browsers, and fetches nothing from elsewhere", async () => {
    const response = await route(new Request("http://localhost/graphql", { headers: { accept: "text/html,*/*;q=0.8" } }), "");
    expect(response.headers.get("content-type")).toBe("text/html; charset=utf-8");
    const policy = response.headers.get("content-security-policy")!;
    expect(policy).toMatch(/^default-src 'none'; connect-src 'self';/);
    expect(policy).not.toMatch(/unsafe|\*/);
    const html = await response.text();
    expect(html).not.toMatch(/https?:\/\//);
    expect(html).not.toMatch(/innerHTML|document\.write|eval\(/);
  });
});
