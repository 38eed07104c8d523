import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { BatchCall } from "../conformance/batch-server.js";

/** Passes JSON requests on to another server, and keeps them with their replies. */
export async function startRecorder(to: string): Promise<{ url: string; calls: readonly BatchCall[]; close(): Promise<void> }> {
  const calls: BatchCall[] = [];
  const server = createServer(async (request, response) => {
    let text = "";
    for await (const piece of request) text += piece;
    const { authorization = "", "x-amz-date": date = "" } = request.headers;
    const headers = { "content-type": "application/json", authorization, "x-amz-date": String(date) };
    const reply = await fetch(`${to}${request.url}`, { method: request.method!, headers, body: text });
    const body = await reply.text();
    const operation = (request.url ?? "").replace("/v1/", "");
    calls.push({ operation, request: JSON.parse(text), status: reply.status, reply: body === "" ? {} : JSON.parse(body) });
    response.writeHead(reply.status, { "content-type": "application/json" });
    response.end(body);
  });
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls,
    close: async () => {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
}
