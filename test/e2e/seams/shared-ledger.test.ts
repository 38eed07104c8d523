import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startFaultServer } from "../../faults/server.mjs";
import { newcomer } from "./newcomer.js";

/** Two people with homes and workspaces of their own, and one ledger in a bucket. */
let server: Awaited<ReturnType<typeof startFaultServer>>;
let people: ReturnType<typeof newcomer>[];
const LEDGER = ["--ledger", "s3://portal/gemeinsam/buch"];

beforeAll(async () => {
  server = await startFaultServer({ buckets: ["portal"] });
  const env = {
    AWS_ENDPOINT_URL: server.url,
    AWS_ACCESS_KEY_ID: "test",
    AWS_SECRET_ACCESS_KEY: "test",
    AWS_REGION: "us-east-1",
  };
  people = [newcomer(env), newcomer(env)];
});
afterAll(async () => {
  for (const person of people) await person.leave();
  await server.close();
});

describe("curate batches in a bucket", () => {
  it("seam 36: lose no line of two who write at once", async () => {
    const [ada, ben] = people as [(typeof people)[0], (typeof people)[0]];
    const ended = await Promise.all([
      ada.run("curate", "batches", "add", "d1-MS", "--label", "MS", ...LEDGER),
      ben.run("curate", "batches", "add", "d2-MS", "--label", "MS", ...LEDGER),
    ]);
    expect(ended.map(({ status, err }) => [status, err])).toEqual([
      [0, ""],
      [0, ""],
    ]);
    const { out } = await ben.run("curate", "batches", "list", "--json", ...LEDGER);
    expect((JSON.parse(out) as { batches: { id: string }[] }).batches.map(({ id }) => id).sort()).toEqual(["d1-MS", "d2-MS"]);
  });
});
