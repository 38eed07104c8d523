import type { Readable, Writable } from "node:stream";
import { type EmporiumError, toErrorRecord } from "../../../core/errors.js";
import { encodeFrame } from "./frames.js";
import { type SessionOptions, type SessionReport, serveClient } from "./session.js";
import { wireOf } from "./wire.js";

/**
 * Serves the one client that has started this process, over its pipes. It ends when the client closes them, however the client ends.
 *
 * @throws {EmporiumError} as {@link serveClient}
 */
export function serveStdio(incoming: Readable, outgoing: Writable, options: SessionOptions): Promise<SessionReport> {
  // a client that is gone is seen by the end of `incoming`
  outgoing.on("error", () => {});
  return serveClient(wireOf(incoming, outgoing), options);
}

/** Tells the client why there is nothing to serve. Resolves when it was written. */
export function refuseStdio(outgoing: Writable, error: EmporiumError): Promise<void> {
  outgoing.on("error", () => {});
  return new Promise((resolve) => outgoing.end(encodeFrame("error", { ...toErrorRecord(error) }), () => resolve()));
}
