import type { ApiError } from "../../src/model/page-api.js";
import type { Query } from "../queries/generated.js";
import { signed } from "./token.js";

/** Address at which this page was opened, up to its base: `https://lab.example.org/em/`. */
export const base = new URL(document.baseURI);

/** An error as the program prints it: code, message, place, hint. */
export class AnswerError extends Error {
  constructor(
    readonly error: ApiError,
    readonly status: number,
  ) {
    super(error.message);
  }
}

/** Asks `/api/v1/…`. @throws {AnswerError} */
export async function ask<T>(path: string, signal?: AbortSignal): Promise<T> {
  return (await answered(new URL(`api/v1/${path}`, base), { signal: signal ?? null })).json() as Promise<T>;
}

const NO_CATALOGUE: ApiError = {
  code: "NOT_FOUND",
  message: "no standardised tree is served here, so there is no catalogue",
  hint: "emporium serve TREE",
};

/** Asks the catalogue. Errors of single fields are errors here. @throws {AnswerError} */
export async function askCatalogue<T, V extends object>(query: Query<T, V>, variables: V, signal?: AbortSignal): Promise<T> {
  const reply = await answered(new URL("graphql", base), {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ query, variables }),
    signal: signal ?? null,
  }).catch((error: unknown) => {
    throw error instanceof AnswerError && error.status === 404 ? new AnswerError(NO_CATALOGUE, 404) : error;
  });
  const { data, errors } = (await reply.json()) as { data?: T; errors?: readonly { message: string }[] };
  if (data === undefined || data === null || errors?.length)
    throw new AnswerError(
      { code: "CATALOG", message: errors?.map(({ message }) => message).join("; ") ?? "no data" },
      reply.status,
    );
  return data;
}

/** A reply with status 200 to 299. @throws {AnswerError} also where the server does not answer */
export async function answered(url: URL, init?: RequestInit): Promise<Response> {
  const reply = await fetch(url, url.origin === base.origin ? signed(init) : init).catch((cause: unknown) => {
    if (init?.signal?.aborted) throw cause;
    throw new AnswerError(
      { code: "NETWORK", message: "the server does not answer", hint: "is emporium serve still running?" },
      0,
    );
  });
  if (reply.ok) return reply;
  const error = (await reply.json().catch(() => undefined)) as ApiError | undefined;
  throw new AnswerError(
    error?.code === undefined ? { code: `HTTP_${reply.status}`, message: reply.statusText } : error,
    reply.status,
  );
}
