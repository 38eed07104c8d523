import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { manualClock } from "../../../core/clock.js";
import type { AwsAccess } from "../../../stores/s3/access.js";
import { batchApi } from "./api.js";

interface Answer {
  readonly status: number;
  readonly text?: string;
  readonly headers?: Readonly<Record<string, string>>;
}
let answers: Answer[] = [];
let asked: { url: string | undefined; body: string; signed: boolean }[] = [];
let server: Server;
beforeAll(async () => {
  server = createServer(async (request, reply) => {
    let body = "";
    for await (const piece of request) body += piece;
    asked.push({ url: request.url, body, signed: /\/eu-west-1\/batch\//.test(request.headers.authorization ?? "") });
    const { status, text = "", headers = {} } = answers[asked.length - 1] ?? { status: 200, text: '{"jobId":"1"}' };
    reply.writeHead(status, headers).end(text);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});
beforeEach(() => {
  asked = [];
});

const access = {
  region: "eu-west-1",
  credentials: async () => ({ accessKeyId: "A", secretAccessKey: "S" }),
} as unknown as AwsAccess;
function api() {
  const clock = manualClock(Date.UTC(2026, 0, 2));
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    clock,
    call: batchApi({
      endpoint,
      access,
      clock,
      random: () => 0.5,
      policy: { tries: 3, baseMs: 10, capMs: 10, retryAfterMsMax: 60_000 },
    }),
  };
}

/** Errors by "Common Errors" of the AWS Batch API Reference; their type is in a header or in the text. */
describe("AWS Batch's interface", () => {
  it("is asked by signed JSON, and may answer with nothing", async () => {
    answers = [{ status: 200, text: '{"jobId":"1"}' }, { status: 200 }];
    const { call } = api();
    expect(await call("submitjob", { a: 1 })).toEqual({ jobId: "1" });
    expect(await call("terminatejob", {})).toEqual({});
    expect(asked).toEqual([
      { url: "/v1/submitjob", body: '{"a":1}', signed: true },
      { url: "/v1/terminatejob", body: "{}", signed: true },
    ]);
  });

  it.each<[string, Answer]>([
    ["429", { status: 429 }],
    ["a type in a header", { status: 400, headers: { "x-amzn-errortype": "ThrottlingException:http://x" } }],
    ["a type in the text", { status: 400, text: '{"__type":"TooManyRequestsException#x"}' }],
  ])("is asked again where it was too much, also for what changes something: %s", async (_, answer) => {
    answers = [answer];
    const { call } = api();
    expect(await call("submitjob", {}, { changes: true })).toEqual({ jobId: "1" });
    expect(asked.length).toBe(2);
  });

  it("is asked again after a fault of its own, but not where that may do something twice", async () => {
    answers = [{ status: 503, headers: { "retry-after": "7" } }];
    const { call, clock } = api();
    expect(await call("describejobs", {})).toEqual({ jobId: "1" });
    expect([asked.length, clock.sleeps]).toEqual([2, [7_000]]);
    asked = [];
    await expect(api().call("submitjob", {}, { changes: true })).rejects.toMatchObject({ code: "ENGINE_SILENT" });
    expect(asked.length).toBe(1);
    asked = [];
    answers = [500, 500, 500].map((status) => ({ status }));
    await expect(api().call("describejobs", {})).rejects.toMatchObject({ code: "ENGINE_SILENT" });
    expect(asked.length).toBe(3);
  });

  it.each<[Answer, string, RegExp, RegExp]>([
    [
      { status: 403, text: '{"__type":"ExpiredTokenException","message":"too old"}' },
      "STORE_DENIED",
      /too old \(ExpiredTokenException\)/,
      /log in again/,
    ],
    [
      { status: 400, headers: { "x-amzn-errortype": "RequestExpired" } },
      "STORE_DENIED",
      /status 400 \(RequestExpired\)/,
      /log in again/,
    ],
    [{ status: 403, text: '{"message":"no"}' }, "STORE_DENIED", /submitjob: no$/, /credentials that allow/],
    [{ status: 401, text: "<html>" }, "STORE_DENIED", /status 401$/, /credentials that allow/],
    [{ status: 400, text: '{"message":"no such job queue"}' }, "ENGINE_REFUSED", /no such job queue/, /name a job queue/],
    [{ status: 404, text: '{"Message":"no Definition"}' }, "ENGINE_REFUSED", /no Definition/, /name a job definition/],
    [{ status: 400, text: '{"message":7}' }, "ENGINE_REFUSED", /status 400/, /change the profile/],
    [{ status: 200, text: "<html>" }, "ENGINE_SILENT", /what is not JSON/, /try again later/],
  ])("refuses: %j", async (answer, code, message, hint) => {
    answers = [answer];
    const facts = { hint: expect.stringMatching(hint) };
    await expect(api().call("submitjob", {})).rejects.toMatchObject({ code, message: expect.stringMatching(message), facts });
    expect(asked.length).toBe(1);
  });
});
