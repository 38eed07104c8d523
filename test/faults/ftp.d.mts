import type { Fate, Row } from "./server.d.mts";

export type { Fate, Row };

/** What the server does to everybody. */
export interface FtpFaultManners {
  /** Control connections at once; the next one gets 421. */
  connectionsMax?: number;
  features?: boolean;
  restart?: boolean;
  machineListing?: boolean;
  extendedPassive?: boolean;
  size?: boolean;
  times?: boolean;
  /** Form of LIST. Default Unix's. */
  listing?: "unix" | "dos";
  /** LIST takes `-a`. */
  flags?: boolean;
  /** Names are Latin-1. */
  latin1?: boolean;
  /** The address that PASV names. */
  passiveHost?: string;
  login?: { user?: string; password?: string };
  home?: string;
  /** What is said to a client that closes early. Default 426. */
  early?: "426" | "226" | "both" | "nothing" | "hang up";
  pieceBytes?: number;
  /** Pause after each piece. */
  pauseMs?: number;
}

export interface FtpFaultOptions {
  port?: number;
  seed?: number;
  faults?: readonly Row[];
  manners?: FtpFaultManners;
}

export interface FtpSeen {
  operation: string;
  argument: string;
  fate?: string;
  atMs: number;
}

export interface FtpFaultServer {
  url: string;
  port: number;
  commands: FtpSeen[];
  /** Bytes written to data connections that have ended. */
  readonly dataBytes: number;
  readonly open: number;
  readonly openMost: number;
  readonly logins: number;
  putFile(key: string, bytes: Uint8Array, modifiedMs?: number): void;
  putLink(key: string, target: string): void;
  setFaults(faults: readonly Row[], newSeed?: number): void;
  /** Says 421 on every control connection and closes it, as servers do to those that stand idle. */
  hangUp(): void;
  close(): Promise<void>;
}

export function startFtpFaultServer(options?: FtpFaultOptions): Promise<FtpFaultServer>;
