import type { TokenScope } from "../../src/model/page-api.js";
import { answered, base } from "./api.js";
import { useServer } from "./queries.js";

/** Whether this page may change something: the server lets pages do so, and a token for it is here. Without it no control for that is shown. */
export function useWriting(scope: TokenScope): boolean {
  const { data } = useServer();
  return data?.holder?.scopes.includes(scope) === true;
}

interface SendOptions {
  /** ETag, in quotes, of the thing as it was seen: the server changes nothing that is something else by now. */
  ifMatch?: string;
  signal?: AbortSignal;
}

/** Asks for a change at `/api/v1/…`. @throws {AnswerError} status 412 where it was changed meanwhile */
export async function send<T>(
  method: "POST" | "PUT",
  path: string,
  body: unknown,
  { ifMatch, signal }: SendOptions = {},
): Promise<T> {
  const reply = await answered(new URL(`api/v1/${path}`, base), {
    method,
    headers: { "content-type": "application/json", ...(ifMatch !== undefined && { "if-match": ifMatch }) },
    body: JSON.stringify(body),
    signal: signal ?? null,
  });
  return (await reply.json()) as T;
}
