import { afterEach, describe, expect, it } from "vitest";
import { NODE_PROGRAM } from "../../../../../test/node-program.js";
import { systemClock } from "../../../../core/clock.js";
import { asEmporiumError, type EmporiumError } from "../../../../core/errors.js";
import { type Program, type ProgramBatch, startProgram } from "./program.js";

const HELLO = 'send("hello", { protocol: 1, transport: "inline" });';
/** Adds 1 to each number; some numbers make it fail. */
const PLUS_ONE = `
let asked = 0;
function answer(head, payload) {
  if (head.position !== asked++) return send("error", { message: "out of order" });
  if (payload[0] === 100) return send("error", { message: "no such voxel", tail: "line 7" });
  if (payload[0] === 101) { process.stderr.write("out of luck"); process.exit(3); }
  if (payload[0] === 102) return;
  if (payload[0] === 103) return send("request", { credits: 1 });
  if (payload[0] === 104) return result(Buffer.from([1, 2]), { shape: [1, 3] });
  if (payload[0] === 105) return result(Buffer.alloc(3), { dtype: "int8" });
  if (payload[0] === 106) return send("result", { dtype: "uint8", shape: [1, 3] });
  result(payload.map((one) => one + 1));
}`;

const open: Program[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((program) => program.close()));
});

async function start(code: string, timeoutMs = 20_000): Promise<Program> {
  const program = await startProgram({
    ...{ command: [process.execPath, "-e", NODE_PROGRAM + code], gpus: undefined, timeoutMs, clock: systemClock },
    ...{ hello: { node: "n" }, batchBytes: 16, resultBytes: 16 },
  });
  open.push(program);
  return program;
}
const batch = (...numbers: number[]): ProgramBatch => ({
  head: { arrays: {} },
  pieces: [Uint8Array.from(numbers.slice(0, 1)), Uint8Array.from(numbers.slice(1))],
  result: { dtype: "uint8", shape: [1, numbers.length], bytes: numbers.length },
});

describe("a person's program", () => {
  it("keeps this process alive while it computes, and not while nothing is asked of it", async () => {
    const alive = () => process.getActiveResourcesInfo().filter((name) => name === "ProcessWrap").length;
    const program = await start(HELLO + PLUS_ONE);
    const idle = alive();
    const stop = new AbortController();
    const asked = program.compute(batch(102, 0, 0), stop.signal);
    asked.catch(() => {});
    await new Promise((resolve) => setImmediate(resolve));
    expect(alive()).toBe(idle + 1);
    stop.abort(new Error("stopped"));
    await expect(asked).rejects.toThrow("stopped");
    expect(alive()).toBe(idle);
  });

  it("computes batches one after the other; an error of its own is the block's, and it goes on", async () => {
    const program = await start(HELLO + PLUS_ONE);
    const asked = [
      [1, 2, 3],
      [100, 0, 0],
      [7, 8, 9],
    ].map((numbers) => program.compute(batch(...numbers), undefined));
    const [first, second, third] = await Promise.allSettled(asked);
    expect([first, third].map((one) => one?.status === "fulfilled" && [...one.value])).toEqual([
      [2, 3, 4],
      [8, 9, 10],
    ]);
    expect(second).toMatchObject({
      reason: {
        code: "PROGRAM_FAILED",
        message: "the program failed: no such voxel",
        facts: { retry: "no", hint: "it wrote: line 7" },
      },
    });
    expect(program.isAlive).toBe(true);
    await expect(program.compute(batch(1), AbortSignal.abort(new Error("stopped")))).rejects.toThrow("stopped");
    await program.close();
    expect(program.isAlive).toBe(false);
  });

  it("that ends when it is told to leaves nothing that is waited for", async () => {
    const waits: AbortSignal[] = [];
    const sleep = (ms: number, signal?: AbortSignal) => {
      if (signal) waits.push(signal);
      return systemClock.sleep(ms, signal);
    };
    const program = await startProgram({
      ...{ command: [process.execPath, "-e", NODE_PROGRAM + HELLO + PLUS_ONE], gpus: undefined, timeoutMs: 20_000 },
      ...{ clock: { ...systemClock, sleep }, hello: {}, batchBytes: 16, resultBytes: 16 },
    });
    expect([...(await program.compute(batch(1, 2), undefined))]).toEqual([2, 3]);
    await program.close();
    expect([waits.length > 2, waits.every(({ aborted }) => aborted)]).toEqual([true, true]);
  });

  it("that ends is told by how it ended and what it wrote", async () => {
    const program = await start(HELLO + PLUS_ONE);
    await expect(program.compute(batch(101, 0, 0), undefined)).rejects.toMatchObject({
      ...{ code: "PROGRAM_FAILED", message: "the program ended with 3" },
      facts: { retry: "now", hint: "it wrote: out of luck" },
    });
    expect(program.isAlive).toBe(false);
  });

  it("that has ended is told, though a process that it started lives on and holds open what both print to", async () => {
    const lasting = 'require("child_process").spawn("sleep", ["3600"], { stdio: "inherit" })';
    const error = await start(`process.stderr.write(String(${lasting}.pid), () => process.exit(3));`).catch(asEmporiumError);
    const { message, facts } = error as EmporiumError;
    process.kill(Number(/^it wrote: (\d+)$/.exec(facts.hint!)![1]));
    expect(message).toBe("the program ended with 3");
  });

  it.each([
    [102, { code: "PROGRAM_FAILED", message: "the program gave no answer in 0.3 s" }],
    [103, { code: "STREAM_PROTOCOL", message: expect.stringContaining('expected "result", found a frame "request"') }],
    [104, { code: "STREAM_PROTOCOL", message: expect.stringContaining("expected 3, found a result of 2 bytes") }],
    [106, { code: "STREAM_PROTOCOL", message: expect.stringContaining("expected 3, found a result of 0 bytes") }],
    [105, { code: "PROGRAM_FAILED", message: "the program gave 1×3 voxels of int8; expected 1×3 of uint8" }],
  ])("that does not answer as it should is ended: %i", async (number, error) => {
    const program = await start(HELLO + PLUS_ONE, number === 102 ? 300 : undefined);
    await expect(program.compute(batch(number, 0, 0), undefined)).rejects.toMatchObject(error);
    expect(program.isAlive).toBe(false);
  });

  it.each([
    [
      'send("hello", { protocol: 2 });',
      { code: "STREAM_PROTOCOL", message: expect.stringContaining("expected 1, found protocol 2") },
    ],
    ['send("request", {});', { code: "STREAM_PROTOCOL", message: expect.stringContaining('expected "hello"') }],
    ["process.exit(0)", { code: "PROGRAM_FAILED", message: "the program ended with 0" }],
    ['process.kill(process.pid, "SIGKILL")', { code: "PROGRAM_FAILED", message: "the program was ended by SIGKILL" }],
  ])("that does not begin as it should: %s", async (code, error) => {
    await expect(start(code)).rejects.toMatchObject(error);
  });

  it("that is none cannot be started", async () => {
    const options = { gpus: undefined, timeoutMs: 20_000, clock: systemClock, hello: {}, batchBytes: 1, resultBytes: 1 };
    await expect(startProgram({ ...options, command: ["/none/such"] })).rejects.toMatchObject({
      message: expect.stringMatching(/^the program cannot be started: spawn \/none\/such ENOENT/),
    });
  });
});
