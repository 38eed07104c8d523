import { expect, it } from "vitest";
import { manualClock } from "../core/clock.js";
import { servedMemory } from "./memory-shares.js";
import { serverMetrics } from "./metrics.js";

const request = (path: string, headers: Record<string, string> = {}) =>
  new Request(`http://127.0.0.1/${path}`, { headers: { "x-client-address": "127.0.0.1", ...headers } });

it("answers are counted by the first word of their path, with the time until they began", async () => {
  const clock = manualClock(1_000_000);
  const metrics = serverMetrics({ clock, memory: servedMemory(undefined, false), streams: () => 3, isHandedOn: false });
  const text = async () => (await metrics.route(request("metrics"), "metrics")).text();
  const handler = metrics.counted(async (_, path) => {
    clock.advance(path === "api/slow" ? 2_000 : 20);
    if (path === "api/broken") throw new Error("broken");
    if (path === "api/looks") expect(await text()).toMatch(/^emporium_requests_under_way 1$/m);
    return new Response("", { status: path === "none" ? 404 : 200 });
  });
  for (const path of ["api/a", "api/slow", "none", "files", "api/looks"]) await handler(request(path), path);
  await expect(handler(request("api/broken"), "api/broken")).rejects.toThrow("broken");
  const lines = (await text()).split("\n");
  expect(lines.filter((line) => line.startsWith("emporium_requests_total")).sort()).toEqual([
    'emporium_requests_total{route="api",status="200"} 3',
    'emporium_requests_total{route="api",status="500"} 1',
    'emporium_requests_total{route="files",status="200"} 1',
    'emporium_requests_total{route="page",status="404"} 1',
  ]);
  expect(lines).toEqual(
    expect.arrayContaining([
      'emporium_request_seconds_bucket{le="0.01",route="api"} 0',
      'emporium_request_seconds_bucket{le="0.03",route="api"} 3',
      'emporium_request_seconds_bucket{le="3",route="api"} 4',
      "emporium_requests_under_way 0",
      "emporium_event_streams 3",
    ]),
  );
});

it("figures are for programs of this machine alone", async () => {
  const options = { clock: manualClock(), memory: servedMemory(undefined, false), streams: () => 0 };
  const statusOf = async (isHandedOn: boolean, headers?: Record<string, string>) =>
    (await serverMetrics({ ...options, isHandedOn }).route(request("metrics", headers), "metrics")).status;
  expect(await statusOf(false)).toBe(200);
  expect(await statusOf(true)).toBe(403);
  expect(await statusOf(false, { "x-client-address": "192.0.2.7" })).toBe(403);
  expect(await statusOf(false, { "x-forwarded-for": "192.0.2.7" })).toBe(403);
});
