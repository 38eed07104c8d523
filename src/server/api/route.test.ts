import { Hono } from "hono";
import { expect, it } from "vitest";
import { z } from "zod";
import { isEmporiumError } from "../../core/errors.js";
import type { TokenScope } from "../../model/page-api.js";
import { post, setHolder } from "./route.js";

/** Code of the error with which a request ends, or its answer. */
async function answerTo(scopes: TokenScope[] | undefined, body = '{"n":1}', type = "application/json", query = "") {
  const app = new Hono();
  app.onError((error, c) => c.text(isEmporiumError(error) ? `${error.code} ${error.message}` : `crash: ${error.message}`));
  app.use("*", async (c, next) => {
    if (scopes) setHolder(c, { name: "ada", scopes: new Set(scopes) });
    await next();
  });
  const facts = { summary: "s", query: z.object({ q: z.string().optional() }), body: z.strictObject({ n: z.number() }) };
  post(app, "/x", { ...facts, scope: "write" }, (c, { q = "-" }, { n }, { name }) => c.text(`${name} ${n} ${q}`));
  return (await app.request(`/x${query}`, { method: "POST", headers: { "content-type": type }, body })).text();
}

it("nothing is changed for somebody who brought no token, or one without the scope", async () => {
  expect(await answerTo(undefined)).toBe("TOKEN_REFUSED the request was not authenticated");
  expect(await answerTo(["review"])).toBe("TOKEN_SCOPE the request needs a token with the scope write; this token has review");
  expect(await answerTo(["review", "write"], '{"n":1}', "application/json; charset=utf-8", "?q=y")).toBe("ada 1 y");
});

it("a body is JSON, says that it is, and has the fields that are known", async () => {
  const jobs: TokenScope[] = ["write"];
  expect(await answerTo(jobs, '{"n":1}', "text/plain")).toBe("USAGE expected a body of the type application/json");
  expect(await answerTo(jobs, '{"n":1}', "application/jsonx")).toBe("USAGE expected a body of the type application/json");
  expect(await answerTo(jobs, "{")).toBe("USAGE the body is not JSON");
  expect(await answerTo(jobs, '{"n":"1"}')).toMatch(/^USAGE n: /);
  expect(await answerTo(jobs, '{"n":1,"m":2}')).toMatch(/^USAGE the body: /);
});

it("a parameter that is not known, or is given twice, is refused", async () => {
  const jobs: TokenScope[] = ["write"];
  expect(await answerTo(jobs, '{"n":1}', "application/json", "?r=1")).toMatch(/^USAGE parameter r: /);
  expect(await answerTo(jobs, '{"n":1}', "application/json", "?q=1&q=2")).toBe("USAGE parameter q: given 2 times; give it once");
});
