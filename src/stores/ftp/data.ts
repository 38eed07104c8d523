import { protocol } from "../../net/errors.js";
import { type FtpControl, type FtpHost, opened } from "./control.js";
import { lost, passivePort, replyError } from "./errors.js";
import { connectLent, type LentSocket } from "./lent-socket.js";

/** Abilities of a server, as they were learnt; its connections share them. */
export interface FtpCapabilities {
  extendedPassive: boolean;
  /** Whether `REST` begins a transfer in the middle of a file. Undefined until it was tried, as is `machineListing` (`MLSD`). */
  restart: boolean | undefined;
  machineListing: boolean | undefined;
  /**
   * Features from the reply to `FEAT`, upper case, without parameters; empty where the server does not tell them. Undefined until
   * it was asked.
   */
  features: ReadonlySet<string> | undefined;
}

/** The address that a reply names is not looked at: data come from where the commands go, or from nowhere. */
export async function openData(
  to: FtpHost,
  { context, ask }: FtpControl,
  capabilities: FtpCapabilities,
  url: string,
  stop: AbortSignal | undefined,
): Promise<LentSocket> {
  const address = context.socket.remoteAddress;
  if (address === undefined) throw lost(new Error("the connection is gone"), url);
  const connect = (port: number) => dataSocket(to, address, port, url);
  if (capabilities.extendedPassive) {
    const reply = await ask("EPSV", stop);
    const dataPort = passivePort(reply);
    // Some firewalls let the command through, and not the connection that it asks for.
    if (dataPort !== undefined) {
      const data = await connect(dataPort).catch((error: unknown) => {
        if (context.socket.remoteFamily === "IPv6") throw error;
        return undefined;
      });
      if (data) return data;
    } else if (reply.code < 500) throw replyError(reply, url);
    capabilities.extendedPassive = false;
  }
  const reply = await ask("PASV", stop);
  const dataPort = passivePort(reply);
  if (reply.code >= 400) throw replyError(reply, url);
  if (dataPort === undefined) throw protocol(url, `answers PASV with "${reply.message}"`);
  return connect(dataPort);
}

async function dataSocket(to: FtpHost, address: string, dataPort: number, url: string): Promise<LentSocket> {
  const data = connectLent({ host: address, port: dataPort });
  await opened(data.socket, `data connection to port ${dataPort}`, to, url);
  return data;
}
