import { createHash, timingSafeEqual } from "node:crypto";
import { z } from "zod";
import { EmporiumError } from "../../../core/errors.js";
import type { JsonObject } from "../../../core/json.js";
import { aboutField, schemaWords } from "../../../core/schema-words.js";
import type { Share } from "./batch.js";
import { broken, type Frame } from "./frames.js";
import { CREDITS_MAX } from "./grants.js";

export const PROTOCOL = 1;

const count = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);

const Hello = z
  .object({
    protocol: z.literal(PROTOCOL),
    token: z.string().max(1024).optional(),
    rank: count,
    world: count.min(1),
    epoch: count,
    skip: count,
    transport: z.enum(["shared", "inline"]),
    slots: count.min(2).max(256),
  })
  .partial({ rank: true, world: true, epoch: true, skip: true, transport: true, slots: true });
const Request = z.object({ credits: count.min(1).max(CREDITS_MAX) });
const Release = z.object({ slot: count.optional(), credits: count.max(CREDITS_MAX).optional() });

export type Wanted = Partial<Share> & {
  readonly transport?: "shared" | "inline" | undefined;
  readonly slots?: number | undefined;
};

/**
 * Reads from a client's first frame which share and transport it wants; what it leaves out is as the command line says.
 *
 * @param token that the client must know; undefined where files' modes already say who may connect.
 * @throws {EmporiumError} STREAM_PROTOCOL; STREAM_DENIED for another token
 */
export function readHello(frame: Frame | undefined, token: string | undefined): Wanted {
  if (frame?.kind !== "hello") throw broken(`expected "hello" first, found ${frame ? `a frame "${frame.kind}"` : "nothing"}`);
  const { token: given = "", protocol: _, ...wanted } = read(Hello, frame);
  if (token !== undefined && !sameText(given, token)) {
    throw new EmporiumError("STREAM_DENIED", given === "" ? "the client gave no token, or a wrong one" : "wrong token", {
      hint: "give the token that the server's --token-file holds",
    });
  }
  return wanted;
}

/** The client's share where it names one, else that of the command line. @throws {EmporiumError} STREAM_PROTOCOL for a rank that is not there */
export function shareOf(wanted: Wanted, share: Share): Share {
  const { rank = share.rank, world = share.world, epoch = share.epoch, skip = share.skip } = wanted;
  if (rank >= world) throw broken(`rank ${rank} of ${world} found, ranks begin at 0`);
  return { rank, world, epoch, skip };
}

export const readRequest = (frame: Frame): { credits: number } => read(Request, frame);

export const readRelease = (frame: Frame): { slot?: number | undefined; credits?: number | undefined } => read(Release, frame);

function read<T>(schema: z.ZodType<T>, { kind, head }: { kind: string; head: JsonObject }): T {
  const result = schema.safeParse(head, { error: schemaWords });
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw broken(aboutField(`${kind}.${issue!.path.join(".")}`, issue!.message));
}

/** Compares texts in a time that does not tell how much of a guess is right. */
function sameText(a: string, b: string): boolean {
  const digest = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}
