import { throwIfCancelled } from "../../core/cancel.js";
import { isEmporiumError } from "../../core/errors.js";
import type { FtpHost } from "./control.js";
import type { FtpCapabilities } from "./data.js";
import { isLost } from "./errors.js";
import { type FtpSession, openFtpSession } from "./session.js";

/** The control connections to one host: few, used again, replaced when they were lost. */
export interface FtpPool {
  readonly capabilities: FtpCapabilities;
  /** Most control connections open at once; a server that answers 421 lowers it. */
  connectionsMax: number;
  /**
   * Runs work on a connection. Replaces an idle connection that turns out to be lost once; does not retry otherwise. The work
   * gives the connection back.
   */
  run<T>(
    url: string,
    signal: AbortSignal | undefined,
    work: (session: FtpSession, giveBack: () => void) => Promise<T>,
  ): Promise<T>;
}

export const FTP_CONNECTIONS = 2;

function ftpPool(host: FtpHost, connectionsMax: number): FtpPool {
  const capabilities: FtpCapabilities = {
    extendedPassive: true,
    restart: undefined,
    machineListing: undefined,
    features: undefined,
  };
  const idle: FtpSession[] = [];
  const waiting: (() => void)[] = [];
  let open = 0;

  function wake(): void {
    waiting.shift()?.();
  }

  async function turn(signal: AbortSignal | undefined): Promise<void> {
    let mine = () => {};
    const called = new Promise<void>((resolve) => {
      mine = resolve;
      waiting.push(resolve);
    });
    const leave = () => {
      const at = waiting.indexOf(mine);
      if (at >= 0) waiting.splice(at, 1);
      mine();
    };
    signal?.addEventListener("abort", leave, { once: true });
    await called;
    signal?.removeEventListener("abort", leave);
    if (signal?.aborted) wake(); // it may have been this one's turn
    throwIfCancelled(signal);
  }

  async function take(url: string, signal: AbortSignal | undefined): Promise<{ session: FtpSession; used: boolean }> {
    for (;;) {
      throwIfCancelled(signal);
      for (let session = idle.pop(); session; session = idle.pop()) {
        if (session.alive) {
          session.hold(true);
          return { session, used: true };
        }
        open--;
      }
      if (open >= pool.connectionsMax) {
        await turn(signal);
        continue;
      }
      open++;
      try {
        return { session: await openFtpSession(host, capabilities, url, signal), used: false };
      } catch (error) {
        open--;
        // The same name and password are in use: what is refused is one connection more.
        const full = isEmporiumError(error) && (error.code === "STORE_THROTTLED" || error.code === "STORE_DENIED") && open > 0;
        if (!full) {
          wake();
          throw error;
        }
        pool.connectionsMax = Math.max(1, Math.min(pool.connectionsMax, open));
      }
    }
  }

  function give(session: FtpSession): void {
    if (session.alive) {
      session.hold(false);
      idle.push(session);
    } else open--;
    wake();
  }

  const pool: FtpPool = {
    capabilities,
    connectionsMax,
    async run(url, signal, work) {
      for (;;) {
        const { session, used } = await take(url, signal);
        let given = false;
        const giveBack = () => {
          if (!given) give(session);
          given = true;
        };
        try {
          return await work(session, giveBack);
        } catch (error) {
          giveBack();
          if (!used || !isLost(error) || signal?.aborted) throw error;
        }
      }
    },
  };
  return pool;
}

const pools = new Map<string, FtpPool>();

/** The one pool of a host and user in this program, so that many stores on one server keep its rules together. */
export function ftpPoolOf(host: FtpHost, connectionsMax: number | undefined): FtpPool {
  const password = typeof host.password === "string" ? host.password : host.password.reveal();
  const key = JSON.stringify([host.host, host.port, host.user, password, host.gate !== undefined, host.timeouts]);
  const known = pools.get(key);
  if (known) {
    if (connectionsMax !== undefined) known.connectionsMax = connectionsMax;
    return known;
  }
  const pool = ftpPool(host, connectionsMax ?? FTP_CONNECTIONS);
  pools.set(key, pool);
  return pool;
}
