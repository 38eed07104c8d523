import { useQueryClient } from "@tanstack/react-query";
import { Component, type ReactNode, useEffect, useState } from "react";
import type { ApiError } from "../../src/model/page-api.js";
import { AnswerError } from "./api.js";
import { CopyButton } from "./copy.js";

const ASKING_MS = 2_000;
const STILL_MS = 8_000;

/** Stands for a part that is waited for: room for it at once, shapes in it after 120 ms, then words, then a way out. */
export function Loading({
  what = "the catalogue",
  children,
  cancel,
}: {
  what?: string;
  children?: ReactNode;
  cancel?: () => void;
}) {
  const waited = useWaited([ASKING_MS, STILL_MS]);
  return (
    <div className="loading" aria-busy="true">
      <div className="later">{children ?? <Skeleton />}</div>
      <p role="status" className="muted">
        {waited >= STILL_MS ? `still asking ${what}…` : waited >= ASKING_MS ? `asking ${what}…` : ""}
      </p>
      {waited >= STILL_MS && cancel && (
        <button type="button" onClick={cancel}>
          Cancel
        </button>
      )}
    </div>
  );
}

/** Grey lines where text will be. */
function Skeleton({ lines = 4 }: { lines?: number }) {
  return (
    <div aria-hidden="true">
      {Array.from({ length: lines }, (_, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: they are all alike
        <div key={at} className="waits" />
      ))}
    </div>
  );
}

/** The longest of these times that has gone by since the part appeared. */
function useWaited(steps: readonly number[]): number {
  const [waited, setWaited] = useState(0);
  // biome-ignore lint/correctness/useExhaustiveDependencies: steps are constants
  useEffect(() => {
    const timers = steps.map((step) => setTimeout(() => setWaited(step), step));
    return () => timers.forEach(clearTimeout);
  }, []);
  return waited;
}

/** The place of an error: `x.mrc, byte 1024`. */
const placeOf = ({ path, byte }: ApiError) => (path === undefined || byte === undefined ? path : `${path}, byte ${byte}`);

/** Three lines, as stderr has them. */
export function errorText(error: ApiError): string {
  const place = placeOf(error);
  const more = [place && `  at ${place}`, error.hint && `  hint: ${error.hint}`].filter(Boolean);
  return [`error[${error.code}]: ${error.message}`, ...more].join("\n");
}

/** An error as the program prints it, with ways on. It takes the place of the part that failed, not of the page. */
export function ErrorPanel({ error, again }: { error: unknown; again?: (() => void) | undefined }) {
  const told = apiErrorOf(error);
  const { code, message, hint } = told;
  const place = placeOf(told);
  return (
    <div className="panel error" role="alert">
      <p>
        <strong>✕ {code}</strong> {message}
      </p>
      {place && (
        <p>
          <code>at {place}</code>
        </p>
      )}
      {hint && <p>{hint}</p>}
      <p className="row wrap">
        {again && (
          <button type="button" onClick={again}>
            Try again
          </button>
        )}
        <CopyButton text={errorText(told)} label="Copy error" />
      </p>
    </div>
  );
}

export function apiErrorOf(error: unknown): ApiError {
  if (error instanceof AnswerError) return error.error;
  return { code: "PAGE", message: error instanceof Error ? error.message : String(error), hint: "load the page again" };
}

/** A sentence, why, and the command that would fill it. */
export function Empty({ children, command }: { children: ReactNode; command?: string }) {
  return (
    <div className="panel empty">
      <p>{children}</p>
      {command && (
        <p className="command">
          <code>{command}</code> <CopyButton text={command} label="Copy command" />
        </p>
      )}
    </div>
  );
}

/** Shows an error of its children in their place; the rest of the page goes on. */
export function Boundary({ children }: { children: ReactNode }) {
  const queries = useQueryClient();
  return (
    <Catching reset={() => void queries.resetQueries({ predicate: ({ state }) => state.status === "error" })}>
      {children}
    </Catching>
  );
}

class Catching extends Component<{ children: ReactNode; reset: () => void }, { error?: unknown }> {
  override state: { error?: unknown } = {};

  static getDerivedStateFromError(error: unknown) {
    return { error };
  }

  override render() {
    if (this.state.error === undefined) return this.props.children;
    const again = () => {
      this.props.reset();
      this.setState({ error: undefined });
    };
    return <ErrorPanel error={this.state.error} again={again} />;
  }
}

interface Asked<T> {
  readonly data: T | undefined;
  readonly error: unknown;
  readonly fetchStatus?: "fetching" | "paused" | "idle" | undefined;
  refetch(): unknown;
}

/** Result of a query: shapes while it is asked, with a way out, the error with "again", or the part made of the answer. */
export function Answer<T>({
  asked,
  loading,
  title,
  children,
}: {
  asked: Asked<T>;
  loading?: ReactNode;
  /** Heading of a page that has no other until there is an answer. */
  title?: string;
  children: (data: T) => ReactNode;
}) {
  const queries = useQueryClient();
  if (asked.data !== undefined) return children(asked.data);
  const again = () => void asked.refetch();
  const cancel = () => void queries.cancelQueries({ predicate: ({ state }) => state.status === "pending" });
  return (
    <>
      {title && <h1>{title}</h1>}
      {asked.error ? (
        <ErrorPanel error={asked.error} again={again} />
      ) : asked.fetchStatus === "idle" ? (
        <div className="panel">
          <p>This was cancelled before there was an answer.</p>
          <button type="button" onClick={again}>
            Ask again
          </button>
        </div>
      ) : (
        <Loading cancel={cancel}>{loading}</Loading>
      )}
    </>
  );
}
