import type { Tree } from "./tree.d.mts";

export interface FtpManners {
  port?: number;
  /** Knows `REST`. Default true. */
  restart?: boolean;
  /** Knows `MLSD`. Default true. */
  machineListing?: boolean;
  /** Breaks the connection after so many bytes of each file. */
  dropAfterBytes?: number;
  /** The next one gets 421. */
  connectionsMax?: number;
}

export interface FtpServer {
  url: string;
  commands: string[];
  close(): Promise<void>;
}

export function startFtpServer(tree: Tree, manners?: FtpManners): Promise<FtpServer>;
