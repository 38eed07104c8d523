import { expect, it } from "vitest";
import type { Access } from "./access.js";
import { withSessions } from "./sessions.js";
import { COOKIE } from "./viewer.js";

const access = { linkOf: (key: string) => (key === "K1" ? { leftMs: 1_500 } : undefined) } as unknown as Access;
async function asked(
  query: string,
  { path = "/runs/1", origin = undefined as string | undefined, method = "GET", cookie = "" } = {},
) {
  const handler = withSessions(access, { base: "/em/", origin }, async () => new Response("others"));
  const request = new Request(`http://lab.test${path}${query}`, { method, headers: cookie ? { cookie } : {} });
  const { status, headers } = await handler(request, path.slice(1));
  return [status, headers.get("location"), headers.get("set-cookie")];
}

it("the key of a link goes into a cookie, and out of the address", async () => {
  const cookie = `${COOKIE}=K1; Path=/em/; Max-Age=2; HttpOnly; SameSite=Lax`;
  expect(await asked("?access=K1")).toEqual([303, "./1", cookie]);
  expect(await asked("?a=1&access=K1&b=2")).toEqual([303, "./1?a=1&b=2", cookie]);
  expect(await asked("?access=K1", { origin: "https://lab.test" })).toEqual([303, "./1", `${cookie}; Secure`]);
  expect(await asked("?access=K1", { cookie: `${COOKIE}=K0.K1` })).toEqual([303, "./1", cookie.replace("K1", "K1.K0")]);
  expect(await asked("?access=K1", { path: "/" })).toEqual([303, "./", cookie]);
});

it("a key that is not known leaves no cookie; other requests go on", async () => {
  expect(await asked("?access=K2")).toEqual([303, "./1", null]);
  expect(await asked("")).toEqual([200, null, null]);
  expect(await asked("?access=K1", { method: "POST" })).toEqual([200, null, null]);
});
