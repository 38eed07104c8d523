import { z } from "zod";
import { tellNowAndThen } from "../core/waiting.js";
import type { Bases } from "../portals/bases.js";
import type { LookProgress } from "../stations/harvest/records/look-options.js";
import type { Io } from "./command.js";

/** Other base URLs of portals and hosts, for every command that asks them. */
export const portalBase = z.array(z.string()).default([]).meta({
  description: "another base URL for a portal or host, for mirrors and tests: idr=http://127.0.0.1:9000",
  value: "NAME=URL",
});

export const allowPrivate = z.boolean().default(false).meta({
  description:
    "follow redirections into private networks (10.x, 192.168.x, this machine) and to any port; never to link-local addresses",
});

export const compatReference = z
  .enum(["reference"])
  .optional()
  .meta({ description: "format and values of the reference program, including its errors", value: "reference" });

/** @throws {EmporiumError} USAGE */
export async function basesOf(words: readonly string[]): Promise<Bases> {
  const [{ parseBases }, { PORTAL_NAMES }] = await Promise.all([import("../portals/bases.js"), import("../portals/registry.js")]);
  return parseBases(words, PORTAL_NAMES);
}

/** Options of every look at portals and files, from the command line and the process. */
export async function lookOptions(words: readonly string[], io: Io) {
  const { log, clock, signal } = io;
  const tell = tellNowAndThen(log, clock);
  const onProgress = ({ done, total, at }: LookProgress) => tell(() => `${done} of ${total} done: ${at}`);
  const { accessesOf } = await import("../portals/registry.js");
  return { bases: await basesOf(words), accesses: accessesOf(io.env), log, clock, signal, onProgress };
}
