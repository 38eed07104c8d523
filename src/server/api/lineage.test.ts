import { afterAll, beforeAll, expect, it } from "vitest";
import { printRef } from "../../model/ref.js";
import { memoryStore } from "../../stores/memory/store.js";
import { parseLocation } from "../../stores/url.js";
import { type Portal, servePortal } from "../portal.js";

let portal: Portal;
beforeAll(async () => {
  const store = memoryStore({ url: "https://lab.example/x" });
  await store.write("r/a.rawtlt", Buffer.from("-60.0\n-57.5 first\n"));
  const place = { id: "here", name: "here", kind: "folder", location: parseLocation("https://lab.example/x"), store } as const;
  portal = await servePortal({ places: [place], bucket: "b", version: "0" });
});
afterAll(() => portal.close());

const ask = async (path: string) => {
  const reply = await fetch(`${portal.url}/api/v1/${path}`);
  return [reply.status, await reply.json()];
};

it("a value is asked for in one of three ways, and a word only of a line", async () => {
  const value = (query: string) => ask(`lineage/${printRef({ kind: "place", place: "here", key: "r/a.rawtlt" })}/value?${query}`);
  expect(await value("line=2&word=2")).toMatchObject([200, { of: "word 2 of line 2", value: "first" }]);
  expect(await value("line=2")).toMatchObject([200, { of: "word 1 of line 2", value: "-57.5" }]);
  for (const query of ["", "word=1", "field=nx&word=1", "line=1&field=nx", "pointer=/a&line=1"])
    expect([query, ...(await value(query))]).toMatchObject([query, 400, { code: "USAGE" }]);
});

it("a place that is not served is said to be none", async () => {
  for (const path of ["places/there/list", "places/there/facts?key=r/a.rawtlt"])
    expect(await ask(path)).toMatchObject([404, { code: "NOT_FOUND", message: "there is no such location" }]);
  expect(await ask("places/here/list")).toMatchObject([200, { entries: [{ key: "r/", kind: "folder" }] }]);
});
