import { EventEmitter } from "node:events";
import { describe, expect, it } from "vitest";
import { isEmporiumError } from "../core/errors.js";
import { abortOnSignals, GRACE_MS } from "./signals.js";

function fakeProcess() {
  const exits: number[] = [];
  const timers: { ms: number; act: () => void }[] = [];
  const source = Object.assign(new EventEmitter(), { exit: (status: number) => void exits.push(status) });
  return { source, exits, timers, signal: abortOnSignals(source, (ms, act) => void timers.push({ ms, act })) };
}

describe("abortOnSignals", () => {
  it.each(["SIGINT", "SIGTERM", "SIGHUP"])("aborts at the first %s and names it, without ending the process", (name) => {
    const { source, exits, signal } = fakeProcess();
    expect(signal.aborted).toBe(false);
    source.emit(name);
    expect(signal.aborted).toBe(true);
    expect(isEmporiumError(signal.reason) && [signal.reason.code, signal.reason.message]).toEqual([
      "CANCELLED",
      `stopped by ${name}`,
    ]);
    expect(exits).toEqual([]);
  });

  it("ends the process at the second signal, of whichever kind", () => {
    const { source, exits } = fakeProcess();
    source.emit("SIGINT");
    source.emit("SIGTERM");
    expect(exits).toEqual([130]);
  });

  it("ends the process when the work does not stop within the grace time", () => {
    const { source, exits, timers } = fakeProcess();
    source.emit("SIGTERM");
    expect(timers.map(({ ms }) => ms)).toEqual([GRACE_MS]);
    timers[0]!.act();
    expect(exits).toEqual([130]);
  });
});
